"""Tokens of every sort, honest and broken, and logs that hold them: what the tests of the audit share."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from app import tokens
from app.audit.brief import Brief
from app.tokens import base64url, keys

AT = 1767225600
ISSUER, AUDIENCE = "https://issuer.example", "https://api.example"
SECRET = "canary-secret-of-at-least-32-bytes-length"
DAY = 86400


@cache
def key(algorithm: str) -> tokens.Keys:
    """A private key of its own for each algorithm; the secret is SECRET."""
    row = tokens.ALGORITHMS[algorithm]
    if row.family == "hmac":
        return tokens.read_keys(SECRET)
    return tokens.read_keys(keys.private_pem(keys.generate(row)))


def public(algorithm: str) -> str:
    """The text of the key that verifies."""
    own = key(algorithm)
    return own.text if own.keys[0].secret is not None else keys.public_pem(own.keys[0])


def token(algorithm: str = "HS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that is in order at AT, but for what *header* and *claims* say; a claim that is None is left out."""
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": AT - 60, "exp": AT + 600}
    content = {name: value for name, value in (usual | claims).items() if value is not None}
    return tokens.encode({"alg": algorithm, **(header or {})}, content, key(algorithm).text).token


def raw(header: str, payload: str, signature: bytes = b"x" * 32) -> str:
    """A token of these very texts, with a signature that fits nothing."""
    return ".".join(base64url.encode(one) for one in (header.encode(), payload.encode(), signature))


def brief(algorithm: str = "HS256", **rest: Any) -> Brief:
    """The order to judge with the key of *algorithm*."""
    return Brief(AT, public(algorithm) if algorithm else "", **rest)


_CLAIMS: tuple[dict[str, Any], ...] = (
    {},
    {"exp": None},
    {"exp": AT},
    {"exp": AT - 30},
    {"exp": AT - 3 * DAY},
    {"exp": AT - 900 * DAY},
    {"exp": AT + 900 * DAY},
    {"exp": AT * 1000},
    {"exp": "tomorrow"},
    {"exp": True},
    {"exp": 1.5},
    {"exp": None, "nbf": AT + DAY},
    {"nbf": AT + 30},
    {"nbf": AT * 1000},
    {"nbf": "soon"},
    {"iat": AT + 900},
    {"iat": AT * 1000},
    {"iat": []},
    {"iat": None, "nbf": AT - 90 * DAY},
    {"iat": AT - 40 * DAY},
    {"aud": None},
    {"aud": "another"},
    {"aud": ["another", AUDIENCE]},
    {"aud": []},
    {"aud": 7},
    {"iss": None},
    {"iss": "https://other.example"},
    {"iss": 7},
    {"sub": 7},
    {"sub": "älice"},
    {"n": 2**60},
    {"events": {"https://schemas.openid.net/secevent/risc/event-type/account-disabled": {}}, "exp": None, "jti": "x"},
)
_HEADERS: tuple[dict[str, Any], ...] = (
    {},
    {"typ": "JWT"},
    {"typ": "at+jwt"},
    {"kid": "a"},
    {"kid": "../../dev/null"},
    {"kid": 7},
    {"jku": "https://evil.example/keys"},
    {"x5u": "https://evil.example/x"},
    {"jwk": {"kty": "oct", "k": "AA"}},
    {"x5c": ["AA"]},
    {"crit": ["exp"], "exp": 1},
    {"crit": ["b64"], "b64": True},
    {"cty": "JWT"},
    {"alg_": "x"},
)
_RAW = (
    ('{"alg":"none"}', '{"sub":"a"}', b""),
    ('{"alg":"none"}', '{"sub":"a"}', b"x"),
    ('{"alg":"NONE"}', '{"sub":"a"}', b""),
    ('{"alg":"HS999"}', '{"sub":"a"}', b"x" * 32),
    ('{"alg":7}', '{"sub":"a"}', b"x" * 32),
    ('{"alg":"HS256"}', '{"sub":"a"}', b""),
    ('{"alg":"HS256"}', "", b"x" * 32),
    ('{"alg":"HS256"}', "no json", b"x" * 32),
    ('{"alg":"HS256"}', "[1]", b"x" * 32),
    ('{"alg":"HS256","alg":"none"}', '{"sub":"a","sub":"b"}', b"x" * 32),
    ('{"alg":"ES256"}', '{"exp":1}', b"\0" * 64),
    ('{"alg":"HS256"}', '{"exp":1e400}', b"x" * 32),
    ('{ "alg":"HS256"}', '{"exp":99999999999999999999}', b"x" * 32),
)


def all_sorts(algorithm: str, seed: int = 1) -> Iterator[str]:
    """Hundreds of tokens: each claim and header alone, then by chance together, then broken at some place."""
    chance = random.Random(seed)
    made = [token(algorithm, **claims) for claims in _CLAIMS] + [token(algorithm, header) for header in _HEADERS]
    made += [token(algorithm, chance.choice(_HEADERS), **(chance.choice(_CLAIMS) | chance.choice(({}, {"jti": "x"})))) for _ in range(150)]
    yield from made
    yield from (raw(*row) for row in _RAW)
    for one in made:
        yield _broken(one, chance)
    inner = token(algorithm, **chance.choice(_CLAIMS))
    for header in ({"cty": "JWT"}, {}):
        yield tokens.encode({"alg": algorithm, **header}, inner, key(algorithm).text).token
    yield token(algorithm, _sd_alg="sha-256") + "~"
    yield f"{token(algorithm, _sd_alg='sha-256')}~{token(algorithm, {'typ': 'kb+jwt'})}"
    yield token(algorithm).replace(".", ".A", 1)


def _broken(whole: str, chance: random.Random) -> str:
    header, payload, signature = whole.split(".")
    at = chance.randrange(len(signature))
    ways = (
        f"{header}.{payload}.{signature[:at]}",
        f"{header}.{payload}.{signature[:at]}{'A' if signature[at] != 'A' else 'B'}{signature[at + 1 :]}",
        f"{header}.{payload[:-1]}.{signature}",
        f"{header}.{payload}=.{signature}",
        f"{header}.{payload}.{signature}==",
        f"{header}.{payload}+/.{signature}",
        f"{header}.{payload}.",
        f"{header}..{signature}",
        f"{header}.{payload}.{signature}.{signature}.{signature}",
        f"{header[:-2]}.{payload}.{signature}",
    )
    return chance.choice(ways)
