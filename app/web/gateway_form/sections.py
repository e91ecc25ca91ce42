"""The parts of a policy as groups of the form, in the order in which a policy is thought of."""

from __future__ import annotations

from app.web.gateway_form import issuers, routes
from app.web.gateway_form.listed import listed
from app.web.gateway_form.places import places, upstream
from app.web.gateway_form.rows import Group, Policy, Spec
from app.web.gateway_form.texts import FLAG

_REST = (
    Spec("realm", "Realm", hint="empty: api"),
    Spec("describe", "A refused client is told", FLAG, absent="false", options=(("false", "the error code"), ("true", "the code and why"))),
    Spec("forward_token", "The API gets the token", FLAG, absent="true", options=(("true", "yes"), ("false", "no"))),
)


def sections(policy: Policy) -> list[Group]:
    """The whole form for *policy*, whose fields and buttons change it."""
    return [
        listed(policy, "issuers", "Issuers", issuers.fill, issuers.new),
        listed(policy, "routes", "Routes", routes.fill, lambda entries: {"prefix": "/new"}),
        places(policy),
        upstream(policy),
        Group("rest", "Answers", fields=[spec.bind(policy, "") for spec in _REST]),
    ]
