"""Where the token is, and where its claims go: the places of a request, and the headers for the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.web.gateway_form.listed import only
from app.web.gateway_form.rows import Button, Field, Group, Options, Policy, Spec, as_json, drop, put_at, rename
from app.web.gateway_form.texts import TEXT

_PLACES: Options = (("header", "header"), ("cookie", "cookie"), ("query", "query parameter"), ("form", "form field"))


def places(policy: Policy) -> Group:
    group = Group("token", "Where the token is")
    written = policy.get("token", [])
    alone = isinstance(written, dict)
    if not isinstance(written, (dict, list)):
        group.fields.append(as_json("token", group.title, written, put_at(policy, "token")))
        return group
    entries: list[Any] = written if isinstance(written, list) else [written]
    if not entries:
        group.note = "None is named: it is in the header Authorization, with Bearer."

    def keep() -> None:
        if entries:
            policy["token"] = entries
        else:
            policy.pop("token", None)

    def add() -> None:
        entries.extend([{"header": "Authorization"}] if not entries else [])
        entries.append({"cookie": "session"})
        keep()

    for number, entry in enumerate(entries):
        row = Group("token" if alone else f"token[{number}]", f"Place {number + 1}", inline=True)
        put = put_at(policy, "token") if alone else put_at(entries, number)
        _place(row, entry, put)
        row.buttons.append(Button(f"remove {row.name}", "remove", f"Remove place {number + 1}", _remove_place(entries, entry, keep)))
        group.groups.append(row)
    group.buttons.append(Button("add token", "add place", "Add place of the token", add))
    return group


def _remove_place(entries: list[Any], entry: Any, keep: Callable[[], None]) -> Callable[[], None]:
    def remove() -> None:
        drop(entries, entry)
        keep()

    return remove


def _place(row: Group, entry: Any, put: Callable[[Any], None]) -> None:
    place = only(entry, _PLACES, ("scheme",))
    if not place:
        row.fields.append(as_json(row.name, row.title, entry, put))
        return

    def put_place(text: str) -> None:
        old = only(entry, _PLACES, ("scheme",))
        if text in dict(_PLACES) and text != old:
            rename(entry, old, text, entry[old])
            entry.pop("scheme", None)

    def put_name(text: str) -> None:
        entry[only(entry, _PLACES, ("scheme",))] = TEXT.take(text)

    row.fields += [
        Field(f"{row.name}~place", "Place", place, put_place, _PLACES, reshapes=True),
        Field(f"{row.name}.{place}", "Name", TEXT.show(entry[place]), put_name),
    ]
    if place == "header":
        row.fields.append(Spec("scheme", "Scheme", example="Bearer").bind(entry, row.name))


def upstream(policy: Policy) -> Group:
    group = Group("upstream", "Headers for the API")
    headers = policy.get("upstream", {})
    if not isinstance(headers, dict):
        group.fields.append(as_json("upstream", group.title, headers, put_at(policy, "upstream")))
        return group

    def add() -> None:
        names = (f"X-Claim-{number}" for number in range(1, len(headers) + 2))
        headers[next(name for name in names if name not in headers)] = "sub"
        policy["upstream"] = headers

    for number, name in enumerate(headers):
        group.groups.append(_header(policy, headers, number, name))
    group.buttons.append(Button("add upstream", "add header", "Add header for the API", add))
    return group


def _header(policy: Policy, headers: Policy, number: int, name: str) -> Group:
    row = Group(f"upstream[{number}]", f"Header {number + 1}", inline=True)

    def now() -> str:
        return list(headers)[number]

    def put_name(text: str) -> None:
        # A name that is there already would swallow the other header.
        if text not in headers:
            rename(headers, now(), text, headers[now()])

    def put_claim(text: str) -> None:
        headers[now()] = TEXT.take(text)

    def remove() -> None:
        headers.pop(now())
        if not headers:
            policy.pop("upstream")

    row.fields = [
        Field(f"{row.name}~header", "Header", TEXT.show(name), put_name),
        Field(f"{row.name}~claim", "Claim", TEXT.show(headers[name]), put_claim, example="realm_access.roles"),
    ]
    row.buttons.append(Button(f"remove {row.name}", "remove", f"Remove header {number + 1}", remove))
    return row
