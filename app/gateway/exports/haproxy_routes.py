"""The routes of a policy for HAProxy: the first that takes the request, and what it asks of the claims."""

from __future__ import annotations

from collections.abc import Iterator

from app.gateway.exports import haproxy_json as pattern
from app.gateway.exports.haproxy_text import deny, matches, quote
from app.gateway.exports.native import Gaps, compares, is_text, words
from app.gateway.policy import ClaimRule, Compare, Path, Policy, Route, Words


def route_lines(policy: Policy, gaps: Gaps) -> Iterator[str]:
    yield ""
    yield "# The first route that takes the request decides; what none takes is denied."
    for number, route in enumerate(policy.routes):
        if not is_text(route.path):
            gaps.add(f"routes[{number}]", "Its path has half a character in it, which no request can have: the route takes nothing.")
            continue
        if is_text(route.name) and route.name.isprintable():
            yield f"# routes[{number}]: {route.name}"
        else:
            yield f"# routes[{number}]"
        yield from _taking(number, route)
    yield deny(403, "!{ var(txn.route) -m found }")


def _taking(number: int, route: Route) -> Iterator[str]:
    yield f"acl path_{number} var(txn.path) -m str -- {quote(route.path)}"
    if route.is_prefix:
        under = route.path if route.path.endswith("/") else f"{route.path}/"
        yield f"acl path_{number} var(txn.path) -m beg -- {quote(under)}"
    methods = f" {{ method {' '.join(route.methods)} }}" if route.methods else ""
    # The access is set first: the route is what shows that it is.
    free = "!{ var(txn.route) -m found }"
    yield f"http-request set-var(txn.access) str({route.access}) if {free} path_{number}{methods}"
    yield f"http-request set-var(txn.route) int({number}) if {free} path_{number}{methods}"


def asked_lines(policy: Policy, gaps: Gaps) -> Iterator[str]:
    """Scopes, roles and rules about claims."""
    yield ""
    yield "# What the route asks of the claims."
    for number, route in enumerate(policy.routes):
        scope = " ".join(words(route.scopes))
        challenge = f'Bearer realm="{policy.realm}", error="insufficient_scope"' + (f', scope="{scope}"' if scope else "")
        here = f"judged {{ var(txn.route) -m int {number} }}"
        for kind, asked in (("scopes", route.scopes), ("roles", route.roles)):
            for condition in _words(f"{kind}_{number}", asked, f"routes[{number}].{kind}", gaps) if asked else ():
                if condition.startswith("acl "):
                    yield condition
                else:
                    yield deny(403, f"{here} {condition}", challenge)
        if route.claims:
            yield from _claims(route.claims, number, here, challenge, gaps)


def _words(name: str, asked: Words, path: str, gaps: Gaps) -> Iterator[str]:
    """ACLs, and the conditions under which the request is denied."""
    for place, word in enumerate(asked.all):
        yield from _word(f"{name}_all_{place}", asked.claim, word, path, gaps)
        yield f"!{name}_all_{place}"
    for word in asked.any:
        yield from _word(f"{name}_any", asked.claim, word, path, gaps)
    if asked.any:
        yield f"!{name}_any"


def _word(name: str, claim: Path, word: str, path: str, gaps: Gaps) -> Iterator[str]:
    if not all(map(is_text, (word, *claim))):
        gaps.add(path, "A word with half a character in it cannot be written into haproxy.cfg: no token has it.")
        yield f"acl {name} always_false"
        return
    value = pattern.has_word(word)
    yield matches(name, "claims", pattern.member(claim, value))
    if claim == ("scope",):
        yield matches(name, "claims", f"(?={pattern.absent('scope')}){pattern.member(('scp',), value)}")


def _claims(rule: ClaimRule, number: int, here: str, challenge: str, gaps: Gaps) -> Iterator[str]:
    path = f"routes[{number}].claims"
    unsayable = [one for one in compares(rule) if not _is_sayable(one)]
    if unsayable:
        gaps.add(
            path,
            "One of its values cannot be compared by HAProxy: the route denies every token. Compare with a shorter number or plain text.",
        )
        yield deny(403, here, challenge)
        return
    names = iter(range(10**6))
    lines, condition = _rule(rule, f"claim_{number}", names)
    yield from lines
    yield deny(403, f"{here} !{condition}", challenge)


def _is_sayable(rule: Compare) -> bool:
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    if not all(is_text(one) for one in (*rule.claim, *values) if isinstance(one, str)):
        return False
    try:
        pattern.comparison(rule)
    except pattern.Unsayable:
        return False
    return True


def _rule(rule: ClaimRule, prefix: str, names: Iterator[int]) -> tuple[list[str], str]:
    """The lines for *rule*, and the condition that then says whether it holds; HAProxy's conditions have no brackets."""
    name = f"{prefix}_{next(names)}"
    if isinstance(rule, Compare):
        return [matches(name, "claims", pattern.comparison(rule))], name
    lines: list[str] = []
    parts: list[str] = []
    for one in rule.rules:
        more, condition = _rule(one, prefix, names)
        lines += more
        parts.append(condition)
    given = "http-request set-var(txn.%s) bool(true) if judged %s"
    if rule.how == "any":
        lines += [given % (name, part) for part in parts]
    elif rule.how == "all":
        lines += [f"http-request set-var(txn.{name}) bool(false)", given % (name, parts[0])]
        lines += [f"http-request set-var(txn.{name}) bool(false) if !{part}" for part in parts[1:]]
    else:
        lines.append(given % (name, f"!{parts[0]}"))
    return lines, f"{{ var(txn.{name}) -m bool }}"
