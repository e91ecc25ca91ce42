"""The HTTP API as it is documented: its endpoints, with the limits, settings and refusals that tables of the code hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.keyfetch import connection, key_set, refusals
from app.settings import PREFIX, READERS, Settings
from app.tokens import envelope, json_form, lossless_json, sd_jwt
from app.tokens.decode import MAX_NESTED
from app.tokens.jwe import content, message, parameters
from app.tokens.keys import kinds, pem, rsa_parts
from app.web import security
from app.web.learn.templated import plain
from app.web.openapi import described, shown


def api() -> dict[str, Any]:
    """Every endpoint, limit, setting and refusal."""
    defaults = Settings()
    settings = [(PREFIX + name.upper(), described.texts()["settings"][name], _default(getattr(defaults, name))) for name in READERS]
    return {
        "endpoints": described.endpoints(),
        "settings": settings,
        "limits": _LIMITS,
        "errors": dict(sorted(_errors())),
        "openapi": shown.shown(),
    }


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value not in ((), "") else "none"


def _errors() -> Iterator[tuple[str, str]]:
    yield from ((row.code, plain(row.message, status="number")) for row in refusals.ROWS.values())
    yield from ((row.code, row.message) for row in security.REFUSALS.values())
    yield from described.texts()["errors"].items()


_LIMITS = (
    ("body of a request", f"{security.MAX_BODY:,} bytes"),
    ("text that is read as a token", f"{envelope.MAX_CHARACTERS:,} characters"),
    ("depth of JSON", f"{lossless_json.MAX_DEPTH} levels"),
    ("members and elements of JSON", f"{lossless_json.MAX_MEMBERS:,}"),
    ("content that is inflated (zip)", f"{content.MAX_INFLATED:,} bytes"),
    ("rounds of PBES2 (p2c)", f"{parameters.MAX_ROUNDS:,}"),
    ("RSA keys that verify", f"{rsa_parts.MIN_BITS:,} to {rsa_parts.MAX_BITS:,} bits"),
    ("RSA keys that are made", " or ".join(f"{bits:,}" for bits in kinds.RSA_SIZES) + " bits"),
    ("keys of a set, blocks of a PEM", f"{pem.MAX_KEYS}"),
    ("tokens inside tokens", f"{MAX_NESTED} deep"),
    ("signatures of a JWS", f"{json_form.MAX_SIGNATURES}"),
    ("recipients of a JWE", f"{message.MAX_RECIPIENTS}"),
    ("disclosures of an SD-JWT", f"{sd_jwt.MAX_DISCLOSURES:,}"),
    ("a fetch, from look-up to last byte", f"{connection.MAX_SECONDS:g} seconds"),
    ("a key set that is fetched", f"{connection.MAX_BYTES:,} bytes, {key_set.MAX_KEYS} keys of {key_set.MAX_KEY_BYTES:,} bytes"),
)
