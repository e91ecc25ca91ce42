"""The gateway room: a policy over a request and its token → a decision, rule by rule. It opens no connection."""

from app.gateway.decision import Decision, decide
from app.gateway.policy import Policy
from app.gateway.reading import read as read_policy
from app.gateway.request import Header, Request
from app.gateway.request import read as read_request
from app.gateway.rules import Rule
from app.gateway.shapes import Problem, Unfit

__all__ = ["Decision", "Header", "Policy", "Problem", "Request", "Rule", "Unfit", "decide", "read_policy", "read_request"]
