"""What the targets begin with, read at run time: every token, key and JSON text of tests/vectors, and some of our own. Nothing is written here."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from app.tokens import Keys, read_keys
from app.web import examples, presets
from tests.tokens.keyring import (
    NOW,
    SECRET,
    oct_jwk,
    private,
    private_der,
    private_jwk,
    private_pem,
    public_der,
    public_jwk,
    public_pem,
    token,
)

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
_TOKEN = re.compile(r"[\w-]{2,}(\.[\w-]*){2,4}(~[\w.-]*)*", re.ASCII)
_LONGEST = 6000


@cache
def vectors() -> tuple[Any, ...]:
    """Every file of vectors that is JSON, as read."""
    return tuple(json.loads(path.read_text("utf-8")) for path in sorted(VECTORS.rglob("*.json")))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(one)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(one)


@cache
def tokens() -> tuple[str, ...]:
    """Tokens of every kind, the shortest first."""
    found = {text for whole in vectors() for text in _strings(whole) if _TOKEN.fullmatch(text) and len(text) <= _LONGEST}
    found |= {path.read_text("utf-8").strip() for path in VECTORS.rglob("*.txt")}
    found |= {json.dumps(one) for whole in vectors() for one in _objects(whole) if "payload" in one and "signatures" in one}
    found |= {json.dumps(one) for whole in vectors() for one in _objects(whole) if "ciphertext" in one and "tag" in one}
    found |= {token(alg) for alg in ("HS256", "ES256", "Ed25519")}
    return tuple(sorted((one for one in found if len(one) <= _LONGEST), key=lambda text: (len(text), text)))


@cache
def keys() -> tuple[str, ...]:
    """Keys in every form, the shortest first."""
    found = {json.dumps(one) for whole in vectors() for one in _objects(whole) if "kty" in one or "keys" in one}
    found |= {write(private(alg)) for alg in ("ES256", "Ed25519") for write in (public_pem, private_pem)}
    found |= {json.dumps({"keys": [public_jwk(private("ES256")), private_jwk(private("Ed25519"))]}), oct_jwk(), SECRET}
    return tuple(sorted((one for one in found if len(one) <= _LONGEST), key=lambda text: (len(text), text)))


@cache
def ders() -> tuple[bytes, ...]:
    """Keys and certificates as bytes, the shortest first."""
    found = {
        write(private(alg)) for alg in ("ES256", "ES512", "Ed25519", "Ed448", "RS256", "ML-DSA-44") for write in (public_der, private_der)
    }
    chains = [one["x5c"] for whole in vectors() for one in _objects(whole) if isinstance(one.get("x5c"), list)]
    found |= {base64.b64decode(entry) for chain in chains for entry in chain}
    return tuple(sorted(found, key=lambda data: (len(data), data)))


@cache
def jsons() -> tuple[str, ...]:
    """JSON texts, some of them odd."""
    odd = (
        '{"a":1e400,"b":-0.0,"a":[1,{"c":"\\ud83d\\ude00"}]}',
        "[1.50,12345678901234567890,1E5]",
        '"\\ud800"',
        "NaN",
        " { } ",
        "[[[[]]]]",
    )
    payloads = {json.dumps(one) for whole in vectors() for one in _objects(whole) if "iss" in one or "sub" in one}
    return (*odd, *sorted(payloads))


@cache
def policies() -> tuple[str, ...]:
    """The policies of the presets, each with one of its requests behind it."""
    rows = presets.PRESETS.values()
    cases = ((row, presets.scenario(row, number, NOW)) for row in rows for number in range(len(row["requests"])))
    return tuple(f"{presets.policy(row)}\0{case.request.replace('$token', case.token)}" for row, case in cases)


@cache
def named_keys() -> dict[str, Keys]:
    """The keys that the policies of the presets name."""
    boxes = [json.loads(presets.named(row) or "{}") for row in presets.PRESETS.values()]
    return {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for box in boxes for name, key in box.items()}


@cache
def stories() -> tuple[str, ...]:
    """The tokens of the examples."""
    forms = (examples.form(name, NOW) for name in examples.STORIES)
    return tuple(form.token for form in forms if form)
