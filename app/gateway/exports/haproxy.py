"""HAProxy 2.6 or newer, which judges tokens with its own jwt_verify. What it cannot be told is denied."""

from __future__ import annotations

from decimal import Decimal

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports import haproxy_json as pattern
from app.gateway.exports.asking import API, PORT
from app.gateway.exports.case import PASSED_ON
from app.gateway.exports.export import Answer, Export, File, Gap, Gateway
from app.gateway.exports.haproxy_request import before_the_token, token_lines, upstream_lines
from app.gateway.exports.haproxy_routes import asked_lines, route_lines
from app.gateway.exports.haproxy_text import deny, matches, quote
from app.gateway.exports.native import Gaps, is_text, usable, words
from app.gateway.policy import Issuer, KeySource, Policy
from app.gateway.request import Header, Request
from app.tokens import decode
from app.tokens.claims import STRINGS, media_type
from app.tokens.keys import public_pem

VERIFIES = frozenset(("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"))
_HEADER_STRINGS = ("kid", "typ", "cty", "jku", "x5u", "x5t", "x5t#S256")
_HEADER_NEVER = ("crit", "b64", "jwk", "x5c")
_ALWAYS = (
    Gap(
        "routes",
        "HAProxy refuses some requests that this policy takes: a path with full-width letters, or with the signs … ․ ‥ ⁇ ⁈ ⁉ ℀ ℁ ℅ ℆. No API has such paths.",
    ),
    Gap(
        "issuers",
        "HAProxy refuses some tokens that this policy takes, and issuers hardly ever make: JSON with numbers that have exponents, plain letters as \\u escapes,"
        " half a character, more than some 200 names in an object or more than some ten levels; a header with crit, b64, jwk or x5c; a request head beyond 15 KB.",
    ),
)
_LONGEST_HEAD = 15_000
_HEAD = """\
# HAProxy 2.6 or newer, built with PCRE2 and OpenSSL. Try it with: haproxy -c -f haproxy.cfg
global
    # The grammar of JSON, for the expressions below: each names one member, the type of its value, and that it stands there once.
    setenv JSON {grammar}

defaults
    mode http
    timeout client 30s
    timeout connect 5s
    timeout server 30s

frontend gateway
    bind :{port}
    default_backend api
"""
_TAIL = """
backend api
    # Put the address of your API here.
    server api {api}
"""


def export(policy: Policy) -> Export:
    gaps = Gaps()
    for gap in _ALWAYS:
        gaps.add(gap.path, gap.because)
    if policy.describe:
        gaps.add("describe", "HAProxy tells the client the error code, and not in a sentence what is wrong. Read its log instead.")
    keys: list[File] = []
    notes: list[str] = []
    lines = [
        *before_the_token(policy, gaps),
        *route_lines(policy, gaps),
        *token_lines(policy, gaps),
        *_judging(policy, gaps, keys, notes),
        *asked_lines(policy, gaps),
        *upstream_lines(policy, gaps),
    ]
    text = (
        _HEAD.format(grammar=quote(pattern.GRAMMAR), port=PORT)
        + "\n".join(f"    {line}".rstrip() for line in lines)
        + "\n"
        + _TAIL.format(api=API)
    )
    if keys:
        notes.insert(
            0, "Put the folder keys beside haproxy.cfg and start HAProxy there; it reads the files once, so reload it when a key changes."
        )
    return Export((File("haproxy.cfg", "haproxy", text), *keys), gaps.all(), tuple(notes))


def _refuse(policy: Policy, condition: str) -> str:
    return deny(401, f"judged {condition}", f'Bearer realm="{policy.realm}", error="invalid_token"')


def _judging(policy: Policy, gaps: Gaps, keys: list[File], notes: list[str]) -> list[str]:
    """The token: its form, whose it is, its signature, and its terms."""
    lines = [
        "",
        "# The token: three parts of canonical base64url, a header and claims that can be read in one way only.",
        "acl judged var(txn.token) -m found",
        f"acl token_form var(txn.token) -m reg -- {quote(_FORM)}",
        "http-request set-var(txn.header) var(txn.token),word(1,.),ub64dec if judged token_form",
        "http-request set-var(txn.claims) var(txn.token),word(2,.),ub64dec if judged token_form",
        "http-request set-var(txn.alg) var(txn.header),json_query('$.alg') if judged token_form",
        matches("header_form", "header", pattern.WHOLE),
        matches("alg_form", "header", pattern.member(("alg",), pattern.STRING)),
        *(matches(f"header_{number}", "header", one) for number, one in enumerate(_header_rules())),
        _refuse(policy, "!token_form"),
        _refuse(policy, "!header_form"),
        _refuse(policy, "!alg_form"),
        *(_refuse(policy, f"!header_{number}") for number in range(len(_header_rules()))),
        "",
        "# Whose token it says it is. That chooses the key, and the signature shows whether it is true.",
        *_issuer_lines(policy, gaps),
        "",
        "# The signature.",
    ]
    for number, issuer in enumerate(policy.issuers):
        for place, source in enumerate(issuer.keys):
            lines += _key_lines(source, number, place, gaps, keys, notes)
    lines += [
        _refuse(policy, "!{ var(txn.verified) -m bool }"),
        "",
        "# The claims. Times are compared by the clock of this machine.",
        matches("claims_form", "claims", pattern.WHOLE),
        _refuse(policy, "!claims_form"),
        "http-request set-var(txn.now) date()",
    ]
    for name in ("exp", "nbf", "iat"):
        lines.append(f"http-request set-var(txn.{name}) var(txn.claims),json_query('$.{name}',int) if judged")
    for name in STRINGS:
        lines += _or_absent(f"{name}_form", name, pattern.STRING)
        lines.append(_refuse(policy, f"!{name}_form"))
    for name in ("exp", "nbf", "iat"):
        lines += _or_absent(f"{name}_form", name, pattern.SECONDS)
        lines.append(_refuse(policy, f"!{name}_form"))
    lines += _or_absent("aud_form", "aud", f"{pattern.STRING}|{pattern.STRINGS}")
    lines.append(_refuse(policy, "!aud_form"))
    lines += [
        matches("no_exp", "claims", pattern.absent("exp")),
        matches("no_nbf", "claims", pattern.absent("nbf")),
        matches("exp_fraction", "claims", pattern.member(("exp",), pattern.FRACTION)),
        matches("nbf_fraction", "claims", pattern.member(("nbf",), pattern.FRACTION)),
    ]
    for number, issuer in enumerate(policy.issuers):
        lines += _terms(policy, issuer, number, gaps)
    return lines


# What announces itself as a key is no secret: that is the algorithm confusion attack.
_KEY = r'-----BEGIN|"kty"|^(?:ssh-|ecdsa-|MII[A-Za-z0-9+/]{60}|MFkwEwYH|MHYwEAYH|MIGbMBAG|MCowBQYD|LS0tLS1CRUdJTi)'
_PART = "(?:[A-Za-z0-9_-]{4})*+(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"
_FORM = rf"^(?=[^.])(?:{_PART}\.){{2}}{_PART}$"


def _header_rules() -> tuple[str, ...]:
    """What the header must and must not have (RFC 7515 §4)."""
    strings = (f"{pattern.absent(name)}|{pattern.member((name,), pattern.STRING)}" for name in _HEADER_STRINGS)
    return (*strings, *(pattern.absent(name) for name in _HEADER_NEVER))


def _or_absent(name: str, claim: str, value: str) -> list[str]:
    return [matches(name, "claims", pattern.absent(claim)), matches(name, "claims", pattern.member((claim,), value))]


def _issuer_lines(policy: Policy, gaps: Gaps) -> list[str]:
    lines = []
    for number, issuer in enumerate(policy.issuers):
        for name in issuer.names:
            if not is_text(name):
                gaps.add(
                    f"issuers[{number}].issuer",
                    "A name with half a character in it cannot be written into haproxy.cfg; its tokens are denied.",
                )
                continue
            lines.append(matches(f"iss_{number}", "claims", pattern.member(("iss",), pattern.quoted(name))))
        if issuer.names and any(map(is_text, issuer.names)):
            lines.append(f"http-request set-var(txn.issuer) int({number}) if judged iss_{number}")
    for number, issuer in enumerate(policy.issuers):
        if not issuer.names:
            lines.append(f"http-request set-var(txn.issuer) int({number}) if judged !{{ var(txn.issuer) -m found }}")
    return lines


def _key_lines(source: KeySource, number: int, place: int, gaps: Gaps, keys: list[File], notes: list[str]) -> list[str]:
    path = f"issuers[{number}].keys[{place}]"
    for name in source.algorithms:
        if name not in VERIFIES:
            gaps.add(
                f"{path}.algorithms",
                f"jwt_verify does not know {name}: tokens that are signed with it are denied. Have the issuer sign with ES256.",
            )
    mine = f"judged {{ var(txn.issuer) -m int {number} }}"
    if source.kind == "secret":
        return _secret_lines(source, mine, f"JWT_SECRET_{number}_{place}", notes)
    if source.keys is None:
        gaps.add(
            path,
            "HAProxy fetches no keys: tokens signed with these are denied. Fetch the JWK Set, write its keys into the policy, and export it anew whenever they change.",
        )
        return []
    lines: list[str] = []
    for key, algorithm, at in usable(source):
        if algorithm.name not in VERIFIES:
            continue
        file = File(f"keys/issuer-{number}-{place}-{at}.pem", "pem", public_pem(key))
        if file not in keys:
            keys.append(file)
        kid = _kid(key.kid, f"kid_{number}_{place}_{at}", f"{path}.{source.kind}", gaps)
        if kid is None:
            continue
        lines += [line for line in kid[1] if line not in lines]
        verified = f"{{ var(txn.token),jwt_verify({algorithm.name},{file.name}) -m int 1 }}"
        for condition in kid[0]:
            lines.append(
                f"http-request set-var(txn.verified) bool(true) if {mine} {{ var(txn.alg) -m str {algorithm.name} }} {condition}{verified}"
            )
    return lines


def _kid(kid: str | None, name: str, path: str, gaps: Gaps) -> tuple[tuple[str, ...], list[str]] | None:
    """The conditions under which a key with that kid may be tried, and the ACL they need: the token has the same, or none."""
    if kid is None:
        return ("",), []
    if not is_text(kid):
        gaps.add(path, "A key whose kid has half a character in it cannot be named in haproxy.cfg; its tokens are denied.")
        return None
    acl = [
        matches(name, "header", pattern.member(("kid",), pattern.quoted(kid))),
        matches(name, "header", pattern.absent("kid")),
    ]
    return (f"{name} ",), acl


def _secret_lines(source: KeySource, mine: str, variable: str, notes: list[str]) -> list[str]:
    notes.append(
        f'Put the secret "{source.reference}" into the environment variable {variable} of HAProxy, as the text that it is; it does not stand in the files.'
    )
    lines = [
        f"http-request set-var(txn.secret) env({variable}) if {mine}",
        f"http-request set-var(txn.is_key) bool(true) if {mine} {{ var(txn.secret) -m reg -- {quote(_KEY)} }}",
    ]
    for name in source.algorithms:
        least = int(name[2:]) // 8
        lines.append(
            f"http-request set-var(txn.verified) bool(true) if {mine} {{ var(txn.alg) -m str {name} }}"
            f" {{ var(txn.secret),length ge {least} }} !{{ var(txn.is_key) -m bool }} {{ var(txn.token),jwt_verify({name},txn.secret) -m int 1 }}"
        )
    return lines


def _terms(policy: Policy, issuer: Issuer, number: int, gaps: Gaps) -> list[str]:
    path, mine = f"issuers[{number}]", f"{{ var(txn.issuer) -m int {number} }}"
    left = f"var(txn.exp),add({issuer.leeway}),sub(txn.now)"
    lines = [
        f"acl live_{number} {left} gt 0",
        f"acl live_{number}_exactly {left} eq 0",
        f"acl begun_{number} var(txn.nbf),sub(txn.now) lt {issuer.leeway}",
        f"acl begun_{number}_exactly var(txn.nbf),sub(txn.now) eq {issuer.leeway}",
        _refuse(policy, f"{mine} !no_exp !live_{number} !live_{number}_exactly"),
        _refuse(policy, f"{mine} !no_exp !live_{number} !exp_fraction"),
        _refuse(policy, f"{mine} !no_nbf !begun_{number} !begun_{number}_exactly"),
        _refuse(policy, f"{mine} !no_nbf !begun_{number} nbf_fraction"),
    ]
    if issuer.audiences:
        names = [one for one in issuer.audiences if is_text(one)]
        if len(names) < len(issuer.audiences):
            gaps.add(
                f"{path}.audience", "A name with half a character in it cannot be written into haproxy.cfg; tokens for it alone are denied."
            )
        lines += [matches(f"aud_{number}", "claims", pattern.member(("aud",), _aud(one))) for one in names] or [
            f"acl aud_{number} always_false"
        ]
        lines.append(_refuse(policy, f"{mine} !aud_{number}"))
    if issuer.type is not None:
        lines += _typ(policy, issuer.type, number, gaps)
    for place, claim in enumerate(issuer.required):
        if not all(map(is_text, claim)):
            gaps.add(
                f"{path}.required[{place}]", "A name with half a character in it cannot be written into haproxy.cfg; every token is denied."
            )
            lines.append(_refuse(policy, mine))
            continue
        lines.append(matches(f"required_{number}_{place}", "claims", pattern.member(claim, pattern.NOT_NULL)))
        lines.append(_refuse(policy, f"{mine} !required_{number}_{place}"))
    if issuer.max_life is not None:
        gaps.add(
            f"{path}.max_life",
            "HAProxy compares whole seconds: where the life is limited, a token whose iat or exp has a fraction is denied.",
        )
        lines += [
            matches(
                f"life_whole_{number}",
                "claims",
                rf"(?={pattern.member(('exp',), pattern.WHOLE_SECONDS)}){pattern.member(('iat',), pattern.WHOLE_SECONDS)}",
            ),
            f"acl life_{number} var(txn.exp),sub(txn.iat) le {issuer.max_life}",
            _refuse(policy, f"{mine} !life_whole_{number}"),
            _refuse(policy, f"{mine} !life_{number}"),
        ]
    return lines


def _aud(name: str) -> str:
    value = pattern.quoted(name)
    return rf"{value}|\[(?:\s*(?&s)\s*,)*?\s*{value}\s*(?:,\s*(?&s)\s*)*+\]"


def _typ(policy: Policy, expected: str, number: int, gaps: Gaps) -> list[str]:
    mine = f"{{ var(txn.issuer) -m int {number} }}"
    if not expected.isascii():
        gaps.add(f"issuers[{number}].type", "HAProxy compares types in ASCII only; every token of this issuer is denied.")
        return [_refuse(policy, mine)]
    whole = media_type(expected)
    short = whole.removeprefix("application/")
    spellings = [whole] if "/" in short else [whole, short]
    value = "|".join(pattern.text(one) for one in spellings)
    return [matches(f"typ_{number}", "header", pattern.member(("typ",), f'"(?i:{value})"')), _refuse(policy, f"{mine} !typ_{number}")]


# What version 2.6 sends where the rule names no header; with one the body is empty.
_FORBIDDEN = "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"
_BECAUSE = "The rules of the export answer so, each with http-request deny; the text is HAProxy's own, as version 2.6 sends it."


def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    """The export has our statuses; where it may deny more than we do, nothing is told."""
    if not _is_known(policy, request, decision):
        return None
    if decision.allowed:
        return Answer(PASSED_ON, because="HAProxy passes the request on, and the API answers.")
    challenge = _challenge(policy, decision)
    headers = (Header("WWW-Authenticate", challenge),) if challenge else ()
    return Answer(decision.status, headers, "" if challenge else _FORBIDDEN, _BECAUSE)


def _is_known(policy: Policy, request: Request, decision: Decision) -> bool:
    # HAProxy itself refuses what is no request for a path, before any rule; and that we lack a key says nothing of HAProxy.
    if decision.status == 503 or request.method == "CONNECT" or not request.target.startswith("/") or "#" in request.target:
        return False
    if sum(len(name) + len(value) + 4 for name, value in request.headers) + len(request.target) > _LONGEST_HEAD:
        return False
    harmless = ("upstream.", *(() if _has_fractions(policy, request) else ("issuers[",)))
    gaps = (gap for gap in export(policy).gaps if gap not in _ALWAYS and gap.path != "describe")
    return all(gap.path.startswith(harmless) and (not gap.path.startswith("issuers[") or gap.path.endswith(".max_life")) for gap in gaps)


def _has_fractions(policy: Policy, request: Request) -> bool:
    """Whether a token in *request* has a date that is no whole number."""
    payloads = (decode(found.text).payload for found in credentials.find(request, policy.sources) if found.text)
    dates = (payload.get(name) for payload in payloads if isinstance(payload, dict) for name in ("exp", "iat"))
    return any(isinstance(date, Decimal) and date != int(date) for date in dates)


def _challenge(policy: Policy, decision: Decision) -> str:
    if decision.www_authenticate is None:
        return ""
    parts = {"realm": policy.realm} | ({"error": decision.error} if decision.error else {})
    if decision.error == "insufficient_scope" and decision.route and decision.route.scopes:
        parts["scope"] = " ".join(words(decision.route.scopes))
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())


GATEWAY = Gateway("haproxy", "HAProxy (jwt_verify)", False, export, answer)
