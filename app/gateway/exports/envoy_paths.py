"""Paths and methods as Envoy is told them. It compares paths as they come, so only one spelling of each is let in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from app.gateway.policy import Policy, Route, Source
from app.gateway.request import METHODS

Matcher = dict[str, Any]
SIMPLE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_ONE_TOKEN = "[0-9A-Za-z._~+/=-]+"
# What a path may hold as it is; all else is there percent-encoded, in capitals, so that each path has one spelling.
_PLAIN = "!$&'()*+,-./:=@_~"
_MORE = "%[89AB][0-9A-F]"
# The space, and the signs that belong into no path as they are; then UTF-8 (RFC 3629). Envoy bounds the size of each expression.
_SPELLINGS = (
    r"/(?:[0-9A-Za-z!$&'()*+,./:=@_~-]|%(?:2[02]|3[CE]|5[BDE]|60|7[B-D]|[89A-F][0-9A-F]))*",
    rf"(?:[^%]|%[2-7].|%C[2-9A-F]{_MORE}|%D[0-9A-F]{_MORE}|%E0%[AB].{_MORE}|%E[1-9A-CEF]{_MORE}{_MORE}|%ED%[89].{_MORE}|%F.(?:{_MORE}){{3}})*",
    r"(?:[^%]|%[2-9A-E].|%F0%[9AB]|%F[1-3]%|%F4%8)*",
)
# Empty and dot segments, and letters that some servers fold into dots, slashes, semicolons, ?, # or % (Unicode NFKC).
_AMBIGUOUS = (
    r".*//.*|.*/\.{1,2}(?:/.*)?",
    r".*%(?:CD%BE|E2%80%A[4-6]|E2%81%8[7-9]|E2%84%8[0156]|EF%B[89]|EF%BC).*",
)


def path_matcher(route: Route) -> list[Matcher]:
    """The paths that *route* takes, the query apart, as RouteMatch has it; RBAC calls `path` exact, and knows no separated prefix."""
    written = quote(route.path, safe=_PLAIN)
    if not route.is_prefix:
        return [{"path": written}]
    return [{"prefix": written}] if written.endswith("/") else [{"path": written}, {"prefix": f"{written}/"}]


def is_writable(route: Route) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in route.path)


def methods_matcher(methods: tuple[str, ...]) -> Matcher:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(methods)}}}


def all_rules(*rules: Matcher) -> Matcher:
    return rules[0] if len(rules) == 1 else {"and_rules": {"rules": list(rules)}}


def any_rule(*rules: Matcher) -> Matcher:
    return rules[0] if len(rules) == 1 else {"or_rules": {"rules": list(rules)}}


def header(name: str, expression: str) -> Matcher:
    return {"header": {"name": name.lower(), "string_match": {"safe_regex": {"regex": expression}}}}


def permission(policy: Policy, number: int) -> Matcher:
    """The route takes the request, and none before it does."""
    before = [{"not_rule": _taking(route)} for route in policy.routes[:number] if is_writable(route)]
    return all_rules(_taking(policy.routes[number]), *before)


def _taking(route: Route) -> Matcher:
    names = {"path": "exact", "prefix": "prefix"}
    path = any_rule(*({"url_path": {"path": {names[how]: text for how, text in one.items()}}} for one in path_matcher(route)))
    return all_rules(path, {"header": methods_matcher(route.methods)}) if route.methods else path


def _url_path(expression: str) -> Matcher:
    return {"url_path": {"path": {"safe_regex": {"regex": expression}}}}


def refused(policy: Policy) -> dict[str, Matcher]:
    """What is refused before any token is looked at, by a name that the log shows."""
    found = {
        "method": {"not_rule": {"header": methods_matcher(METHODS)}},
        "path": any_rule(*({"not_rule": _url_path(one)} for one in _SPELLINGS), *map(_url_path, _AMBIGUOUS)),
    }
    odd = [rule for source in policy.sources for rule in _ODD[source.place](source)]
    there = [(source, _THERE[source.place](source)) for source in policy.sources]
    odd += [all_rules(one, other) for number, (_, one) in enumerate(there) for _, other in there[:number]]
    open_routes = [n for n, route in enumerate(policy.routes) if route.access == "anyone" and is_writable(route)]
    closed = [{"not_rule": permission(policy, number)} for number in open_routes]
    return found | {"tokens": all_rules(any_rule(*odd), *closed)}


def value_prefixes(source: Source) -> tuple[str, ...]:
    """The spellings of a scheme that are looked for: its case does not count, and Envoy compares it as it is written."""
    return tuple(dict.fromkeys(f"{word} " for word in (source.scheme, source.scheme.lower(), source.scheme.upper())))


def _odd_header(source: Source) -> list[Matcher]:
    """More than one token, or something else; Envoy would take the first that it finds."""
    if not source.scheme:
        return [all_rules(header(source.name, ".*"), {"not_rule": header(source.name, _ONE_TOKEN)})]
    whole = f"(?:{'|'.join(map(re.escape, value_prefixes(source)))}) *{_ONE_TOKEN}"
    named = rf"(?is)(?:.*[^a-z])?{re.escape(source.scheme)}(?:[^a-z].*)?"
    return [all_rules(header(source.name, named), {"not_rule": header(source.name, whole)})]


def _odd_cookie(source: Source) -> list[Matcher]:
    pair = rf"(?:.*[;,])?[ \t]*{re.escape(source.name)}="
    return [header("cookie", rf"{pair}.*[;,][ \t]*{re.escape(source.name)}=.*"), header("cookie", rf"{pair}[ \t]*[\x22;,].*")]


def _odd_query(source: Source) -> list[Matcher]:
    if not SIMPLE_NAME.fullmatch(source.name):
        return [header(":path", r"[^?]*\?.*")]
    name = re.escape(source.name)
    twice = rf"[^?]*\?(?:.*&)?{name}(?:=[^&]*)?&(?:.*&)?{name}(?:[=&].*)?"
    return [header(":path", r"[^?]*\?(?:.*&)?[^=&]*[%+].*"), header(":path", twice)]


def _odd_form(source: Source) -> list[Matcher]:
    form = header("content-type", r"(?i)[ \t]*application/x-www-form-urlencoded.*")
    return [all_rules(form, {"not_rule": {"header": methods_matcher(("GET", "HEAD"))}})]


def _query_there(source: Source) -> Matcher:
    return header(":path", rf"[^?]*\?(?:.*&)?{re.escape(source.name)}(?:[=&].*)?")


_ODD: dict[str, Callable[[Source], list[Matcher]]] = {"header": _odd_header, "cookie": _odd_cookie, "query": _odd_query, "form": _odd_form}
_THERE: dict[str, Callable[[Source], Matcher]] = {
    "header": lambda source: header(source.name, rf"(?is){re.escape(source.scheme)}(?:[^a-z].*)?" if source.scheme else ".*"),
    "cookie": lambda source: header("cookie", rf"(?:.*[;,])?[ \t]*{re.escape(source.name)}=.*"),
    "query": _query_there,
    "form": lambda source: _odd_form(source)[0],
}
