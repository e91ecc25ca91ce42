"""What the rules of RFC 7515 §4 say of a JOSE header: each fault makes the token refused."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.tokens.algorithms import ALGORITHMS
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.lossless_json import Document

# Names that RFC 7515 §4.1 and RFC 7518 define; `crit` must not list them.
STANDARD = frozenset(
    [
        "alg",
        "jku",
        "jwk",
        "kid",
        "x5u",
        "x5c",
        "x5t",
        "x5t#S256",
        "typ",
        "cty",
        "crit",
        "enc",
        "zip",
        "epk",
        "apu",
        "apv",
        "iv",
        "tag",
        "p2s",
        "p2c",
    ]
)
# Extensions that this verifier processes.
UNDERSTOOD: frozenset[str] = frozenset()
_MOST_LISTED = 10
_STRINGS = ("alg", "kid", "typ", "cty", "jku", "x5u", "x5t", "x5t#S256")
_KEYS_OF_ITS_OWN = ("jwk", "jku", "x5c", "x5u")
_ENCRYPTION = ("RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "dir", "A128KW", "A192KW", "A256KW", "ECDH-ES", "A128GCMKW", "A256GCMKW")


def faults(token: Token) -> tuple[Finding, ...]:
    """Every reason in the header for which a strict verifier refuses the token, worst first."""
    document = token.header
    if document is None:
        return ()
    value = document.value
    if not isinstance(value, dict):
        return token.header_findings
    if _is_plain(document):
        return ()
    spelling = [finding for finding in token.header_findings if finding.level == "error"]
    return (*spelling, *_rules(value))


def _is_plain(document: Document) -> bool:
    """Whether it is the common header, a few strings with a known alg: read in no time."""
    value = document.value
    if document.problems or len(value) > 3 or not _SUSPECT.isdisjoint(value):
        return False
    for member in value.values():  # a generator would cost more than all the rest
        if type(member) is not str:
            return False
    return value.get("alg") in ALGORITHMS


def notes(token: Token) -> Iterator[Finding]:
    """What a reader should know of the header though it refuses nothing."""
    value = token.header.value if token.header else None
    if not isinstance(value, dict):
        return
    for name in _KEYS_OF_ITS_OWN:
        if name in value:
            yield found("header_key", "header", name=name)
    if "type" in value and "typ" not in value:
        yield found("type_for_typ", "header")
    if value.get("alg") == "none":
        yield found("alg_none", "header")


_SUSPECT = frozenset(("crit", "b64", "jwk", "x5c"))


def _rules(value: dict[str, Any]) -> Iterator[Finding]:
    alg = value.get("alg")
    if "alg" not in value:
        yield found("alg_missing", "header")
    elif not isinstance(alg, str):
        yield found("alg_not_a_string", "header", kind=kind_of(alg))
    elif alg not in ALGORITHMS:
        yield found("alg_unknown", "header", alg=quoted(alg), guess=_guess(alg))
    for name in _STRINGS[1:]:
        if name in value and not isinstance(value[name], str):
            yield found("header_parameter_type", "header", name=name, kind=kind_of(value[name]), need="a string")
    if "jwk" in value and not isinstance(value["jwk"], dict):
        yield found("header_parameter_type", "header", name="jwk", kind=kind_of(value["jwk"]), need="an object")
    if "x5c" in value and not (isinstance(value["x5c"], list) and all(isinstance(one, str) for one in value["x5c"])):
        yield found("header_parameter_type", "header", name="x5c", kind=kind_of(value["x5c"]), need="an array of strings")
    if "crit" in value:
        yield from _crit(value["crit"], value)
    if "b64" in value:
        yield from _b64(value)


def _crit(crit: object, header: dict[str, Any]) -> Iterator[Finding]:
    if not isinstance(crit, list) or not crit or not all(isinstance(name, str) for name in crit):
        kind = "an array with something else than names" if isinstance(crit, list) and crit else kind_of(crit)
        yield found("crit_form", "header", kind=kind)
        return
    for name, times in list(Counter(crit).items())[:_MOST_LISTED]:
        if times > 1:
            yield found("crit_twice", "header", name=quoted(name))
        if name in STANDARD:
            yield found("crit_standard_name", "header", name=quoted(name))
        elif name not in header:
            yield found("crit_absent_name", "header", name=quoted(name))
        elif name not in UNDERSTOOD:
            yield found("crit_unknown", "header", name=quoted(name))


def _b64(header: dict[str, Any]) -> Iterator[Finding]:
    value = header["b64"]
    if not isinstance(value, bool):
        yield found("header_parameter_type", "header", name="b64", kind=kind_of(value), need="a boolean")
        return
    crit = header.get("crit")
    if not value and not (isinstance(crit, list) and "b64" in crit):
        yield found("b64_without_crit", "header")


def _guess(alg: str) -> str:
    """A name near the unknown one, or what it may be instead."""
    alg = alg[:60]
    if alg.lower() == "none":
        return ' Names are case-sensitive; this is a spelling of "none" that slips through careless filters.'
    if alg in _ENCRYPTION:
        return " It is for encryption (JWE); this token has 3 segments, so it is a JWS."
    plain = alg.upper().replace("-", "").replace("_", "").replace("SHA", "").replace("HMAC", "HS")
    near = [name for name in ALGORITHMS if name.upper().replace("-", "") == plain] or difflib.get_close_matches(alg, ALGORITHMS, 1, 0.7)
    return f' Did you mean "{near[0]}"?' if near else ""
