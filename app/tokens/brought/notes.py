"""What a reader should know of the keys that came with a token: alone, and beside a key box and a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.tokens import certificates
from app.tokens.brought import x5c
from app.tokens.brought.matching import fits
from app.tokens.brought.parameters import Brought
from app.tokens.brought.reading import place
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, quoted
from app.tokens.jws import Signature
from app.tokens.keys.key import Key, Keys
from app.tokens.times import Seconds

# Types whose own rules ask for a key in the header; what binds that key stands elsewhere.
_EXPECTED = {"dpop+jwt": "jwk"}
_THUMBPRINTS = ("x5t", "x5t#S256")


def findings(token: Token, brought: tuple[Brought, ...]) -> Iterator[Finding]:
    """What can be said of *token* alone."""
    for one in brought:
        yield from _introduced(token, one)
        yield from one.findings
    yield from _thumbprints(token, brought)


def faults(token: Token, brought: tuple[Brought, ...]) -> tuple[Finding, ...]:
    """The errors in the header. A thumbprint of another certificate is one: it must be that of the signer's (RFC 7515 §4.1.7, §4.1.8)."""
    noticed = (*(finding for one in brought for finding in one.findings), *_thumbprints(token, brought))
    return tuple(finding for finding in noticed if finding.level == "error" and finding.segment == "header")


def beside_the_box(
    token: Token, brought: tuple[Brought, ...], keys: Keys, signature: Signature, at: Seconds, signing_input: bytes | None
) -> Iterator[Finding]:
    """The same, with how it stands to the key that the person gave, and the certificates of both judged as of *at*."""
    fits_one = False
    for one in brought:
        if one.key and any(_same(one.key, key) for key in keys.keys):
            yield from _is_the_given_one(token, one, signature)
        else:
            yield from _introduced(token, one)
            # The key given does not fit: that one which was brought does tells the reader what he has before him.
            if one.row.signs and keys.keys and not signature.matches and not fits_one and fits(token, one, signing_input).matches:
                fits_one = True
                code = "header_key_matches_proof" if _is_expected(token, one) else "header_key_matches"
                yield found(code, "signature", name=one.parameter)
            elif one.row.signs and one.key and signature.matches:
                yield found("header_key_other", "header", name=one.parameter, spec=one.row.spec, **place(token, "header", one.parameter))
        yield from one.findings
        for index, certificate in enumerate(one.certificates):
            for finding in certificates.at_a_time(certificate, f"The certificate in x5c[{index}]", at) if certificate else ():
                yield replace(finding, **place(token, "header", "x5c", index))
    yield from _thumbprints(token, brought)
    yield from certificates.in_the_box(keys, at, signature.matches)
    if not signature.matches:
        yield from _another_certificate(token, keys)


def _introduced(token: Token, one: Brought) -> Iterator[Finding]:
    """That the header brings a key: a warning, unless it is not about a signature or the token's type asks for it."""
    row, where = one.row, place(token, "header", one.parameter)
    if not row.signs:
        return
    if token.kind == "JWE":
        yield found("header_key_recipient", "header", name=row.name, what=_described(one), **where)
    elif _is_expected(token, one):
        assert one.key is not None
        yield found("header_key_expected", "header", name=row.name, what=one.key.name, thumbprint=one.key.thumbprint(), **where)
    else:
        verb = "names where its own key lies" if one.url else "brings its own certificates" if row.name == "x5c" else "brings its own key"
        what = f'{verb} ("{row.name}"{_described(one)})'
        yield found("header_key", "header", what=what, caution=row.caution, hint=row.hint, **where)


def _described(one: Brought) -> str:
    """`: 2 certificates, the first for CN=example`, or nothing when there is nothing to say."""
    if one.url:
        host = f", host {one.host}" if one.host else ""
        return f": {quoted(one.url, 120)}{host}{'' if one.url.lower().startswith('https:') else ', not https'}"
    if one.certificates:
        count, first = len(one.certificates), one.certificates[0]
        return f": {count} certificate{'s' if count > 1 else ''}{f', the first for {first.title}' if first else ''}"
    return f": {one.key.name}" if one.key else ""


def _is_the_given_one(token: Token, one: Brought, signature: Signature) -> Iterator[Finding]:
    """The key box holds the very key that the token brought."""
    if _is_expected(token, one) or token.kind == "JWE":
        yield from _introduced(token, one)
    elif one.row.signs:
        yield found("key_brought", "key", name=one.parameter)
    elif not signature.matches:
        yield found("key_is_the_presenters", "key", name=one.parameter)


def _another_certificate(token: Token, keys: Keys) -> Iterator[Finding]:
    """The header names the certificate by its thumbprint, and the key box holds another one."""
    given = [certificates.facts(key.certificate) for key in keys.keys if key.certificate is not None]
    header = token.header.value if token.header else None
    if not given or not isinstance(header, dict):
        return
    for name in _THUMBPRINTS:
        have = [x5c.thumbprint(one, name) for one in given]
        if isinstance(header.get(name), str) and header[name] not in have:
            yield found("key_x5t", "key", name=name, wanted=quoted(header[name], 90), have=have[0])


def _thumbprints(token: Token, brought: tuple[Brought, ...]) -> Iterator[Finding]:
    header = token.header.value if token.header else None
    if isinstance(header, dict) and any(name in header for name in _THUMBPRINTS):
        chain = next((one.certificates for one in brought if one.parameter == "x5c"), ())
        yield from x5c.thumbprints(header, chain, lambda name: place(token, "header", name))


def _is_expected(token: Token, one: Brought) -> bool:
    """Whether the token's type asks for just this key (RFC 7515 §4.1.9: case and `application/` do not count)."""
    header = token.header.value if token.header else None
    typ = header.get("typ") if isinstance(header, dict) else None
    wanted = _EXPECTED.get(typ.lower().removeprefix("application/")) if isinstance(typ, str) else None
    return one.parameter == wanted and one.key is not None and one.key.public is not None


def _same(one: Key, other: Key) -> bool:
    if one.secret is not None or other.secret is not None:
        return one.secret == other.secret
    return one.public is not None and other.public is not None and one.key_type == other.key_type and one.jwk() == other.jwk()
