"""HAProxy 2.6 or newer, which judges tokens with its own jwt_verify. What it cannot be told is denied."""

from __future__ import annotations

from app.gateway.decision import Decision
from app.gateway.exports import haproxy_json as pattern
from app.gateway.exports.asking import API, PORT, through
from app.gateway.exports.export import Answer, Export, File, Gap, Gateway
from app.gateway.exports.haproxy_answer import answer
from app.gateway.exports.haproxy_request import before_the_token, token_lines, upstream_lines
from app.gateway.exports.haproxy_routes import asked_lines, route_lines
from app.gateway.exports.haproxy_terms import claims_judging
from app.gateway.exports.haproxy_text import quote
from app.gateway.exports.haproxy_token import token_judging
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import LOOK_ALIKES
from app.gateway.policy import Policy
from app.gateway.request import Request

_ALWAYS = (
    Gap(
        "routes",
        "HAProxy refuses some requests that this policy takes: a path with full-width letters, or with the signs … ․ ‥ ⁇ ⁈ ⁉ ℀ ℁ ℅ ℆. No API has such paths.",
    ),
    Gap("routes", f"HAProxy allows more than this policy here: {LOOK_ALIKES} Let the API fold no letters."),
    Gap(
        "issuers",
        "HAProxy refuses some tokens that this policy takes, and issuers hardly ever make: JSON with numbers that have exponents, plain letters as \\u escapes,"
        " half a character, more than some 200 names in an object or more than some ten levels; a header with crit, b64, jwk or x5c, or of more than 4 KB; a request head beyond 15 KB.",
    ),
)
_HEAD = """\
# HAProxy 2.6 or newer, built with PCRE2 and OpenSSL. Try it with: haproxy -c -f haproxy.cfg
global
    # The grammar of JSON, for the expressions below: each names one member, the type of its value, and that it stands there once.
    setenv JSON {grammar}
    # And of an object in which no name stands twice.
    setenv ONCE {once}

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
    notes = [through("HAProxy")]
    lines = [
        *before_the_token(policy, gaps),
        *route_lines(policy, gaps),
        *token_lines(policy, gaps),
        *token_judging(policy, gaps, keys, notes),
        *claims_judging(policy, gaps),
        *asked_lines(policy, gaps),
        *upstream_lines(policy, gaps),
    ]
    text = (
        _HEAD.format(grammar=quote(pattern.GRAMMAR), once=quote(pattern.ONCE), port=PORT)
        + "\n".join(f"    {line}".rstrip() for line in lines)
        + "\n"
        + _TAIL.format(api=API)
    )
    if keys:
        notes.insert(
            1, "Put the folder keys beside haproxy.cfg and start HAProxy there; it reads the files once, so reload it when a key changes."
        )
    return Export((File("haproxy.cfg", "haproxy", text), *keys), gaps.all(), tuple(notes))


def answered(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    return answer(policy, request, decision, tuple(gap for gap in export(policy).gaps if gap not in _ALWAYS))


GATEWAY = Gateway("haproxy", "HAProxy with jwt_verify", False, export, answered)
