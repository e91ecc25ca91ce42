"""JWS: judging a signature by the letter of RFC 7515 and 7518, and making one.

The key's type decides which algorithm may run; the header never does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.tokens import header, primitives, shape
from app.tokens.algorithms import Algorithm
from app.tokens.algorithms import algorithm as algorithm_named
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, quoted
from app.tokens.form import covers_nothing
from app.tokens.keys.jwk_set import set_faults
from app.tokens.keys.key import Key, Keys

Status = Literal["verified", "invalid", "unsecured", "not_checked"]


@dataclass(slots=True)
class Signature:
    """The verdict on one signature.

    *status* is `verified` only for what a strict verifier accepts with this key. *matches* is the bare arithmetic:
    True with status `invalid` means that a rule, named first in *faults*, refuses a signature that would fit.
    *findings* are facts about this token with this key that are no fault of the token's form.
    """

    status: Status
    reason: str
    algorithm: str | None = None
    key: Key | None = None
    matches: bool | None = None
    faults: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def because(self) -> str:
        """The reason in a sentence; that of a match is put into words only when somebody asks."""
        if self.reason or self.key is None:
            return self.reason
        return f"The signature matches the {self.key.with_kid}."


def judge(token: Token, keys: Keys, signing_input: bytes | None = None) -> Signature:
    """Judge the signature of *token* with the keys given.

    *signing_input* replaces the token's own for a detached payload. Raises nothing.
    """
    if not token.is_signed:
        return _not_a_signed_token(token)
    return _judged(token, keys, signing_input)


def of_one_signer(token: Token, keys: Keys) -> Keys:
    """The keys that one of several signatures may be judged with: signers differ, so that their keys may be of several types."""
    algorithm = algorithm_named(token.alg)
    fitting = [key for key in keys.keys if algorithm is not None and key.fits(algorithm)]
    return replace(keys, keys=tuple(fitting), faults=tuple(set_faults(fitting))) if fitting and keys.faults else keys


def decisive(verdicts: Sequence[Signature]) -> int:
    """Which of the signatures of one payload decides: the first that verifies, else the first that comes nearest to it."""
    return min(range(len(verdicts)), key=lambda at: (_RANKS[verdicts[at].status], verdicts[at].matches is not True))


_RANKS: dict[Status, int] = {"verified": 0, "invalid": 1, "unsecured": 2, "not_checked": 3}


def _judged(token: Token, keys: Keys, signing_input: bytes | None) -> Signature:
    alg = token.alg
    if alg == "none":
        return _unsecured(token)
    refusals = header.faults(token)
    algorithm = algorithm_named(alg)
    if algorithm is None:
        because = refusals[0].message if refusals else "The header cannot be read, so nothing can be verified."
        return Signature("not_checked", because, alg if isinstance(alg, str) else None, faults=refusals)
    if not keys.keys:
        because = "Not checked: there is no key." if keys.is_empty else keys.problem
        return Signature("not_checked", because, algorithm.name, faults=refusals)
    if not token.is_clean:
        refusals = (*(note for note in token.form_findings if note.level == "error" and note.code != "sd_hash_differs"), *refusals)
    fitting = [key for key in keys.keys if key.fits(algorithm)]
    if not fitting:
        misfit = _misfit(algorithm, keys)
        return Signature(
            "not_checked", misfit.message, algorithm.name, keys.keys[0] if len(keys.keys) == 1 else None, None, refusals, (misfit,)
        )
    kid = token.header.value.get("kid") if token.header else None
    data = token.signing_input if signing_input is None else signing_input
    first: Signature | None = None
    matching: Signature | None = None
    for key in by_kid(fitting, kid):
        verdict = _with_key(algorithm, key, kid, keys, data, token, refusals)
        if verdict.status == "verified" or (verdict.matches and (refusals or keys.faults)):
            return verdict
        if verdict.matches:  # the same key may stand there again, without its fault
            matching = matching or verdict
        first = first or verdict
    if matching is not None:
        return matching
    assert first is not None
    return first if len(fitting) == 1 else _none_matched(first, len(fitting))


def _with_key(
    algorithm: Algorithm, key: Key, kid: object, keys: Keys, data: bytes, token: Token, refusals: tuple[Finding, ...]
) -> Signature:
    faults = (*refusals, *keys.faults, *key_faults(algorithm, key, "verify"))
    if kid is not None and kid != key.kid:
        faults += kid_faults(key, kid, keys)
    if (key.public is None and key.secret is None) or (key.faults and not key.is_usable):
        return Signature("invalid", f"Not tried: {key.faults[0].message}", algorithm.name, key, None, faults)
    wrong = shape.fault(algorithm, key, token)
    matches = wrong is None and primitives.verifies(algorithm, key, data, token.signature)
    if matches and not faults:
        return Signature("verified", "", algorithm.name, key, True)
    if matches:
        return Signature(
            "invalid", f"The signature matches the {key.with_kid}, but: {faults[0].message}", algorithm.name, key, True, faults
        )
    findings = (wrong,) if wrong else ()
    why = "the token was altered, or another key signed it."
    if covers_nothing(data):
        why = "not over an empty payload. If the token is detached, its content is missing."
    because = wrong.message if wrong else f"The signature does not match the {key.with_kid}: {why}"
    return Signature("invalid", because, algorithm.name, key, False, faults, findings)


def remarks(token: Token, signature: Signature) -> Iterator[Finding]:
    """What is worth knowing of a signature that matches, though it refuses nothing."""
    algorithm = algorithm_named(signature.algorithm)
    if signature.matches and algorithm is not None and token.kind == "JWS":
        yield from shape.high_s(token, algorithm)


def key_faults(algorithm: Algorithm, key: Key, operation: Literal["sign", "verify"]) -> tuple[Finding, ...]:
    """Every reason for which *key* must not be used with *algorithm* (RFC 7517 §4, RFC 7518 §3)."""
    is_marked = key.alg is not None or key.use is not None or key.key_ops is not None or key.only is not None
    if not is_marked and not key.faults and key.bits >= algorithm.min_key_bits:
        return ()
    faults = list(key.faults)
    if key.bits < algorithm.min_key_bits and not any(fault.code == "secret_empty" for fault in faults):
        code = "key_too_short" if key.secret is not None else "rsa_too_short"
        faults.append(found(code, "key", bits=key.bits, alg=algorithm.name, need=algorithm.min_key_bits, spec=algorithm.spec))
    if key.alg is not None and key.key_type != "AKP" and not _same_algorithm(key, algorithm):
        faults.append(found("key_algorithm", "key", key_alg=quoted(key.alg), alg=algorithm.name))
    if key.only is not None and algorithm.name not in key.only:
        faults.append(found("key_algorithm_only", "key", only=" or ".join(key.only), alg=algorithm.name))
    if key.use is not None and key.use != "sig":
        faults.append(found("key_use", "key", use=quoted(key.use)))
    # A private key that may only sign verifies with its public half, which bears no key_ops of its own.
    allowed = {operation, "sign"} if key.is_private else {operation}
    if key.key_ops is not None and not allowed.intersection(key.key_ops):
        faults.append(found("key_ops", "key", ops=quoted(json.dumps(key.key_ops, ensure_ascii=False)), wanted=operation))
    return tuple(faults)


def sign(algorithm: Algorithm, key: Key, data: bytes) -> bytes:
    """Sign *data*; raises ValueError when the key cannot. Faults of policy do not stop it."""
    return primitives.sign(algorithm, key, data)


def _same_algorithm(key: Key, algorithm: Algorithm) -> bool:
    """RFC 9864: EdDSA and the fully specified name mean the same once both fit the curve."""
    if key.alg == algorithm.name:
        return True
    other = algorithm_named(key.alg)
    return other is not None and other.family == algorithm.family == "eddsa" and key.fits(other)


def by_kid(keys: list[Key], kid: object) -> list[Key]:
    """Those with the token's kid first; the others follow, so that the one that matches can be named."""
    if len(keys) == 1 or not isinstance(kid, str):
        return keys
    return sorted(keys, key=lambda key: key.kid != kid)


def kid_faults(key: Key, kid: object, keys: Keys) -> tuple[Finding, ...]:
    if not isinstance(kid, str) or key.kid == kid:
        return ()
    if any(one.kid == kid for one in keys.keys):
        have = f"the key of the set with that kid does not match, the {key.with_kid} does"
        return (
            found(
                "key_kid", "key", wanted=quoted(kid), have=have, fix="Correct the kid in the set, or have the issuer do so in the token."
            ),
        )
    if key.kid is None:
        return ()
    others = [quoted(one.kid, 30) for one in keys.keys if one.kid is not None]
    have = (
        f"the key set has {', '.join(f'{chr(34)}{one}{chr(34)}' for one in others[:5])}"
        if keys.is_set
        else f'the key has "{quoted(key.kid)}"'
    )
    return (found("key_kid", "key", wanted=quoted(kid), have=have, fix="Use the key with that kid, or have the issuer correct it."),)


def _unsecured(token: Token) -> Signature:
    faults = header.faults(token)
    if token.signature:
        fault = found("alg_none_with_signature", "signature", **shape.place(token), size=len(token.signature))
        return Signature("unsecured", fault.message, "none", faults=(*faults, fault), findings=(fault,))
    return Signature("unsecured", 'The token says alg "none": nobody signed it, so nothing can be verified.', "none", faults=faults)


def _not_a_signed_token(token: Token) -> Signature:
    if token.kind == "JWE":
        return Signature("not_checked", "An encrypted token (JWE) bears no signature: decrypting it proves nothing about who made it.")
    if token.form_findings:
        return Signature("not_checked", token.gravest.message)
    return Signature("not_checked", "There is no signature to check.")


def _none_matched(first: Signature, tried: int) -> Signature:
    because = f"The signature matches none of the {tried} keys of the set that fit {first.algorithm}."
    return replace(first, reason=because)


def _misfit(algorithm: Algorithm, keys: Keys) -> Finding:
    only = keys.keys[0] if len(keys.keys) == 1 else None
    have = f"a {only.name}" if only else f"{len(keys.keys)} keys, none of which fits"
    if have.startswith(("a EC", "a Ed")):
        have = "an" + have[1:]
    fits = only.algorithms if only else ()
    guess = f" It would fit {' or '.join(fits[:3])}." if only and fits and only.secret is None else ""
    if algorithm.family == "hmac":
        hint = "Paste the shared secret. A public key is never used as a secret: that is the algorithm confusion attack."
    else:
        hint = "Paste the issuer's public key."
    return found("key_type_for_algorithm", "key", alg=algorithm.name, need=algorithm.wants, have=have, guess=guess, hint=hint)
