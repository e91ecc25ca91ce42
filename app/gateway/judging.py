"""The token of a request against the issuers of a policy: the core's report, and the rules that a gateway adds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.gateway.permissions import MISSING, value_at, written
from app.gateway.policy import Issuer, KeySource, Policy
from app.gateway.rules import Rule, failed, not_checked, passed
from app.tokens import Check, Decoded, Expectations, Keys, Report, decode, read_keys, times, verify
from app.tokens.findings import kind_of, quoted
from app.tokens.near_misses import audiences_of, difference

LONGEST_TOKEN = 16_384
# The core reads a token out of whatever was pasted; what a client sends must be one and nothing else.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
_ENCRYPTED = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){4}")
_NAMES = ("form", "header", "algorithm", "key", "signature", "claims", "exp", "nbf", "iat", "iss", "aud", "typ")
_NO_KEYS = read_keys("")
_NOBODY = Issuer((), (), required=())


@dataclass(frozen=True, slots=True)
class Judged:
    """The rules about a token; no *report*: it was not looked at, or is no token."""

    rules: tuple[Rule, ...]
    report: Report | None = None

    @property
    def claims(self) -> Mapping[str, Any] | None:
        """What the token says, to list what comes of the other rules; it may not be accepted."""
        payload = self.report.payload if self.report else None
        return payload if isinstance(payload, dict) else None


def unlooked(why: str) -> Judged:
    """No token to judge: every rule is listed all the same."""
    return Judged(tuple(not_checked("token", name, why) for name in _NAMES))


def judge(policy: Policy, text: str, keys: Mapping[str, Keys], at: int) -> Judged:
    """The rules about the token *text* as of *at*; *keys* are those of the references in the policy."""
    wrong = _no_token(text)
    if wrong:
        rest = unlooked("There is no signed token to judge.").rules[1:]
        return Judged((failed("token", "form", wrong, "RFC 7519 §7.2"), *rest))
    read = decode(text)
    # What the token says of itself chooses the keys, and the signature then shows whether it is true.
    issuer = policy.issuer_of(read.payload)
    known = issuer or _NOBODY
    candidates = [source for source in known.keys if read.token.alg in source.algorithms]
    usable = [(source, found) for source in candidates if (found := source.keys or keys.get(source.reference))]
    report = _best(text, read, known, usable, at)
    rules = [_rule(check, known) for check in report.checks if check.name != "profile"]
    if issuer is None:
        rules = [_strange(policy, read) if rule.name == "iss" else _without_issuer(rule) for rule in rules]
    if candidates and not usable:
        rules = [_no_keys(candidates) if rule.name == "key" else rule for rule in rules]
    if not isinstance(report.payload, dict):
        rules = [_no_claims(report) if rule.name == "claims" else rule for rule in rules]
    rules += _terms(known, report.payload)
    if not report.accepted and not any(rule.denies for rule in rules):
        rules.append(failed("token", "accepted", report.signature.because))
    return Judged(tuple(rules), report)


def _no_token(text: str) -> str:
    if len(text) > LONGEST_TOKEN:
        return f"It has {len(text):,} characters; at most {LONGEST_TOKEN:,} are read."
    if _SHAPE.fullmatch(text):
        return ""
    if _ENCRYPTED.fullmatch(text):
        return "It is an encrypted token (JWE); a policy takes signed ones."
    return "It is not a JWT: three parts of base64url, joined by dots, and nothing else."


def _best(text: str, read: Decoded, issuer: Issuer, usable: list[tuple[KeySource, Keys]], at: int) -> Report:
    """The report with the keys that verify the signature, or with the first ones."""
    claims = read.payload if isinstance(read.payload, dict) else {}
    algorithms = tuple(dict.fromkeys(name for source in issuer.keys for name in source.algorithms))
    named = claims.get("iss") if issuer.names else None
    audiences = audiences_of(claims.get("aud")) or []
    audience = next((one for one in issuer.audiences if one in audiences), issuer.audiences[0] if issuer.audiences else None)

    def report(found: Keys, allowed: tuple[str, ...]) -> Report:
        expect = Expectations(allowed, named if isinstance(named, str) else None, audience, issuer.type, "none")
        return verify(text, found, at=at, leeway=issuer.leeway, expect=expect)

    reports = (report(found, source.algorithms) for source, found in usable)
    first = next(reports, None) or report(_NO_KEYS, algorithms)
    if first.signature.status == "verified":
        return first
    return next((one for one in reports if one.signature.status == "verified"), first)


def _rule(check: Check, issuer: Issuer) -> Rule:
    because = check.because
    if check.name == "aud" and check.outcome == "failed" and len(issuer.audiences) > 1:
        because += f" {_list(issuer.audiences[1:])} would do as well."
    return Rule("token", check.name, check.outcome, because, check.spec)


def _strange(policy: Policy, read: Decoded) -> Rule:
    """The rule about an issuer that the policy does not name."""
    names = tuple(name for issuer in policy.issuers for name in issuer.names)
    iss = read.payload.get("iss", MISSING) if isinstance(read.payload, dict) else MISSING
    shown = "No iss" if iss is MISSING else f'iss is "{quoted(iss)}"' if isinstance(iss, str) else f"iss is {kind_of(iss)}"
    near = next((told for name in names if isinstance(iss, str) and (told := difference(iss, name))), "")
    because = f"{shown}; the policy takes tokens of {_list(names) or 'nobody'}. {near}".rstrip()
    return failed("token", "iss", because, "RFC 7519 §4.1.1")


def _without_issuer(rule: Rule) -> Rule:
    """What depends on the issuer cannot be judged when the policy does not know it."""
    known = rule.name not in ("algorithm", "key", "signature", "aud", "typ") or rule.outcome != "not_checked"
    return (
        rule
        if known
        else not_checked("token", rule.name, "What is asked depends on the issuer, which the policy does not know.", rule.spec)
    )


def _no_keys(candidates: list[KeySource]) -> Rule:
    names = _list(tuple(source.reference for source in candidates))
    return failed(
        "keys", "key", f"The keys of {names} are not here, so nothing can be verified: pass them, or wait until they are fetched."
    )


def _no_claims(report: Report) -> Rule:
    """A payload without claims of its own would leave every rule about them unanswered."""
    what = "a token itself" if report.token.inner is not None else "no claims set"
    return failed("token", "claims", f"The payload is {what}; a policy takes tokens whose payload is a claims set.", "RFC 7519 §7.2")


def _terms(issuer: Issuer, payload: object) -> Iterator[Rule]:
    """What a gateway may ask of any token beyond the core's rules: claims that must be there, and a life that is not too long."""
    claims = payload if isinstance(payload, dict) else {}
    for path in issuer.required:
        name = f"{written(path)} is required"
        if value_at(claims, path) in (MISSING, None):
            yield failed("token", name, f"{written(path)} is not there, and the policy asks for it.")
        else:
            yield passed("token", name, f"{written(path)} is there.")
    if issuer.max_life is not None:
        yield _life(claims, issuer.max_life)


def _life(claims: Mapping[str, Any], most: int) -> Rule:
    iat, exp = claims.get("iat"), claims.get("exp")
    if not (times.is_date(iat) and times.is_date(exp)):
        return failed("token", "life", "How long the token lives cannot be told without iat and exp, and the policy limits it.")
    limit = times.span(most)
    if exp - iat > most:
        return failed("token", "life", f"The token lives {times.span(exp - iat)} from iat to exp; the policy takes {limit} at most.")
    return passed("token", "life", f"The token lives {times.span(exp - iat)} from iat to exp; {limit} are allowed.")


def _list(names: tuple[str, ...]) -> str:
    shown = [f'"{quoted(name)}"' for name in names[:5]]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
