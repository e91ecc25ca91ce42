"""How the key of the content is wrapped, agreed on or derived, one pair of functions a family (RFC 7518 §4)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, x448, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from app.tokens import base64url
from app.tokens.algorithms import ContentEncryption, KeyManagement
from app.tokens.jwe.parameters import Parameters
from app.tokens.keys.key import Key, of_public

_HASHES = {
    "sha1": hashes.SHA1(),  # noqa: S303 # nosec B303 # the hash of RSA-OAEP as RFC 7518 §4.3 has it; it guards no signature
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_SALT_SIZE = 16
_GENERATORS: dict[str, Callable[[], Any]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "X25519": x25519.X25519PrivateKey.generate,
    "X448": x448.X448PrivateKey.generate,
}


def fits(key: Key, management: KeyManagement) -> bool:
    """Whether type and curve are right; sizes and permissions are judged elsewhere."""
    return key.curve in management.curves if management.curves else key.key_type == management.key_type


def unwrap(management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes) -> bytes | None:
    """The content encryption key, or None when it does not unwrap; sizes and parameters must have been checked.

    With RSA a key that does not unwrap is replaced by chance, so that what follows is the same for both (RFC 7516 §11.5).
    """
    return _UNWRAP[management.family](management, content, key, parameters, encrypted_key)


def _direct(management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes) -> bytes | None:
    return key.secret


def _unwrap_aes(
    management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes
) -> bytes | None:
    assert key.secret is not None
    return aes_unwrap(key.secret, encrypted_key)


def _unwrap_gcm(
    management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes
) -> bytes | None:
    assert key.secret is not None
    try:
        return AESGCM(key.secret).decrypt(parameters.iv, encrypted_key + parameters.tag, None)
    except InvalidTag:
        return None


def _unwrap_rsa(
    management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes
) -> bytes | None:
    by_chance = secrets.token_bytes(content.key_size)
    private: Any = key.load_private() if key.load_private else None
    if private is None:
        return None
    try:
        unwrapped: bytes = private.decrypt(encrypted_key, rsa_padding(management.digest, management.digest))
    except ValueError:
        return by_chance
    return unwrapped if len(unwrapped) == content.key_size else by_chance


def _unwrap_agreed(
    management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes
) -> bytes | None:
    private: Any = key.load_private() if key.load_private else None
    if private is None:
        return None
    agreed = agree(management, content, private, parameters.epk, parameters.apu, parameters.apv)
    return aes_unwrap(agreed, encrypted_key) if management.wrap_size else agreed


def _unwrap_derived(
    management: KeyManagement, content: ContentEncryption, key: Key, parameters: Parameters, encrypted_key: bytes
) -> bytes | None:
    assert key.secret is not None
    return aes_unwrap(derive(management, key.secret, parameters.salt, parameters.rounds), encrypted_key)


def aes_unwrap(wrapping_key: bytes, wrapped: bytes) -> bytes | None:
    """AES Key Wrap (RFC 3394) backwards, or None when its check value is wrong."""
    try:
        return keywrap.aes_key_unwrap(wrapping_key, wrapped)
    except (keywrap.InvalidUnwrap, ValueError):
        return None


def rsa_padding(digest: str, mask_digest: str) -> padding.AsymmetricPadding:
    """OAEP with these hashes, or PKCS #1 v1.5 without one (RFC 7518 §4.2, §4.3)."""
    return padding.OAEP(padding.MGF1(_HASHES[mask_digest]), _HASHES[digest], None) if digest else padding.PKCS1v15()


def agree(
    management: KeyManagement, content: ContentEncryption, private: Any, public: Any, apu: bytes, apv: bytes, name: str = ""
) -> bytes:
    """The key that Concat KDF makes of the shared secret (RFC 7518 §4.6.2); *name* replaces the name of the algorithm in it."""
    size = management.wrap_size or content.key_size
    name = name or (management.name if management.wrap_size else content.name)
    shared = private.exchange(ec.ECDH(), public) if isinstance(private, ec.EllipticCurvePrivateKey) else private.exchange(public)
    info = b"".join(len(one).to_bytes(4, "big") + one for one in (name.encode(), apu, apv)) + (size * 8).to_bytes(4, "big")
    return ConcatKDFHash(hashes.SHA256(), size, info).derive(shared)


def derive(management: KeyManagement, password: bytes, salt: bytes, rounds: int) -> bytes:
    """The wrapping key that PBKDF2 makes of a password (RFC 7518 §4.8)."""
    return hashlib.pbkdf2_hmac(management.digest, password, salt, rounds, management.wrap_size)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key for the content, what goes into the token for it, and the header members that tell how."""

    key: bytes
    encrypted_key: bytes = b""
    members: dict[str, Any] = field(default_factory=dict)


def wrap(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    """*content_key* for the holder of *key*; with `dir` and ECDH-ES, the key that both share stands in for it.

    The parameters in *header* that must not be used twice are made anew; `apu`, `apv` and `p2c` are those that it has.
    """
    return _WRAP[management.family](management, key, header, content, content_key)


def _wrap_direct(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    assert key.secret is not None
    return Wrapped(key.secret)


def _wrap_aes(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    assert key.secret is not None
    return Wrapped(content_key, keywrap.aes_key_wrap(key.secret, content_key))


def _wrap_gcm(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    assert key.secret is not None
    iv = secrets.token_bytes(12)
    sealed = AESGCM(key.secret).encrypt(iv, content_key, None)
    return Wrapped(content_key, sealed[:-16], {"iv": base64url.encode(iv), "tag": base64url.encode(sealed[-16:])})


def _wrap_rsa(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    public: Any = key.public
    return Wrapped(content_key, public.encrypt(content_key, rsa_padding(management.digest, management.digest)))


def _wrap_agreed(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    ephemeral = _GENERATORS[key.curve]()
    apu, apv = (base64url.decode(str(header.get(name, "")).encode()) or b"" for name in ("apu", "apv"))
    agreed = agree(management, content, ephemeral, key.public, apu, apv)
    epk = of_public(ephemeral.public_key(), "made")
    assert epk is not None
    members = {"epk": epk.jwk()}
    if not management.wrap_size:
        return Wrapped(agreed, b"", members)
    return Wrapped(content_key, keywrap.aes_key_wrap(agreed, content_key), members)


def _wrap_derived(management: KeyManagement, key: Key, header: dict[str, Any], content: ContentEncryption, content_key: bytes) -> Wrapped:
    assert key.secret is not None
    salt, rounds = secrets.token_bytes(_SALT_SIZE), header.get("p2c", management.rounds)
    wrapping_key = derive(management, key.secret, management.name.encode() + b"\0" + salt, rounds)
    return Wrapped(content_key, keywrap.aes_key_wrap(wrapping_key, content_key), {"p2s": base64url.encode(salt), "p2c": rounds})


_UNWRAP: dict[str, Callable[[KeyManagement, ContentEncryption, Key, Parameters, bytes], bytes | None]] = {
    "dir": _direct,
    "kw": _unwrap_aes,
    "gcmkw": _unwrap_gcm,
    "rsa": _unwrap_rsa,
    "ecdh": _unwrap_agreed,
    "pbes2": _unwrap_derived,
}
_WRAP: dict[str, Callable[[KeyManagement, Key, dict[str, Any], ContentEncryption, bytes], Wrapped]] = {
    "dir": _wrap_direct,
    "kw": _wrap_aes,
    "gcmkw": _wrap_gcm,
    "rsa": _wrap_rsa,
    "ecdh": _wrap_agreed,
    "pbes2": _wrap_derived,
}
