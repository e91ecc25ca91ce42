"""What is known of a token as facts for programs: the very JSON that the API and the command line answer with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app import tokens
from app.tokens import base64url, keys, lossless_json
from app.tokens.envelope import Token
from app.tokens.lossless_json import Document
from app.tokens.sd_jwt import Presentation

if TYPE_CHECKING:
    from app.keyfetch import Fetched

_FINDING = ("code", "level", "segment", "offset", "length", "line", "column", "message", "fix", "spec")


class Raw(str):
    """Text that is JSON already."""

    __slots__ = ()


def as_json(facts: Mapping[str, Any]) -> str:
    """The facts as JSON text, numbers of the token as they were written."""
    return "{" + ",".join(f"{json.dumps(name)}:{_written(one)}" for name, one in facts.items()) + "}"


def _written(value: Any) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"[{','.join(map(as_json, value))}]"
    return json.dumps(value)


def decoded(read: tokens.Decoded) -> dict[str, Any]:
    """What was read of a token, and of those inside it."""
    return _read(read) | _nested([as_json(_read(one)) for one in read.nested])


def _read(read: tokens.Decoded) -> dict[str, Any]:
    header, payload = read.documents
    return {
        "kind": read.kind,
        "serialization": read.serialization,
        "header": _exact(header) if isinstance(read.header, dict) else None,
        "payload": _exact(payload),
        "payload_text": read.payload_text,
        "findings": [finding(one) for one in read.findings],
        **_signatures(read),
    } | _disclosed(read.token.disclosed)


def _signatures(read: tokens.Decoded) -> dict[str, Any]:
    """Of a JWS in JSON serialization each signature: its headers, and in a report its verdict."""
    if isinstance(read, tokens.Report):
        rows = [_headers(token) | _verdict_on(signature) for token, signature in read.signatures]
    else:
        rows = [_headers(token) for token in read.token.signatures]
    return {"signatures": rows} if rows else {}


def _headers(token: Token) -> dict[str, Any]:
    """The headers of one signature in JSON serialization: both as one, the protected, and the one that anyone can change."""
    documents = {"header": token.header, "protected": token.protected, "unprotected": token.unprotected}
    return {name: _exact(one) if one and isinstance(one.value, dict) else None for name, one in documents.items()}


def facts(report: tokens.Report, *, check_brought: bool = False) -> dict[str, Any]:
    """All that is known of a token with a key; *check_brought*: also whether its signature fits the keys it brought."""
    return judged(report) | _nested([as_json(judged(one)) for one in report.nested]) | brought(report, check_brought)


def _nested(layers: list[str]) -> dict[str, Any]:
    """The tokens inside, the outermost of them first."""
    return {"nested": Raw(f"[{','.join(layers)}]")} if layers else {}


def judged(report: tokens.Report) -> dict[str, Any]:
    """The token itself with its verdict, without those inside it."""
    decryption = {"status": report.decryption.status, "because": report.decryption.because} if report.decryption else None
    checks = [_check(one) for one in report.checks]
    told = _read(report) | {
        "signature": _verdict_on(report.signature),
        "decryption": decryption,
        "accepted": report.accepted,
        "checks": checks,
    }
    return told | _key_binding(report)


def _verdict_on(signature: tokens.Signature) -> dict[str, Any]:
    return {
        "status": signature.status,
        "algorithm": signature.algorithm,
        "key": signature.key.summary() if signature.key else None,
        "because": signature.because,
        "matches": signature.matches,
    }


def _check(one: tokens.Check) -> dict[str, Any]:
    told: dict[str, Any] = {"name": one.name, "outcome": one.outcome, "because": one.because, "spec": one.spec}
    if one.repairs:
        told["repairs"] = [asdict(repair) for repair in one.repairs]
    return told


def finding(one: tokens.Finding) -> dict[str, Any]:
    """One finding, with the changes that would mend it if there are any."""
    told = {name: getattr(one, name) for name in _FINDING}
    if one.repairs:
        told["repairs"] = [asdict(repair) for repair in one.repairs]
    return told


def made(key: tokens.Key, is_text: bool) -> dict[str, Any]:
    """A new key in the forms that programs take; *is_text* says whether the bytes of a secret are those of a text."""
    if key.secret is not None and is_text:
        return {"secret": {"jwk": keys.private_jwk(key), "text": key.secret.decode()}}
    if key.secret is not None:
        return {"secret": {"jwk": keys.private_jwk(key), "text": base64url.encode(key.secret), "encoding": "base64url"}}
    private = {"jwk": keys.private_jwk(key), "pem": keys.private_pem(key)}
    return {"private": private, "public": {"jwk": keys.public_jwk(key), "pem": keys.public_pem(key)}}


def fetched(found: Fetched) -> dict[str, Any]:
    """What is told of a fetch; the key set is the object that goes into "key" of a verify."""
    return {
        "url": found.url,
        "issuer": found.issuer,
        "status": found.status,
        "seconds": round(found.seconds, 3),
        "age": round(found.age, 3),
        "keys": [{"kid": key.kid, "name": key.what, "alg": key.alg or None, "use": key.use or None} for key in found.keys],
        "notes": list(found.notes),
        "steps": [{"url": step.url, "status": step.status, "seconds": round(step.seconds, 3)} for step in found.steps],
        "jwks": Raw(lossless_json.compact(found.text)),
    }


def _disclosed(shown: Presentation | None) -> dict[str, Any]:
    """What an SD-JWT discloses: the claims with it put back, each disclosure, and how many digests have none."""
    if shown is None:
        return {}
    rows = [
        as_json(
            {
                "index": index,
                "salt": one.salt if isinstance(one.salt, str) else None,
                "name": one.name,
                "value": Raw(one.value_text) if one.value_text and one.document and one.document.exact is not None else None,
                "digest": one.digest or None,
                "path": list(one.path) if one.where != "nowhere" else None,
                "found": one.where != "nowhere",
                "fault": one.fault or None,
            }
        )
        for index, one in enumerate(shown.disclosures)
    ]
    return {"disclosed": _exact(shown.claims), "disclosures": Raw(f"[{','.join(rows)}]"), "undisclosed": shown.undisclosed}


def _key_binding(report: tokens.Report) -> dict[str, Any]:
    """The verdict on the key binding JWT of an SD-JWT; null when it has none."""
    if report.token.disclosed is None:
        return {}
    bound = report.key_binding
    if bound is None:
        return {"key_binding": None}
    header, payload = bound.token.header, bound.token.payload
    told = {
        "status": bound.status,
        "because": bound.because,
        "key": bound.signature.key.summary() if bound.signature.key else None,
        "header": _exact(header),
        "payload": _exact(payload),
        "checks": [{name: value for name, value in _check(one).items() if name != "repairs"} for one in bound.checks],
    }
    return {"key_binding": Raw(as_json(told))}


def brought(report: tokens.Report, check: bool) -> dict[str, Any]:
    """The keys that the token itself brought, if it did; on request whether its signature fits them, which is no verdict."""
    rows = [one.summary() for one in report.brought]
    for row, one in zip(rows, report.brought, strict=True):
        if check:
            match = report.check_brought(one.parameter)
            row |= {"matches": match.matches, "because": match.because}
    return {"brought": rows} if rows else {}


def _exact(document: Document | None) -> Raw | None:
    """The JSON value with its numbers as written; a header or claims set that is not JSON is null."""
    text = document.exact if document else None
    return Raw(text) if text is not None else None
