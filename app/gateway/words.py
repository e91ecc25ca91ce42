"""A decision in words, for the page and the command line alike."""

from __future__ import annotations

from collections.abc import Iterator

from app.gateway.decision import Decision
from app.gateway.rules import Layer, Rule
from app.tokens.findings import quoted

TITLES: dict[Layer, str] = {
    "request": "The request",
    "route": "The route",
    "credentials": "The token",
    "keys": "The token",
    "token": "The token",
    "permission": "What the route asks of the claims",
}
_WORDS = {"passed": "Passed", "failed": "Denies", "warned": "Warning", "not_checked": "Not checked"}
_OF_ROUTES = {"passed": "Takes it", "failed": "Denies", "not_checked": "Leaves it"}
_OF_PARTS = {"passed": "Holds", "failed": "Fails", "not_checked": "Not checked"}


def groups(decision: Decision) -> Iterator[tuple[str, list[Rule]]]:
    """The rules under the title of what they are about."""
    for title in dict.fromkeys(TITLES.values()):
        rules = [rule for rule in decision.rules if TITLES[rule.layer] == title]
        if rules:
            yield title, rules


def word(rule: Rule) -> str:
    """What came of *rule*; a part of a rule that fails denies nothing."""
    return (_OF_ROUTES if rule.layer == "route" else _WORDS if rule.decides else _OF_PARTS)[rule.outcome]


def because(decision: Decision) -> str:
    """The sentence that explains the answer."""
    if decision.allowed:
        return f'The route "{quoted(decision.route.name)}" takes it, and no rule denies.' if decision.route else ""
    first, *others = decision.denials
    more = f" Also denied by {', '.join(dict.fromkeys(rule.name for rule in others))}." if others else ""
    return f"Denied by {first.name}: {first.because}{more}"
