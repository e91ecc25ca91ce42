"""The keys and tokens that are measured: made new each time, of sizes as they are met."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from app import tokens
from app.tokens import keys

AUDIENCE = "https://api.example"
ALGORITHMS = ("HS256", "RS256", "PS256", "ES256", "EdDSA")


@dataclass(frozen=True, slots=True)
class Sample:
    """A token with its key: the secret's text, or the PEM of either half."""

    algorithm: str
    claims: dict[str, Any]
    token: str
    private: str
    public: str

    @property
    def header(self) -> dict[str, str]:
        return {"alg": self.algorithm, "typ": "JWT"}

    @property
    def signing_input(self) -> bytes:
        return self.token.rpartition(".")[0].encode()


def claims(extra: int = 0) -> dict[str, Any]:
    """A set of claims as an authorization server writes it, with *extra* more members."""
    now = int(time.time())
    return {
        "iss": "https://issuer.example",
        "sub": "248289761001",
        "aud": AUDIENCE,
        "scope": "orders:read orders:write",
        "iat": now,
        "exp": now + 3600,
        "jti": "f1c5a7be-5d0c-4a1e-9d55-0a6d3f1a7c11",
        **{f"https://issuer.example/claims/{n}": f"value {n} of a claim" for n in range(extra)},
    }


def sample(algorithm: str, extra: int = 0) -> Sample:
    """A token signed with a new key."""
    key = keys.generate(tokens.ALGORITHMS[algorithm])
    private = key.secret.decode() if key.secret is not None else keys.private_pem(key)
    public = private if key.secret is not None else keys.public_pem(key)
    content = claims(extra)
    header = {"alg": algorithm, "typ": "JWT"}
    return Sample(algorithm, content, tokens.encode(header, content, private).token, private, public)


def of_length(algorithm: str, characters: int) -> Sample:
    """A token of about *characters*."""
    made = sample(algorithm)
    per_claim = len(json.dumps({"https://issuer.example/claims/100": "value 100 of a claim"})) * 4 / 3
    extra = max(0, round((characters - len(made.token)) / per_claim))
    content = claims(extra)
    return Sample(algorithm, content, tokens.encode(made.header, content, made.private).token, made.private, made.public)
