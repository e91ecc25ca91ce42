"""The rules of profiles in words: what each kind of rule demands of a token. Judged they are in the core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.tokens import profiles, times
from app.tokens.profile_rules import Rule
from app.tokens.profiles import Profile, Sign


@dataclass(frozen=True, slots=True)
class RuleRow:
    name: str
    demand: str
    says: str
    spec: str
    should: bool


@dataclass(frozen=True, slots=True)
class ProfileRow:
    id: str
    name: str
    about: str
    spec: str
    types: tuple[str, ...]
    signs: tuple[str, ...]
    """The claims that give it away when typ does not."""
    no_exp: str
    rules: tuple[RuleRow, ...]


_FORMS = {
    "string": "is there, a string that is not empty",
    "date": "is there, a date",
    "audience": "is there, a string or an array of strings",
    "object": "is there, an object",
}
_FAMILIES = {"none": "none", "hmac": "one with a shared secret"}


def _names(values: tuple[str, ...]) -> str:
    return " or ".join(values)


def _algorithm(rule: Rule) -> str:
    if rule.only:
        return f"is {_names(rule.only)}"
    return "is " + ", and ".join(f"not {_FAMILIES[one]}" for one in rule.never)


def _type(rule: Rule) -> str:
    return f"is {_names(rule.types)}" if rule.required else f"is {_names(rule.types)}, or says nothing of another kind"


# One row for each kind of rule of app/tokens/profile_rules.py.
DEMANDS: Mapping[str, Callable[[Rule], str]] = {
    "present": lambda rule: _FORMS[rule.form] + (f" of {rule.longest} characters at most" if rule.longest else ""),
    "any": lambda rule: f"one of {_names(rule.claims)} is there",
    "absent": lambda rule: "is not there",
    "type": _type,
    "algorithm": _algorithm,
    "parameter": lambda rule: "is in the header",
    "same": lambda rule: f"{' and '.join(rule.claims)} are the same",
    "differs": lambda rule: f"is not the {rule.other}",
    "matches": lambda rule: f"is {rule.needs}",
    "one_of": lambda rule: f"is {_names(rule.values)}",
    "event": lambda rule: f"is an object with the member {rule.member}" if rule.member else "is an object that names an event",
    "lifetime": lambda rule: f"from iat to exp there are {times.span(rule.seconds)} at most",
    "fresh": lambda rule: f"iat is no longer ago than {times.span(rule.seconds)}, and no further ahead",
    "part": lambda rule: f"is part {rule.part + 1} of {rule.claim}",
    "public_key": lambda rule: "is a public key in the header",
    "party": lambda rule: "is the client that is expected, and is there when there are several audiences",
    "given": lambda rule: f"is {rule.what}" + ("" if rule.required else ", where that is given"),
    "url": lambda rule: f"is {rule.what}, without query and fragment",
    "hash": lambda rule: f"is the {'left half of the ' if rule.half else ''}hash of {rule.what}, where that is given",
    "bound": lambda rule: "the access token is bound to the key in the header, where it is given",
}


def rows() -> dict[str, Any]:
    """Every profile with its rules."""
    return {"profiles": tuple(_profile(one) for one in profiles.known().values())}


def _profile(one: Profile) -> ProfileRow:
    rules = tuple(RuleRow(rule.label or rule.name, DEMANDS[rule.kind](rule), rule.says, rule.spec, rule.should) for rule in one.rules)
    return ProfileRow(one.id, one.name, one.about, one.spec, one.types, tuple(dict.fromkeys(_signs(one.signs))), one.no_exp, rules)


def _signs(signs: tuple[Sign, ...]) -> Iterator[str]:
    for sign in signs:
        if sign.equals:
            yield f'{sign.by} is "{sign.equals}"'
        elif sign.ends:
            yield f'{sign.by} ends in "{sign.ends}"'
        elif sign.member:
            yield f'{sign.by} has "{sign.member}"'
        else:
            yield " and ".join((sign.by, *sorted(sign.has))) + (" are there" if sign.has else " is there")
