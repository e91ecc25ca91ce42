"""What a reader should know of a header that no rule refuses: dangers for the receiver, and slips of the issuer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.tokens import base64url
from app.tokens.envelope import Token
from app.tokens.findings import Finding, kind_of, quoted
from app.tokens.form import document as json_of
from app.tokens.header import STANDARD, at_member
from app.tokens.lossless_json import Document
from app.tokens.mends import Mends

_ENCRYPTION_ONLY = ("enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c")
_REPLICATED = ("iss", "sub", "aud")
_BY_LOWER_CASE = {name.lower(): name for name in (*STANDARD, "b64")}
# What some programs write instead of the registered name.
_ALIASES = {"type": "typ", "algorithm": "alg", "keyid": "kid", "key_id": "kid", "contenttype": "cty", "content_type": "cty"}
_LONGEST_KID = 2048
_MOST_LISTED = 10
_COMPACT_TOKEN = re.compile(r"\s*eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_.-]*\s*")
_MICROSOFT = ("https://sts.windows.net/", "https://login.microsoftonline.")


@dataclass(frozen=True, slots=True)
class _Danger:
    """A shape of `kid` that does harm where the receiver puts it into a path, a query or a command without escaping it."""

    pattern: re.Pattern[str]
    what: str
    harm: str


def _danger(pattern: str, what: str, harm: str) -> _Danger:
    return _Danger(re.compile(pattern, re.IGNORECASE), what, harm)


_COMMANDS = r"(?:ba|z|da|k)?sh|cat|curl|wget|nc|ncat|rm|id|ls|ping|sleep|whoami|python3?|perl|touch|echo|nslookup|powershell|cmd"
_DANGERS = (
    _danger(
        r"(?:^|[/\\])\.\.(?:[/\\]|$)|\.\.(?:%2f|%5c)|%2e%2e|^/(?:dev|etc|proc|sys|var|tmp|home|root|usr)/|^[a-z]:\\|^file:",
        "a path that leads out of its folder",
        "a server that reads key files by kid opens a file the attacker chooses, such as /dev/null, whose empty content is then the secret",
    ),
    _danger(
        r"""['"`]\s{0,8}(?:or|and|union|having|order|limit)\b|['"`]\s{0,8}(?:;|--|#|/\*|\|\||\))|\bunion\s{1,8}(?:all\s{1,8})?select\b"""
        r"""|;\s{0,8}(?:drop|select|insert|update|delete|exec)\b""",
        "a quote and SQL",
        "a server that builds a query from kid runs it, and the attacker chooses the key that comes back",
    ),
    _danger(
        r"\*\)|\)\(\W?\w+=|\([|&!]\(",
        "an LDAP filter",
        "a server that looks keys up in a directory by kid gets the entry the attacker chooses",
    ),
    _danger(
        rf"^\s{{0,8}}\||`[^`]+`|\$\(|(?:[;|]|&&)\s{{0,8}}(?:{_COMMANDS})(?![\w=-])",
        "a shell command",
        "a server that gives kid to a shell, or to a function like Ruby's open, runs it",
    ),
    _danger(
        r"\$\{[a-z:]*|\{\{|<%", "a template expression", "a server that logs or renders kid may evaluate it (Log4Shell, CVE-2021-44228)"
    ),
    _danger(r"<[a-z/!]", "HTML", "a page that shows kid unescaped runs it"),
    _danger(r"\x00", "NUL", "a program that ends texts at NUL looks up another key than the one that was checked"),
    _danger(r"[\r\n\u2028\u2029]", "a line break", "a server that logs kid or puts it into a header writes a line of the attacker's"),
)


def notes(token: Token) -> Iterator[Finding]:
    """What a reader should know of the header though it refuses nothing."""
    document = token.header
    value = document.value if document else None
    if document is None or not isinstance(value, dict):
        return
    yield from _misnamed(token, document, value)
    if isinstance(value.get("kid"), str):
        yield from _kid(token, document, value["kid"])
    if token.kind != "JWS":
        return
    if value.get("alg") == "none":
        yield at_member(token, "alg", "alg_none")
    yield from _encryption(token, document, value)
    if "b64" in value:
        yield from _b64(token, document, value)
    yield from _types(token, document, value)
    yield from _against_claims(token, value)


def _misnamed(token: Token, document: Document, value: dict[str, Any]) -> Iterator[Finding]:
    """Names that differ from a registered one by case, or are another word for it: receivers do not see them."""
    listed = 0
    for name in value:
        lower = name.lower()
        wanted = _BY_LOWER_CASE.get(lower) or _ALIASES.get(lower)
        if wanted is None or wanted in value or listed == _MOST_LISTED:
            continue
        listed += 1
        code = "type_for_typ" if name == "type" else "header_name" if lower == wanted.lower() else "header_alias"
        repairs = Mends.of(document, "header").rename(f'Rename to "{wanted}"', name, wanted)
        yield at_member(token, name, code, repairs=repairs, name=quoted(name), wanted=wanted)


def _kid(token: Token, document: Document, kid: str) -> Iterator[Finding]:
    if len(kid) > _LONGEST_KID:
        yield at_member(token, "kid", "kid_long", size=f"{len(kid):,}")
    met = [(danger, match) for danger in _DANGERS if (match := danger.pattern.search(kid[: 2 * _LONGEST_KID]))]
    if met:
        what = " and ".join(f'{danger.what} ("{quoted(match.group(), 30)}")' for danger, match in met)
        harm = "; ".join(danger.harm for danger, _ in met)
        finding = at_member(token, "kid", "kid_danger", what=what, harm=harm[0].upper() + harm[1:])
        yield replace(finding, **_inside(token, document, "kid", min((match for _, match in met), key=lambda match: match.start())))


def _inside(token: Token, document: Document, name: str, match: re.Match[str]) -> dict[str, Any]:
    """The place of what was found inside a text, when the text is written without escapes."""
    member = document.member(name)
    if member is None or document.text[member.start + 1 : member.end - 1] != match.string[: member.end - member.start - 2]:
        return {}
    return token.place("header", document, member.start + 1 + match.start(), max(1, match.end() - match.start()))


def _encryption(token: Token, document: Document, value: dict[str, Any]) -> Iterator[Finding]:
    names = [name for name in _ENCRYPTION_ONLY if name in value]
    if names:
        listed = " and ".join(filter(None, (", ".join(f'"{name}"' for name in names[:-1]), f'"{names[-1]}"')))
        repairs = Mends.of(document, "header").remove(f'Remove "{names[0]}"', names[0]) if len(names) == 1 else ()
        yield at_member(
            token, names[0], "header_encryption", repairs=repairs, names=listed, verb="belongs" if len(names) == 1 else "belong"
        )
    if "zip" in value:
        packed = token.inflated
        size = f" It is shown inflated: {len(packed.data):,} bytes of {len(token.parts[1].data):,}." if packed and packed.data else ""
        yield at_member(token, "zip", "header_zip", zip=quoted(str(value["zip"])), size=size)
        if packed and packed.problem:
            yield at_member(token, "zip", "zip_damaged", why=packed.problem)


def _b64(token: Token, document: Document, value: dict[str, Any]) -> Iterator[Finding]:
    if value["b64"] is True and "b64" not in (value["crit"] if isinstance(value.get("crit"), list) else ()):
        yield at_member(token, "b64", "b64_true", repairs=Mends.of(document, "header").remove('Remove "b64"', "b64"))
    if value["b64"] is not False:
        return
    if any(finding.code == "segment_count" for finding in token.form_findings):
        yield at_member(token, "b64", "b64_dot")
    elif _holds_claims(token):
        yield at_member(token, "b64", "b64_in_jwt")


def _holds_claims(token: Token) -> bool:
    """Whether the payload is a claims set, be it encoded although b64 is false."""
    if token.payload is None or isinstance(token.payload.value, dict):
        return token.payload is not None
    text = token.parts[1].text
    return token.is_unencoded and text.startswith("ey") and isinstance(json_of(base64url.explain(text)[0]).value, dict)


def _types(token: Token, document: Document, value: dict[str, Any]) -> Iterator[Finding]:
    typ, cty = value.get("typ"), value.get("cty")
    payload = token.payload
    holds_claims = payload is not None and isinstance(payload.value, dict)
    mends = Mends.of(document, "header")
    if isinstance(typ, str) and _subtype(typ) == "jose+json":
        yield at_member(token, "typ", "typ_jose_json", repairs=mends.value('Write "JWT"', "typ", "JWT") if holds_claims else ())
    elif isinstance(typ, str) and _subtype(typ) == "jose" and holds_claims:
        yield at_member(token, "typ", "typ_jose", repairs=mends.value('Write "JWT"', "typ", "JWT"))
    elif isinstance(typ, str) and typ != "JWT" and typ.upper() == "JWT" and typ.isascii():
        yield at_member(token, "typ", "typ_case", repairs=mends.value('Write "JWT"', "typ", "JWT"), typ=quoted(typ))
    is_token = payload is not None and not payload.readable and _COMPACT_TOKEN.fullmatch(payload.text) is not None
    says_token = isinstance(cty, str) and _subtype(cty) == "jwt"
    if is_token and not says_token:
        repairs = mends.value('Write "JWT"', "cty", "JWT") if "cty" in value else mends.add('Add "cty": "JWT"', "cty", "JWT")
        yield at_member(token, "cty", "nested_without_cty", repairs=repairs)
    elif says_token and payload is not None and payload.text and not is_token:
        kind = "a claims set" if holds_claims else kind_of(payload.value) if payload.readable else "neither JSON nor a token"
        yield at_member(token, "cty", "cty_not_nested", repairs=mends.remove('Remove "cty"', "cty"), kind=kind)


def _subtype(media_type: str) -> str:
    """RFC 7515 §4.1.9: `application/` may be left out, and case does not count."""
    return media_type.lower().removeprefix("application/")


def _against_claims(token: Token, value: dict[str, Any]) -> Iterator[Finding]:
    """RFC 7519 §5.3: a claim that is repeated in the header has the same value in both."""
    claims = token.payload.value if token.payload else None
    if not isinstance(claims, dict):
        return
    for name in _REPLICATED:
        if name in value and name in claims and value[name] != claims[name]:
            shown = [f'"{quoted(one)}"' if isinstance(one, str) else kind_of(one) for one in (value[name], claims[name])]
            yield at_member(token, name, "header_claim_differs", name=name, header=shown[0], claim=shown[1])
    issuer = claims.get("iss")
    if "nonce" in value and isinstance(issuer, str) and issuer.startswith(_MICROSOFT):
        yield at_member(token, "nonce", "header_nonce")
