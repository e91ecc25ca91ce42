"""verify: one report on a token with a key. The verdict is made at once, its explanation when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from app.tokens import brought, claims, envelope, header, jwe, jws, keys, profiles, set_aside, suspects
from app.tokens.algorithms import ALGORITHMS, KEY_MANAGEMENT
from app.tokens.base64url import encode as base64url
from app.tokens.brought import Match
from app.tokens.claims import Check, Expectations
from app.tokens.decode import Decoded, by_level
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, quoted
from app.tokens.jwe import Decryption
from app.tokens.jws import Signature
from app.tokens.keys import Key, Keys
from app.tokens.sd_jwt import binding
from app.tokens.sd_jwt.binding import KeyBinding
from app.tokens.times import Seconds


class NotAccepted(Exception):
    """The claims of a token that was not accepted were asked for; the words name the checks, not the claims."""


class Report(Decoded):
    """Everything of Decoded, the verdict on the signature, and the ordered checks.

    *accepted* is true only for a verified signature with no failed check. *is_thorough* may be set to False before the
    findings are read: then nothing is tried of what would match.
    """

    is_thorough = True

    def __init__(
        self,
        token: Token,
        keys: Keys,
        signature: Signature,
        at: Seconds,
        leeway: Seconds,
        expect: Expectations,
        signing_input: bytes | None = None,
        signatures: tuple[tuple[Token, Signature], ...] = (),
    ) -> None:
        self.token = token
        self.keys = keys
        self.signature = signature
        self.at = at
        self.leeway = leeway
        self.expect = expect
        self.signing_input = signing_input
        """What the signature is over when the payload is detached, else None."""
        self.other_payload = False
        """Whether a payload was given beside a token that has its own, and another: whoever gave it means another token."""
        self.signatures = signatures
        """Each signature of a JWS in JSON serialization with its verdict; *token* and *signature* are the one that decides."""
        self.decryption: Decryption | None = None
        """What came of decrypting a JWE; None for any other token."""
        if token.kind == "JWE":
            self.decryption = jwe.decrypt(token, keys)
            token.plaintext = self.decryption.plaintext

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Form, header, algorithm, key, signature, claims, times, issuer, audience, type: always all, in this order; then the profile."""
        own = self._own_checks
        if self.profile and self.profile.no_exp and "exp" not in self.payload:
            lasting = Check("exp", "not_checked", self.profile.no_exp, self.profile.spec)
            own = tuple(lasting if check.name == "exp" else check for check in own)
        return (*own, *profiles.checks(self.token, self.token.claims, self.at, self._own_expectations, self.profile))

    @cached_property
    def key_binding(self) -> KeyBinding | None:
        """The verdict on the key binding JWT of an SD-JWT, or None when there is none."""
        shown = self.token.disclosed
        if shown is None or not shown.key_binding:
            return None
        return binding.judge(shown, self.signature.status == "verified", self.at, self.leeway, self.expect)

    @property
    def _own_expectations(self) -> Expectations:
        """What is expected of the claims of this very token."""
        if self.token.inner is not None:  # issuer, audience and the rest are those of the innermost
            return Expectations(self.expect.algorithms)
        shown = self.token.disclosed
        return self.expect if shown is None else binding.for_the_issuer(shown, self.expect)

    @cached_property
    def _own_checks(self) -> tuple[Check, ...]:
        return tuple(self._checks())

    @property
    def nested(self) -> tuple[Report, ...]:
        """The tokens inside this one, each in the one before, judged with the same keys and as of the same time."""
        inner = self.inner
        return (inner, *inner.nested) if isinstance(inner, Report) else ()

    def _opened(self, text: str) -> Report:
        return verify(text, self._left, at=self.at, leeway=self.leeway, expect=self.expect)

    @property
    def _left(self) -> Keys:
        """The keys for what is inside. Of a set that mixes, the secret that decrypted is left out, for it is not there to verify."""
        keys = self.keys
        if self.decryption and any(fault.code == "key_set_mixed" for fault in keys.faults):
            left = tuple(key for key in keys.keys if key is not self.decryption.key)
            if all(key.secret is None for key in left):
                return replace(keys, keys=left, faults=tuple(fault for fault in keys.faults if fault.code != "key_set_mixed"))
        return keys

    @property
    def told(self) -> str:
        return self.decryption.because if self.decryption else self.signature.because

    @property
    def accepted(self) -> bool:
        if self.signature.status != "verified":
            return False
        # What is signed around a token says nothing of the token: both must hold.
        if self.token.inner is not None and not (self.inner and self.nested[0].accepted):
            return False
        # A profile that was only recognised refuses nothing: its rules need not be judged.
        judges_profile = self.expect.profile is not None or self.expect.compares
        outcomes = [check.outcome for check in (self.checks if judges_profile else self._checks())]
        return "failed" not in outcomes

    def claims(self) -> dict[str, Any]:
        """The claims, only of an accepted token; raises NotAccepted otherwise."""
        if not self.accepted:
            raise NotAccepted(", ".join(check.name for check in self.checks if check.outcome == "failed") or self.signature.status)
        claims_set: dict[str, Any] = self.token.claims
        return claims_set

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed of the token, of the key, and of both together; errors first."""
        own = [] if self.keys.is_empty else jwe.of_keys(self.keys) if self.decryption else list(self.keys.all_findings)
        noticed = [*self._searched, *self._noticed(), *own, *self.signature.faults, *self.signature.findings, *self._of_decryption()]
        noticed += jws.remarks(self.token, self.signature)
        if self.other_payload:
            noticed.append(found("payload_not_detached", "payload"))
        noticed += self.key_binding.findings(self.token.text) if self.key_binding else ()
        if self.signing_input is not None:  # the detached content is there
            noticed = [one for one in noticed if one.code != "empty_payload"]
        return set_aside.explained(by_level(noticed), self.token, self.signature)

    @property
    def suspects(self) -> tuple[Finding, ...]:
        """What explains the verdict on the signature: a variant that does match, or a secret that everybody knows."""
        return tuple(finding for finding in self._searched if finding.code != "signature_mismatch")

    @cached_property
    def _searched(self) -> tuple[Finding, ...]:
        signing_input = self.signing_input or self.token.signing_input
        return suspects.search(self.token, self.keys, self.signature, signing_input, thorough=self.is_thorough)

    def _of_others(self) -> Iterable[Finding]:
        """What came of the other signatures of a general JWS."""
        for number, (token, verdict) in enumerate(self.signatures, 1):
            if token is not self.token:
                code = "other_signature_invalid" if verdict.status == "invalid" else "other_signature"
                status = verdict.status.replace("_", " ")
                yield found(code, "signature", number=number, count=len(self.signatures), status=status, because=verdict.because)

    def _of_decryption(self) -> Iterable[Finding]:
        return (*self.decryption.faults, *self.decryption.findings) if self.decryption else ()

    def check_brought(self, parameter: str) -> Match:
        """Whether the signature fits the key that the token itself brought in *parameter*: for a person who asks, and no verdict."""
        return brought.check(self.token, parameter, self.signing_input)

    def _of_claims(self) -> Iterable[Finding]:
        return claims.findings(self.token, self.payload, self.at)

    def _of_brought(self) -> Iterable[Finding]:
        return brought.beside_the_box(self.token, self.brought, self.keys, self.signature, self.at, self.signing_input)

    def _checks(self) -> Iterator[Check]:
        yield self._form()
        yield self._header()
        yield self._algorithm()
        yield self._key()
        if self.decryption:
            yield Check("decryption", _DECRYPTED[self.decryption.status], self.decryption.because, "RFC 7516 §5.2")
        yield self._signature()
        if self.token.disclosed:
            yield self.key_binding.check if self.key_binding else binding.missing(self.token.claims)
        if self.signing_input is None:
            yield from claims.checks(self.token, self.at, self.leeway, self._own_expectations)
        else:
            yield from claims.checks_of_detached(self.token, self._own_expectations)

    def _form(self) -> Check:
        spec = "RFC 7515 §7.1"
        if not self.token.is_clean:
            return Check("form", "failed", self.token.gravest.message, self.token.gravest.spec)
        if self.other_payload:
            return Check("form", "failed", "Another payload is given than the one the token has and its signature covers.", _DETACHED)
        if self.decryption:
            wrong = next(jwe.spelling(self.token), None)
            if wrong:
                return Check("form", "failed", wrong.message, wrong.spec)
            return Check(
                "form", "passed", "An encrypted token (JWE): header, encrypted key, IV, ciphertext and tag in base64url.", "RFC 7516 §3"
            )
        if self.token.disclosed:
            whole = next(one for one in self.token.form_findings if one.code == "sd_jwt")
            return Check("form", "passed", whole.message, whole.spec)
        if self.token.kind == "JWS" and self.token.signatures:
            # As a JWS it is well-formed; what a JWT receiver takes is compact only (RFC 7519 §1).
            return Check("form", "failed" if isinstance(self.payload, dict) else "warned", self.token.gravest.message, "RFC 7519 §1")
        if self.token.is_unencoded:
            if isinstance(self.payload, dict):
                return Check("form", "failed", "b64 is false: a JWT must not use the unencoded payload option.", "RFC 7797 §7")
            return Check("form", "passed", "Header and signature in base64url; the payload stands as it is (b64 false).", "RFC 7797 §5")
        if not self.token.is_compact_jws:
            return Check("form", "not_checked", self.token.gravest.message, self.token.gravest.spec)
        return Check("form", "passed", "Three parts of canonical base64url, joined by dots.", spec)

    def _header(self) -> Check:
        spec = "RFC 7515 §4"
        if self.token.header is None:
            return Check("header", "not_checked", "There is no header to read.", spec)
        value = self.header
        wrong = header.faults(self.token) or jwe.header_faults(self.token) or self._faults_of_brought()
        if wrong:
            return Check("header", "failed", wrong[0].message, wrong[0].spec)
        return Check("header", "passed", lambda: f"The header is well-formed; alg is {quoted(str(value.get('alg')))}.", spec)

    def _faults_of_brought(self) -> tuple[Finding, ...]:
        """What is wrong with the form of a key that the header brings: its syntax must be understood (RFC 7515 §5.2, step 4)."""
        return brought.faults(self.token, self.brought)

    def _algorithm(self) -> Check:
        spec = "RFC 8725 §3.1"
        alg = self.decryption.algorithm.name if self.decryption and self.decryption.algorithm else self.token.alg
        if not self.expect.algorithms:
            return Check("algorithm", "not_checked", "No list of allowed algorithms is given; a receiver must have one.", spec)
        allowed = ", ".join(self.expect.algorithms)
        if isinstance(alg, str) and alg in self.expect.algorithms:
            return Check("algorithm", "passed", f"{alg} is among the allowed: {allowed}.", spec)
        shown = alg if isinstance(alg, str) and (alg in ALGORITHMS or alg in KEY_MANAGEMENT) else "The algorithm of the token"
        case = "; names are case-sensitive" if shown.lower() in map(str.lower, self.expect.algorithms) else ""
        return Check("algorithm", "failed", f"{shown} is not among the allowed: {allowed}{case}.", spec)

    def _key(self) -> Check:
        spec = "RFC 7517 §4"
        signature = self.signature
        if self.keys.is_empty:
            return Check("key", "not_checked", "No key is given.", spec)
        if not self.keys.keys:
            return Check("key", "failed", self.keys.problem, spec)
        if self.decryption:
            return self._decryption_key(self.decryption)
        misfit = next((finding for finding in signature.findings if finding.code == "key_type_for_algorithm"), None)
        if misfit:
            return Check("key", "failed", misfit.message, misfit.spec)
        if signature.key is None or signature.algorithm is None:
            return Check("key", "not_checked", "Without an algorithm that is known, no key can be matched to the token.", spec)
        wrong = next((fault for fault in signature.faults if fault.segment == "key"), None)
        if wrong:
            return Check("key", "failed", wrong.message, wrong.spec)
        return Check("key", "passed", partial(_fits, signature.key, signature.algorithm), spec)

    def _decryption_key(self, decryption: Decryption) -> Check:
        spec = "RFC 7517 §4"
        wrong = next((one for one in (*decryption.reasons, *decryption.faults) if one.segment == "key" and one.level == "error"), None)
        if wrong:
            return Check("key", "failed", wrong.message, wrong.spec)
        if decryption.key is None or decryption.algorithm is None:
            return Check("key", "not_checked", "Without alg and enc that are known, no key can be matched to the token.", spec)
        return Check("key", "passed", partial(_fits, decryption.key, decryption.algorithm.name), spec)

    def _signature(self) -> Check:
        return Check("signature", _OUTCOMES[self.signature.status], self._why_signature, "RFC 7515 §5.2")

    def _why_signature(self) -> str:
        """The reason; round a token that is accepted, an encrypted one is not, for anybody may have encrypted it (RFC 8725 §3.3)."""
        if self.decryption and self.nested and self.nested[0].accepted:
            return f"{self.signature.because} The token inside is accepted by itself: rely on that one, not on the encryption round it."
        return self.signature.because


def _fits(key: Key, algorithm: str) -> str:
    return f"The {key.with_kid} fits {algorithm}."


_DETACHED = "RFC 7515 Appendix F"
_OUTCOMES: dict[str, claims.Outcome] = {"verified": "passed", "invalid": "failed", "unsecured": "failed", "not_checked": "not_checked"}
_DECRYPTED: dict[str, claims.Outcome] = {"decrypted": "passed", "failed": "failed", "not_tried": "not_checked"}
MAX_SECONDS = 10**100
"""The largest time and leeway, within which no arithmetic gives up."""
_NOTHING_EXPECTED = Expectations()


def verify(
    text: str,
    key: str | Keys,
    *,
    at: float | Decimal,
    key_encoding: str = "auto",
    leeway: float | Decimal = 0,
    payload: str | None = None,
    expect: Expectations = _NOTHING_EXPECTED,
) -> Report:
    """Judge *text* with *key* (any format, or keys read before) as of *at*, seconds since 1970.

    *leeway* in seconds is granted to exp, nbf and iat. *payload* is the detached content of a token whose
    payload is empty (RFC 7515 Appendix F). Raises nothing a user can paste, and ValueError for times beyond MAX_SECONDS.
    """
    token = envelope.read(text)
    read = key if isinstance(key, Keys) else keys.read(key, key_encoding)
    if token.signatures:
        return _of_several(token.signatures, read, payload, _exact(at), _exact(leeway), expect)
    detached = _detached(token, payload)
    report = Report(token, read, jws.judge(token, read, detached), _exact(at), _exact(leeway), expect, detached)
    report.other_payload = detached is None and payload is not None and token.is_signed and payload != report.payload_text
    return report


def _of_several(tokens: tuple[Token, ...], read: Keys, payload: str | None, at: Seconds, leeway: Seconds, expect: Expectations) -> Report:
    """The report on the signature that decides (RFC 7515 §5.2: which ones must verify, the application says); it names the others."""
    alone = len(tokens) == 1
    verdicts = [jws.judge(one, read if alone else jws.of_one_signer(one, read), _detached(one, payload)) for one in tokens]
    signatures = tuple(zip(tokens, verdicts, strict=True))
    which = jws.decisive(verdicts)
    token, verdict = signatures[which]
    if not alone:
        verdict = replace(verdict, reason=f"Signature {which + 1} of {len(tokens)}: {verdict.because}")
    return Report(token, read, verdict, at, leeway, expect, _detached(token, payload), signatures)


def _detached(token: Token, payload: str | None) -> bytes | None:
    """What is signed when *payload* is the content of a token that has none itself (RFC 7515 Appendix F)."""
    if payload is None or not token.is_signed or token.parts[1].text:
        return None
    content = payload.encode("utf-8", "surrogatepass")
    spelt = content if token.is_unencoded else base64url(content).encode()
    return token.parts[0].text.encode("utf-8", "surrogatepass") + b"." + spelt


def _exact(number: float | Decimal) -> Seconds:
    if type(number) is int and -(10**15) < number < 10**15:
        return number  # every time that is meant in earnest
    exact = number if isinstance(number, (int, Decimal)) else Decimal(number)
    if not -MAX_SECONDS <= exact <= MAX_SECONDS:
        raise ValueError("a time or leeway is beyond MAX_SECONDS")
    return exact
