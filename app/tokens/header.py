"""What the rules of RFC 7515 §4 say of a JOSE header: each fault makes the token refused."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.tokens.algorithms import ALGORITHMS, KEY_MANAGEMENT, MISSPELT
from app.tokens.envelope import Token
from app.tokens.findings import Finding, Repair, found, kind_of, quoted
from app.tokens.lossless_json import Document
from app.tokens.mends import Mends

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
UNDERSTOOD: frozenset[str] = frozenset(["b64"])
_MOST_LISTED = 10
_STRINGS = {
    "kid": "RFC 7515 §4.1.4",
    "typ": "RFC 7515 §4.1.9",
    "cty": "RFC 7515 §4.1.10",
    "jku": "RFC 7515 §4.1.2",
    "x5u": "RFC 7515 §4.1.5",
    "x5t": "RFC 7515 §4.1.7",
    "x5t#S256": "RFC 7515 §4.1.8",
}
_SUSPECT = frozenset(("crit", "b64", "jwk", "x5c"))
# What other standards and libraries call the families, and how JOSE abbreviates them; the first that is met counts.
_FAMILIES = (("HMAC", "HS"), ("PSS", "PS"), ("MGF1", "PS"), ("ECDSA", "ES"), ("RSA", "RS"))


def faults(token: Token) -> tuple[Finding, ...]:
    """Every reason in the header for which a strict verifier refuses the token, worst first."""
    document = token.header
    if document is None:
        return ()
    value = document.value
    if not isinstance(value, dict):
        return token.header_findings
    if token.kind == "JWE":  # it has rules of its own, in jwe
        return ()
    if _is_plain(document):
        return ()
    spelling = [finding for finding in token.header_findings if finding.level == "error"]
    return (*spelling, *_rules(token, document, value))


def at_member(token: Token, name: str, code: str, /, *, repairs: tuple[Repair, ...] = (), **facts: Any) -> Finding:
    """The finding *code* with the place of the header parameter *name*; of the header's beginning when it has none."""
    document = token.header
    assert document is not None
    member = document.member(name)
    place = token.place("header", document, member.start, member.end - member.start) if member else token.place("header", document, 0, 1)
    return found(code, "header", **place, repairs=repairs, **facts)


def meant(alg: str) -> str | None:
    """The registered name that *alg* spells in another way, or None; never `none`."""
    plain = re.sub("[^A-Z0-9]", "", alg[:100].rpartition("#")[2].upper())
    for name in ALGORITHMS:
        if name != "none" and name.upper().replace("-", "") == plain:
            return name
    size = re.search("(256|384|512|521)(K?)", plain)
    family = next((short for word, short in _FAMILIES if word in plain), plain[:2])
    name = f"{family}{size.group()}" if size else ""
    name = MISSPELT.get(name, name)
    return name if name in ALGORITHMS else None


def _is_plain(document: Document) -> bool:
    """Whether it is the common header, a few strings with a known alg: read in no time."""
    value = document.value
    if document.problems or len(value) > 3 or not _SUSPECT.isdisjoint(value):
        return False
    for member in value.values():  # a generator would cost more than all the rest
        if type(member) is not str:
            return False
    return value.get("alg") in ALGORITHMS


def _rules(token: Token, document: Document, value: dict[str, Any]) -> Iterator[Finding]:
    alg = value.get("alg")
    if "alg" not in value:
        yield at_member(token, "alg", "alg_missing", repairs=_named_otherwise(document, "alg"))
    elif not isinstance(alg, str):
        yield at_member(token, "alg", "alg_not_a_string", kind=kind_of(alg))
    elif alg not in ALGORITHMS:
        yield _unknown(token, document, alg)
    yield from beyond_alg(token, document, value)


def beyond_alg(token: Token, document: Document, value: dict[str, Any]) -> Iterator[Finding]:
    """The rules that signed and encrypted tokens share."""
    for name, spec in _STRINGS.items():
        if name in value and not isinstance(value[name], str):
            facts = {"name": name, "kind": kind_of(value[name]), "need": "a string", "spec": spec}
            yield at_member(token, name, "header_parameter_type", repairs=_as_text(document, name, value[name]), **facts)
    if "jwk" in value and not isinstance(value["jwk"], dict):
        yield at_member(
            token, "jwk", "header_parameter_type", name="jwk", kind=kind_of(value["jwk"]), need="an object", spec="RFC 7515 §4.1.3"
        )
    if "x5c" in value and not (isinstance(value["x5c"], list) and all(isinstance(one, str) for one in value["x5c"])):
        yield at_member(
            token,
            "x5c",
            "header_parameter_type",
            name="x5c",
            kind=kind_of(value["x5c"]),
            need="an array of strings",
            spec="RFC 7515 §4.1.6",
        )
    if "crit" in value:
        yield from _crit(token, document, value["crit"], value)
    if "b64" in value:
        yield from _b64(token, document, value)


def _crit(token: Token, document: Document, crit: object, header: dict[str, Any]) -> Iterator[Finding]:
    mends = Mends.of(document, "header")
    if not isinstance(crit, list) or not crit or not all(isinstance(name, str) for name in crit):
        kind = "an array with something else than names" if isinstance(crit, list) and crit else kind_of(crit)
        repairs = mends.remove('Remove "crit"', "crit") if crit == [] else ()
        yield at_member(token, "crit", "crit_form", repairs=repairs, kind=kind)
        return
    for name, times in list(Counter(crit).items())[:_MOST_LISTED]:
        if times > 1:
            again = mends.remove_item("Remove the second", "crit", crit.index(name, crit.index(name) + 1))
            yield at_member(token, "crit", "crit_twice", repairs=again, name=quoted(name), count=times)
        code = "crit_standard_name" if name in STANDARD else "crit_absent_name" if name not in header else "crit_unknown"
        if code != "crit_unknown" or name not in UNDERSTOOD or token.kind == "JWE":
            repairs = (
                mends.remove_item(f'Remove "{quoted(name, 20)}" from crit', "crit", crit.index(name)) if code != "crit_unknown" else ()
            )
            yield at_member(token, "crit", code, repairs=repairs, name=quoted(name))


def _b64(token: Token, document: Document, header: dict[str, Any]) -> Iterator[Finding]:
    value = header["b64"]
    if not isinstance(value, bool):
        truth = {"false": False, "true": True}.get(value.lower()) if isinstance(value, str) else None
        repairs = Mends.of(document, "header").value(f"Write {str(truth).lower()}", "b64", truth) if truth is not None else ()
        kind = f'the string "{quoted(value)}"' if isinstance(value, str) else kind_of(value)
        yield at_member(token, "b64", "header_parameter_type", repairs=repairs, name="b64", kind=kind, need="a boolean", spec="RFC 7797 §3")
        return
    crit = header.get("crit")
    if not value and not (isinstance(crit, list) and "b64" in crit):
        mends = Mends.of(document, "header")
        repairs = (
            mends.add_item('Add "b64" to crit', "crit", "b64") if "crit" in header else mends.add('Add "crit": ["b64"]', "crit", ["b64"])
        )
        yield at_member(token, "b64", "b64_without_crit", repairs=repairs)


def _unknown(token: Token, document: Document, alg: str) -> Finding:
    name = None if alg.lower() == "none" or alg in KEY_MANAGEMENT else meant(alg)
    repairs = Mends.of(document, "header").value(f'Write "{name}"', "alg", name) if name else ()
    guess, hint = _guess(alg, name)
    return at_member(token, "alg", "alg_unknown", repairs=repairs, alg=quoted(alg), guess=guess, hint=hint)


def _guess(alg: str, name: str | None) -> tuple[str, str]:
    """What the unknown algorithm may be instead, and what to do."""
    if alg.lower() == "none":
        return (
            ' Names are case-sensitive; this is a spelling of "none" that slips through careless filters.'
            " The token is unsecured: anyone can write it."
        ), "Refuse the token."
    if alg in KEY_MANAGEMENT:
        hint = "Have the issuer name the algorithm of its signature; an encrypted token has 5 segments."
        return " It is for encryption (JWE); this token has 3 segments, so it is a JWS.", hint
    if name and name.lower() == alg.lower():
        return f' Names are case-sensitive. Did you mean "{name}"?', f'Have the issuer write "{name}".'
    if name:
        return f' Did you mean "{name}", as JOSE calls it?', f'Have the issuer write "{name}".'
    family = next((short for word, short in _FAMILIES if word == alg.upper()), None)
    if family:
        names = f'"{family}256", "{family}384" or "{family}512"'
        return f" It is a family of algorithms; JOSE names the hash, too: {names}.", f"Have the issuer write {names}, whichever it uses."
    near = difflib.get_close_matches(alg[:60], ALGORITHMS, 1, 0.7)
    return f' Did you mean "{near[0]}"?' if near else "", 'Have the issuer write a registered name, for example "HS256".'


def _named_otherwise(document: Document, name: str) -> tuple[Repair, ...]:
    """Call a member that differs from *name* only in case as it should be called."""
    other = next((one.name for one in document.members if one.name.lower() == name), None)
    return Mends.of(document, "header").rename(f'Rename "{other}" to "{name}"', other, name) if other else ()


def _as_text(document: Document, name: str, value: object) -> tuple[Repair, ...]:
    """Put a number in quotes; anything else has no one text."""
    if not isinstance(value, int) or isinstance(value, bool):
        return ()
    return Mends.of(document, "header").value("Write it as a string", name, str(value))
