"""A key in every form that other programs take: JWK, PEM and DER of either half, and a secret in its spellings."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.tokens import base64url
from app.tokens.keys.key import Key
from app.tokens.keys.make import private_jwk, public_jwk

Half = Literal["private", "public", "secret"]
_IN_OPENSSH = (rsa.RSAPublicKey, ed25519.Ed25519PublicKey)


@dataclass(frozen=True, slots=True, repr=False)
class Form:
    """One way to write a key; *half* says whether the text may be shown around."""

    name: str
    label: str
    half: Half
    text: str
    spec: str = ""

    def __repr__(self) -> str:
        return f"<Form {self.name}>"


def forms(key: Key, passphrase: str = "") -> tuple[Form, ...]:
    """Every form of *key*; with a passphrase, PKCS#8 is locked with it. A key that cannot be read in full has none."""
    if key.secret is not None:
        return tuple(_of_secret(key))
    if key.public is None:
        return ()
    key = labelled(key)
    return (*_of_private(key, passphrase), *_of_public(key))


def labelled(key: Key) -> Key:
    """*key* with its thumbprint as `kid` where it has none; a secret may be guessed by its thumbprint (RFC 7638 §7)."""
    return replace(key, kid=key.thumbprint()) if key.kid is None and key.secret is None and key.public is not None else key


def set_of(keys: Iterable[Key]) -> str:
    """The public halves as JWK Set (RFC 7517 §5); secrets have none and stay away."""
    return _json({"keys": [public_jwk(labelled(key)) for key in keys if key.public is not None and key.secret is None]})


def _of_private(key: Key, passphrase: str) -> Iterator[Form]:
    private: Any = key.load_private() if key.load_private else None
    if private is None:
        return
    yield Form("private-jwk", "JWK, private", "private", _json(private_jwk(key)), "RFC 7517")
    plain = NoEncryption()
    lock = BestAvailableEncryption(passphrase.encode("utf-8", "surrogatepass")) if passphrase else plain
    label = "PEM, PKCS#8 with passphrase" if passphrase else "PEM, PKCS#8"
    yield Form("private-pem", label, "private", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode(), "RFC 5958")
    if not passphrase and isinstance(private, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        name, spec = ("PKCS#1", "RFC 8017") if key.key_type == "RSA" else ("SEC1", "RFC 5915")
        text = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, plain).decode()
        yield Form("private-old-pem", f"PEM, {name}", "private", text, spec)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, lock)
    yield Form("private-der", f"DER as base64, {label.removeprefix('PEM, ')}", "private", b64encode(der).decode(), "RFC 5958")


def _of_public(key: Key) -> Iterator[Form]:
    public: Any = key.public
    jwk = public_jwk(key)
    yield Form("public-jwk", "JWK, public", "public", _json(jwk), "RFC 7517")
    yield Form("public-set", "JWK Set", "public", _json({"keys": [jwk]}), "RFC 7517")
    yield Form(
        "public-pem", "PEM, SPKI", "public", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), "RFC 5280"
    )
    if key.key_type == "RSA":
        text = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
        yield Form("public-old-pem", "PEM, PKCS#1", "public", text, "RFC 8017")
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    yield Form("public-der", "DER as base64, SPKI", "public", b64encode(der).decode(), "RFC 5280")
    if isinstance(public, _IN_OPENSSH) or key.curve in ("P-256", "P-384", "P-521"):
        text = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        yield Form("public-ssh", "OpenSSH", "public", text, "RFC 4253")


def _of_secret(key: Key) -> Iterator[Form]:
    secret = key.secret or b""
    yield Form("secret-jwk", "JWK", "secret", _json(private_jwk(key)), "RFC 7518")
    text = _printable(secret)
    if text:
        yield Form("secret-text", "UTF-8 text", "secret", text)
    yield Form("secret-base64url", "base64url", "secret", base64url.encode(secret), "RFC 4648")
    yield Form("secret-base64", "base64", "secret", b64encode(secret).decode(), "RFC 4648")
    yield Form("secret-hex", "hexadecimal", "secret", secret.hex())


def _printable(secret: bytes) -> str:
    """The secret as text, if a text field can hold it as it is."""
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)
