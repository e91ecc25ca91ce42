"""What mod_auth_openidc and Apache cannot be told of a policy."""

from __future__ import annotations

from app.gateway.exports import apache_limits as limits
from app.gateway.exports import apache_rules as rules
from app.gateway.exports import native
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import LOOK_ALIKES
from app.gateway.policy import ClaimRule, Issuer, KeySource, Path, Policy, Route, Words
from app.tokens.findings import quoted

_MORE = "That allows more than this policy"


def tell(gaps: Gaps, policy: Policy) -> None:
    _token(gaps, policy)
    if policy.issuers:
        gaps.add(
            "issuers",
            f"The module judges neither nbf nor iat, no exp that is not a number, no crit in the header, and no sign of padding. {_MORE}: "
            "a token passes before its nbf, and in the very second of its exp.",
        )
    if len(policy.issuers) > 1:
        gaps.add(
            "issuers",
            f"Apache has one set of keys for all issuers. {_MORE}: a key of one verifies a token that names another. Give each a <VirtualHost>.",
        )
    for number, issuer in enumerate(policy.issuers):
        _issuer(gaps, f"issuers[{number}]", issuer, policy)
    for number, route in enumerate(policy.routes):
        _route(gaps, f"routes[{number}]", route, policy)
    if policy.routes:
        gaps.add(
            "routes",
            "A path that is not UTF-8 is passed on as it came, where this policy denies it; other paths with two readings are denied, and so are "
            "some that this policy takes: those with %25 or with full-width letters.",
        )
        gaps.add("routes", f"{LOOK_ALIKES} {_MORE} for an API that folds them.")
    _upstream(gaps, policy)


def _token(gaps: Gaps, policy: Policy) -> None:
    for number, source in enumerate(policy.sources):
        if not limits.place(source):
            gaps.add(
                f"token[{number}]",
                "The module looks into Authorization: Bearer, a cookie, and the query parameter or form field access_token, so a token here is not "
                "found and the request denied.",
            )
    if not all(limits.is_bearer(source) for source in policy.sources):
        gaps.add(
            "token",
            f"Of several tokens the module judges the first that it finds. {_MORE}, which denies them: let the API read the same one.",
        )
    gaps.add(
        "describe",
        "The module always tells the client in a sentence of its own that there is no token, or that it is not valid; without a token the error is invalid_request.",
    )
    if limits.realm(policy) != policy.realm:
        gaps.add("realm", 'Apache puts variables into ${...} and reads % in a header as a format, so the realm is "api".')


def _issuer(gaps: Gaps, path: str, issuer: Issuer, policy: Policy) -> None:
    for number, source in enumerate(issuer.keys):
        _key(gaps, f"{path}.keys[{number}]", source, policy)
    odd = [value for value in (*issuer.names, *issuer.audiences) if not native.is_text(value)]
    if odd:
        gaps.add(f"{path}.issuer", "A name with half a character or NUL cannot be written, so tokens of this issuer are denied.")
    if not issuer.names:
        gaps.add(f"{path}.issuer", "A token without iss is denied: the module takes iss for the user when sub may be missing.")
    if issuer.type is not None:
        gaps.add(f"{path}.type", f"typ is not judged. {_MORE}: an ID token passes for an access token; let the API compare typ.")
    if issuer.leeway:
        gaps.add(
            f"{path}.leeway", "There is no leeway for an access token: it is denied from the second of exp on. Keep the clocks in step."
        )
    if issuer.max_life is not None:
        gaps.add(f"{path}.max_life", f"How long a token lives is not judged. {_MORE}; let the issuer give it a shorter life.")
    times = [quoted(native.dotted(one), 40) for one in issuer.required if limits.is_time(one)]
    if times:
        gaps.add(
            f"{path}.required",
            f"That {', '.join(times)} is there cannot be asked. {_MORE}: a token without exp passes for ever; let the API ask for it.",
        )
    others = [one for one in issuer.required if not limits.is_time(one)]
    if others:
        gaps.add(
            f"{path}.required", "A claim that is asked for must be a text or an array of texts: one with a number or an object is denied."
        )
    _names(gaps, f"{path}.required", others)


def _key(gaps: Gaps, path: str, source: KeySource, policy: Policy) -> None:
    if source.kind == "issuer_url":
        gaps.add(
            path,
            "The keys of an issuer are not looked for, so its tokens are denied: write the address of its keys into OIDCOAuthVerifyJwksUri.",
        )
    elif source.kind == "jwks_url":
        if source.reference != limits.fetched(policy):
            gaps.add(
                path,
                "Apache fetches keys from one address, with https alone, so tokens with these are denied: give the issuer a <VirtualHost>.",
            )
    elif source.kind != "secret" and any(key.key_type != "RSA" for key in (source.keys.keys if source.keys else ())):
        gaps.add(
            path,
            "The module reads only RSA keys from files, and crashes over others, so tokens with these are denied: publish them as a JWK Set.",
        )
    if source.keys and any(key.kid is None for key in source.keys.keys):
        gaps.add(
            path, "A key without kid is tried with tokens without kid alone; others are denied. Give the key the kid that its tokens name."
        )
    gaps.add(
        f"{path}.algorithms",
        f"The module takes every algorithm that a key fits: an RSA key RS256 to PS512, a secret HS256 to HS512. {_MORE}; let each key name its alg.",
    )


def _route(gaps: Gaps, path: str, route: Route, policy: Policy) -> None:
    if route.access == "optional":
        what = (
            "any other Authorization than Bearer is denied" if limits.may_be_left_out(policy) else "a request without a token is denied too"
        )
        gaps.add(f"{path}.access", f"A token that may be missing is no mode of the module: here {what}.")
    for name, asked in (("scopes", route.scopes), ("roles", route.roles)):
        if asked:
            _words(gaps, f"{path}.{name}", asked)
    if route.claims:
        _claims(gaps, f"{path}.claims", route.claims)


def _words(gaps: Gaps, path: str, asked: Words) -> None:
    _names(gaps, path, [asked.claim])
    if any(not native.is_text(word) for word in native.words(asked)):
        gaps.add(path, "A word with half a character or NUL cannot be written, so nobody has it.")
    gaps.add(path, f"In an array an entry with spaces counts as several words. {_MORE} for an issuer that writes such entries.")


def _claims(gaps: Gaps, path: str, rule: ClaimRule) -> None:
    _names(gaps, path, [one.claim for one in native.compares(rule)])
    if not rules.is_said(rule):
        gaps.add(path, "A comparison with a fraction, a number beyond 2,147,483,647 or a text that cannot be written holds for no token.")
    gaps.add(
        path,
        f'A claim is compared as text: an array that has the value passes, and "5" passes for 5. {_MORE} for an issuer that writes both.',
    )


def _names(gaps: Gaps, path: str, claims: list[Path]) -> None:
    for claim in dict.fromkeys(claims):
        shown = quoted(native.dotted(claim), 60)
        if not rules.is_name(claim):
            gaps.add(
                path,
                f"The claim {shown} cannot be named in Require: it has a quotation mark, a backslash, a control character or ${{. The rule denies.",
            )
        elif not rules.is_own_name(claim):
            gaps.add(path, f"The name {shown} leads also to a claim that has the dot in its name. {_MORE} for an issuer that writes both.")


def _upstream(gaps: Gaps, policy: Policy) -> None:
    if policy.upstream:
        gaps.add(
            "upstream",
            "The copies of the client are removed as they are written here and with _ for -; another spelling such as X.User is passed on, and so is "
            f"a value of any length. {_MORE}, which denies both.",
        )
    for name, path in policy.upstream:
        if not limits.is_passed_on(path):
            gaps.add(
                f"upstream.{name}",
                f"{quoted(native.dotted(path), 80)} is inside of another claim or has signs in its name, so {name} is always empty. "
                "Read it from the token, or let the issuer write it as a claim of its own.",
            )
        else:
            gaps.add(
                f"upstream.{name}",
                "Letters beyond ASCII come as =?utf-8?b?...?=, true as 1, and a value with a line break not at all, where this policy writes %.",
            )
