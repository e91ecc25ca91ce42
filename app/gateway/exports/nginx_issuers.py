"""Whose tokens nginx Plus takes: the keys, which issuer each key is of, and the terms of that issuer, as maps that say 1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.gateway.exports.export import File
from app.gateway.exports.native import Gaps, is_text, jwk_set, to_json, usable
from app.gateway.exports.nginx_claims import Claims, Unsayable
from app.gateway.exports.nginx_text import block, map_of, one_of, quote
from app.gateway.policy import Issuer, KeySource, Policy
from app.tokens.claims import media_type

VERIFIES = frozenset(("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"))
ALLOWS_MORE = "nginx Plus allows more than this policy here:"
_FOLDER = "/etc/nginx/jwtlens"


@dataclass(slots=True)
class Keys:
    """Where nginx finds the keys: *directives* for each location that wants a token, and what they need elsewhere."""

    directives: list[str] = field(default_factory=list)
    http: list[str] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def keys(policy: Policy, gaps: Gaps) -> Keys:
    found = Keys()
    for number, issuer in enumerate(policy.issuers):
        for place, source in enumerate(issuer.keys):
            _source(source, number, place, len(policy.issuers) > 1, found, gaps)
    if found.files:
        found.notes.append(f"Put the folder keys into {_FOLDER}; nginx reads it when it starts or reloads.")
    if found.locations:
        found.http.append("proxy_cache_path /var/cache/nginx/jwtlens levels=1 keys_zone=jwtlens:1m;")
    return found


def _source(source: KeySource, number: int, place: int, has_others: bool, found: Keys, gaps: Gaps) -> None:
    path = f"issuers[{number}].keys[{place}]"
    for name in source.algorithms:
        if name not in VERIFIES:
            gaps.add(
                f"{path}.algorithms",
                f"nginx Plus does not know {name}: tokens that are signed with it are denied. ES256 is known everywhere.",
            )
    if source.kind == "issuer_url":
        gaps.add(
            path,
            "nginx does not look up an issuer: tokens with these keys are denied. Name the jwks_uri of its metadata as jwks_url instead.",
        )
    elif source.keys is None and has_others:
        gaps.add(
            path,
            "With several issuers nginx tells keys apart by kid, which is not known of these: tokens with them are denied. Write public keys here.",
        )
    elif source.kind == "secret":
        file = f"{_FOLDER}/secret-{number}-{place}.json"
        found.directives.append(f"auth_jwt_key_file {file};")
        found.notes.append(
            f'Put the secret "{source.reference}" into {file} as a JWK Set, {{"keys": [{{"kty": "oct", "k": "…"}}]}}, where k is the secret in base64url;'
            " nginx alone should be able to read it."
        )
    elif source.kind == "jwks_url":
        _fetched(source, number, place, found, gaps)
    elif usable(source):
        if has_others and any(one.key.kid is None for one in usable(source)):
            gaps.add(
                f"{path}.{source.kind}", "With several issuers nginx tells keys apart by kid: tokens with a key that has none are denied."
            )
        written = File(f"keys/issuer-{number}-{place}.json", "json", to_json(jwk_set([source], VERIFIES)))
        found.files.append(written)
        found.directives.append(f"auth_jwt_key_file {_FOLDER}/{written.name};")


def _fetched(source: KeySource, number: int, place: int, found: Keys, gaps: Gaps) -> None:
    if re.search(r"[$\"\\;{}]", source.reference):
        gaps.add(f"issuers[{number}].keys[{place}]", "nginx takes a $ in an address for a variable: tokens with these keys are denied.")
        return
    name = f"/_keys_{number}_{place}"
    found.directives.append(f"auth_jwt_key_request {name};")
    lines = [
        "internal;",
        "proxy_cache jwtlens;",
        "proxy_cache_valid 200 5m;",
        "# The last good keys are kept when there are no new ones.",
        "proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;",
        "proxy_ssl_server_name on;",
        "proxy_ssl_verify on;",
        "proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;",
        "proxy_pass_request_headers off;",
        "proxy_set_header Host $proxy_host;",
        f"proxy_pass {quote(source.reference)};",
    ]
    found.locations += ["", *block(f"location = {name}", lines)]


def terms(policy: Policy, claims: Claims, gaps: Gaps) -> list[str]:
    """The variables that must all be 1 for a token to be accepted; the maps for them are added to *claims*."""
    claims.lines += ["", "# Whose token it is: its kid and its iss must be of one issuer."]
    claims.lines += map_of(f'"$jwtlens_kid ${claims.variable(("iss",))}"', "jwtlens_issuer", _issuers(policy, gaps), "none")
    checks = {
        "alg": ("$jwtlens_alg", [_entry(number, "|".join(map(re.escape, _algorithms(issuer)))) for number, issuer in _numbered(policy)]),
        "aud": (f"${claims.variable(('aud',))}", [_entry(number, _aud(issuer, number, gaps)) for number, issuer in _numbered(policy)]),
        "typ": ("$jwtlens_typ", [_entry(number, _typ(issuer, number, gaps)) for number, issuer in _numbered(policy)]),
    }
    for name, (source, expressions) in checks.items():
        claims.lines += one_of(f'"$jwtlens_issuer {source}"', f"jwtlens_{name}_ok", expressions)
    # Extensions that a token says must be understood are none of nginx's (RFC 7515 §4.1.11).
    claims.lines += one_of("$jwtlens_crit", "jwtlens_crit_ok", [""])
    required = [name for number, issuer in _numbered(policy) for name in _required(issuer, number, claims, gaps)]
    for number, issuer in _numbered(policy):
        if issuer.max_life is not None:
            gaps.add(
                f"issuers[{number}].max_life",
                f"{ALLOWS_MORE} nginx does not compare iat and exp, so a token may live as long as it says. Have the issuer limit it.",
            )
    return ["jwtlens_alg_ok", "jwtlens_aud_ok", "jwtlens_typ_ok", "jwtlens_crit_ok", *required]


def leeway(policy: Policy, gaps: Gaps) -> int:
    """The smallest of all, for a location has only one."""
    least = min((issuer.leeway for issuer in policy.issuers), default=0)
    for number, issuer in _numbered(policy):
        if issuer.leeway > least:
            gaps.add(f"issuers[{number}].leeway", f"nginx has one leeway for all issuers, and the smallest is taken: {least} s.")
    return least


def _numbered(policy: Policy) -> list[tuple[int, Issuer]]:
    return list(enumerate(policy.issuers))


def _entry(number: int, expression: str) -> str:
    return rf"^{number} (?:{expression})\z"


def _algorithms(issuer: Issuer) -> list[str]:
    return [name for source in issuer.keys for name in source.algorithms if name in VERIFIES] or ["nothing"]


def _issuers(policy: Policy, gaps: Gaps) -> dict[str, str]:
    """The issuer by "kid iss": with one issuer any key is its own, with several a key is known by its kid."""
    found: dict[str, str] = {}
    several = len(policy.issuers) > 1
    kids = [[one.key.kid for source in issuer.keys for one in usable(source)] for issuer in policy.issuers]
    for number, issuer in _numbered(policy):
        own = [kid for kid in dict.fromkeys(kids[number]) if kid is not None and is_text(kid) and " " not in kid]
        shared = [kid for kid in own if any(kid in others for at, others in enumerate(kids) if at != number)]
        if several and shared:
            gaps.add(
                f"issuers[{number}].keys",
                "Two issuers have a key with the same kid: tokens with it are denied. Have one of them name its keys otherwise.",
            )
        known = [re.escape(kid) for kid in own if kid not in shared]
        if several and not known:
            continue
        kid = f"(?:{'|'.join(known)})" if several else "[^ ]*"
        names = [name for name in issuer.names if is_text(name)]
        if len(names) < len(issuer.names):
            gaps.add(f"issuers[{number}].issuer", "A name with half a character in it cannot be written; its tokens are denied.")
        others = [name for other in policy.issuers for name in other.names if is_text(name)]
        if issuer.names:
            iss = f"(?:{'|'.join(map(re.escape, names)) or 'nothing at all'})"
        else:
            iss = f"(?!(?:{'|'.join(map(re.escape, others))})\\z)(?s:.*)" if others else "(?s:.*)"
        found[rf"^{kid} {iss}\z"] = str(number)
    return found


def _aud(issuer: Issuer, number: int, gaps: Gaps) -> str:
    if not issuer.audiences:
        return "(?s:.*)"
    sayable = [re.escape(one) for one in issuer.audiences if is_text(one) and "," not in one]
    if len(sayable) < len(issuer.audiences):
        gaps.add(
            f"issuers[{number}].audience",
            "nginx parts audiences with commas, so one with a comma is not found; tokens for it alone are denied.",
        )
    return rf"(?s:.*,)?(?:{'|'.join(sayable) or 'nothing at all'})(?:,(?s:.*))?"


def _typ(issuer: Issuer, number: int, gaps: Gaps) -> str:
    if issuer.type is None:
        return "(?s:.*)"
    if not issuer.type.isascii():
        gaps.add(f"issuers[{number}].type", "Types are compared in ASCII only; every token of this issuer is denied.")
        return "nothing at all"
    whole = media_type(issuer.type)
    short = whole.removeprefix("application/")
    return f"(?i:{'|'.join(re.escape(one) for one in ((whole,) if '/' in short else (whole, short)))})"


def _required(issuer: Issuer, number: int, claims: Claims, gaps: Gaps) -> list[str]:
    found = []
    for place, path in enumerate(issuer.required):
        name = f"jwtlens_required_{number}_{place}"
        try:
            source = f'"$jwtlens_issuer ${claims.variable(path)}"'
        except Unsayable:
            gaps.add(
                f"issuers[{number}].required[{place}]", "nginx takes a $ in a name for a variable: every token of this issuer is denied."
            )
            claims.lines += map_of('"$jwtlens_issuer"', name, {rf"^{number}\z": "0"}, "1")
        else:
            claims.lines += map_of(source, name, {rf"^{number} (?:null)?\z": "0"}, "1")
        found.append(name)
    return found
