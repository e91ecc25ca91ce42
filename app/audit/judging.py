"""One token judged: by the core's own verdict and checks. What nobody asks of a log is left out, and nothing is decided anew.

Most tokens are compact and clean: for these the checks of the claims suffice beside the signature. Everything else takes
the long way, the whole report. Both ways end in the same outcomes; a test holds one against the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from app import tokens
from app.audit import expiry
from app.audit.brief import Brief
from app.audit.rules import ORDER
from app.tokens import brought, claims, header, header_notes, profiles
from app.tokens.algorithms import ALGORITHMS, KEY_MANAGEMENT
from app.tokens.claims import Check
from app.tokens.envelope import Token
from app.tokens.suspects import weak

_BRINGS = ("jwk", "jku", "x5c", "x5u")
_WEAK = ("RSA1_5",)
_FAILED = {
    "algorithm": "alg_not_allowed",
    "claims": "claims_refused",
    "iss": "wrong_issuer",
    "aud": "wrong_audience",
    "typ": "wrong_type",
    "profile": "profile_broken",
}
OTHER = "other"
_MOST_HEADERS, _LONGEST_HEADER = 4096, 2048


class Judged(NamedTuple):
    """What an audit says of a token. Every word of it is one of ours: nothing is copied from the token."""

    kind: str
    alg: str
    signature: str
    key: int
    """The place of the key that decided among those given, from 1; 0 when none did."""
    accepted: bool
    expiry: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header alone says; the same header stands before thousands of tokens."""

    alg: str
    codes: frozenset[str]


class Judge:
    """Keys and expectations, made ready for many tokens."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.keys = brief.keys()
        self.numbers = {id(key): number for number, key in enumerate(self.keys.keys, 1)}
        self.weak_keys = {id(key) for key in self.keys.keys if key.secret in weak.secrets()}
        self.kids = {key.kid for key in self.keys.keys}
        self._headers: dict[tuple[str, bool], _Header | None] = {}

    def judge(self, text: str) -> tuple[Judged, Token] | None:
        """The verdict on *text* with the token as read, or None when it only looks like a token."""
        if _is_encrypted(text):
            token = tokens.decode(text).token
            own = self._header(text, token)
            return (self._encrypted(own), token) if own else None
        brief = self.brief
        report = tokens.verify(text, self.keys, at=brief.at, leeway=brief.leeway, expect=brief.expect)
        own = self._header(text, report.token)
        return (self._signed(report, own), report.token) if own else None

    def _encrypted(self, own: _Header) -> Judged:
        """Of an encrypted token the header alone: nothing is decrypted."""
        return Judged("JWE", own.alg, "not_checked", 0, False, expiry.UNKNOWN, _sorted(own.codes))

    def _signed(self, report: tokens.Report, own: _Header) -> Judged:
        token, signature = report.token, report.signature
        is_usual = token.is_compact_jws and token.is_clean and token.inner is None and not token.is_unencoded
        codes = set(own.codes)
        innermost, checks = report, list(self._usual_checks(report) if is_usual else report.checks)
        self._note(report, checks, codes)
        if is_usual:
            accepted = signature.status == "verified" and "header_refused" not in codes and not _any_failed(checks)
        elif token.inner is not None and _is_encrypted(token.inner):  # encrypted inside: nothing is decrypted
            accepted = False
        else:
            accepted = report.accepted
            for innermost in report.nested:
                self._note(innermost, checks := list(innermost.checks), codes)
        value = innermost.token.claims
        when = expiry.of(checks, value, self.brief.at)
        if isinstance(value, dict) and "exp" in value and expiry.life(value) > self.brief.max_life:
            codes.add("claim_long_life")
        may_be_genuine = signature.status in ("verified", "not_checked") or "kid_unknown" in codes
        if when in (expiry.VALID, expiry.NEVER) and may_be_genuine and token.is_clean:
            codes.add("still_valid")
        key = self.numbers.get(id(signature.key), 0) if signature.matches is not None else 0
        return Judged(report.kind, own.alg, signature.status, key, accepted, when, _sorted(frozenset(codes)))

    def _note(self, report: tokens.Report, checks: list[Check], codes: set[str]) -> None:
        """Add what is against one layer to *codes*."""
        for check in checks:
            if check.outcome == "passed" or check.outcome == "not_checked":
                continue
            if check.name in expiry.CLAIMS:
                codes.update(expiry.against(check, report.token.claims))
            elif check.outcome == "failed" and check.name in _FAILED:
                codes.add(_FAILED[check.name])
        if report.signature.status != "verified" or self.weak_keys:
            codes.update(self._of_signature(report, codes))

    def _usual_checks(self, report: tokens.Report) -> Iterator[Check]:
        """The checks of the report that can fail of a clean token whose header was judged already."""
        token, brief = report.token, self.brief
        if brief.expect.algorithms and token.alg not in brief.expect.algorithms:
            yield Check("algorithm", "failed", "", None)
        for check in claims.checks(token, brief.at, brief.leeway, brief.expect):
            # Some kinds of token have no exp by their profile.
            lasts = check.name == "exp" and check.outcome == "warned" and report.profile is not None and report.profile.no_exp
            yield Check("exp", "not_checked", "", None) if lasts and "exp" not in token.claims else check
        if brief.expect.profile is not None:
            yield from profiles.checks(token, token.claims, brief.at, brief.expect, report.profile)

    def _of_signature(self, report: tokens.Report, codes: set[str]) -> Iterator[str]:
        token, signature = report.token, report.signature
        if signature.key is not None and signature.matches and id(signature.key) in self.weak_keys:
            yield "weak_secret"
        if signature.status == "unsecured" or "alg_unknown" in codes:
            return
        if token.is_detached:
            yield "payload_detached"
        elif not token.signature:
            yield "signature_missing"
        elif not token.is_clean:
            yield "token_damaged"
        elif signature.status == "not_checked":
            if self.keys.keys:
                yield "key_unknown"
        elif signature.status == "invalid":
            yield "signature_refused" if signature.matches else "kid_unknown" if self._is_of_another_key(token) else "signature_invalid"

    def _is_of_another_key(self, token: Token) -> bool:
        """Whether kid names a key that is not among those given, each of which has a kid of its own."""
        kid = token.header.value.get("kid") if token.header else None
        return isinstance(kid, str) and kid not in self.kids and None not in self.kids

    def _header(self, text: str, token: Token) -> _Header | None:
        """What the header says, kept: None when it is no JOSE header, so that the text is no token."""
        known = (text.partition(".")[0], token.kind == "JWE")
        if known in self._headers:
            return self._headers[known]
        own = _read_header(token)
        if len(known[0]) <= _LONGEST_HEADER:
            if len(self._headers) >= _MOST_HEADERS:
                self._headers.clear()
            self._headers[known] = own
        return own


def _is_encrypted(text: str) -> bool:
    return text.count(".") == 4 and tokens.decode(text).kind == "JWE"


def _read_header(token: Token) -> _Header | None:
    value = token.header.value if token.header else None
    if not isinstance(value, dict) or "alg" not in value:
        return None
    alg = value["alg"]
    rows: Iterable[str] = KEY_MANAGEMENT if token.kind == "JWE" else ALGORITHMS
    is_known = isinstance(alg, str) and alg in rows
    codes = {note.code for note in header_notes.notes(token) if note.code == "kid_danger"}
    if alg == "none":
        codes.add("alg_none")
    if not is_known:
        codes.add("alg_unknown")
    elif header.faults(token) or any(one.level == "error" and one.segment == "header" for one in _of_brought(token)):
        codes.add("header_refused")
    if alg in _WEAK:
        codes.add("jwe_rsa1_5")
    if any(name in value for name in _BRINGS):
        codes.add("key_in_header")
    return _Header(alg if is_known else OTHER, frozenset(codes))


def _of_brought(token: Token) -> Iterator[tokens.Finding]:
    for one in brought.of(token):
        yield from one.findings


def _any_failed(checks: list[Check]) -> bool:
    return "failed" in [check.outcome for check in checks]


@lru_cache(1024)
def _sorted(codes: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=ORDER.__getitem__))
