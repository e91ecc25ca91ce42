"""What each piece of code is tried with: keys, and tokens made by the core that it must accept or refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from app import tokens
from app.snippets import Facts
from app.tokens import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT, base64url
from app.tokens.keys import make
from app.tokens.keys.key import Key
from app.tokens.keys.kinds import KINDS

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
ELSEWHERE = "https://elsewhere.example.com"
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

    def get(self, kind: str, which: int) -> Key:
        """The key number *which* of that *kind*; one secret is written with letters, so that it can stand as text."""
        with self.lock:
            if (kind, which) not in self.made:
                key = make.generate_kind(KINDS[kind])
                if key.secret:
                    key.secret = base64url.encode(key.secret)[: len(key.secret)].encode()
                key.alg = key.use = None
                self.made[kind, which] = key
            return self.made[kind, which]


KEYS = Keys()


@dataclass(frozen=True)
class Scheme:
    """How a token is made: its algorithm, the curve where the algorithm has several, and *encryption* where it is encrypted."""

    algorithm: str
    curve: str = ""
    encryption: str = ""
    type: str = TYPE

    @property
    def key_type(self) -> str:
        """The type of key that the algorithm takes."""
        return (KEY_MANAGEMENT if self.encryption else ALGORITHMS)[self.algorithm].key_type

    def key(self, which: int = 0) -> Key:
        """The key, the same each time; another one for each *which*."""
        return KEYS.get(self._kind, which)

    @property
    def _kind(self) -> str:
        if self.encryption:
            row = KEY_MANAGEMENT[self.algorithm]
            size = row.secret_size(CONTENT_ENCRYPTION[self.encryption]) or 32
            secret = {16: "A128KW", 24: "A192KW", 32: "A256KW", 48: "A192CBC-HS384", 64: "A256CBC-HS512"}
            pair = self.curve or "P-256" if row.family == "ecdh" else "RSA-2048"
            return secret[size] if row.key_type == "oct" else f"{pair}-enc" if f"{pair}-enc" in KINDS else pair
        row_ = ALGORITHMS[self.algorithm]
        return "HS512" if row_.family == "hmac" else "RSA-2048" if row_.key_type == "RSA" else self.curve or row_.curves[0]

    def header(self) -> dict[str, Any]:
        """The header of a good token."""
        kid = self.key().kid
        return (
            {"alg": self.algorithm, "typ": self.type}
            | ({"enc": self.encryption} if self.encryption else {})
            | ({"kid": kid} if kid and not self.key().secret else {})
        )

    def made(self, which: int = 0, **changes: Any) -> str:
        """A token that the core signs or encrypts; *changes* are made to the claims."""
        key = self.key(which)
        return tokens.encode(self.header(), claims(**changes), public(key) if self.encryption else private(key)).token

    def facts(self, form: str, **changes: Any) -> Facts:
        """What the code is told of the good token."""
        told: dict[str, Any] = {
            "key_form": form,
            "curve": self.curve,
            "encryption": self.encryption,
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "type": self.type,
            "leeway": LEEWAY,
            "key_id": self.header().get("kid"),
            "header": json.dumps(self.header()),
            "claims": json.dumps(claims()),
        }
        return Facts(self.algorithm, **(told | changes))

    def __str__(self) -> str:
        return " ".join(filter(None, (self.algorithm, self.curve, self.encryption)))


def private(key: Key) -> str:
    """The key as the core takes it to sign or to decrypt."""
    return key.secret.decode() if key.secret else make.private_pem(key)


def public(key: Key) -> str:
    """The key as the core takes it to encrypt."""
    return key.secret.decode() if key.secret else make.public_pem(key)


def files(key: Key) -> dict[str, str]:
    """The files that code loads its key from."""
    if key.secret:
        return {"secret.jwk": json.dumps(make.private_jwk(key))}
    own = make.public_jwk(key)
    other = make.public_jwk(KEYS.get("P-384" if key.key_type == "RSA" else "RSA-2048", 0))
    return {
        "public.pem": make.public_pem(key),
        "private.pem": make.private_pem(key),
        "public.jwk": json.dumps(own),
        "private.jwk": json.dumps(make.private_jwk(key)),
        "jwks.json": json.dumps({"keys": [other, own]}),
    }


def secret(key: Key, form: str) -> str:
    """What stands in the environment variable for the secret."""
    if not key.secret:
        return ""
    return base64url.encode(key.secret) if form == "secret-base64url" else key.secret.decode()


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token, changed; None takes one away."""
    now = int(time.time())
    subject = "ユーザー \"1\" $x #{y} @z 'q'"
    whole = {"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now - 1, "exp": now + HOUR, "roles": ["a", "b"]} | changes
    return {name: value for name, value in whole.items() if value is not None}


def confused(scheme: Scheme) -> str:
    """A token of another algorithm that fits the same key, or for which the public key is taken for a secret (RFC 8725 §2.1)."""
    rows = KEY_MANAGEMENT if scheme.encryption else ALGORITHMS
    # Two of each family, of which one is another algorithm than the scheme's.
    for name in ("HS512", "HS256", "RS512", "RS256", "RSA-OAEP-256", "RSA-OAEP", "ECDH-ES+A256KW", "ECDH-ES"):
        if name in rows and name != scheme.algorithm and rows[name].key_type == scheme.key_type:
            return replace(scheme, algorithm=name).made()
    if scheme.key().secret:
        return scheme.made(1)
    pem = base64url.encode(make.public_pem(scheme.key()).encode())
    return tokens.encode(scheme.header() | {"alg": "HS256"}, claims(), pem, key_encoding="base64url").token


def usual(scheme: Scheme) -> Iterator[Case]:
    """What is tried with every algorithm."""
    good = scheme.made()
    parts = good.split(".")
    if scheme.encryption:
        tampered = [*parts[:3], ("A" if parts[3][0] != "A" else "B") + parts[3][1:], parts[4]]
    else:
        tampered = [parts[0], base64url.encode(json.dumps(claims(sub="somebody else")).encode()), parts[2]]
    header = {name: value for name, value in scheme.header().items() if name != "enc"} | {"alg": "none"}
    yield Case("good", good, good=True)
    yield Case("tampered", ".".join(tampered))
    yield Case("expired", scheme.made(exp=int(time.time()) - HOUR))
    yield Case("wrong audience", scheme.made(aud=ELSEWHERE))
    yield Case("wrong algorithm", confused(scheme))
    yield Case("unsigned", f"{base64url.encode(json.dumps(header).encode())}.{base64url.encode(json.dumps(claims()).encode())}.")


def further(scheme: Scheme) -> Iterator[Case]:
    """What is tried with one algorithm of each library."""
    now = int(time.time())
    yield Case("audience among others", scheme.made(aud=[ELSEWHERE, AUDIENCE]), good=True)
    yield Case("expired within the leeway", scheme.made(exp=now - LEEWAY // 2), good=True)
    yield Case("another key", scheme.made(1))
    yield Case("not valid yet", scheme.made(nbf=now + HOUR))
    yield Case("no audience", scheme.made(aud=None))
    yield Case("wrong issuer", scheme.made(iss="https://login.example.com.evil.example"))
    yield Case("no issuer", scheme.made(iss=None))
    yield Case("never expires", scheme.made(exp=None))
    yield Case("wrong type", replace(scheme, type="logout+jwt").made())
    yield Case("not a token", "a.b.c")
