"""JWE (RFC 7516, 7518, 8037): decrypt and make encrypted tokens. A decrypted token is never a verified one."""

from __future__ import annotations

from collections.abc import Iterator

from app.tokens.envelope import Token
from app.tokens.findings import Finding, found
from app.tokens.jwe import fitness, nested, rules
from app.tokens.jwe.decrypt import Decryption, decrypt
from app.tokens.jwe.encrypt import Encrypted, encrypt
from app.tokens.jwe.message import take_apart
from app.tokens.keys import Keys

__all__ = [
    "Decryption",
    "Encrypted",
    "decrypt",
    "encrypt",
    "findings",
    "header_faults",
    "holds_claims",
    "key_faults",
    "of_keys",
    "spelling",
]


def findings(token: Token) -> tuple[Finding, ...]:
    """What can be said without a key, and of the content when there is one; nothing for a token of another kind."""
    message = take_apart(token)
    if message is None:
        return ()
    noted: list[Finding] = [*rules.spelling(message), *header_faults(token)]
    for recipient in message.recipients:
        if recipient.management and recipient.content:
            noted += rules.shape(message, recipient, recipient.management, recipient.content)
        noted += rules.read_parameters(message, recipient).notes
        noted += rules.notes(message, recipient)
    return tuple(dict.fromkeys((*noted, *nested.notes(token))))


def spelling(token: Token) -> Iterator[Finding]:
    """The parts behind the header that are not canonical base64url."""
    message = take_apart(token)
    return rules.spelling(message) if message else iter(())


def of_keys(keys: Keys) -> list[Finding]:
    """What was noticed of the keys, in the words of encryption: a receiver has secrets and private keys side by side."""
    noted = [found("jwe_key_private", "key") if one.code == "key_private" else one for one in keys.all_findings]
    is_own = all(key.secret is not None or key.is_private for key in keys.keys)
    return [one for one in noted if not (is_own and one.code == "key_set_mixed")]


def key_faults(made: Encrypted) -> tuple[Finding, ...]:
    """Reasons for which the keys should not have encrypted."""
    faults = (fault for one in made.receivers for fault in fitness.key_faults(one.management, made.content, one.key, "encrypt"))
    return tuple(dict.fromkeys(faults))


def header_faults(token: Token) -> tuple[Finding, ...]:
    """Every reason in the header of a JWE for which a strict receiver refuses it; none for a token of another kind."""
    message = take_apart(token)
    if message is None:
        return ()
    if not message.recipients:
        return message.problems
    faults: list[Finding] = []
    for recipient in message.recipients:
        parameters = rules.read_parameters(message, recipient)
        faults += rules.names(message, recipient)
        faults += (*parameters.obstacles, *parameters.faults)
        faults += rules.faults(message, recipient)
    return tuple(dict.fromkeys(faults))


def holds_claims(token: Token) -> bool:
    """Whether the decrypted content is a claims set; with another cty it is some other JSON (RFC 7516 §4.1.12)."""
    header = token.header.value if token.header else None
    cty = header.get("cty") if isinstance(header, dict) else None
    return token.kind == "JWE" and token.payload is not None and isinstance(token.payload.value, dict) and cty is None
