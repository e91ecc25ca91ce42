"""A second reading of "What a policy can say", written from its words alone: which status a request gets. It shares no code with the room."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus, unquote_to_bytes

Headers = list[tuple[str, str]]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
AUTHORIZATION = [{"header": "Authorization"}]
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_NOTHING = object()


def status(policy: Any, method: str, target: str, headers: Headers, accepts: Callable[[str], Any]) -> int:
    """The status by *policy*; *accepts* gives the claims of a token that its issuer's terms take, else None."""
    path = _path(target)
    route = next((one for one in policy["routes"] if path is not None and _takes(one, method, path)), None)
    access = route.get("access", "token") if route else "token"
    found = _found(policy, target, headers)
    if path is not None and route is not next(
        (one for one in policy["routes"] if _takes(one, method, unicodedata.normalize("NFKC", path))), None
    ):
        return 400
    if method not in METHODS or path is None or _is_ambiguous(policy, headers):
        return 400
    if access != "anyone" and (len(found) > 1 or None in found):
        return 400
    if route is None:
        return 403
    if access == "anyone" or (access == "optional" and not found):
        return 200
    claims = accepts(found[0] or "") if found else None
    if claims is None:
        return 401
    words = [_has(route[name], claims, name) for name in ("scopes", "roles") if name in route]
    return 200 if all(words) and ("claims" not in route or _holds(route["claims"], claims)) else 403


def _path(target: str) -> str | None:
    raw = target.split("?")[0]
    if not re.fullmatch(r"/(?:[!-$&-~]|%[0-9A-Fa-f]{2})*", raw) or "#" in raw or "%2f" in raw.lower():
        return None
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return None
    for form in (path, unicodedata.normalize("NFKC", path)):
        segments = form.split("/")[1:]
        if form.count("/") > path.count("/") or form.count("%") > path.count("%"):
            return None
        if "" in segments[:-1] or {".", ".."} & set(segments) or re.search(r"[\0-\x1f\x7f\\;?#]|%[0-9A-Fa-f]{2}", form):
            return None
    return path


def _takes(route: Any, method: str, path: str) -> bool:
    if method not in route.get("methods", METHODS):
        return False
    if "exact" in route:
        return bool(path == route["exact"])
    return path == route["prefix"] or path.startswith(route["prefix"].rstrip("/") + "/")


def _found(policy: Any, target: str, headers: Headers) -> list[str | None]:
    """What stands at the places of tokens; None where it is not one token."""
    found: list[str | None] = []
    for place in policy.get("token", AUTHORIZATION):
        if "header" in place:
            scheme = place.get("scheme", "Bearer" if place["header"] == "Authorization" else "")
            values = [value for name, value in headers if name.lower() == place["header"].lower()]
            if scheme:
                parts = [value.split(None, 1) for value in values if value.split()]
                values = [(rest or [""])[0].strip() for first, *rest in parts if first.lower() == scheme.lower()]
            found += [value if _TOKEN.fullmatch(value) else None for value in values]
        elif "cookie" in place:
            pairs = [pair.strip().partition("=") for name, value in headers if name.lower() == "cookie" for pair in value.split(";")]
            found += [value or None for name, equals, value in pairs if equals and name == place["cookie"]]
        else:
            pairs = [pair.partition("=") for pair in target.partition("?")[2].split("&")]
            found += [unquote_plus(value) or None for name, _, value in pairs if unquote_plus(name) == place["query"]]
    return found


def _is_ambiguous(policy: Any, headers: Headers) -> bool:
    """Whether a header that counts is there twice or in another spelling, or Connection drops one."""
    used = {"host", "content-type", "content-length", "authorization", *(name.lower() for name in policy.get("upstream", {}))}
    used |= {place["header"].lower() for place in policy.get("token", AUTHORIZATION) if "header" in place}
    names = [name.lower() for name, _ in headers]
    spelt_otherwise = any(re.sub(r"[^a-z0-9]", "-", name) in used and name not in used for name in names)
    hops = {word.strip().lower() for name, value in headers if name.lower() == "connection" for word in value.split(",")}
    return spelt_otherwise or any(names.count(name) > 1 for name in used) or bool(hops - {"close", "keep-alive", "upgrade", "te", ""})


def at(claims: Any, path: Any) -> Any:
    for name in path if isinstance(path, list) else path.split("."):
        if not isinstance(claims, dict) or name not in claims:
            return _NOTHING
        claims = claims[name]
    return claims


def _words(value: Any) -> list[str] | None:
    if isinstance(value, str):
        return value.split(" ")
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def _has(asked: Any, claims: Any, name: str) -> bool:
    value = at(claims, asked.get("claim", "scope" if name == "scopes" else "roles"))
    if value is _NOTHING and asked.get("claim", name) in ("scope", "scopes"):
        value = at(claims, "scp")
    there = _words(value)
    if there is None:
        return False
    return set(asked.get("all", ())) <= set(there) and ("any" not in asked or bool(set(asked["any"]) & set(there)))


def _same(one: Any, other: Any) -> bool:
    """As in JSON: true is no number, and 1.0 is 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _holds(rule: Any, claims: Any) -> bool:
    if "not" in rule:
        return not _holds(rule["not"], claims)
    for join, over in (("all", all), ("any", any)):
        if join in rule:
            return over(_holds(one, claims) for one in rule[join])
    value = at(claims, rule["claim"])
    if value is _NOTHING:
        return False
    if "prefix" in rule:
        return isinstance(value, str) and value.startswith(rule["prefix"])
    if "contains" in rule:
        entries = value.split(" ") if isinstance(value, str) else value
        return isinstance(entries, list) and any(_same(one, rule["contains"]) for one in entries)
    return any(_same(value, one) for one in rule.get("one_of", [rule.get("equals")]))
