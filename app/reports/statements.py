"""The verdict in three statements, of the signature, of times and claims, and of what was noticed: the same words at every door."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from app import tokens
from app.tokens import times
from app.tokens.findings import Level

Tone = Literal["good", "bad", "warn", "idle"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One of the three statements of the verdict: a tone, a word, a detail."""

    tone: Tone
    word: str
    detail: str = ""


OUTCOMES = {"passed": "Passed", "failed": "Failed", "warned": "Warning", "not_checked": "Not checked"}
LABELS = {
    "form": "Form",
    "header": "Header",
    "algorithm": "Algorithm allowed",
    "key": "Key fits",
    "decryption": "Decryption",
    "signature": "Signature",
    "claims": "Claims set",
    "exp": "Expiry",
    "nbf": "Not before",
    "iat": "Issued at",
    "iss": "Issuer",
    "aud": "Audience",
    "typ": "Type",
    "profile": "Profile",
}
_FAILED_WORDS = {
    "exp": "Expired",
    "nbf": "Not valid yet",
    "iat": "Issue time wrong",
    "iss": "Wrong issuer",
    "aud": "Wrong audience",
    "typ": "Wrong type",
    "algorithm": "Algorithm not allowed",
    "claims": "No claims set",
}
# What to do about a check that no finding speaks of.
TO_DO = {
    "exp": "Get a new token from its issuer.",
    "nbf": "Wait, or compare the clocks of issuer and receiver.",
    "iss": "Take a token of the expected issuer, or correct what is expected.",
    "aud": "Ask the issuer for a token for this audience, or correct what is expected.",
    "typ": "Take a token of the expected type, or correct what is expected.",
    "algorithm": "Refuse the token, or allow its algorithm if the issuer is known to use it.",
    "profile": "Have the issuer correct it, or choose another profile under Expect.",
}
_CLAIM_CHECKS = ("claims", "exp", "nbf", "iss", "aud", "typ", "algorithm", "iat")
_LONG = 120
_NOT_A_JWT = re.compile(r"Not a JWT: [^.]*\. (?=\S)")


def signature(report: tokens.Report, example_key: bool = False) -> Statement:
    """What became of the signature or the encryption; *example_key* says that the key is none that a person gave."""
    signature = report.signature
    # Of several signatures, the report's own sentence says which one; the pane of the signatures says it too.
    because = next((verdict.because for token, verdict in report.signatures if token is report.token), signature.because)
    if report.kind == "unknown" and not report.token.parts:
        if not report.token.text.strip():
            return Statement("idle", "No token yet", "Paste one")
        return Statement("bad", "Not a token", _NOT_A_JWT.sub("", report.token.gravest.message))
    if report.decryption:
        words = {"decrypted": "Decrypted", "failed": "Not decrypted", "not_tried": "Encrypted"}
        tone: Tone = "bad" if report.decryption.status == "failed" else "idle"
        because = report.decryption.because.removeprefix("Decrypted ")
        if report.nested:  # who made it, the token inside tells
            because = because.partition("; the sender is not proven")[0]
        return Statement(tone, words[report.decryption.status], because)
    if signature.status == "verified":
        assert signature.key is not None
        several = [token for token, _ in report.signatures]
        which = f" · signature {several.index(report.token) + 1} of {len(several)}" if len(several) > 1 else ""
        return Statement("good", "Signature verified", f"{signature.algorithm} · {signature.key.name}{which}")
    if signature.status == "unsecured":
        return Statement("bad", "Unsecured", "alg none: anyone can write this token")
    if signature.matches:
        return Statement("warn", "Signature matches, yet refused", signature.faults[0].message)
    suspect = next(iter(report.suspects), None)
    if suspect:
        return _suspected(suspect, report)
    if example_key and (signature.status == "invalid" or signature.key is not None):
        return Statement("warn", "Signature not checked", "The key box still holds the example's key; paste the key of this token")
    if lacks_content(report):
        return Statement("warn", "Content missing", "The token leaves its payload out; paste the detached payload")
    if signature.status == "invalid":
        damage = next((one.message for one in report.token.form_findings if one.level == "error"), "")
        return Statement("bad", "Signature does not match", damage or because.removeprefix("The signature does not match "))
    if report.keys.is_empty and signature.algorithm in tokens.ALGORITHMS:
        wants = tokens.ALGORITHMS[signature.algorithm].wants
        return Statement(
            "idle", "Signature not checked", f"{signature.algorithm}: paste {wants.replace('an ', 'the issuer’s ').replace('a ', 'the ')}"
        )
    if not report.keys.keys and not report.keys.is_empty:
        return Statement("warn", "Key locked" if is_closed(report.keys) else "Key not readable", because)
    if any(finding.code == "key_type_for_algorithm" for finding in signature.findings):
        return Statement("warn", "Key does not fit", because)
    return Statement("warn" if report.kind != "JWE" else "idle", "Signature not checked", because)


def is_closed(keys: tokens.Keys) -> bool:
    """Whether the keys wait for a passphrase."""
    return any(one.code in ("key_locked", "key_passphrase") for one in keys.findings)


def lacks_content(report: tokens.Report) -> bool:
    """Whether the signature may well fit, were the detached content there."""
    return report.token.is_detached and report.signing_input is None and report.signature.matches is False and not report.suspects


def _suspected(suspect: tokens.Finding, report: tokens.Report) -> Statement:
    """The verdict when it is known what would have matched."""
    if suspect.code == "suspect_public_key_as_secret":
        return Statement("bad", "Forged", suspect.message)
    if suspect.code == "weak_secret":
        return Statement("warn", "Secret known to everybody", suspect.message)
    if report.signature.status == "invalid":
        return Statement("bad", "Signature does not match", suspect.message.removeprefix("The signature does not match "))
    return Statement("warn", "Signature not checked", suspect.message)


def _own_claims(report: tokens.Report) -> Statement:
    checks = {check.name: check for check in report.checks}
    if report.token.is_detached:
        return Statement("idle", "No claims", "the payload is detached")
    if not isinstance(report.payload, dict):
        wrong = checks["claims"].outcome == "failed"
        return Statement("warn" if wrong else "idle", "No claims", checks["claims"].because if wrong else "")
    failed = [name for name in _CLAIM_CHECKS if checks[name].outcome == "failed"]
    if failed:
        first, *others = failed
        also = f", and {_failed_word(others[0], report.payload).lower() if len(others) == 1 else f'{len(others)} more'}" if others else ""
        return Statement("bad", _failed_word(first, report.payload) + also, _failed_detail(first, report, checks[first].because))
    if checks["profile"].outcome == "failed":
        return Statement("bad", "Profile not kept", checks["profile"].because)
    if checks["iat"].outcome == "warned":
        return Statement("warn", "Issued in the future", checks["iat"].because)
    if checks["exp"].outcome == "warned":
        return (
            Statement("warn", "exp is not in seconds", checks["exp"].because)
            if "exp" in report.payload
            else Statement("warn", "Never expires")
        )
    if checks["exp"].outcome == "not_checked" and "exp" in report.payload:  # masked by who shared the token
        return Statement("idle", "Expiry not checked", checks["exp"].because)
    # Green only for what a verified signature vouches for.
    tone: Tone = "good" if report.signature.status == "verified" else "idle"
    if "exp" not in report.payload:  # tokens of its profile have none
        return Statement(tone, "No expiry", checks["exp"].because)
    return Statement(tone, "Not expired", f"until {times.utc(report.payload['exp'])}")


def claims(report: tokens.Report, example_key: bool = False) -> Statement:
    """What times and expectations say: the first that fails, or until when the token is valid; of nested tokens, what those inside say."""
    return _inside(report, example_key) if report.nested else _own_claims(report)


def of_layer(report: tokens.Report, example_key: bool) -> tuple[Statement, ...]:
    """What is said of a token inside another: who vouches for it, and what of its claims if it has the claims."""
    statements = (signature(report, example_key), *((_own_claims(report),) if report.payload is not None else ()))
    return tuple(map(briefly, statements))


def _inside(report: tokens.Report, example_key: bool) -> Statement:
    """Of the tokens inside the first that nobody vouches for, else the claims of the innermost."""
    for layer in report.nested:
        proof, *_ = of_layer(layer, example_key)
        is_open = layer.decryption is not None and layer.decryption.status == "decrypted"
        if not is_open and layer.signature.status != "verified":
            return replace(proof, word=f"Inside: {_small(proof.word)}")
    said = _own_claims(report.nested[-1])
    return Statement(said.tone, f"Inside: {_small(said.word)}", " · ".join(filter(None, (said.detail, _small(proof.word)))))


def _small(word: str) -> str:
    return word[:1].lower() + word[1:]


def _failed_word(name: str, claims: dict[str, object]) -> str:
    if name in ("exp", "nbf", "iat") and not times.is_date(claims.get(name)):
        return f"{name} is not a date"
    return "Claims not readable" if name == "claims" else _FAILED_WORDS[name]


def _failed_detail(name: str, report: tokens.Report, because: str) -> str:
    date = report.payload.get(name)
    if name in ("exp", "nbf") and times.is_date(date):
        return f"{'valid ' if name == 'nbf' else ''}{times.relative(date, report.at)}, {times.utc(date)}"
    return because


def overall(said_of_signature: Statement, said_of_claims: Statement, said_of_warnings: Statement) -> Tone:
    """The tone of the whole strip: green only when nothing that was said is worse."""
    if "bad" in (said_of_signature.tone, said_of_claims.tone):
        return "bad"
    return "warn" if said_of_signature.tone == "good" and said_of_warnings.tone == "bad" else said_of_signature.tone


def warnings(levels: Collection[Level]) -> Statement:
    """How many of the findings, whose *levels* these are, speak against the token."""
    errors, warned = (sum(one == level for one in levels) for level in ("error", "warning"))
    parts = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in ((errors, "error"), (warned, "warning")) if count]
    tone: Tone = "bad" if errors else "warn" if warned else "idle"
    return Statement(tone, " and ".join(parts) if parts else "No warnings")


def is_told_by_itself(check: tokens.Check, report: tokens.Report) -> bool:
    """Whether *check* is to be told among the findings, because it refuses or warns and none of them speaks of it."""
    if check.name not in TO_DO or (check.outcome != "failed" and (check.name, check.outcome) != ("profile", "warned")):
        return False
    about = re.compile(rf'"{check.name}"|\b{check.name}\b')
    return not any(one.level != "info" and about.search(one.message) for one in report.findings if one.segment in ("payload", "header"))


def briefly(said: Statement) -> Statement:
    """What fits into one line of the verdict: the findings below say it in full."""
    if len(said.detail) <= _LONG:
        return said
    text = re.sub(r" \([^()]*\)", "", said.detail)
    sentences = re.split(r"(?<=[.;:]) (?=[A-Z])", text)
    short = sentences[0]
    for sentence in sentences[1:]:
        if len(short) + len(sentence) >= _LONG:
            break
        short += f" {sentence}"
    return replace(said, detail=short)
