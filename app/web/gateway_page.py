"""What the gateway page shows, in plain rows: its templates decide nothing and compute nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from app.gateway import Decision, Problem, Rule, words
from app.gateway.exports import GATEWAYS, Gateway
from app.web import gateway_form, presets
from app.web.gateway_exports import Exported, There
from app.web.view import Tone

_BROKEN = (
    "The text of the policy is no JSON object, so the form shows an older one and takes no changes. Mend the text, and the form follows."
)
_NO_FORM = "There is no form of this text: it is no JSON object. Mend it first."


@dataclass(slots=True)
class GatewayForm:
    """The form of the gateway page, as it was sent."""

    policy: str = ""
    named: str = ""
    request: str = ""
    token: str = ""
    preset: str = ""
    shown: str = "text"
    """How the policy is shown: text or form."""
    was: str = ""
    """The text of the policy when it last had a form."""
    export: str = ""
    """The gateway whose answer and configuration are asked for."""
    exported: str = ""
    """Which configuration the page shows already."""


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
    rows: list[gateway_form.Group] = field(default_factory=list)
    """The policy as a form, while it is shown as one."""
    places: frozenset[str] = frozenset()
    """The names of its fields, to lead from a problem to its field."""
    frozen: bool = False
    """Whether the text is broken, so that the form shows what stood there before."""
    touched: tuple[str, ...] = ()
    focus: str = ""
    focus_by: str = "autofocus"
    there: There | None = None
    exported: Exported | None = None
    menu: tuple[tuple[str, str], ...] = tuple((name, row["title"]) for name, row in presets.PRESETS.items())

    @property
    def gateways(self) -> tuple[tuple[str, tuple[Gateway, ...]], ...]:
        """The menu of gateways."""
        rows = tuple(GATEWAYS.values())
        return (
            ("ask jwtlens, which judges by the whole policy", tuple(row for row in rows if row.asks)),
            ("judge tokens themselves", tuple(row for row in rows if not row.asks)),
        )

    def is_touched(self, place: str) -> bool:
        """Whether something at *place* was changed just now, so that its rows are not folded away."""
        return any(one.startswith(place) for one in self.touched)


def page_of(form: GatewayForm, notice: str = "") -> GatewayPage:
    """The page round *form*, with its preset but without a decision."""
    page = GatewayPage(form, notice)
    row: dict[str, Any] | None = presets.PRESETS.get(form.preset)
    if row:
        page.title, page.says = row["title"], row["says"]
        page.tries = tuple(Try(f"{row['name']}/{number}", asked["label"]) for number, asked in enumerate(row["requests"]))
    return page


def show_form(page: GatewayPage, change: gateway_form.Change) -> None:
    """Show the policy as a form, if it is asked for as one; broken text leaves the form as it was."""
    page.touched, page.focus = change.touched, change.focus
    if page.form.shown != "form":
        return
    rows = gateway_form.form_of(page.form.policy)
    if rows is not None:
        page.rows, page.form.was = rows, page.form.policy
        page.places = frozenset(one.name for group in rows for one in group.every_field())
        return
    before = gateway_form.form_of(page.form.was) if page.form.was else None
    page.frozen, page.rows = before is not None, before or []
    page.form.shown = "form" if before else "text"
    page.notice = _BROKEN if before else _NO_FORM


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
