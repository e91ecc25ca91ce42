"""A route as rows: which requests it takes, who may come, and what it asks of the claims."""

from __future__ import annotations

from collections.abc import Callable

from app.gateway.request import METHODS
from app.web.gateway_form import rules
from app.web.gateway_form.rows import Button, Field, Group, Options, Policy, Spec, as_json, put_at, rename
from app.web.gateway_form.texts import LINES, TEXT, WORDS

_ACCESS: Options = (("token", "with a token"), ("optional", "with or without a token"), ("anyone", "anyone"))
_PATHS: Options = (("prefix", "begins with"), ("exact", "is exactly"))
_ROUTE = (
    Spec("name", "Name", hint="empty: its path"),
    Spec("access", "Open to", absent="token", options=_ACCESS),
    Spec("methods", "Methods", WORDS, hint=f"of {' '.join(METHODS)}; empty: all", wide=True),
)
_WORDS = {
    "scopes": (
        Spec("all", "All of", WORDS, example="orders:read orders:write"),
        Spec("any", "One of", WORDS),
        Spec("claim", "In the claim", hint="empty: scope, or scp"),
    ),
    "roles": (
        Spec("all", "All of", LINES, hint="one a line"),
        Spec("any", "One of", LINES, hint="one a line"),
        Spec("claim", "In the claim", hint="empty: roles"),
    ),
}


def fill(row: Group, entry: Policy, place: str) -> None:
    how = next((name for name, _ in _PATHS if name in entry), "prefix")

    def put_how(text: str) -> None:
        if text in dict(_PATHS) and text not in entry and how in entry:
            rename(entry, how, text, entry[how])

    def put_path(text: str) -> None:
        entry[_path_of(entry, how)] = TEXT.take(text)

    row.fields += [
        Field(f"{place}~how", "Path", how, put_how, _PATHS, reshapes=True),
        Field(f"{place}.{how}", f"Path {dict(_PATHS)[how]}", TEXT.show(entry[how]) if how in entry else "", put_path),
        *(spec.bind(entry, place) for spec in _ROUTE),
    ]
    for member, specs in _WORDS.items():
        row.groups.append(_words(entry, place, member, specs))
    row.says = _said(row, entry, how)
    _claims(row, entry, f"{place}.claims")


def _path_of(entry: Policy, how: str) -> str:
    return next((name for name, _ in _PATHS if name in entry), how)


def _said(row: Group, entry: Policy, how: str) -> str:
    fields = {one.name.rpartition(".")[2]: one.text for one in row.fields}
    path = fields[how] + ("" if how == "exact" else "…")
    asks = [member for member in (*_WORDS, "claims") if member in entry]
    access = dict(_ACCESS).get(fields["access"], "")
    return " · ".join(part for part in (fields["methods"], path, fields["name"], access, *asks) if part)


def _words(entry: Policy, place: str, member: str, specs: tuple[Spec, ...]) -> Group:
    """The three fields of scopes or roles, which are one object that goes when they are empty."""
    group = Group(f"{place}.{member}", member.capitalize())
    asked = entry.get(member, {})
    if not isinstance(asked, dict):
        group.fields.append(as_json(group.name, group.title, asked, put_at(entry, member)))
        return group
    for spec in specs:
        one = spec.bind(asked, group.name)
        one.put = _then(one.put, entry, member, asked)
        group.fields.append(one)
    return group


def _then(put: Callable[[str], None], entry: Policy, member: str, asked: Policy) -> Callable[[str], None]:
    def put_both(text: str) -> None:
        put(text)
        if asked:
            entry[member] = asked
        else:
            entry.pop(member, None)

    return put_both


def _claims(row: Group, entry: Policy, place: str) -> None:
    def add() -> None:
        entry["claims"] = rules.new_compare()

    if "claims" in entry:
        row.groups.append(rules.group_of(entry["claims"], place, put_at(entry, "claims"), lambda: entry.pop("claims") and None))
    else:
        row.buttons.append(Button(f"add {place}", "add rule about claims", f"Add rule about claims to {row.title.lower()}", add))
