"""What is odd about a payload by itself: claims that are almost right, or right and yet unwise. Each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.tokens import times
from app.tokens.envelope import Token
from app.tokens.findings import Finding, Repair, found, kind_of, quoted
from app.tokens.lossless_json import Document, Entry
from app.tokens.times import Seconds

_DAY = 86400
_LONG, _VERY_LONG = 31 * _DAY, 367 * _DAY  # a month, and a year that may be a leap year
_LAST_OF_32_BITS = 2**31 - 1
_COOKIE = 4096  # name and value of a cookie, with what browsers keep (RFC 6265 §6.1)
_HEADER_LINE = 8190  # Apache; nginx has 8192
_AUTHORIZATION = len("Authorization: Bearer ")
_MOST_SEEN = 10_000
_MOST_LISTED = 5

_REGISTERED = {
    "iss": "RFC 7519 §4.1.1",
    "sub": "RFC 7519 §4.1.2",
    "aud": "RFC 7519 §4.1.3",
    "exp": "RFC 7519 §4.1.4",
    "nbf": "RFC 7519 §4.1.5",
    "iat": "RFC 7519 §4.1.6",
    "jti": "RFC 7519 §4.1.7",
}
_OBJECTS = {"act": "RFC 8693 §4.1", "may_act": "RFC 8693 §4.4"}
_DATES = ("exp", "nbf", "iat")
# What programs write for a registered name, without "_", "-" and capitals.
_MEANT = {
    "issuer": "iss",
    "subject": "sub",
    "audience": "aud",
    "expires": "exp",
    "expiry": "exp",
    "expiration": "exp",
    "expirationtime": "exp",
    "expirytime": "exp",
    "expiresat": "exp",
    "expireson": "exp",
    "notbefore": "nbf",
    "issuedat": "iat",
    **{name: name for name in _REGISTERED},
}
_SECRETS = frozenset(["password", "passwd", "pwd", "passphrase", "secret", "clientsecret", "apisecret", "secretkey", "privatekey"])
_NUMBERS_OF_PEOPLE = frozenset(["cardnumber", "creditcard", "creditcardnumber", "cvv", "cvc", "ssn", "socialsecuritynumber"])
_PRIVATE_MEMBERS = ("d", "k", "p", "priv")
_AT_HOME = re.compile(
    r"http://(?:localhost|(?:127|10|192\.168)(?:\.\d+){2,3}|\[::1\]|[\w-]+|[\w.-]+\.(?:localhost|local|internal|test|svc))(?:[:/]|$)",
    re.ASCII,
)


def findings(token: Token, claims: object, at: Seconds | None = None) -> Iterator[Finding]:
    """What is wrong with the claims, or could go wrong, without knowing what is expected of them; times as seen from *at*, if given."""
    if not isinstance(claims, dict):
        return
    yield from _types(token, claims, at)
    yield from _scales(token, claims, at)
    yield from _order(token, claims)
    yield from _life(token, claims)
    yield from _names(token, claims)
    if "exp" not in claims:
        yield found("claim_no_exp", "payload")
    issuer = claims.get("iss")
    if isinstance(issuer, str) and issuer.startswith("http://") and not _AT_HOME.match(issuer):
        yield _at(token, "iss", found("claim_http_issuer", "payload"))
    yield from _contents(token, claims)


def sizes(token: Token) -> Iterator[Finding]:
    """Whether the token is too long for a cookie or for a header of the usual servers."""
    count = sum(len(part.text) + 1 for part in token.parts) - 1 if len(token.text) >= _COOKIE else 0
    if count + _AUTHORIZATION > _HEADER_LINE:
        yield found("token_beyond_header", "token", count=f"{count:,}", total=f"{count + _AUTHORIZATION:,}")
    elif count >= _COOKIE:
        yield found("token_beyond_cookie", "token", count=f"{count:,}")


def audiences_of(aud: object) -> list[str] | None:
    """The audiences that *aud* names, or None when it is of the wrong type."""
    if isinstance(aud, str):
        return [aud]
    if isinstance(aud, list) and all(isinstance(one, str) for one in aud):
        return aud
    return None


def audience_kind(aud: object) -> str:
    """What *aud* is, in words; of an array that mixes types, the first item that is no string."""
    if isinstance(aud, list):
        for number, item in enumerate(aud, 1):
            if not isinstance(item, str):
                return f"an array whose item {number} is {kind_of(item)}"
    return kind_of(aud)


def difference(one: str, other: str) -> str:
    """How two names that were meant to be the same differ, in a sentence; nothing if they are simply different."""
    if one.rstrip("/") == other.rstrip("/"):
        return "They differ by the slash at the end."
    if one.strip() == other.strip():
        return f"They differ by white space {'at the end' if one.rstrip() == other.rstrip() else 'round them'}."
    if _without_scheme(one) == _without_scheme(other):
        return "They differ by what stands before the host: https, http or nothing."
    if one.lower() == other.lower():
        return "They differ in capital letters, and those count."
    long, short = (one, other) if len(one) > len(other) else (other, one)
    if long == short.rstrip("/") + "/.well-known/openid-configuration":
        return "One is the issuer, the other the address of its metadata."
    return ""


def is_writable(text: str) -> bool:
    """Whether *text* can be written into a field: half a surrogate pair cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _without_scheme(name: str) -> str:
    return name.removeprefix("https://").removeprefix("http://").rstrip("/")


def _types(token: Token, claims: dict[str, Any], at: Seconds | None) -> Iterator[Finding]:
    for name in _DATES:
        if name in claims and not times.is_date(claims[name]):
            yield _not_a_date(token, name, claims[name], at)
    for name in ("iss", "sub", "jti"):
        if name in claims and not isinstance(claims[name], str):
            yield _wrong_type(token, name, claims[name], "a string")
    if "aud" in claims and audiences_of(claims["aud"]) is None:
        yield _wrong_type(token, "aud", claims["aud"], "a string or an array of strings")
    for name in _OBJECTS:
        if name in claims and not isinstance(claims[name], dict):
            yield _at(token, name, found("claim_not_an_object", "payload", name=name, kind=kind_of(claims[name]), spec=_OBJECTS[name]))
    if claims.get("aud") == []:
        yield _at(token, "aud", found("claim_aud_empty", "payload"))
    scope = claims.get("scope")
    if isinstance(scope, list) and scope and all(isinstance(one, str) for one in scope):
        plain = not any(" " in one or not is_writable(one) for one in scope)
        repairs = _rewritten(token, "scope", "Write one string", json.dumps(" ".join(scope), ensure_ascii=False)) if plain else ()
        yield _at(token, "scope", found("claim_scope_array", "payload", repairs=repairs))


def _not_a_date(token: Token, name: str, value: object, at: Seconds | None) -> Finding:
    kind = kind_of(value) if not isinstance(value, Decimal) else "a number without end"
    seconds = times.from_text(value) if isinstance(value, str) and len(value) < 60 else None
    guess = f" As a number it would be {seconds}: {_seen(seconds, at)}." if seconds is not None else ""
    repairs = _rewritten(token, name, f"Write {seconds}", str(seconds)) if seconds is not None else ()
    return _at(token, name, found("claim_not_a_date", "payload", name=name, kind=kind, guess=guess, repairs=repairs))


def _wrong_type(token: Token, name: str, value: object, need: str) -> Finding:
    entry = _entry(token, name)
    repairs: tuple[Repair, ...] = ()
    if entry and token.payload and kind_of(value) == "a number" and entry.end - entry.start < 40:
        repairs = _rewritten(token, name, "Put it in quotes", f'"{token.payload.text[entry.start : entry.end]}"')
    kind = audience_kind(value) if name == "aud" else kind_of(value)
    facts: dict[str, Any] = {"name": name, "kind": kind, "need": need, "spec": _REGISTERED[name]}
    return _at(token, name, found("claim_type", "payload", repairs=repairs, **facts))


def _scales(token: Token, claims: dict[str, Any], at: Seconds | None) -> Iterator[Finding]:
    """Times in milliseconds, and times that many programs cannot hold."""
    for name in (*_DATES, "auth_time"):
        value = claims.get(name)
        if not times.is_date(value):
            continue
        finer = times.finer(value)
        if finer:
            unit, seconds = finer
            facts: dict[str, Any] = {
                "value": value,
                "year": f"{times.year(value):,}",
                "unit": unit,
                "seconds": seconds,
                "date": _seen(seconds, at),
            }
            repairs = _rewritten(token, name, f"Write {seconds}", str(seconds))
            yield _at(token, name, found("claim_time_scale", "payload", name=name, repairs=repairs, **facts))
        elif times.is_beyond_calendars(value):
            yield _at(token, name, found("claim_time_beyond", "payload", name=name, date=times.utc(value)))
        elif value < 0:
            yield _at(token, name, found("claim_time_negative", "payload", name=name, date=times.utc(value)))
        elif value > _LAST_OF_32_BITS:
            yield _at(token, name, found("claim_time_2038", "payload", name=name, date=times.utc(value)))


def _seen(seconds: Seconds, at: Seconds | None) -> str:
    return times.utc(seconds) if at is None else f"{times.utc(seconds)}, {times.relative(seconds, at)}"


def _order(token: Token, claims: dict[str, Any]) -> Iterator[Finding]:
    exp, nbf, iat, auth_time = (_moment(claims, name) for name in (*_DATES, "auth_time"))
    if exp is not None and iat is not None and exp < iat:
        yield _at(token, "exp", found("claim_exp_before_iat", "payload", span=times.span(iat - exp)))
    elif exp is not None and exp == iat:
        yield _at(token, "exp", found("claim_exp_is_iat", "payload"))
    elif exp is not None and nbf is not None and nbf >= exp:
        yield _at(token, "nbf", found("claim_nbf_after_exp", "payload", nbf=times.utc(nbf), exp=times.utc(exp)))
    if auth_time is not None and iat is not None and auth_time > iat:
        yield _at(token, "auth_time", found("claim_auth_time_after_iat", "payload", span=times.span(auth_time - iat)))


def _life(token: Token, claims: dict[str, Any]) -> Iterator[Finding]:
    exp = _moment(claims, "exp")
    begin = _moment(claims, "iat" if "iat" in claims else "nbf")
    if exp is None or begin is None or exp - begin <= _LONG:
        return
    life = exp - begin
    if life > _VERY_LONG:
        yield _at(token, "exp", found("claim_very_long_life", "payload", span=times.years(life)))
    else:
        yield _at(token, "exp", found("claim_long_life", "payload", span=f"{int(life // _DAY)} days"))


def _names(token: Token, claims: dict[str, Any]) -> Iterator[Finding]:
    """Names that were meant to be registered ones, which are missing."""
    for name, value in claims.items():
        meant = _MEANT.get(_plain(name)) if len(name) < 20 else None
        if meant is None or meant in claims or not _could_be(meant, value):
            continue
        repairs = _renamed(token, name, meant)
        facts: dict[str, Any] = {"name": quoted(name), "meant": meant, "spec": _REGISTERED[meant]}
        yield _at(token, name, found("claim_misnamed", "payload", repairs=repairs, **facts))


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "") if name.isascii() else name


def _could_be(name: str, value: object) -> bool:
    """Whether *value* is what the registered claim *name* would hold; a subject of several words is that of a mail."""
    if name in _DATES:
        return times.is_date(value) or (isinstance(value, str) and len(value) < 60 and times.from_text(value) is not None)
    if name == "aud":
        return bool(value) and audiences_of(value) is not None
    return isinstance(value, str) and bool(value) and " " not in value


def _contents(token: Token, claims: dict[str, Any]) -> Iterator[Finding]:
    """What does not belong into a payload that everybody can read."""
    told: set[str] = set()
    readable = token.kind != "JWE"
    for top, path, name, value in _walk(claims):
        if (
            readable
            and isinstance(value, dict)
            and top != "cnf"
            and _is_private_key(value)
            and path not in told
            and len(told) < _MOST_LISTED
        ):
            told.add(path)
            yield _at(token, top, found("claim_private_key", "payload", name=quoted(path)))
        if readable and len(name) < 30 and path not in told and len(told) < _MOST_LISTED and _is_secret(_plain(name), value):
            told.add(path)
            yield _at(token, top, found("claim_secret", "payload", name=quoted(path)))


def _is_private_key(value: dict[str, Any]) -> bool:
    return isinstance(value.get("kty"), str) and any(isinstance(value.get(member), str) for member in _PRIVATE_MEMBERS)


def _is_secret(name: str, value: object) -> bool:
    if name in _SECRETS:
        return isinstance(value, str) and value.strip("*•") != ""
    if name in _NUMBERS_OF_PEOPLE:
        return (isinstance(value, str) and any(one.isdigit() for one in value) and "*" not in value) or type(value) is int
    return False


def _walk(claims: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Every value with the claim it stands in, its path and its own name; a hostile payload is not walked to its end."""
    left = _MOST_SEEN
    stack: list[tuple[str, str, str, Any]] = [(name, name, name, value) for name, value in reversed(claims.items())]
    while stack and left:
        left -= 1
        top, path, name, value = stack.pop()
        yield top, path, name, value
        if isinstance(value, dict):
            stack.extend((top, f"{path[:60]}.{inner[:60]}", inner, one) for inner, one in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend((top, path, "", one) for one in reversed(value))


def _moment(claims: dict[str, Any], name: str) -> Seconds | None:
    """The time that a claim gives, if it is one that can be meant in earnest."""
    value = claims.get(name)
    return value if times.is_date(value) and not times.is_beyond_calendars(value) and not times.finer(value) else None


def _entry(token: Token, name: str) -> Entry | None:
    return token.payload.member(name) if token.payload else None


def _rewritten(token: Token, name: str, label: str, text: str) -> tuple[Repair, ...]:
    """The repair that writes *text* for the value of a claim."""
    entry = _entry(token, name)
    return (Repair(label, "payload", text, entry.start, entry.end - entry.start),) if entry else ()


def _renamed(token: Token, name: str, meant: str) -> tuple[Repair, ...]:
    """The repair that calls a claim *meant*, if its name stands in the text as it is."""
    entry, document = _entry(token, name), token.payload
    if entry is None or document is None:
        return ()
    written = f'"{name}"'
    end = len(document.text[: entry.start].rstrip(" \t\r\n").removesuffix(":").rstrip(" \t\r\n"))
    start = end - len(written)
    if start < 0 or document.text[start:end] != written:
        return ()
    return (Repair(f'Rename it to "{meant}"', "payload", f'"{meant}"', start, len(written)),)


def _at(token: Token, name: str, finding: Finding) -> Finding:
    """*finding* with the place of the claim's value."""
    document: Document | None = token.payload
    entry = document.member(name) if document else None
    if document is None or entry is None:
        return finding
    return replace(finding, **token.place("payload", document, entry.start, entry.end - entry.start))
