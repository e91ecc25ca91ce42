"""What the gateway page shows, in plain rows: its templates decide nothing and compute nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from app.gateway import Decision, Problem, Rule, words
from app.web import presets
from app.web.view import Tone


@dataclass(slots=True)
class GatewayForm:
    """The form of the gateway page, as it was sent."""

    policy: str = ""
    named: str = ""
    request: str = ""
    token: str = ""
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: *tone* is the outcome whose colour it has, for a part of a rule that fails denies nothing."""

    name: str
    tone: str
    word: str
    because: str
    spec: str | None
    depth: int


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A header that the API gets, or one of the client that it does not get."""

    name: str
    value: str
    fate: str
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Try:
    """A request of the preset, as a button."""

    value: str
    label: str


@dataclass(slots=True)
class GatewayPage:
    """Everything the gateway page shows."""

    form: GatewayForm
    notice: str = ""
    tone: Tone = "idle"
    word: str = "The policy cannot be read"
    because: str = ""
    answer: tuple[str, ...] = ()
    """What the client gets, line by line."""
    problems: tuple[Problem, ...] = ()
    groups: tuple[Group, ...] = ()
    passed_on: tuple[Passed, ...] = ()
    missing: str = ""
    """The keys that the policy names and the box does not have."""
    title: str = ""
    says: str = ""
    tries: tuple[Try, ...] = ()
    menu: tuple[tuple[str, str], ...] = tuple((name, row["title"]) for name, row in presets.PRESETS.items())


def page_of(form: GatewayForm, notice: str = "") -> GatewayPage:
    """The page round *form*, with its preset but without a decision."""
    page = GatewayPage(form, notice)
    row: dict[str, Any] | None = presets.PRESETS.get(form.preset)
    if row:
        page.title, page.says = row["title"], row["says"]
        page.tries = tuple(Try(f"{row['name']}/{number}", asked["label"]) for number, asked in enumerate(row["requests"]))
    return page


def show_problems(page: GatewayPage, problems: tuple[Problem, ...]) -> None:
    """Say why there is no policy to judge by."""
    page.problems = problems
    page.tone = "warn"
    page.because = "Until it can, nothing is decided; a gateway with such a policy must deny everything."


def show_decision(page: GatewayPage, decision: Decision) -> None:
    """Fill the page with *decision*."""
    phrase = HTTPStatus(decision.status).phrase
    page.tone = "good" if decision.allowed else "bad"
    page.word = f"{decision.status} {'Allowed' if decision.allowed else phrase}"
    page.because = words.because(decision)
    page.answer = () if decision.allowed else tuple(_answer(decision, phrase))
    page.groups = tuple(_groups(decision))
    page.passed_on = tuple(_passed_on(decision))


def _answer(decision: Decision, phrase: str) -> Iterator[str]:
    yield f"HTTP/1.1 {decision.status} {phrase}"
    if decision.www_authenticate:
        yield f"WWW-Authenticate: {decision.www_authenticate}"


def _groups(decision: Decision) -> Iterator[Group]:
    for title, rules in words.groups(decision):
        yield Group(title, tuple(_row(rule) for rule in rules))


def _row(rule: Rule) -> Row:
    tone = rule.outcome if rule.decides or rule.outcome != "failed" else "not_checked"
    return Row(rule.name, tone, words.word(rule), rule.because, rule.spec, rule.depth)


def _passed_on(decision: Decision) -> Iterator[Passed]:
    for name, value in decision.upstream:
        yield Passed(name, value, "from the token" if value else "empty, so that no other value stands there")
    for name in decision.removed:
        yield Passed(name, "", "what the client sent is removed", is_gone=True)
