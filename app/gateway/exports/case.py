"""A request as another gateway meets it: which token it carries, what that says, and what came of our own rules about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.export import Answer
from app.gateway.policy import Issuer, Policy, Route
from app.gateway.request import Request
from app.tokens import decode
from app.tokens.claims import Outcome

PASSED_ON = 200
"""The status of a request that a gateway passes on, as in a Decision; what the client then gets is the answer of the API."""


@dataclass(frozen=True, slots=True)
class Case:
    """*found* are the places with something in them; *header* and *claims* those of the one token, empty when there is not one.

    It is plain when no two programs read its method, path or headers in two ways. *exp* is our sentence about that claim.
    """

    request: Request
    route: Route | None
    found: tuple[str, ...]
    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    outcomes: Mapping[str, Outcome]
    is_plain: bool
    exp: str

    def issuer(self, policy: Policy) -> Issuer | None:
        """Whose token it says it is, as the policy sees it."""
        return policy.issuer_of(self.claims)

    @property
    def in_leeway(self) -> bool:
        """Whether exp is over, and forgiven."""
        return "within the leeway" in self.exp

    @property
    def at_exp(self) -> bool:
        """Whether this is the second of exp or the one behind it, in which not all gateways agree."""
        return self.exp.startswith(("Expired now", "Expired 1 s ago"))

    def failed(self, name: str) -> bool:
        return self.outcomes.get(name) == "failed"

    def passed(self, name: str) -> bool:
        return self.outcomes.get(name) == "passed"


def is_hidden(policy: Policy, request: Request) -> bool:
    """Whether a token stands where few gateways look: in a form, or in the query under a name in another spelling."""
    forms = tuple(source for source in policy.sources if source.place == "form")
    names = [pair.partition("=")[0] for pair in request.query.split("&")]
    has_odd_name = any("%" in name or "+" in name for name in names)
    return bool(credentials.find(request, forms)) or (has_odd_name and any(source.place == "query" for source in policy.sources))


class NotKnown(Exception):
    """What the gateway does with this very request is not known."""


def answering(judge: Callable[[Policy, Case], Answer]) -> Callable[[Policy, Request, Decision], Answer | None]:
    """The `answer` of a gateway whose own rules are *judge*. What it makes of an odd path or header is known of none."""

    def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
        case = _case(policy, request, decision)
        try:
            return judge(policy, case) if case.is_plain else None
        except NotKnown:
            return None

    return answer


def _case(policy: Policy, request: Request, decision: Decision) -> Case:
    """What is known of *request* without any key."""
    found = credentials.find(request, policy.sources)
    texts = [one.text for one in found if one.text is not None]
    text = texts[0] if len(texts) == len(found) == 1 else ""
    read = decode(text) if text else None
    payload = read.payload if read else None
    header = read.header if read else None
    outcomes = {rule.name: rule.outcome for rule in decision.rules if rule.depth == 0 and (rule.layer, rule.name) != ("request", "token")}
    is_plain = not any(rule.denies for rule in decision.rules if rule.layer == "request" and rule.name != "token")
    exp = next((rule.because for rule in decision.rules if rule.name == "exp"), "")
    return Case(
        request,
        decision.route,
        tuple(one.where for one in found),
        text,
        header if isinstance(header, dict) else {},
        payload if isinstance(payload, dict) else {},
        outcomes,
        is_plain,
        exp,
    )
