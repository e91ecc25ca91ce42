"""What code must know of a token: enough to verify it or to sign another one like it, and no key unless one is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KeyForm = Literal["secret", "secret-base64url", "pem", "jwk", "jwks"]

KEY_FORMS: dict[KeyForm, str] = {
    "secret": "a secret as text",
    "secret-base64url": "a secret in base64url",
    "pem": "a PEM file",
    "jwk": "a JWK",
    "jwks": "a JWK Set",
}
"""The forms a key comes in, in words."""

SECRET_FORMS: tuple[KeyForm, ...] = ("secret", "secret-base64url", "jwk")
PAIR_FORMS: tuple[KeyForm, ...] = ("pem", "jwk", "jwks")


@dataclass(frozen=True, slots=True)
class Facts:
    """A token as code sees it. *curve* tells Ed25519 from Ed448, *encryption* is `enc` of an encrypted token, *expires* whether it has exp.

    *issuer*, *audience* and *type* are what is expected, and not checked when they are None; *header* is JSON text with what the header
    holds beside alg and enc, *claims* JSON text with the payload to sign. *key* is a public key or one of the examples, to be put in.
    """

    algorithm: str
    key_form: KeyForm = "pem"
    curve: str = ""
    encryption: str = ""
    issuer: str | None = None
    audience: str | None = None
    type: str | None = None
    leeway: int = 0
    expires: bool = True
    key_id: str | None = None
    header: str = "{}"
    claims: str = "{}"
    key: str | None = None
