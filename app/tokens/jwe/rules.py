"""What can be said of an encrypted token without a key: its header, and the sizes of its parts. Nothing of it is secret."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any

from app.tokens import base64url
from app.tokens import header as jose_header
from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT, ContentEncryption, KeyManagement
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.jwe import parameters
from app.tokens.jwe.content import BLOCK
from app.tokens.jwe.message import NAMES, Message, Recipient
from app.tokens.jwe.parameters import Parameters

_WRAP_OVERHEAD = 8


def names(message: Message, recipient: Recipient) -> Iterator[Finding]:
    """What is wrong with `alg` and `enc`; without them nothing can be tried."""
    header = recipient.header
    for name, rows, code, guess, spec in _NAMES:
        value = header.get(name)
        if name not in header:
            yield found("jwe_header_missing", "header", **message.at_member(name), name=name, what="decryption", spec=spec)
        elif not isinstance(value, str):
            place = message.at_member(name)
            yield found("header_parameter_type", "header", **place, name=name, kind=kind_of(value), need="a string", spec=spec)
        elif value not in rows:
            yield found(code, "header", **message.at_member(name), name=quoted(value), guess=guess(value))


def faults(message: Message, recipient: Recipient) -> Iterator[Finding]:
    """Reasons in the rest of the header for which a strict receiver refuses the token."""
    header = recipient.header
    if "zip" in header and header["zip"] != "DEF":
        shown = f'"{quoted(header["zip"])}"' if isinstance(header["zip"], str) else kind_of(header["zip"])
        yield found("jwe_zip_unknown", "header", **message.at_member("zip"), zip=shown)
    token = message.token
    if token.header and isinstance(token.header.value, dict):
        yield from jose_header.beyond_alg(token, token.header, token.header.value)


def spelling(message: Message) -> Iterator[Finding]:
    """What is wrong with the form: parts behind the header that are not canonical base64url are read as far as they can be."""
    yield from message.problems
    for name, part in zip(NAMES[1:], message.token.parts[1:], strict=True):
        if not part.text.isascii() or base64url.decode(part.text.encode()) is None:
            why = ", ".join(sorted({fault.code.removeprefix("base64_").replace("_", " ") for fault in base64url.explain(part.text)[1]}))
            yield found("jwe_part_base64", "token", **message.at_part(name), part=name, why=why or "of a wrong length")


def shape(message: Message, recipient: Recipient, management: KeyManagement, content: ContentEncryption) -> Iterator[Finding]:
    """Parts whose size cannot be right, whatever the key."""
    yield from _size(message, "IV", len(message.iv), content.iv_size, content.name, content.spec)
    guess = next((row.name for row in CONTENT_ENCRYPTION.values() if row.tag_size == len(message.tag)), "")
    hint = f" It would be that of {guess}." if guess and content.family == "cbc" else ""
    yield from _size(message, "tag", len(message.tag), content.tag_size, content.name, content.spec, hint)
    if content.family == "cbc" and (len(message.ciphertext) % BLOCK or not message.ciphertext):
        size = len(message.ciphertext)
        yield found("jwe_not_blocks", "token", **message.at_part("ciphertext"), size=f"{size:,}", enc=content.name, over=size % BLOCK)
    need = _encrypted_key_size(management, content)
    size = len(recipient.encrypted_key)
    if need == 0 and size:
        wrapped = management.family == "ecdh" and size == content.key_size + _WRAP_OVERHEAD
        hint = " Its size is that of a wrapped key, which ECDH-ES+A128KW, +A192KW and +A256KW have." if wrapped else ""
        yield found("jwe_encrypted_key_surplus", "token", **message.at_part("encrypted key"), size=size, alg=management.name, guess=hint)
    elif need:
        yield from _size(message, "encrypted key", size, need, f"{management.name} with {content.name}", management.spec)
    elif management.family == "rsa" and not size:
        yield from _size(message, "encrypted key", size, 256, f"{management.name} with a 2048-bit key", management.spec)


def read_parameters(message: Message, recipient: Recipient) -> Parameters:
    management = recipient.management
    return parameters.read(message, recipient, management) if management else Parameters()


def notes(message: Message, recipient: Recipient) -> Iterator[Finding]:
    """What a reader should know though it refuses nothing."""
    management = recipient.management
    if management and not management.encrypts:
        yield found("jwe_rsa1_5", "header", **message.at_member("alg"))
    if recipient.header.get("zip") == "DEF":
        yield found("jwe_zip_side_channel", "header", **message.at_member("zip"))


def _encrypted_key_size(management: KeyManagement, content: ContentEncryption) -> int | None:
    """The size in bytes that does not depend on the key; None for RSA."""
    if management.family == "rsa":
        return None
    if management.family == "gcmkw":
        return content.key_size
    return content.key_size + _WRAP_OVERHEAD if management.wrap_size else 0


def _size(message: Message, part: str, size: int, need: int, name: str, spec: str, guess: str = "") -> Iterator[Finding]:
    if size != need:
        place = message.at_part(part)
        yield found("jwe_part_size", "token", **place, part=part, size=size, name=name, need=need, guess=guess, spec=spec)


def alg_guess(alg: str) -> str:
    alg = alg[:60]
    if alg in ALGORITHMS:
        return " It is for signatures (JWS); this token is encrypted (JWE)."
    if alg in CONTENT_ENCRYPTION:
        return ' It is a name for "enc"; "alg" says how the key of the content is had, for example "dir".'
    return _near(alg, KEY_MANAGEMENT)


def enc_guess(enc: str) -> str:
    """The names near the unknown one: the same letters, or else the same size of AES."""
    enc = enc[:60]
    if enc in KEY_MANAGEMENT:
        return ' It is a name for "alg"; "enc" says how the content is encrypted, for example "A256GCM".'
    bits = next((bits for bits in ("128", "192", "256") if bits in enc), "256" if "512" in enc else "192" if "384" in enc else "")
    modes = [mode for mode in ("GCM", "CBC") if mode in enc.upper()] or ["GCM", "CBC"]
    near = [name for name in reversed(CONTENT_ENCRYPTION) if name[1:4] == bits and any(mode in name for mode in modes)]
    near.sort(key=lambda name: "GCM" not in name)
    return f" Did you mean {' or '.join(near)}?" if near else _near(enc, CONTENT_ENCRYPTION)


def _near(name: str, rows: dict[str, Any]) -> str:
    plain = {_plain(one): one for one in rows}
    near = [plain[_plain(name)]] if _plain(name) in plain else difflib.get_close_matches(name, rows, 1, 0.6)
    return f" Did you mean {near[0]}?" if near else f" There are {', '.join(rows)}."


def _plain(name: str) -> str:
    return "".join(character for character in name.upper() if character.isalnum())


_NAMES: tuple[tuple[str, dict[str, Any], str, Callable[[str], str], str], ...] = (
    ("alg", KEY_MANAGEMENT, "jwe_alg_unknown", alg_guess, "RFC 7516 §4.1.1"),
    ("enc", CONTENT_ENCRYPTION, "jwe_enc_unknown", enc_guess, "RFC 7516 §4.1.2"),
)
