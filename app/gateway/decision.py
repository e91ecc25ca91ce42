"""A policy over a request → a decision with every rule in it. What no rule allows is denied (RFC 6750 §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.gateway import credentials, judging, paths, permissions, upstream
from app.gateway.judging import Judged
from app.gateway.policy import Policy, Route
from app.gateway.request import METHODS, Header, Request, faults
from app.gateway.rules import Layer, Rule, failed, not_checked, passed
from app.tokens import Keys, Report
from app.tokens.findings import quoted

ANSWERS: dict[Layer, tuple[int, str]] = {
    "request": (400, "invalid_request"),
    "route": (403, ""),
    "credentials": (401, ""),
    "keys": (503, ""),
    "token": (401, "invalid_token"),
    "permission": (403, "insufficient_scope"),
}
"""Status and error code for the first layer that denies, in this order; without credentials there is no code (RFC 6750 §3.1)."""
_SILENT: tuple[Layer, ...] = ("route", "keys")
"""What no token would change is answered without a challenge."""
_DESCRIPTIONS = {
    "request": "The request is not well-formed or has more than one token",
    "form": "The token is not a signed JWT",
    "algorithm": "The algorithm of the token is not allowed",
    "key": "No key fits the token",
    "signature": "The signature of the token does not verify",
    "exp": "The token is expired",
    "nbf": "The token is not valid yet",
    "iss": "The token is of another issuer",
    "aud": "The token is for another audience",
    "typ": "The token is of another type",
    "life": "The token lives too long",
    "scopes": "The token lacks a scope",
    "roles": "The token lacks a role",
    "claims": "The claims of the token do not allow this",
}
_DESCRIBED_OTHERWISE = "The token is not accepted"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gateway answers. *upstream* are the headers for the API, *removed* those of the client that it never sees.

    *report* is the core's on the token; None when there was none to judge.
    """

    status: int
    rules: tuple[Rule, ...]
    route: Route | None
    error: str = ""
    www_authenticate: str | None = None
    upstream: tuple[Header, ...] = ()
    removed: tuple[str, ...] = ()
    report: Report | None = None

    @property
    def allowed(self) -> bool:
        return self.status == 200

    @property
    def denials(self) -> tuple[Rule, ...]:
        """The rules that deny, first the one that made the answer."""
        order = list(ANSWERS)
        return tuple(sorted((rule for rule in self.rules if rule.denies), key=lambda rule: order.index(rule.layer)))


def decide(policy: Policy, request: Request, keys: Mapping[str, Keys], at: int) -> Decision:
    """Judge *request* as of *at*, seconds since 1970; *keys* are those that the references of *policy* name."""
    canonical = _canonical(policy, request)
    route = _route(policy, request.method, canonical.path)
    found = credentials.find(request, policy.sources)
    looked = _looked_at(policy, route, found, keys, at)
    claims = looked.claims if looked.report else None
    asked = tuple(permissions.judge(route, claims)) if route else ()
    rules = (
        *_of_request(policy, request, canonical),
        *_of_routes(policy, request.method, canonical.path, route),
        _of_credentials(policy, route, found),
        *looked.rules,
        *asked,
        *([upstream.rule(policy, claims)] if policy.upstream else ()),
    )
    denied = next((rule for layer in ANSWERS for rule in rules if rule.layer == layer and rule.denies), None)
    if denied or route is None or not _may_pass(route, looked, bool(found)):
        return _refusal(policy, rules, route, denied, looked.report)
    accepted = looked.report.claims() if looked.report else {}
    passed_on, gone = upstream.headers(policy, accepted), upstream.removed(policy, request)
    return Decision(200, rules, route, upstream=passed_on, removed=gone, report=looked.report)


def _canonical(policy: Policy, request: Request) -> paths.Judged:
    """The path, if a server that folds its letters finds it under the same route."""
    judged = paths.canonical(request.target)
    if judged.path is None or judged.path.isascii():
        return judged
    route, other = (_route(policy, request.method, path) for path in (judged.path, paths.folded(judged.path)))
    return judged if route is other else paths.LOOK_ALIKE


def _may_pass(route: Route, looked: Judged, has_token: bool) -> bool:
    """Whether nobody needs a token here, or one was accepted; so that no rule that is missing opens a route."""
    if route.access == "anyone" or (route.access == "optional" and not has_token):
        return True
    return looked.report is not None and looked.report.accepted and looked.claims is not None


def _refusal(policy: Policy, rules: tuple[Rule, ...], route: Route | None, denied: Rule | None, report: Report | None) -> Decision:
    layer = denied.layer if denied else "route"
    status, error = ANSWERS[layer]
    challenge = None if layer in _SILENT else _challenge(policy, route, denied, error)
    return Decision(status, rules, route, error, challenge, report=report)


def _challenge(policy: Policy, route: Route | None, denied: Rule | None, error: str) -> str:
    parts = {"realm": policy.realm}
    if error:
        parts["error"] = error
    if error and policy.describe and denied:
        name = "request" if denied.layer == "request" else denied.name
        parts["error_description"] = _DESCRIPTIONS.get(name, _DESCRIBED_OTHERWISE)
    if error == "insufficient_scope" and route and route.scopes:
        parts["scope"] = " ".join(dict.fromkeys((*route.scopes.all, *route.scopes.any)))
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())


def _of_request(policy: Policy, request: Request, canonical: paths.Judged) -> Iterator[Rule]:
    if request.method in METHODS:
        yield passed("request", "method", f"{request.method} is a method that is known.")
    else:
        yield failed("request", "method", f'"{quoted(request.method, 40)}" is none of {", ".join(METHODS)}; case counts.', "RFC 9110 §9.1")
    outcome = failed if canonical.path is None else passed
    yield outcome("request", "path", canonical.because, "RFC 3986 §6")
    used = tuple(source.name for source in policy.sources if source.place == "header") + tuple(name for name, _ in policy.upstream)
    wrong = list(faults(request, used))
    for one in wrong:
        yield failed("request", "headers", one, "RFC 9110 §5")
    if not wrong:
        yield passed("request", "headers", "The headers can be read in one way only.", "RFC 9110 §5")


def _takes(route: Route, method: str, path: str) -> str:
    """Why *route* does not take the request, or nothing."""
    if route.methods and method not in route.methods:
        return f"the method is not {' or '.join(route.methods)}"
    if not route.is_prefix:
        return "" if path == route.path else f"the path is not {quoted(route.path)}"
    under = route.path if route.path.endswith("/") else f"{route.path}/"
    return "" if path == route.path or path.startswith(under) else f"the path is not under {quoted(route.path)}"


def _route(policy: Policy, method: str, path: str | None) -> Route | None:
    """The first route that takes the request; a path that cannot be read has none."""
    return next((route for route in policy.routes if not _takes(route, method, path)), None) if path is not None else None


def _of_routes(policy: Policy, method: str, path: str | None, chosen: Route | None) -> Iterator[Rule]:
    for route in policy.routes:
        name = f"route {quoted(route.name)}"
        if path is None:
            why = "There is no path to compare."
        elif route is chosen:
            why = _CHOSEN[route.access]
        else:
            apart = _takes(route, method, path)
            why = f"It does not decide: {apart or 'a route before it does'}."
        outcome = passed if route is chosen else not_checked
        yield outcome("route", name, why)
    if chosen is None and path is not None:
        why = "No route takes this request, and what no route names is denied."
        yield failed("route", "routes", why if policy.routes else "The policy has no route, so it denies everything.")


_CHOSEN = {
    "token": "It takes this request and asks for a token.",
    "optional": "It takes this request; a token may be missing, but not be wrong.",
    "anyone": "It takes this request and is open to anyone.",
}


def _of_credentials(policy: Policy, route: Route | None, found: list[credentials.Credential]) -> Rule:
    spec = "RFC 6750 §2"
    if route and route.access == "anyone":
        return not_checked("credentials", "token", "The route is open to anyone: no token is looked for.", spec)
    if len(found) > 1:
        return failed("request", "token", f"There are {len(found)} tokens, in {_places(found)}; one is allowed.", spec)
    if found and found[0].text is None:
        return failed("request", "token", f"In {found[0].where} there is not exactly one token.", spec)
    if found:
        return passed("credentials", "token", f"There is one token, in {found[0].where}.", spec)
    if route and route.access == "optional":
        return not_checked("credentials", "token", "There is no token, and the route is open without one.", spec)
    return failed("credentials", "token", f"There is no token in {credentials.places(policy.sources)}.", spec)


def _places(found: list[credentials.Credential]) -> str:
    return " and ".join(dict.fromkeys(one.where for one in found))


def _looked_at(policy: Policy, route: Route | None, found: list[credentials.Credential], keys: Mapping[str, Keys], at: int) -> Judged:
    if route and route.access == "anyone":
        return judging.unlooked("The route is open to anyone.")
    if len(found) != 1 or found[0].text is None:
        return judging.unlooked("There is no single token to judge.")
    return judging.judge(policy, found[0].text, keys, at)
