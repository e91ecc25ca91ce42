"""From the header and `cnf` to the keys in them, with everything that is wrong with how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.tokens import base64url
from app.tokens.algorithms import algorithm as algorithm_named
from app.tokens.brought import urls, x5c
from app.tokens.brought.parameters import IN_HEADER, PARAMETERS, Brought
from app.tokens.envelope import Token
from app.tokens.findings import Finding, Segment, found, kind_of, quoted
from app.tokens.keys.jwk import read_one
from app.tokens.keys.key import Key
from app.tokens.keys.pem import Unreadable

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "priv")
_MIN_RSA_BITS = 2048
_SHA256_SIZE = 32


def of(token: Token) -> tuple[Brought, ...]:
    """Every key that came with *token*, the header's first. Raises nothing."""
    header = token.header.value if token.header else None
    payload = token.payload.value if token.payload else None
    ones: list[Brought] = []
    if isinstance(header, dict) and not IN_HEADER.isdisjoint(header):
        ones += _in_header(token, header)
    if isinstance(payload, dict) and isinstance(payload.get("cnf"), dict):
        ones += _in_claims(token, payload["cnf"])
    return tuple(ones)


def place(token: Token, segment: Segment, name: str, index: int | None = None) -> dict[str, Any]:
    """Where the value of a parameter or claim stands, or one item of it."""
    document = token.header if segment == "header" else token.payload
    member = document.member(name) if document else None
    if document is None or member is None or len(token.parts) <= (segment == "payload"):
        return {}
    start, end = member.start, member.end
    if index is not None and document.root:
        items = next(one.node.items for one in reversed(document.root.members) if one.name == name)
        start, end = (items[index].start, items[index].end) if index < len(items) else (start, end)
    return token.place(segment, document, start, end - start)


def _in_header(token: Token, header: dict[str, Any]) -> Iterator[Brought]:
    jwk = header.get("jwk")
    own = _jwk(token, jwk, "jwk", "header", "jwk") if isinstance(jwk, dict) else None
    chain = _x5c(token, header["x5c"]) if isinstance(header.get("x5c"), list) else None
    if own:
        yield own
    if chain:
        both = own and own.key and own.key.public and chain.key
        if both and own and own.key and chain.key and own.key.jwk() != chain.key.jwk():
            differ = found("brought_keys_differ", "header", jwk=own.key.name, x5c=chain.key.name, **place(token, "header", "jwk"))
            chain = replace(chain, findings=(differ, *chain.findings))
        yield chain
    for name in ("jku", "x5u"):
        if isinstance(header.get(name), str):
            yield Brought(name, url=header[name], findings=tuple(urls.findings(name, header[name], **place(token, "header", name))))


def _x5c(token: Token, entries: list[object]) -> Brought:
    def where(index: int | None = None) -> dict[str, Any]:
        return place(token, "header", "x5c", index)

    chain, noticed = x5c.read(entries, where)
    signed = x5c.links(chain)
    noticed += x5c.weaknesses(chain, signed, token.kind != "JWE", where)
    key = chain[0].key if chain and chain[0] else None
    if key:
        noticed += _of_the_key(token, key, "x5c")
    return Brought("x5c", key, chain, signed, findings=tuple(noticed))


def _jwk(token: Token, jwk: dict[str, Any], name: str, segment: Segment, member: str) -> Brought:
    where = place(token, segment, member)
    spec = PARAMETERS[name].spec
    noticed: list[Finding] = []
    secret = jwk.get("kty") == "oct" and "k" in jwk
    private = [part for part in _PRIVATE if part in jwk]
    if secret:
        noticed.append(found("brought_secret", segment, name=name, spec=spec, **where))
    elif private:
        noticed.append(found("brought_private", segment, name=name, part=private[0], spec=spec, **where))
    try:
        key = read_one(jwk)
    except Unreadable as error:
        return Brought(name, findings=(*noticed, found("brought_unreadable", segment, name=name, why=error.why, spec=spec, **where)))
    notes = (note for note in (*key.faults, *key.notes) if note.code != "key_private")
    noticed += (replace(note, segment=segment, repairs=(), **where) for note in notes)
    if segment == "header":
        noticed += _of_the_key(token, key, name)
    return Brought(name, key, findings=tuple(noticed))


def _of_the_key(token: Token, key: Key, name: str) -> Iterator[Finding]:
    """Whether the key can be that of the signature at all."""
    algorithm = algorithm_named(token.alg)
    facts: dict[str, Any] = {"name": name, "spec": PARAMETERS[name].spec} | place(token, "header", name)
    if token.kind == "JWE" or algorithm is None or not algorithm.key_type or key.secret is not None:
        return
    if not key.fits(algorithm):
        yield found("brought_misfit", "header", key=key.name, alg=algorithm.name, **facts)
    elif name == "jwk" and key.key_type == "RSA" and key.bits < _MIN_RSA_BITS:
        yield found("brought_key_short", "header", bits=key.bits, **facts)


def _in_claims(token: Token, cnf: dict[str, Any]) -> Iterator[Brought]:
    if isinstance(cnf.get("jwk"), dict):
        yield _jwk(token, cnf["jwk"], "cnf.jwk", "payload", "cnf")
    for name in ("cnf.jkt", "cnf.x5t#S256"):
        member = name.removeprefix("cnf.")
        if member not in cnf:
            continue
        value = cnf[member]
        wrong = _not_a_thumbprint(value)
        row = PARAMETERS[name]
        noticed = (found("cnf_form", "payload", name=name, what=wrong, hint=row.hint, spec=row.spec, **place(token, "payload", "cnf")),)
        yield Brought(name, thumbprint=quoted(value, 100) if isinstance(value, str) else "", findings=noticed if wrong else ())


def _not_a_thumbprint(value: object) -> str:
    """What *value* is instead of the base64url of a SHA-256, or nothing when it is that."""
    if not isinstance(value, str):
        return kind_of(value)
    data = base64url.decode(value.encode()) if value.isascii() else None
    if data is None:
        return "not canonical base64url"
    return f"{len(data)} bytes in base64url" if len(data) != _SHA256_SIZE else ""
