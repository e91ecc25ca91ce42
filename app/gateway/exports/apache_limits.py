"""What Apache with mod_auth_openidc can be told: one question each."""

from __future__ import annotations

import re

from app.gateway.exports.apache_rules import is_name
from app.gateway.policy import Path, Policy, Source

# What two servers could read in two ways, as in paths.py, with the letters that fold to the signs in it; the query is left out.
AMBIGUOUS = (
    r"[^ ?]*(?:%2f|%5c|\x5c|;|%3b|%3f|%23|\x23|%25|%[01][0-9a-f]|%7f|//|/(?:\.|%2e){1,2}(?:[/ ?]|$)"
    r"|%ef%b[89c]|%e2%80%a[45]|%e2%81%8[789]|%e2%84%8[0156]|%cd%be|%c[01]|%f[5-9a-f])"
)
_TIMES = (("exp",), ("nbf",), ("iat",), ("auth_time",))


def refuses(target: str) -> bool:
    """Whether the first branch refuses the path of *target*: some of what it refuses, a policy takes."""
    return bool(re.match(AMBIGUOUS, target, re.IGNORECASE))


def is_bearer(source: Source) -> bool:
    return source.place == "header" and source.name.lower() == "authorization" and source.scheme.lower() == "bearer"


def accepted(policy: Policy) -> list[str]:
    """The places of a token that the module knows, in its words; a query parameter and a form field have one name there."""
    return list(dict.fromkeys(word for source in policy.sources if (word := place(source))))


def place(source: Source) -> str:
    """The word for *source*, or nothing."""
    if source.place == "cookie":
        return f'"cookie:{source.name}"'
    if source.place == "header":
        return "header" if is_bearer(source) else ""
    return {"query": "query", "form": "post"}[source.place] if source.name == "access_token" else ""


def may_be_left_out(policy: Policy) -> bool:
    """Whether it can be seen that there is no token: it is looked for in Authorization alone."""
    return all(is_bearer(source) for source in policy.sources)


def realm(policy: Policy) -> str:
    """The realm, unless Apache would put a variable into it or read a format in it."""
    return policy.realm if "${" not in policy.realm and "%" not in policy.realm else "api"


def fetched(policy: Policy) -> str:
    """The one address that keys are fetched from."""
    references = (source.reference for issuer in policy.issuers for source in issuer.keys if source.kind == "jwks_url")
    return next((one for one in references if one.startswith("https://") and not any(sign in one for sign in ("${", '"', "\\"))), "")


def is_time(claim: Path) -> bool:
    """Whether the claim is a number, which no regular expression can see."""
    return claim in _TIMES


def is_passed_on(claim: Path) -> bool:
    """Whether the claim is a variable whose name can be written in an expression."""
    return len(claim) == 1 and claim[0].replace("_", "").isalnum() and claim[0].isascii()


def is_kid(kid: str | None) -> bool:
    """Whether the name can stand before the # and the file of its key."""
    return kid is None or (is_name((kid,)) and "#" not in kid)
