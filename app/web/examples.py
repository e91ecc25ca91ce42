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
    key = key_of(row.get("key", ""))
    signed_with = key_of(row.get("signed_with", "")) or key
    made = _made(row, signed_with, now)
    token = made["token"]
    expected = {name: Template(value).substitute(times(now)) for name, value in row.get("fields", {}).items()}
    filled = Form(key=key_of(row["box"]) if "box" in row else key, **made, **expected)
    present.panes(filled, tokens.verify(token, filled.key or signed_with, at=now))
    filled.token = row.get("around", "$token").replace("$token", token)
    filled.detached = _payload(row, times(now)) if row.get("detached") else ""
    return filled


def times(now: int) -> dict[str, str]:
    """The times that a recipe can name."""
    return {"now": str(now)} | {name: str(now + seconds) for name, seconds in _SECONDS.items()}


def _made(row: Mapping[str, Any], key: str, now: int) -> dict[str, str]:
    """The token of a recipe, and what else the form holds of its making."""
    places = times(now) | ({"jwk": _public_jwk(row["jwk"])} if "jwk" in row else {})

    header = _filled(row["header"], places)
    payload = _payload(row, places)
    if "disclosable" in row:
        return _presented(row, header, payload, key, now)
    if "inside" in row:
        inner = row["inside"]
        payload = tokens.encode(inner["header"], payload, key_of(inner["key"])).token
    if "also" in row:
        return {"token": _by_several([(header, key), *((one["header"], key_of(one["key"])) for one in row["also"])], payload)}
    encoding = "utf8" if row.get("as_secret") else "auto"
    token = tokens.encode(header, payload, key, key_encoding=encoding, detached=row.get("detached", False)).token
    if "altered" in row:
        token = tokens.unsigned(header, _filled(row["altered"], places), token.rsplit(".", 1)[1])
    return {"token": token}


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


def _presented(row: Mapping[str, Any], header: str, payload: str, key: str, now: int) -> dict[str, str]:
    """An SD-JWT with some of its disclosures, bound to its holder, who could show the others too."""
    holder = key_of(row["holder"])
    paths = [tuple(path) for path in row["disclosable"]]
    issued = making.issue(header, payload, paths, key, decoys=2, holder=_public_jwk(row["holder"])).token
    shown = tokens.decode(issued).token.disclosed
    assert shown is not None
    keep = [index for index, one in enumerate(shown.disclosures) if list(one.path) in row["shown"]]
    bound = row["bound"]
    return {
        "token": making.present(issued, keep, key=holder, at=now, **bound),
        "aside": "~".join(shown.texts),
        "bind_key": holder,
        "bind_audience": bound["audience"],
        "bind_nonce": bound["nonce"],
    }


@cache
def key_of(name: str) -> str:
    """What the key box holds for *name*: a key, the public part of one as `NAME public`, or a set."""
    if name in _STORIES["sets"]:
        entries = ({**jwk_of(of), "kid": kid} for kid, of in _STORIES["sets"][name].items())
        return json.dumps({"keys": list(entries)}, indent=2)
    if name.endswith(" public"):
        return keys.public_pem(_read(name.removesuffix(" public")))
    return str(_DATA["keys"].get(name, ""))


def jwk_of(name: str) -> dict[str, Any]:
    """The member of a set: the public key *name*, or the private one as `NAME private`."""
    if name.endswith(" private"):
        return dict(keys.private_jwk(_read(name.removesuffix(" private"))))
    return dict(keys.public_jwk(_read(name)))


def _public_jwk(name: str) -> str:
    return json.dumps(jwk_of(name), separators=(",", ":"))


def _read(name: str) -> tokens.Key:
    return tokens.read_keys(_DATA["keys"][name]).keys[0]


def _boxes() -> Iterator[str]:
    yield from _DATA["keys"].values()
    yield from (key_of(row["box"]) for row in STORIES.values() if "box" in row)


KEYS = frozenset(_boxes())
