"""Apache httpd with mod_auth_openidc 2.4 as an OAuth 2.0 resource server. What it does was measured with version 2.4.12 of Debian."""

from __future__ import annotations

from collections.abc import Iterator

from app.gateway.exports import apache_limits as limits
from app.gateway.exports import apache_rules as rules
from app.gateway.exports import native
from app.gateway.exports.apache_answer import answer
from app.gateway.exports.apache_gaps import tell
from app.gateway.exports.asking import API, through
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.exports.native import Gaps, Usable
from app.gateway.exports.patterns import never_passed_on
from app.gateway.policy import Issuer, Policy, Route
from app.gateway.request import METHODS
from app.tokens.findings import quoted
from app.tokens.keys import public_pem

FOLDER = "/etc/apache2/jwtlens"
_CONTROLS = r"m#[\x00-\x1f\x7f]#"
# A header that Connection names is dropped on the way to the API, also one that is set here.
_HOPS = r"m#^(?:\s*(?:close|keep-alive|upgrade|te|http2-settings)?\s*(?:,|\z))*\z#i"
_HEAD = """\
# Apache 2.4 with mod_auth_openidc, mod_headers and mod_proxy_http, to be included in a <VirtualHost>.
# a2enmod auth_openidc headers proxy_http; then try it with: apache2ctl -t
"""


def export(policy: Policy) -> Export:
    gaps = Gaps()
    tell(gaps, policy)
    keys = [*_keys(policy)]
    files = [File(name, "pem", public_pem(one.key)) for name, one in keys]
    lines = [*_verifying(policy, keys), "", *_headers(policy), "", f'ProxyPass "/" "http://{API}/"', "", *_branches(policy)]
    text = _HEAD + "\n".join(lines) + "\n"
    return Export((File("jwtlens.conf", "apache", text), *files), gaps.all(), _notes(policy, bool(files)))


def _keys(policy: Policy) -> Iterator[tuple[str, Usable]]:
    """The RSA keys, each once, with the name of its file; the module crashes at the start over any other in a file."""
    seen: set[str] = set()
    for number, issuer in enumerate(policy.issuers, 1):
        for place, source in enumerate(issuer.keys, 1):
            for one in native.usable(source):
                mark = f"{one.key.kid} {one.key.thumbprint()}"
                if one.key.key_type == "RSA" and mark not in seen and limits.is_kid(one.key.kid):
                    seen.add(mark)
                    yield f"key-{number}-{place}-{one.number + 1}.pem", one


def _verifying(policy: Policy, keys: list[tuple[str, Usable]]) -> Iterator[str]:
    for name, one in keys:
        kid = f"{one.key.kid}#" if one.key.kid is not None else ""
        yield f'OIDCOAuthVerifyCertFiles "{kid}{FOLDER}/{name}"'
    if limits.fetched(policy):
        yield f'OIDCOAuthVerifyJwksUri "{limits.fetched(policy)}"'
    for number, _ in enumerate(_secrets(policy), 1):
        yield f'# OIDCOAuthVerifySharedKeys "hex##..." (secret {number} of the notes)'
    user = "sub" if policy.issuers and all(("sub",) in issuer.required for issuer in policy.issuers) else "iss"
    yield f'OIDCOAuthRemoteUserClaim "{user}"'
    yield from ('<Location "/">', "  OIDCPassClaimsAs environment", "  AuthzSendForbiddenOnFailure On", "</Location>")


def _secrets(policy: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source.reference for issuer in policy.issuers for source in issuer.keys if source.kind == "secret"))


def _headers(policy: Policy) -> Iterator[str]:
    yield "# What the client must not tell the API, and what is said of a token that lacks something."
    for name in never_passed_on(policy):
        yield f'RequestHeader unset "{name}"'
    challenge = f'Bearer realm=\\"{limits.realm(policy)}\\", error=\\"insufficient_scope\\"'
    yield f"""Header always setifempty WWW-Authenticate "{challenge}" "expr=%{{REQUEST_STATUS}} == 403 && -n reqenv('OIDC_OAUTH_BEARER_SCOPE_ERROR')\""""


def _branches(policy: Policy) -> Iterator[str]:
    """One of these decides about a request: the first that takes it, as in the policy."""
    known = "|".join(METHODS)
    yield rf'<If "%{{THE_REQUEST}} =~ m#^\S+ {limits.AMBIGUOUS}#i || %{{REQUEST_METHOD}} !~ m#^(?:{known})\z# || %{{HTTP:Connection}} !~ {_HOPS}">'
    yield f"  {rules.DENIED}"
    yield "</If>"
    for number, route in enumerate(policy.routes):
        yield f"# routes[{number}]"
        if route.access == "optional" and limits.may_be_left_out(policy):
            yield from _branch(f"{_condition(route)} && %{{HTTP:Authorization}} == ''", [*_empty(policy), "Require all granted"])
        if route.access == "anyone":
            yield from _branch(_condition(route), [*_empty(policy), "Require all granted"])
        else:
            yield from _branch(_condition(route), [*_asking(policy), *_upstream(policy), *_required(policy, route)])
    yield from ("<Else>", f"  {rules.DENIED}", "</Else>")


def _branch(condition: str, lines: list[str]) -> list[str]:
    return [f'<ElseIf "{condition}">', *(f"  {line}" for line in lines), "</ElseIf>"]


def _condition(route: Route) -> str:
    path = rules.expression(route.path)
    end = r"\z" if not route.is_prefix else "" if route.path.endswith("/") else r"(?:\x2f|\z)"
    condition = f"%{{REQUEST_URI}} =~ m#^{path}{end}#"
    if route.methods:
        condition += f" && %{{REQUEST_METHOD}} =~ m#^(?:{'|'.join(route.methods)})\\z#"
    return condition


def _asking(policy: Policy) -> Iterator[str]:
    yield "AuthType oauth20"
    yield f'AuthName "{limits.realm(policy)}"'
    yield f"OIDCOAuthAcceptTokenAs {' '.join(limits.accepted(policy)) or 'header'}"


def _empty(policy: Policy) -> Iterator[str]:
    for name, _ in policy.upstream:
        yield f'RequestHeader set "{name}" ""'


def _upstream(policy: Policy) -> Iterator[str]:
    """A claim goes into its header; one with a line break would bring headers of its own with it, and is left out."""
    for name, path in policy.upstream:
        yield f'RequestHeader set "{name}" ""'
        if limits.is_passed_on(path):
            yield f"""RequestHeader set "{name}" expr=%{{env:OIDC_CLAIM_{path[0]}}} "expr=reqenv('OIDC_CLAIM_{path[0]}') !~ {_CONTROLS}\""""


def _required(policy: Policy, route: Route) -> list[str]:
    lines = ["Require valid-user", *rules.any_of([line for issuer in policy.issuers for line in _issuer(policy, issuer)])]
    if not limits.accepted(policy):
        lines.append(rules.DENIED)
    for asked in (route.scopes, route.roles):
        lines += rules.words(asked) if asked else []
    if route.claims:
        lines += rules.rule(route.claims)
    return rules.all_of(lines)


def _issuer(policy: Policy, issuer: Issuer) -> list[str]:
    """What a token of *issuer* must say."""
    lines: list[str] = []
    if issuer.names:
        lines += rules.is_one_of(("iss",), issuer.names)
    else:
        others = [name for one in policy.issuers for name in one.names]
        lines += ["Require valid-user"]
        lines += ["<RequireNone>", *(f"  {line}" for line in rules.is_one_of(("iss",), tuple(others))), "</RequireNone>"] if others else []
    if issuer.audiences:
        lines += rules.is_one_of(("aud",), issuer.audiences)
    lines += [rules.is_there(path) for path in issuer.required if not limits.is_time(path)]
    return rules.all_of(lines)


def _notes(policy: Policy, has_files: bool) -> tuple[str, ...]:
    told = [through("Apache", f"http://{API}/")]
    if has_files:
        told.append(f"Put the keys into {FOLDER}, or change that path in jwtlens.conf.")
    for number, name in enumerate(_secrets(policy), 1):
        told.append(
            f'Secret {number} is "{quoted(name, 80)}": write it in hexadecimal behind hex## and take the # away. Until then its tokens are denied.'
        )
    return tuple(told)


GATEWAY = Gateway("apache", "Apache (mod_auth_openidc)", asks=False, export=export, answer=answer)
