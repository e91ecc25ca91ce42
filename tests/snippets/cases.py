"""What each piece of code is tried with: keys, and tokens made by the core that it must accept or refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from app import tokens
from app.snippets import Facts
from app.tokens import ALGORITHMS, base64url
from app.tokens.keys import make
from app.tokens.keys.key import Key

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
TYPE = "at+jwt"
HOUR = 3600
LEEWAY = 60


@dataclass(frozen=True)
class Case:
    """A token, and whether it is to be accepted."""

    name: str
    token: str
    good: bool = False


@dataclass
class Keys:
    """The keys, each made when it is first asked for and then the same."""

    made: dict[tuple[str, int], Key] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def get(self, algorithm: str, which: int) -> Key:
        """The key number *which* for *algorithm*."""
        with self.lock:
            if (algorithm, which) not in self.made:
                self.made[algorithm, which] = make.generate(ALGORITHMS[algorithm])
                self.made[algorithm, which].alg = None
            return self.made[algorithm, which]


KEYS = Keys()


def key(algorithm: str, curve: str = "", which: int = 0) -> Key:
    """The key for *algorithm*, the same each time; another one for each *which*. One secret is long enough for all."""
    return KEYS.get("HS512" if ALGORITHMS[algorithm].family == "hmac" else curve or algorithm, which)


def private(of: Key) -> str:
    """The key as the core takes it to sign."""
    return of.secret.decode() if of.secret else make.private_pem(of)


def files(of: Key) -> dict[str, str]:
    """The files that code loads its key from."""
    if of.secret:
        return {"secret.jwk": json.dumps(make.private_jwk(of))}
    public = make.public_jwk(of)
    other = make.public_jwk(key("RS256" if of.key_type != "RSA" else "ES256"))
    return {
        "public.pem": make.public_pem(of),
        "private.pem": make.private_pem(of),
        "public.jwk": json.dumps(public),
        "private.jwk": json.dumps(make.private_jwk(of)),
        "jwks.json": json.dumps({"keys": [other, public]}),
    }


def secret(of: Key, form: str) -> str:
    """What stands in the environment variable for the secret."""
    if not of.secret:
        return ""
    return base64url.encode(of.secret) if form == "secret-base64url" else of.secret.decode()


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token, changed; None takes one away."""
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "sub": "ユーザー \"1\" $x #{y} @z 'q'",
        "aud": AUDIENCE,
        "iat": now - 1,
        "exp": now + HOUR,
        "roles": ["a", "b"],
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def facts(algorithm: str, curve: str, form: str, typ: str = TYPE, **changes: Any) -> Facts:
    """What the code is told of the good token."""
    told: dict[str, Any] = {
        "key_form": form,
        "curve": curve,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "type": typ,
        "leeway": LEEWAY,
        "key_id": key(algorithm, curve).kid,
        "header": json.dumps(header(algorithm, curve, typ)),
        "claims": json.dumps(claims()),
    }
    return Facts(algorithm, **(told | changes))


def header(algorithm: str, curve: str, typ: str = TYPE) -> dict[str, Any]:
    """The header of a good token."""
    kid = key(algorithm, curve).kid
    return {"alg": algorithm, "typ": typ} | ({"kid": kid} if kid else {})


def signed(algorithm: str, curve: str, typ: str = TYPE, which: int = 0, **changes: Any) -> str:
    """A token that the core signs."""
    return tokens.encode(header(algorithm, curve, typ), claims(**changes), private(key(algorithm, curve, which))).token


def confused(algorithm: str, curve: str, typ: str) -> str:
    """A token of another algorithm that fits the same key, or for which the public key is taken for a secret (RFC 8725 §2.1)."""
    own, row = key(algorithm, curve), ALGORITHMS[algorithm]
    other = next(
        (name for name in ("HS512", "HS256", "RS512", "RS256") if name != algorithm and ALGORITHMS[name].key_type == row.key_type), ""
    )
    if other:
        return tokens.encode(header(algorithm, curve, typ) | {"alg": other}, claims(), private(own)).token
    pem = base64url.encode(make.public_pem(own).encode())
    return tokens.encode(header(algorithm, curve, typ) | {"alg": "HS256"}, claims(), pem, key_encoding="base64url").token


def usual(algorithm: str, curve: str, typ: str) -> Iterator[Case]:
    """What is tried with every algorithm."""
    good = signed(algorithm, curve, typ)
    head, _, signature = good.split(".")
    other = base64url.encode(json.dumps(claims(sub="somebody else")).encode())
    unsigned = base64url.encode(json.dumps(header(algorithm, curve, typ) | {"alg": "none"}).encode())
    yield Case("good", good, good=True)
    yield Case("tampered", f"{head}.{other}.{signature}")
    yield Case("expired", signed(algorithm, curve, typ, exp=int(time.time()) - HOUR))
    yield Case("wrong audience", signed(algorithm, curve, typ, aud="https://elsewhere.example.com"))
    yield Case("wrong algorithm", confused(algorithm, curve, typ))
    yield Case("unsigned", f"{unsigned}.{good.split('.')[1]}.")


def further(algorithm: str, curve: str, typ: str) -> Iterator[Case]:
    """What is tried with one algorithm of each library."""
    now = int(time.time())
    yield Case("audience among others", signed(algorithm, curve, typ, aud=["https://elsewhere.example.com", AUDIENCE]), good=True)
    yield Case("expired within the leeway", signed(algorithm, curve, typ, exp=now - LEEWAY // 2), good=True)
    yield Case("another key", signed(algorithm, curve, typ, 1))
    yield Case("not valid yet", signed(algorithm, curve, typ, nbf=now + HOUR))
    yield Case("no audience", signed(algorithm, curve, typ, aud=None))
    yield Case("wrong issuer", signed(algorithm, curve, typ, iss="https://login.example.com.evil.example"))
    yield Case("no issuer", signed(algorithm, curve, typ, iss=None))
    yield Case("never expires", signed(algorithm, curve, typ, exp=None))
    yield Case("wrong type", signed(algorithm, curve, "logout+jwt"))
    yield Case("not a token", "a.b.c")
