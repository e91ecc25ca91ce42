"""A decision as facts for programs: the very JSON that the API and the command line answer with."""

from __future__ import annotations

from typing import Any

from app.gateway.decision import Decision
from app.gateway.rules import Rule
from app.gateway.shapes import Problem


def facts(decision: Decision) -> dict[str, Any]:
    """What is decided, and every rule of it."""
    return {
        "allowed": decision.allowed,
        "status": decision.status,
        "error": decision.error or None,
        "www_authenticate": decision.www_authenticate,
        "route": decision.route.name if decision.route else None,
        "upstream": dict(decision.upstream),
        "removed": list(decision.removed),
        "problems": [],
        "rules": [_rule(rule) for rule in decision.rules],
    }


def undecided(problems: tuple[Problem, ...]) -> dict[str, Any]:
    """What there is to say when the policy cannot be read."""
    told = [{"path": one.path, "message": one.message} for one in problems]
    return {"allowed": False, "status": None, "problems": told, "rules": []}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "layer": rule.layer,
        "name": rule.name,
        "outcome": rule.outcome,
        "decides": rule.decides,
        "depth": rule.depth,
        "because": rule.because,
        "spec": rule.spec,
    }
