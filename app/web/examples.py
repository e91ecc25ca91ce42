"""The example tokens, made with their keys when they are asked for, so that their times are fresh."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from app import tokens
from app.tokens import keys
from app.tokens.sd_jwt import making
from app.web import present
from app.web.view import Example, Form

_HERE = Path(__file__).parent
_DATA: dict[str, Any] = tomllib.loads((_HERE / "examples.toml").read_text("utf-8"))
_STORIES: dict[str, Any] = tomllib.loads((_HERE / "stories.toml").read_text("utf-8"))
_SECONDS = {"soon": 3600, "half": 1800, "later": 86400, "ago": -7200, "past": -3600, "recent": -30}

FIRST = "HS256"
MENU = tuple(Example(row["name"], row["label"], row["group"]) for row in _DATA["examples"])
GROUPS: tuple[dict[str, Any], ...] = tuple(_STORIES["groups"])
"""The groups of stories, as the file has them."""
STORIES: dict[str, dict[str, Any]] = {row["name"]: row for group in GROUPS for row in group["stories"]}
_ROWS = STORIES | {row["name"]: row for row in _DATA["examples"]}


def form(name: str, now: int) -> Form | None:
    """The form filled with the example or the story *name*, or None; its times are counted from *now*."""
    row = _ROWS.get(name)
    if row is None:
        return None
    key = _key(row.get("key", ""))
    signed_with = _key(row.get("signed_with", "")) or key
    token = _made(row, signed_with, now)
    expected = {name: Template(value).substitute(times(now)) for name, value in row.get("fields", {}).items()}
    filled = Form(token=token, key=_key(row["box"]) if "box" in row else key, **expected)
    present.panes(filled, tokens.verify(token, filled.key or signed_with, at=now))
    filled.token = row.get("around", "$token").replace("$token", token)
    filled.detached = _payload(row, times(now)) if row.get("detached") else ""
    return filled


def times(now: int) -> dict[str, str]:
    """The times that a recipe can name."""
    return {"now": str(now)} | {name: str(now + seconds) for name, seconds in _SECONDS.items()}


def _made(row: Mapping[str, Any], key: str, now: int) -> str:
    """The token of a recipe."""
    places = times(now) | ({"jwk": _public_jwk(row["jwk"])} if "jwk" in row else {})

    header = _filled(row["header"], places)
    payload = _payload(row, places)
    if "disclosable" in row:
        return _presented(row, header, payload, key, now)
    if "inside" in row:
        inner = row["inside"]
        payload = tokens.encode(inner["header"], payload, _key(inner["key"])).token
    if "also" in row:
        return _by_several([(header, key), *((one["header"], _key(one["key"])) for one in row["also"])], payload)
    encoding = "utf8" if row.get("as_secret") else "auto"
    token = tokens.encode(header, payload, key, key_encoding=encoding, detached=row.get("detached", False)).token
    if "altered" in row:
        token = tokens.unsigned(header, _filled(row["altered"], places), token.rsplit(".", 1)[1])
    return token


def _payload(row: Mapping[str, Any], places: Mapping[str, str]) -> str:
    said = row.get("payload", "plain")
    return _filled(_DATA["payloads"].get(said, said), places)


def _filled(text: str, places: Mapping[str, str]) -> str:
    return Template(text).substitute(places).strip()


def _by_several(signers: Sequence[tuple[str, str]], payload: str) -> str:
    """The payload signed by each, with a header and a key, in general JSON serialization."""
    made = [json.loads(tokens.encode(header, payload, key, serialization="flattened").token) for header, key in signers]
    signatures = [{"protected": one["protected"], "signature": one["signature"]} for one in made]
    return json.dumps({"payload": made[0]["payload"], "signatures": signatures}, indent=1)


def _presented(row: Mapping[str, Any], header: str, payload: str, key: str, now: int) -> str:
    """An SD-JWT with some of its disclosures, bound to its holder."""
    holder = _key(row["holder"])
    paths = [tuple(path) for path in row["disclosable"]]
    issued = making.issue(header, payload, paths, key, decoys=2, holder=_public_jwk(row["holder"]))
    shown = tokens.decode(issued).token.disclosed
    assert shown is not None
    keep = [index for index, one in enumerate(shown.disclosures) if list(one.path) in row["shown"]]
    return making.present(issued, keep, key=holder, at=now, **row["bound"])


@cache
def _key(name: str) -> str:
    """What the key box holds for *name*: a key, the public part of one as `NAME public`, or a set."""
    if name in _STORIES["sets"]:
        entries = ({**_jwk(of), "kid": kid} for kid, of in _STORIES["sets"][name].items())
        return json.dumps({"keys": list(entries)}, indent=2)
    if name.endswith(" public"):
        return keys.public_pem(_read(name.removesuffix(" public")))
    return str(_DATA["keys"].get(name, ""))


def _jwk(name: str) -> dict[str, Any]:
    """The member of a set: the public key *name*, or the private one as `NAME private`."""
    if name.endswith(" private"):
        return dict(keys.private_jwk(_read(name.removesuffix(" private"))))
    return dict(keys.public_jwk(_read(name)))


def _public_jwk(name: str) -> str:
    return json.dumps(_jwk(name), separators=(",", ":"))


def _read(name: str) -> tokens.Key:
    return tokens.read_keys(_DATA["keys"][name]).keys[0]


def _boxes() -> Iterator[str]:
    yield from _DATA["keys"].values()
    yield from (_key(row["box"]) for row in STORIES.values() if "box" in row)


KEYS = frozenset(_boxes())
