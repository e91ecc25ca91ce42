"""An issuer as rows: whose tokens are taken, under which terms, and with which keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.web.gateway_form.listed import only, take_out
from app.web.gateway_form.rows import Button, Field, Group, Options, Policy, Spec, as_json, put_at, rename
from app.web.gateway_form.texts import JSON, LONG, NAMES, SECONDS, TEXT, WORDS, Codec, several

_KINDS: Options = (
    ("jwks_url", "key set at an address"),
    ("issuer_url", "address of the issuer"),
    ("jwks", "key set, here"),
    ("pem", "PEM, here"),
    ("secret", "secret, by its name"),
)
_KEY_CODECS: dict[str, Codec] = {"jwks": JSON, "pem": LONG}
_ISSUER = (
    Spec("issuer", "Issuer", NAMES, hint="one a line; empty: whoever no other entry names", wide=True),
    Spec("audience", "Audience", NAMES, hint="one a line, of which one must fit; empty: any", wide=True),
    Spec("type", "Type (typ)", example="at+jwt", hint="empty: any"),
    Spec("required", "Required claims", several(TEXT), absent="exp", hint="one a line"),
    Spec("leeway", "Leeway", SECONDS, hint="seconds; empty: 0"),
    Spec("max_life", "Longest life", SECONDS, hint="seconds; empty: any"),
)
_NEW_KEY = {"jwks_url": "https://login.example/jwks.json", "algorithms": ["RS256"]}


def new(entries: list[Any]) -> dict[str, Any]:
    host = f"https://issuer-{len(entries) + 1}.example"
    return {"issuer": host, "keys": [{"jwks_url": f"{host}/jwks.json", "algorithms": ["RS256"]}]}


def fill(row: Group, entry: Policy, place: str) -> None:
    row.fields += [spec.bind(entry, place) for spec in _ISSUER]
    row.says = row.fields[0].text.replace("\n", ", ") or "whoever no other entry names"
    keys = entry.get("keys", [])
    if not isinstance(keys, list):
        row.fields.append(as_json(f"{place}.keys", "Keys", keys, put_at(entry, "keys")))
        return
    for number, key in enumerate(keys):
        inner = Group(f"{place}.keys[{number}]", f"Key {number + 1}")
        _key(inner, key, put_at(keys, number))
        if len(keys) > 1:
            inner.buttons.append(
                Button(f"remove {inner.name}", "remove key", f"Remove key {number + 1} of {row.title.lower()}", take_out(keys, key))
            )
        row.groups.append(inner)

    def add() -> None:
        entry.setdefault("keys", keys).append(dict(_NEW_KEY))

    row.buttons.append(Button(f"add {place}.keys", "add key", f"Add key to {row.title.lower()}", add))


def _key(group: Group, key: Any, put: Callable[[Any], None]) -> None:
    kind = only(key, _KINDS, ("algorithms",))
    if not kind:
        group.fields.append(as_json(group.name, group.title, key, put))
        return
    codec = _KEY_CODECS.get(kind, TEXT)
    text = codec.show(key[kind])

    def put_kind(new: str) -> None:
        old = only(key, _KINDS, ("algorithms",))
        if new not in dict(_KINDS) or new == old:
            return
        stays = isinstance(key[old], str) and not _KEY_CODECS.keys() & {old, new}
        rename(key, old, new, key[old] if stays else "")

    def put_value(new: str) -> None:
        now = only(key, _KINDS, ("algorithms",))
        key[now] = _KEY_CODECS.get(now, TEXT).take(new)

    group.fields += [
        Field(f"{group.name}~kind", "Key", kind, put_kind, _KINDS, reshapes=True),
        Spec("algorithms", "Algorithms", WORDS, example="RS256 PS256").bind(key, group.name),
        Field(f"{group.name}.{kind}", dict(_KINDS)[kind].capitalize(), text, put_value, lines=codec.lines or "\n" in text, wide=True),
    ]
