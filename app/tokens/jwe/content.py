"""The content of a JWE: authenticated encryption (RFC 7518 §5) and DEFLATE with a cap (RFC 7516 §4.1.3)."""

from __future__ import annotations

import hmac
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.tokens.algorithms import ContentEncryption
from app.tokens.findings import Finding, found

MAX_INFLATED = 250_000
BLOCK = 16
_RAW, _ZLIB, _GZIP = -zlib.MAX_WBITS, zlib.MAX_WBITS, zlib.MAX_WBITS | 16


def decrypt(row: ContentEncryption, key: bytes, iv: bytes, ciphertext: bytes, tag: bytes, aad: bytes) -> bytes | None:
    """The plaintext, or None whatever is wrong; the sizes of key, IV and tag must have been checked."""
    if row.family == "gcm":
        try:
            return AESGCM(key).decrypt(iv, ciphertext + tag, aad)
        except InvalidTag:
            return None
    mac_key, cipher_key = key[: row.key_size // 2], key[row.key_size // 2 :]
    if not hmac.compare_digest(_mac(row, mac_key, iv, ciphertext, aad), tag):
        return None
    decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(BLOCK * 8).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None


def encrypt(row: ContentEncryption, key: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
    """Ciphertext and tag."""
    if row.family == "gcm":
        sealed = AESGCM(key).encrypt(iv, plaintext, aad)
        return sealed[: -row.tag_size], sealed[-row.tag_size :]
    mac_key, cipher_key = key[: row.key_size // 2], key[row.key_size // 2 :]
    padder = padding.PKCS7(BLOCK * 8).padder()
    encryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    return ciphertext, _mac(row, mac_key, iv, ciphertext, aad)


def _mac(row: ContentEncryption, key: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    length = (len(aad) * 8).to_bytes(8, "big")
    return hmac.digest(key, aad + iv + ciphertext + length, row.digest)[: row.tag_size]


@dataclass(frozen=True, slots=True)
class Inflated:
    """What DEFLATE made of the decrypted bytes; *fault* is why a strict receiver refuses them."""

    data: bytes | None
    fault: Finding | None = None


def inflate(data: bytes) -> Inflated:
    """Inflate raw DEFLATE up to the cap; what bears another header is inflated too, and said."""
    try:
        return _inflate(data, _RAW, None)
    except zlib.error:
        pass
    for window, name in ((_ZLIB, "zlib"), (_GZIP, "gzip")):
        try:
            return _inflate(data, window, found("jwe_zip_header", "token", name=name, bytes=data[:2].hex(" ")))
        except zlib.error:
            pass
    return Inflated(None, found("jwe_zip_damaged", "token", why="its bytes are no DEFLATE stream"))


def _inflate(data: bytes, window: int, fault: Finding | None) -> Inflated:
    machine = zlib.decompressobj(window)
    # One byte past the cap shows that there is more; the rest is never made.
    inflated = machine.decompress(data, MAX_INFLATED + 1)
    if len(inflated) > MAX_INFLATED:
        ratio = max(1, MAX_INFLATED // len(data))
        return Inflated(None, found("jwe_zip_bomb", "token", size=f"{len(data):,}", cap=f"{MAX_INFLATED:,}", ratio=ratio))
    if not machine.eof:
        return Inflated(None, found("jwe_zip_damaged", "token", why=f"the stream breaks off after {len(inflated):,} bytes"))
    if machine.unused_data:
        rest = len(machine.unused_data)
        return Inflated(inflated, found("jwe_zip_damaged", "token", why=f"{rest:,} bytes follow the end of the stream"))
    return Inflated(inflated, fault)


def deflate(data: bytes) -> bytes:
    """Raw DEFLATE, as RFC 7516 §4.1.3 asks for it."""
    machine = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return machine.compress(data) + machine.flush()
