"""The keys of a policy: public ones written in it, secrets and addresses only named."""

from __future__ import annotations

import json
import re
from typing import Any

from app.gateway.policy import KeySource
from app.gateway.shapes import Member, Read, members, only_one, several, text, unfit
from app.tokens import ALGORITHMS, Keys, read_keys
from app.tokens.findings import kind_of, quoted


def _algorithm(value: Any, path: str) -> str:
    if not isinstance(value, str) or value not in ALGORITHMS or value == "none":
        there = f'"{quoted(value, 40)}"' if isinstance(value, str) else kind_of(value)
        raise unfit(path, there, "the name of a signing algorithm is wanted, such as RS256")
    return value


def _jwks(value: Any, path: str) -> Keys:
    if not isinstance(value, dict):
        raise unfit(path, kind_of(value), "a JWK or a JWK Set is wanted")
    return _public(json.dumps(value, default=str), path)


def _pem(value: Any, path: str) -> Keys:
    if not isinstance(value, str) or "-----BEGIN" not in value:
        raise unfit(path, kind_of(value), "a PEM with its BEGIN and END lines is wanted")
    return _public(value, path)


def _public(document: str, path: str) -> Keys:
    """The public keys in *document*. Who can read a policy must not be able to sign."""
    found = read_keys(document)
    if any(key.can_sign for key in found.keys):
        raise unfit(path, "a private or secret key", 'public keys are wanted; a secret is named: {"secret": "NAME"}')
    if not found.keys or found.faults or any(key.faults for key in found.keys):
        raise unfit(path, "a key that cannot be used", "public keys are wanted that the key box of the debugger reads without an error")
    return found


def _address(value: Any, path: str) -> str:
    if not re.fullmatch(r"https?://[!-~]+", text(value, path)):
        raise unfit(path, f'"{quoted(value, 40)}"', "an address with https:// is wanted")
    # Not repeated here, and in no log: what stands there is mostly a password.
    if "@" in re.split(r"[/?#\\]", value.partition("://")[2], maxsplit=1)[0]:
        raise unfit(path, "an address with a user name in it", "an address without one is wanted")
    return str(value)


_KEYS: dict[str, Read[Any]] = {"jwks": _jwks, "pem": _pem, "secret": text, "jwks_url": _address, "issuer_url": _address}


def key_source(value: Any, path: str) -> KeySource:
    """The entry of one source of keys."""
    kind: Any = only_one(value, path, tuple(_KEYS), "keys")
    found = members(value, path, {kind: Member(_KEYS[kind]), "algorithms": Member(several(_algorithm), required=True)})
    algorithms = found["algorithms"]
    # A public key must never be taken for a secret: that is the algorithm confusion attack (RFC 8725 §2.1).
    wrong = [name for name in algorithms if (ALGORITHMS[name].family == "hmac") != (kind == "secret")]
    if wrong:
        wanted = "a secret is for HS256, HS384 and HS512" if kind == "secret" else "a public key cannot verify an HMAC"
        raise unfit(f"{path}.algorithms", ", ".join(wrong), wanted)
    if isinstance(found[kind], Keys):
        return KeySource(kind, algorithms, keys=found[kind])
    return KeySource(kind, algorithms, reference=found[kind])
