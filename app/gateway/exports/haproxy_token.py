"""The token as HAProxy is told to judge it: its form, whose it says it is, and the signature with jwt_verify."""

from __future__ import annotations

from app.gateway.exports import haproxy_json as pattern
from app.gateway.exports.export import File
from app.gateway.exports.haproxy_text import is_whole, matches, quote, refuse
from app.gateway.exports.native import Gaps, is_text, usable
from app.gateway.policy import KeySource, Policy
from app.tokens.keys import public_pem

VERIFIES = frozenset(("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"))
_HEADER_STRINGS = ("kid", "typ", "cty", "jku", "x5u", "x5t", "x5t#S256")
_HEADER_NEVER = ("crit", "b64", "jwk", "x5c")
# Nobody has signed it yet: what is looked at must be little.
_LONGEST_HEADER = 4096
_PART = "(?:[A-Za-z0-9_-]{4})*+(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"
_FORM = rf"^(?=[^.])(?:{_PART}\.){{2}}{_PART}$"
# What announces itself as a key is no secret: that is the algorithm confusion attack.
_KEY = r'-----BEGIN|"kty"|^(?:ssh-|ecdsa-|MII[A-Za-z0-9+/]{60}|MFkwEwYH|MHYwEAYH|MIGbMBAG|MCowBQYD|LS0tLS1CRUdJTi)'


def token_judging(policy: Policy, gaps: Gaps, keys: list[File], notes: list[str]) -> list[str]:
    """The lines up to the signature; the key files are added to *keys*, what to do with secrets to *notes*."""
    strings = {name: f"{pattern.absent(name)}|{pattern.member((name,), pattern.STRING)}" for name in _HEADER_STRINGS}
    rules = {f"header_{name.replace('#', '_')}": one for name, one in strings.items()}
    rules |= {f"no_{name}": pattern.absent(name) for name in _HEADER_NEVER}
    lines = [
        "",
        "# The token: three parts of canonical base64url.",
        "acl judged var(txn.token) -m found",
        f"acl token_form var(txn.token) -m reg -- {quote(_FORM)}",
        "http-request set-var(txn.header) var(txn.token),word(1,.),ub64dec if judged token_form",
        "http-request set-var(txn.claims) var(txn.token),word(2,.),ub64dec if judged token_form",
        "http-request set-var(txn.alg) var(txn.header),json_query('$.alg') if judged token_form",
        "",
        "# Its header can be read in one way only, and has strings where strings belong (RFC 7515 §4).",
        is_whole("header_form", "header"),
        f"acl header_short var(txn.header),length le {_LONGEST_HEADER}",
        *refuse(policy, "!token_form", "!header_short", "!header_form"),
        matches("header_alg", "header", pattern.member(("alg",), pattern.STRING)),
        *(matches(name, "header", one) for name, one in rules.items()),
        *refuse(policy, "!header_alg", *(f"!{name}" for name in rules)),
        "",
        "# Whose token it says it is. That chooses the key, and the signature shows whether it is true.",
        *_issuers(policy, gaps),
        "",
        "# The signature.",
    ]
    for number, issuer in enumerate(policy.issuers):
        for place, source in enumerate(issuer.keys):
            lines += _keys(source, number, place, gaps, keys, notes)
    return [*lines, *refuse(policy, "!{ var(txn.verified) -m bool }")]


def _issuers(policy: Policy, gaps: Gaps) -> list[str]:
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


def _keys(source: KeySource, number: int, place: int, gaps: Gaps, keys: list[File], notes: list[str]) -> list[str]:
    path = f"issuers[{number}].keys[{place}]"
    for name in source.algorithms:
        if name not in VERIFIES:
            gaps.add(
                f"{path}.algorithms",
                f"jwt_verify of HAProxy 2.6 does not know {name}: tokens that are signed with it are denied. Have the issuer sign with ES256.",
            )
    mine = f"judged {{ var(txn.issuer) -m int {number} }}"
    if source.kind == "secret":
        return _secret(source, mine, f"JWT_SECRET_{number}_{place}", notes)
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
        condition = ""
        if key.kid is not None:
            if not is_text(key.kid):
                gaps.add(f"{path}.{source.kind}", "A kid with half a character in it cannot be written; tokens with that key are denied.")
                continue
            condition = f"kid_{number}_{place}_{at} "
            lines += [line for line in _kid(condition.strip(), key.kid) if line not in lines]
        verified = f"{{ var(txn.token),jwt_verify({algorithm.name},{file.name}) -m int 1 }}"
        alg = f"{{ var(txn.alg) -m str {algorithm.name} }}"
        lines.append(f"http-request set-var(txn.verified) bool(true) if {mine} {alg} {condition}{verified}")
    return lines


def _kid(name: str, kid: str) -> list[str]:
    """The token has the same kid, or none."""
    return [matches(name, "header", pattern.member(("kid",), pattern.quoted(kid))), matches(name, "header", pattern.absent("kid"))]


def _secret(source: KeySource, mine: str, variable: str, notes: list[str]) -> list[str]:
    notes.append(
        f'Put the secret "{source.reference}" into the environment variable {variable} of HAProxy, as the text that it is; it does not stand in the files.'
    )
    # Each has a variable of its own: of a secret that is not there, the one before must not take the place.
    secret, is_key = f"txn.{variable.lower()}", f"txn.{variable.lower()}_is_key"
    lines = [
        f"http-request set-var({secret}) env({variable}) if {mine}",
        f"http-request set-var({is_key}) bool(true) if {mine} {{ var({secret}) -m reg -- {quote(_KEY)} }}",
    ]
    for name in source.algorithms:
        sound = f"{{ var({secret}),length ge {int(name[2:]) // 8} }} !{{ var({is_key}) -m bool }}"
        verified = f"{{ var(txn.token),jwt_verify({name},{secret}) -m int 1 }}"
        lines.append(f"http-request set-var(txn.verified) bool(true) if {mine} {{ var(txn.alg) -m str {name} }} {sound} {verified}")
    return lines
