"""Profiles: which kind of token this is, and whether it keeps the rules of its kind. The kinds are rows of `profiles.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.tokens.claims import Check, Expectations, Outcome, audiences_of, media_type
from app.tokens.envelope import Token
from app.tokens.findings import Repair, quoted
from app.tokens.profile_rules import Facts, Form, Rule, State, has_form, judge
from app.tokens.times import Seconds

NONE = "none"
"""The name to expect when no profile shall be checked."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What gives a profile away: the claim *by*, and what must be true of it and of the others."""

    by: str
    form: Form | None = None
    equals: str = ""
    ends: str = ""
    member: str = ""
    has: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    same: tuple[str, ...] = ()
    aud: tuple[str, ...] = ()

    def shows(self, claims: dict[str, Any]) -> bool:
        """Whether *claims*, in which *by* occurs, bear this sign."""
        value = claims[self.by]
        if (self.equals and value != self.equals) or (self.form and not has_form(value, self.form)):
            return False
        if self.ends and not (isinstance(value, str) and value.endswith(self.ends)):
            return False
        if self.member and not (isinstance(value, dict) and self.member in value):
            return False
        if not claims.keys() >= self.has or not self.without.isdisjoint(claims) or (self.only and not self.only.issuperset(claims)):
            return False
        if self.same and not (isinstance(claims.get(self.same[0]), str) and claims[self.same[0]] == claims.get(self.same[1])):
            return False
        return not self.aud or not set(self.aud).isdisjoint(audiences_of(claims["aud"]) or ())


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of token. *phrase* is what a sentence calls one, *no_exp* why it has no exp, if it has none."""

    id: str
    name: str
    phrase: str
    about: str
    spec: str
    rules: tuple[Rule, ...]
    types: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()
    no_exp: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    profiles: dict[str, Profile]
    by_type: dict[str, Profile]
    by_claim: dict[str, tuple[tuple[Sign, Profile], ...]]
    given: tuple[Rule, ...]


def known() -> dict[str, Profile]:
    """Every profile there is by its id, the commonest first."""
    return _known().profiles


def named(name: str) -> Profile | None:
    """The profile called *name*, which is an id or a typ such as `at+jwt`."""
    return _known().profiles.get(name) or _known().by_type.get(media_type(name))


def recognise(header: object, claims: object) -> Profile | None:
    """The profile that typ or the claims give away, or None. A typ that is not known says: none of these."""
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    data = _known()
    typ = header.get("typ")
    if typ is not None and typ != "JWT":
        kind = media_type(typ) if isinstance(typ, str) else ""
        if kind != "application/jwt":
            return data.by_type.get(kind)
    for name in data.by_claim:
        if name in claims:
            for sign, profile in data.by_claim[name]:
                if sign.shows(claims):
                    return profile
    return None


def checks(token: Token, claims: object, at: Seconds, expect: Expectations, recognised: Profile | None) -> Iterator[Check]:
    """One check for each rule of the profile, and last the profile as a whole.

    A broken rule fails only in a profile that was chosen; recognising is a guess, so there it warns.
    What the person gave to be compared is always compared, and fails when it differs.
    """
    profile = recognised
    if expect.profile is not None:
        profile = named(expect.profile) if expect.profile != NONE else None
    facts = _facts(profile, token, claims, at, expect)
    rows = [] if facts is None else [_check(rule, facts, chosen=expect.profile is not None) for rule in _rules(profile, facts)]
    yield from rows
    yield _whole(profile, rows, expect, recognised, facts is not None)


def _rules(profile: Profile | None, facts: Facts) -> Iterator[Rule]:
    """The rules of *profile* that have something to say, and those for what else was given."""
    rules = profile.rules if profile else ()
    for rule in rules:
        if not rule.rare or rule.name in facts.claims or getattr(facts.expect, rule.given) is not None:
            yield rule
    if facts.expect.compares:
        covered = {rule.given for rule in rules}
        yield from (rule for rule in _known().given if rule.given not in covered and getattr(facts.expect, rule.given) is not None)


def _facts(profile: Profile | None, token: Token, claims: object, at: Seconds, expect: Expectations) -> Facts | None:
    """What the rules are judged by, or None when nothing can be read: encrypted, or no claims set."""
    header = token.header.value if token.header else None
    if not isinstance(claims, dict) or not isinstance(header, dict):
        return None
    return Facts(profile.phrase if profile else "the token", header, claims, token, at, expect)


def _check(rule: Rule, facts: Facts, *, chosen: bool) -> Check:
    state, because = judge(rule, facts)
    return Check(
        f"profile.{rule.name}", _outcome(state, chosen and not rule.should), because, rule.spec, f"Profile: {rule.label or rule.name}"
    )


def _outcome(state: State, strict: bool) -> Outcome:
    if state == "broken":
        return "failed" if strict else "warned"
    return state


def _whole(profile: Profile | None, rows: list[Check], expect: Expectations, recognised: Profile | None, readable: bool) -> Check:
    """The row that sums up."""
    if profile is None and expect.profile not in (None, NONE):
        return Check("profile", "failed", f'There is no profile "{quoted(expect.profile or "")}". Choose one of {", ".join(known())}.')
    if not readable and (profile or expect.compares):
        return Check("profile", "not_checked", "There are no claims to read, so nothing of it can be checked.")
    wrong = [row for row in rows if row.outcome == "failed"] or [row for row in rows if row.outcome == "warned"]
    outcome: Outcome = wrong[0].outcome if wrong else "passed" if profile else "not_checked"
    spec = profile.spec if profile else None
    other = recognised if profile is not recognised and profile and wrong else None
    repairs = (Repair(f"Judge it as {other.phrase}", "profile", other.id),) if other else ()
    return Check("profile", outcome, lambda: _sentence(profile, rows, wrong, expect, other), spec, repairs=repairs)


def _sentence(profile: Profile | None, rows: list[Check], wrong: list[Check], expect: Expectations, other: Profile | None) -> str:
    if profile is None:
        text = "No profile is checked, as you wish." if expect.profile == NONE else "No profile is recognised, and none is chosen."
        return f"{text} {wrong[0].because}" if wrong else text
    name = profile.name if expect.profile else f"Recognised as {profile.phrase}"
    count, judged = len(rows), [row for row in rows if row.outcome != "not_checked"]
    open_ = f"; {count - len(judged)} cannot be checked" if count > len(judged) else ""
    if not wrong:
        text = f"{name}: all {len(judged)} rules hold{open_}."
    else:
        several = f"{len(wrong)} of {len(judged)} rules are" if len(wrong) > 1 else f"1 of {len(judged)} rules is"
        text = f"{name}: {several} broken. {wrong[0].because}"
    return f"{text} It looks like {other.phrase}." if other else text


@cache
def _known() -> _Known:
    """The rows of `profiles.toml`, read when the first token asks."""
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    profiles = {row["id"]: _profile(row) for row in data["profiles"]}
    by_type = {media_type(typ): profile for profile in profiles.values() for typ in profile.types}
    by_claim: dict[str, tuple[tuple[Sign, Profile], ...]] = {}
    for profile in profiles.values():
        for sign in profile.signs:
            by_claim[sign.by] = (*by_claim.get(sign.by, ()), (sign, profile))
    return _Known(profiles, by_type, by_claim, tuple(Rule(**_frozen(row)) for row in data["given"]["rules"]))


def _profile(row: dict[str, Any]) -> Profile:
    rules = tuple(Rule(**({"spec": row["spec"]} | _frozen(rule))) for rule in row["rules"])
    signs = tuple(_sign(sign) for sign in row.get("signs", ()))
    return Profile(**(_frozen(row) | {"rules": rules, "signs": signs}))


def _sign(row: dict[str, Any]) -> Sign:
    sets: dict[str, Any] = {name: frozenset(row[name]) for name in ("has", "without", "only") if name in row}
    return Sign(**(_frozen(row) | sets))


def _frozen(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
