"""The rules a profile is made of: what each kind of rule asks of a token, and how it answers."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from app.tokens import brought, envelope, keys, times
from app.tokens.algorithms import ALGORITHMS
from app.tokens.base64url import encode as base64url
from app.tokens.claims import Expectations, audience_kind, audiences_of, media_type
from app.tokens.envelope import Token
from app.tokens.findings import kind_of, quoted
from app.tokens.times import Seconds

State = Literal["passed", "broken", "failed", "not_checked"]
"""`broken` is a rule of the profile that does not hold, `failed` a comparison the person asked for."""
Verdict = tuple[State, str]
Form = Literal["string", "date", "audience", "object"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of `profiles.toml`; which of its fields count depends on *kind*."""

    name: str
    kind: str
    spec: str
    label: str = ""
    says: str = ""
    should: bool = False
    rare: bool = False
    claim: str = ""
    """The claim it is about when that is not *name*; then another rule asks whether it is there."""
    claims: tuple[str, ...] = ()
    other: str = ""
    form: Form = "string"
    longest: int = 0
    pattern: str = ""
    needs: str = ""
    values: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    required: bool = False
    never: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    given: str = ""
    """The field of Expectations that it compares with."""
    what: str = ""
    digest: str = ""
    half: bool = False
    member: str = ""
    seconds: int = 0
    part: int = 0
    path: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        return self.claim or self.name

    @property
    def must(self) -> str:
        return "should" if self.should else "must"

    @property
    def reason(self) -> str:
        """The reason as the sentence that follows."""
        return f" {self.says}" if self.says else ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules are judged by; *phrase* is what a sentence calls a token of the profile."""

    phrase: str
    header: dict[str, Any]
    claims: dict[str, Any]
    token: Token
    at: Seconds
    expect: Expectations


def judge(rule: Rule, facts: Facts) -> Verdict:
    """Whether *rule* holds, and why in a sentence."""
    return _KINDS[rule.kind](rule, facts)


def has_form(value: object, form: Form) -> bool:
    """Whether *value* is what claims of that form hold; an empty string or array holds nothing."""
    if form == "date":
        return times.is_date(value)
    if form == "object":
        return isinstance(value, dict)
    if form == "audience":
        return bool(audiences_of(value)) and value != ""
    return isinstance(value, str) and value != ""


def _present(rule: Rule, facts: Facts) -> Verdict:
    """The claim is there and has its form."""
    name = rule.about
    if name not in facts.claims:
        return "broken", f"No {name}: {facts.phrase} {rule.must} have it.{rule.reason}"
    value = facts.claims[name]
    if not has_form(value, rule.form):
        said = audience_kind(value) if rule.form == "audience" and value else _shown(value)
        return "broken", f"{name} is {said}; it {rule.must} be {_NEEDS[rule.form]}.{rule.reason}"
    if rule.longest and len(value) > rule.longest:
        return "broken", f"{name} has {len(value):,} characters; {rule.longest} are the most.{rule.reason}"
    return "passed", f"{name} is {_shown(value)}."


def _any(rule: Rule, facts: Facts) -> Verdict:
    """At least one of the claims is there."""
    there = [name for name in rule.claims if name in facts.claims]
    if not there:
        return "broken", f"Neither {' nor '.join(rule.claims)}: {facts.phrase} {rule.must} have one of them.{rule.reason}"
    return "passed", f"{' and '.join(there)} {'are' if len(there) > 1 else 'is'} there."


def _absent(rule: Rule, facts: Facts) -> Verdict:
    """The claim is not there."""
    if rule.name in facts.claims:
        return "broken", f"{rule.name} is there; {facts.phrase} {rule.must} not have it.{rule.reason}"
    return "passed", f"No {rule.name}, as it {rule.must} be."


def _type(rule: Rule, facts: Facts) -> Verdict:
    """The header's typ is one of *types*; unless it is required, a token without a telling typ may be of any kind."""
    typ = facts.header.get("typ")
    wanted = " or ".join(f'"{one}"' for one in rule.types)
    if isinstance(typ, str) and media_type(typ) in map(media_type, rule.types):
        return "passed", f'typ is "{quoted(typ)}".'
    if typ is None or (isinstance(typ, str) and media_type(typ) == "application/jwt"):
        said = "No typ" if typ is None else f'typ is "{quoted(typ)}"'
        if rule.required:
            return "broken", f"{said}; {facts.phrase} must have {wanted}.{rule.reason}"
        if "JWT" in rule.types:
            return "passed", f"{said}: nothing says that it is of another kind."
        return "not_checked", f"{said}; {wanted} would keep the token from being taken for another kind."
    return "broken", f"typ is {_shown(typ)}; {facts.phrase} must have {wanted}.{rule.reason}"


def _algorithm(rule: Rule, facts: Facts) -> Verdict:
    """The header's alg is among *only*, or not of a family among *never*."""
    alg = facts.header.get("alg")
    row = ALGORITHMS.get(alg) if isinstance(alg, str) else None
    if row is None:
        return "not_checked", "The algorithm of the token is not known."
    if rule.only and row.name not in rule.only:
        return "broken", f"alg is {row.name}; {facts.phrase} {rule.must} have {' or '.join(rule.only)}.{rule.reason}"
    if row.family in rule.never:
        what = "be signed" if row.family == "none" else "not be signed with a shared secret"
        return "broken", f"alg is {row.name}: {facts.phrase} {rule.must} {what}.{rule.reason}"
    return "passed", f"alg is {row.name}."


def _parameter(rule: Rule, facts: Facts) -> Verdict:
    """The header parameter is there."""
    value = facts.header.get(rule.name)
    if not isinstance(value, str) or not value:
        return "broken", f"No {rule.name} in the header: {facts.phrase} {rule.must} have it.{rule.reason}"
    return "passed", f"{rule.name} is {_shown(value)}."


def _same(rule: Rule, facts: Facts) -> Verdict:
    """Two claims are equal."""
    one, two = rule.claims
    first, second = facts.claims.get(one), facts.claims.get(two)
    if not isinstance(first, str) or not isinstance(second, str):
        return "not_checked", f"It takes both {one} and {two} to compare them."
    if first != second:
        return "broken", f"{one} is {_shown(first)}, {two} is {_shown(second)}; they {rule.must} be the same.{rule.reason}"
    return "passed", f"{one} and {two} are both {_shown(first)}."


def _differs(rule: Rule, facts: Facts) -> Verdict:
    """The claim is not what the *other* claim is."""
    if rule.name in facts.claims and facts.claims[rule.name] == facts.claims.get(rule.other):
        return "broken", f"{rule.name} is the {rule.other}; it {rule.must} not be.{rule.reason}"
    return "passed", f"{rule.name} is not the {rule.other}."


def _matches(rule: Rule, facts: Facts) -> Verdict:
    """The claim is a string of a certain shape."""
    name = rule.about
    value = facts.claims.get(name)
    if name not in facts.claims:
        if rule.claim:
            return "not_checked", f"No {name} to look at."
        return "broken", f"No {name}: {facts.phrase} {rule.must} have {rule.needs} there.{rule.reason}"
    if not isinstance(value, str) or not re.fullmatch(rule.pattern, value):
        return "broken", f"{name} is {_shown(value)}; it {rule.must} be {rule.needs}.{rule.reason}"
    return "passed", f"{name} is {_shown(value)}."


def _one_of(rule: Rule, facts: Facts) -> Verdict:
    """The claim is one of *values*, by itself or alone in an array."""
    value = facts.claims.get(rule.name)
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(single, str) and single in rule.values:
        return "passed", f"{rule.name} is {_shown(single)}."
    said = f"{rule.name} is {_shown(value)}" if rule.name in facts.claims else f"No {rule.name}"
    return "broken", f'{said}; {facts.phrase} {rule.must} have "{rule.values[0]}" there.{rule.reason}'


def _event(rule: Rule, facts: Facts) -> Verdict:
    """The claim is an object that names events, each with an object; *member* among them."""
    name = rule.name
    if name not in facts.claims:
        return "broken", f"No {name}: {facts.phrase} must have it.{rule.reason}"
    events = facts.claims[name]
    if not isinstance(events, dict) or not events:
        return "broken", f"{name} is {_shown(events)}; an object that names an event is required.{rule.reason}"
    if rule.member and rule.member not in events:
        return "broken", f'{name} has no member "{rule.member}".{rule.reason}'
    event = rule.member or next((one for one, value in events.items() if not isinstance(value, dict)), next(iter(events)))
    if not isinstance(events[event], dict):
        return "broken", f'"{quoted(event, 100)}" in {name} is {_shown(events[event])}; an object, {{}} at least, is required.'
    return "passed", f'{name} has "{quoted(event, 100)}".'


def _lifetime(rule: Rule, facts: Facts) -> Verdict:
    """From iat to exp there are no more than *seconds*."""
    exp, iat = facts.claims.get("exp"), facts.claims.get("iat")
    if not times.is_date(exp) or not times.is_date(iat):
        return "not_checked", "It takes both exp and iat to tell how long the token lives."
    life: Seconds = exp - iat
    if life > rule.seconds:
        return "broken", f"From iat to exp there are {_length(life)}; {_length(rule.seconds)} are the most.{rule.reason}"
    return "passed", f"From iat to exp there are {times.span(life)}, no more than {times.span(rule.seconds)}."


def _fresh(rule: Rule, facts: Facts) -> Verdict:
    """iat is no longer ago than *seconds*, and no further ahead than clocks may differ (RFC 9449 §11.1)."""
    iat = facts.claims.get("iat")
    if not times.is_date(iat):
        return "not_checked", "It takes iat to tell how old the token is."
    age: Seconds = facts.at - iat
    if age > rule.seconds:
        return "broken", f"It was made {times.span(age)} ago.{rule.reason}"
    if -age > rule.seconds:
        return "broken", f"It was made {times.span(age)} in the future: a clock is wrong.{rule.reason}"
    if age < 0:
        return "passed", f"It was made {times.span(age)} in the future, as clocks may differ."
    return "passed", f"It was made {times.relative(facts.at - age, facts.at)}."


def _part(rule: Rule, facts: Facts) -> Verdict:
    """The *part* of a claim, split at colons, is what stands at *path*."""
    claim = facts.claims.get(rule.about)
    parts = claim.split(":", 4) if isinstance(claim, str) else []
    value: object = facts.claims
    for step in rule.path[:-1]:
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, dict) or len(parts) != 4:
        return "not_checked", f"It takes {rule.about} and {'.'.join(rule.path)} to compare them."
    place, found = ".".join(rule.path), value.get(rule.path[-1])
    if found != parts[rule.part]:
        said = f"{place} is {_shown(found)}" if rule.path[-1] in value else f"No {place}"
        return "broken", f'{said}; {rule.about} says "{quoted(parts[rule.part])}".{rule.reason}'
    return "passed", f"{place} is {_shown(found)}, as {rule.about} says."


def _public_key(rule: Rule, facts: Facts) -> Verdict:
    """The header carries a public key (RFC 7517), and the signature verifies with it: whoever reads the token does not ask for another."""
    jwk = facts.header.get("jwk")
    if not isinstance(jwk, dict):
        said = f"jwk in the header is {_shown(jwk)}" if "jwk" in facts.header else "No jwk in the header"
        return "broken", f"{said}; {facts.phrase} must have it as an object.{rule.reason}"
    if jwk.get("kty") == "oct" or "k" in jwk:
        return "broken", "jwk in the header is a shared secret; a public key is required, and that secret is known to others now."
    private = [name for name in _PRIVATE if name in jwk]
    if private:
        return (
            "broken",
            f'jwk in the header has the private member "{private[0]}": whoever saw it can sign. Use a new key, and send its public half.',
        )
    alg = facts.header.get("alg")
    row = ALGORITHMS.get(alg) if isinstance(alg, str) else None
    if row is None or row.family in ("none", "hmac"):
        return "not_checked", "jwk looks like a public key; no public key verifies what the token says in alg."
    match = brought.check(facts.token, "jwk")
    if not match.holds:
        return "broken", f"{match.because}{rule.reason}"
    return "passed", "jwk is a public key, and the signature verifies with it."


def _party(rule: Rule, facts: Facts) -> Verdict:
    """azp is the client that is expected; with several audiences it is there."""
    audiences = audiences_of(facts.claims.get("aud")) or []
    azp, client = facts.claims.get("azp"), facts.expect.audience
    if "azp" not in facts.claims:
        if len(audiences) > 1:
            return (
                "broken",
                f"aud names {len(audiences)} audiences, and no azp says which of them the token was issued to; many clients refuse that.",
            )
        return "passed", "No azp, and none is needed for one audience."
    if not isinstance(azp, str):
        return "broken", f"azp is {_shown(azp)}; it must be a client_id, a string."
    if client is None:
        return "not_checked", f"azp is {_shown(azp)}; say which audience you expect to have it compared."
    if azp != client:
        return "broken", f'azp is {_shown(azp)}; "{quoted(client)}" is expected: the token was issued to another client.'
    return "passed", f"azp is {_shown(azp)}, as expected."


def _given(rule: Rule, facts: Facts) -> Verdict:
    """The claim is what the person gave, letter by letter."""
    name, given = rule.name, getattr(facts.expect, rule.given)
    value = facts.claims.get(name)
    if name not in facts.claims:
        if given is not None:
            return "failed", f'No {name}; "{quoted(given)}" is expected.'
        if rule.required:
            return "broken", f"No {name}: {facts.phrase} must have it, {rule.what}."
        return "not_checked", f"No {name}, and none is given to compare."
    if not isinstance(value, str) or not value:
        return "broken" if given is None else "failed", f"{name} is {_shown(value)}; it must be {rule.what}, a string."
    if given is None:
        return "not_checked", f"{name} is {_shown(value)}; give {rule.what} to have it compared."
    if value != given:
        case = " They differ by upper and lower case only." if value.lower() == given.lower() else ""
        return "failed", f'{name} is {_shown(value)}; "{quoted(given)}" is expected.{case}'
    return "passed", f"{name} is {_shown(value)}, as expected."


def _url(rule: Rule, facts: Facts) -> Verdict:
    """The claim is the URL of the request, without query and fragment (RFC 9449 §4.3)."""
    name, given = rule.name, getattr(facts.expect, rule.given)
    wrong: State = "broken" if given is None else "failed"
    value = facts.claims.get(name)
    if name not in facts.claims:
        return wrong, f"No {name}: {facts.phrase} must have it, {rule.what} without query and fragment."
    target = _target(value) if isinstance(value, str) else None
    if not isinstance(value, str) or target is None:
        return wrong, f"{name} is {_shown(value)}; it must be {rule.what}."
    end = re.search("[?#]", value)
    if end:
        return wrong, f'{name} is {_shown(value)}; it must end before "{end.group()}": no query, no fragment.'
    if given is None:
        return "not_checked", f"{name} is {_shown(value)}; give {rule.what} to have it compared."
    if target != _target(given):
        return "failed", f'{name} is {_shown(value)}; "{quoted(given)}" is expected.'
    return "passed", f"{name} is {_shown(value)}, as expected."


def _hash(rule: Rule, facts: Facts) -> Verdict:
    """The claim is the hash, or its left half, of what the person gave."""
    name, given = rule.name, getattr(facts.expect, rule.given)
    value = facts.claims.get(name)
    if given is None:
        if name in facts.claims:
            return "not_checked", f"{name} is {_shown(value)}; give {rule.what} to have it compared."
        return "not_checked", f"No {name}, and {rule.what} is not given."
    if name not in facts.claims:
        if rule.required:
            return "failed", f"No {name}: with {rule.what}, {facts.phrase} must have it."
        return "not_checked", f"No {name} to compare with {rule.what}; not every flow requires it."
    digest = rule.digest or _digest(facts)
    if not digest:
        return "not_checked", f"No specification says which hash {name} takes with {_alg(facts)}."
    data = given.encode("utf-8", "surrogatepass")
    whole = _hashed(digest, data)
    right = base64url(whole[: len(whole) // 2] if rule.half else whole)
    part = "left half of the " if rule.half else ""
    if value == right:
        return "passed", f"{name} is the {part}{_DIGESTS[digest]} of {rule.what}."
    slip = _slip(value, data, digest, rule) if isinstance(value, str) else ""
    return "failed", f'{name} is {_shown(value)}; the {part}{_DIGESTS[digest]} of {rule.what} is "{right}".{slip}'


def _bound(rule: Rule, facts: Facts) -> Verdict:
    """The access token is bound to the key in the header (RFC 9449 §6.1)."""
    given, jwk = getattr(facts.expect, rule.given), facts.header.get("jwk")
    if given is None:
        return "not_checked", "Give the access token to see whether it is bound to this key."
    payload = envelope.read(given).payload
    value = payload.value if payload else None
    cnf = value.get("cnf") if isinstance(value, dict) else None
    jkt = cnf.get("jkt") if isinstance(cnf, dict) else None
    box = keys.read(json.dumps(jwk, default=str)).keys if isinstance(jwk, dict) else ()
    if not isinstance(jkt, str) or len(box) != 1 or box[0].public is None:
        return "not_checked", "The access token does not show a thumbprint (cnf.jkt) to compare with this key."
    right = box[0].thumbprint()
    if jkt != right:
        return "failed", f'The access token is bound to another key: its cnf.jkt is {_shown(jkt)}, the thumbprint of jwk is "{right}".'
    return "passed", "The access token is bound to this key: its cnf.jkt is the thumbprint of jwk."


_KINDS: dict[str, Callable[[Rule, Facts], Verdict]] = {
    "present": _present,
    "any": _any,
    "absent": _absent,
    "type": _type,
    "algorithm": _algorithm,
    "parameter": _parameter,
    "same": _same,
    "differs": _differs,
    "matches": _matches,
    "one_of": _one_of,
    "event": _event,
    "lifetime": _lifetime,
    "fresh": _fresh,
    "part": _part,
    "public_key": _public_key,
    "party": _party,
    "given": _given,
    "url": _url,
    "hash": _hash,
    "bound": _bound,
}
_NEEDS: dict[Form, str] = {
    "string": "a string that is not empty",
    "date": "a date, seconds since 1970 as a number",
    "audience": "a string or an array of strings",
    "object": "an object",
}
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "priv")
_DIGESTS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "shake_256": "SHAKE256"}
_LONGEST_URL = 8192
_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def _shown(value: object) -> str:
    """*value* for a sentence: text in quotes, dates by the calendar, the rest by its kind."""
    if isinstance(value, str):
        return f'"{quoted(value)}"' if value else "an empty string"
    if times.is_date(value):
        return f"{times.utc(value)}" if 10**8 < value < 10**11 else "a number"
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        more = f" and {len(value) - 3} more" if len(value) > 3 else ""
        return "an array of " + ", ".join(f'"{quoted(one)}"' for one in value[:3]) + more
    if isinstance(value, (list, dict)) and not value:
        return f"an empty {'array' if isinstance(value, list) else 'object'}"
    return kind_of(value)


def _length(seconds: Seconds) -> str:
    return f"{times.span(seconds)} ({seconds:,} s)" if seconds < 10**9 else times.span(seconds)


def _alg(facts: Facts) -> str:
    alg = facts.header.get("alg")
    return alg if isinstance(alg, str) and alg in ALGORITHMS else "this algorithm"


def _digest(facts: Facts) -> str:
    """The hash of the token's algorithm; that of EdDSA is the one within the signature (RFC 8032), told by its size."""
    alg = facts.header.get("alg")
    row = ALGORITHMS.get(alg) if isinstance(alg, str) else None
    if row is None or row.family != "eddsa":
        return row.digest if row else ""
    return {64: "sha512", 114: "shake_256"}.get(len(facts.token.signature), "")


def _hashed(digest: str, data: bytes) -> bytes:
    # Ed448 takes 114 bytes of SHAKE256 (RFC 8032 §5.2).
    return hashlib.shake_256(data).digest(114) if digest == "shake_256" else hashlib.new(digest, data).digest()


def _slip(value: str, data: bytes, digest: str, rule: Rule) -> str:
    """What was done instead, if *value* tells."""
    for other in ("sha256", "sha384", "sha512"):
        whole = hashlib.new(other, data).digest()
        for part, words in ((whole[: len(whole) // 2], "the left half of the "), (whole, "the whole ")):
            if value in (base64url(part), urlsafe_b64encode(part).decode(), b64encode(part).decode(), part.hex()):
                other_part = (part is whole) == rule.half
                if other != digest or other_part:
                    return f" It is {words}{_DIGESTS[other]}."
                return " The bytes are right, their spelling is not: it must be base64url without padding."
    return ""


def _target(url: str) -> tuple[str, str, int | None, str] | None:
    """What of *url* is compared: spelt in one way, without query and fragment (RFC 3986 §6.2.2, §6.2.3)."""
    if len(url) > _LONGEST_URL:  # urlsplit remembers what it was asked
        return None
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    if not parts.scheme or not host:
        return None
    return parts.scheme, host, port or _PORTS.get(parts.scheme), _ESCAPE.sub(_unescape, parts.path) or "/"


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match.group(1), 16))
    return character if character in _UNRESERVED else match.group().upper()
