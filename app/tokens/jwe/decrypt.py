"""Decrypting a JWE by the letter of RFC 7516 §5.2, and the reason when it does not.

What RSA or CBC refuses is answered with one sentence, whatever the cause (RFC 7516 §11.5): helpful facts come only from
what is not secret, the names and sizes that stand in the token and in the description of the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from app.tokens import jws
from app.tokens.algorithms import KeyManagement
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found
from app.tokens.jwe import content as contents
from app.tokens.jwe import fitness, rules, suspects
from app.tokens.jwe.attempt import Attempt
from app.tokens.jwe.message import Message, Recipient, take_apart
from app.tokens.jwe.parameters import MAX_ROUNDS
from app.tokens.keys.key import Key, Keys

Status = Literal["decrypted", "failed", "not_tried"]
# What all tries together may cost, in the time of one with a 2048-bit RSA key; the first one is always made.
_MOST_SPENT = 128.0


@dataclass
class _Purse:
    """What trying keys may still cost: a set of a hundred long keys must not take minutes."""

    left: float = _MOST_SPENT
    is_untouched: bool = True

    def pays(self, management: KeyManagement, key: Key, rounds: int) -> bool:
        cost = 1.0
        if management.family == "rsa":
            cost = (key.bits / 2048) ** 3
        elif rounds:
            cost = rounds / MAX_ROUNDS * _MOST_SPENT
        allowed = self.is_untouched or cost <= self.left
        self.left -= cost if allowed else 0
        self.is_untouched = False
        return allowed


@dataclass
class Decryption:
    """What came of decrypting.

    *status* is `decrypted` only for what a strict receiver takes. A *plaintext* with status `failed` means that the key
    decrypts the token, and a rule, named first in *faults*, refuses it.
    """

    status: Status
    because: str
    algorithm: KeyManagement | None = None
    key: Key | None = None
    plaintext: bytes | None = None
    faults: tuple[Finding, ...] = ()
    reasons: tuple[Finding, ...] = ()
    search: Callable[[], tuple[Finding, ...]] | None = None
    recipient: int = 0
    """The number of the recipient that it is about, from 1; 0 for the only one."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Why it did not decrypt, and what would have, searched for when somebody asks."""
        return (*self.reasons, *(self.search() if self.search else ()))


def decrypt(token: Token, keys: Keys) -> Decryption:
    """Decrypt *token* with the keys given; of several recipients the first that works counts. Raises nothing."""
    message = take_apart(token)
    if message is None:
        return Decryption("not_tried", "The header cannot be read, so nothing can be decrypted.")
    if not message.recipients:
        return Decryption("not_tried", message.problems[0].message if message.problems else "The token has no recipients.")
    results: list[Decryption] = []
    purse = _Purse()
    for recipient in message.recipients:
        result = _for(message, recipient, keys, purse)
        result.recipient = recipient.number
        if result.status == "decrypted":
            return result
        results.append(result)
    return min(results, key=lambda result: (result.plaintext is None, result.status != "failed"))


def _for(message: Message, recipient: Recipient, keys: Keys, purse: _Purse) -> Decryption:
    management, content = recipient.management, recipient.content
    if management is None or content is None:
        return Decryption("not_tried", next(rules.names(message, recipient)).message, management)
    if not keys.keys:
        because = f"Not tried: there is no key. Give {management.wants(content)}." if keys.is_empty else keys.problem
        return Decryption("not_tried", because, management)
    parameters = rules.read_parameters(message, recipient)
    attempt = Attempt(message, recipient, management, content, parameters)
    obstacles = [*parameters.obstacles, *rules.shape(message, recipient, management, content)]
    fitting, misfit = fitness.sort_out(attempt, keys)
    if misfit:
        return Decryption("failed", misfit.message, management, keys.keys[0] if len(keys.keys) == 1 else None, reasons=(misfit,))
    if obstacles:
        status: Status = "not_tried" if obstacles[0].code == "jwe_p2c_too_large" else "failed"
        return Decryption(status, obstacles[0].message, management, fitting[0])
    return _try(attempt, fitting, keys, purse)


def _try(attempt: Attempt, fitting: list[Key], keys: Keys, purse: _Purse) -> Decryption:
    unwrapped: list[bool] = []
    for key in fitting:
        if not purse.pays(attempt.management, key, attempt.parameters.rounds):
            break
        opened = attempt.open(key)
        if opened.data is not None:
            return _opened(attempt, key, keys, opened.data)
        unwrapped.append(opened.unwrapped)
    untried = found("jwe_more_keys", "key", count=len(fitting), tried=len(unwrapped))
    if not unwrapped:
        return Decryption("not_tried", untried.message, attempt.management, fitting[0], reasons=(untried,))
    more = (untried,) if len(unwrapped) < len(fitting) else ()
    reason = fitness.refusal(attempt, fitting[0], unwrapped[0])
    because = reason.message if len(unwrapped) == 1 else f"None of the {len(unwrapped)} keys that were tried decrypts the token."
    search = partial(suspects.search, attempt, fitting[0])
    return Decryption("failed", because, attempt.management, fitting[0], reasons=(reason, *more), search=search)


def _opened(attempt: Attempt, key: Key, keys: Keys, data: bytes) -> Decryption:
    faults = _faults(attempt, key, keys)
    plaintext: bytes | None = data
    reasons: tuple[Finding, ...] = ()
    if attempt.header.get("zip") == "DEF":
        inflated = contents.inflate(data)
        plaintext = inflated.data
        if inflated.fault:
            reasons = (inflated.fault,)
            faults = (*reasons, *faults)
    if not faults:
        because = f"Decrypted with the {key.with_kid}; the sender is not proven: {_anyone(attempt.management)}"
        return Decryption("decrypted", because, attempt.management, key, plaintext)
    because = faults[0].message if plaintext is None else f"The {key.with_kid} decrypts the token, but: {faults[0].message}"
    return Decryption("failed", because, attempt.management, key, plaintext, faults, reasons)


def _faults(attempt: Attempt, key: Key, keys: Keys) -> tuple[Finding, ...]:
    message, kid = attempt.message, attempt.header.get("kid")
    return (
        *(note for note in message.token.form_findings if note.level == "error"),
        *rules.spelling(message),
        *(finding for finding in message.token.header_findings if finding.level == "error"),
        *rules.faults(message, attempt.recipient),
        *attempt.parameters.faults,
        *(fault for fault in keys.faults if fault.code != "key_set_mixed"),  # the receiver's own keys may be of any type
        *fitness.key_faults(attempt.management, attempt.content, key, "decrypt"),
        *(jws.kid_faults(key, kid, keys) if kid is not None else ()),
    )


def _anyone(management: KeyManagement) -> str:
    if management.key_type == "oct":
        return f"whoever has the {'password' if management.family == 'pbes2' else 'key'} can have written it."
    return "whoever has the public key can have written it."
