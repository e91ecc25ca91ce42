"""What must hold for any bytes, one function for each part of the core. A target raises when a promise is broken, and never otherwise."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app import gateway
from app.reports import facts
from app.tokens import ENCODINGS, CannotEncode, Decoded, Report, base64url, decode, encode, layout, lossless_json, read_keys, verify
from app.tokens.keys import private_jwk, public_jwk
from app.tokens.sd_jwt.making import issue, present
from tests.conftest import strict_json
from tests.fuzz import seeds
from tests.tokens.keyring import NOW, SECRET, private
from tests.tokens.keyring import private_jwk as jwk_of

_URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SECONDS = 2.0
_AMPLIFIED = 60_000


@dataclass(frozen=True, slots=True)
class Target:
    """A promise, and the texts to begin with."""

    name: str
    hold: Callable[[bytes], None]
    seeds: Callable[[], tuple[str | bytes, ...]]


class Broken(AssertionError):
    """A promise does not hold."""


def promise(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


class Taking:
    """Bytes that are taken from the front: choices first, the rest as text."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def number(self, below: int) -> int:
        taken, self.data = self.data[:2], self.data[2:]
        return int.from_bytes(taken, "big") % below

    def choice(self, among: tuple[Any, ...]) -> Any:
        return among[self.number(len(among))]

    def text(self) -> str:
        return as_text(self.data)


def as_text(data: bytes) -> str:
    """Any bytes as a text that a request may hold: what is not UTF-8 becomes half of a surrogate pair."""
    return data.decode("utf-8", "surrogateescape")


# The targets ------------------------------------------------------------------------------------------------------


def envelope(data: bytes) -> None:
    """Reading never gives up, says only what can be told on, and points into the text."""
    text = as_text(data)
    _told(decode(text), text)
    report = verify(text, SECRET, at=NOW)
    _told(report, text)
    promise(report.accepted <= (report.signature.status == "verified"), "accepted without a verified signature")


def linear(data: bytes) -> None:
    """A text that repeats itself takes no longer than its length allows, as a token, inside one and in the key box."""
    unit, _, ends = as_text(data[:96]).partition("\0")
    before, _, behind = ends.partition("\0")
    if unit:
        long = before + unit * (_AMPLIFIED // len(unit)) + behind
        inside = f"{base64url.encode(b'{}')}.{base64url.encode(long.encode('utf-8', 'surrogatepass'))}."
        for what, ask in (
            ("a token", lambda: verify(long, SECRET, at=NOW).findings),
            ("a payload", lambda: decode(inside).findings),
            ("a key", lambda: read_keys(long).all_findings),
            ("a tail", lambda: verify(_SIGNED["HS256"] + long, SECRET, at=NOW).findings),
        ):
            began = time.process_time()
            ask()
            promise(time.process_time() - began < _SECONDS, f"more than {_SECONDS} s for {what} of {_AMPLIFIED} characters")


def base64_url(data: bytes) -> None:
    """Bytes go round; a text is taken when it is the one spelling of its bytes, and every fault has its place."""
    promise(base64url.decode(base64url.encode(data).encode()) == data, "bytes do not go round")
    text = as_text(data)
    read = base64url.decode(text.encode("utf-8", "surrogatepass"))
    shown, faults = base64url.explain(text)
    promise((read is None) == bool(faults), "refused without a fault, or taken with one")
    promise(read is None or (read == shown and base64url.encode(read) == text), "another spelling is taken")
    promise(all(one.offset >= 0 and one.offset + one.length <= len(text) for one in faults), "a fault stands beyond the text")


_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)', re.DOTALL)


def json_text(data: bytes) -> None:
    """What is read is JSON for the standard library too, and what is shown is what was written."""
    text = as_text(data)
    document = lossless_json.read(text)
    promise(bool(document.problems) or document.readable, "not read, and no reason given")
    for one in document.problems:
        promise(0 <= one.offset <= len(text), "a problem stands beyond the text")
        promise(min(document.position(one.offset)) >= 1, "a line or column before the first")
    laid = lossless_json.indent(text)
    promise(lossless_json.compact(laid) == lossless_json.compact(text), "layout changes more than white space")
    if document.exact is None:
        return
    promise(_read_by_others(document.exact) == _read_by_others(text), "the exact text says something else")
    if not document.problems:
        promise(_numbers(laid) == _numbers(text), "a number is not shown as it was written")
        promise(layout.for_signing(*layout.for_reading(document)) == text, "without an edit another text is signed")
        entries = [(one.name, text[one.start : one.end]) for one in document.members]
        for name, written in entries:
            promise(_read_by_others(written) == _read_by_others(text)[name], "a member stands elsewhere")


def key(data: bytes) -> None:
    """Any text in the key box is a key or has a reason; no secret is in what is told; keys go round as JWK."""
    taking = Taking(data)
    encoding = taking.choice(ENCODINGS)
    text = taking.text()
    read = read_keys(text, encoding)
    promise(bool(read.keys or read.findings), "neither a key nor a reason")
    for remark in read.all_findings:
        promise(remark.segment == "key", "a remark that is not about the key")
        json.dumps(facts.finding(remark))
    for one in read.keys:
        told = json.dumps(one.summary()) + repr(one)
        if one.secret is not None:
            spelt = base64url.encode(one.secret)
            promise(len(spelt) < 12 or spelt not in told, "the secret is told")
        elif one.public is not None:
            again = read_keys(json.dumps(public_jwk(one))).keys
            promise(bool(again) and again[0].thumbprint() == one.thumbprint(), "a public key does not go round")
        if one.is_private and one.load_private and one.load_private() is not None:
            again = read_keys(json.dumps(private_jwk(one))).keys
            promise(bool(again) and again[0].is_private, "a private key does not go round")
    verify(_SIGNED["HS256"], read, at=NOW).findings  # noqa: B018 - what is noticed is found when it is asked for


def der(data: bytes) -> None:
    """Any bytes, in base64 or hex, are read as a key or refused."""
    for text, encoding in ((base64.b64encode(data).decode(), "auto"), (data.hex(), "hex")):
        read = read_keys(text, encoding)
        promise(bool(read.keys or read.findings), "neither a key nor a reason")
        for one in read.keys:
            json.dumps(one.summary())
    x5c = json.dumps({"alg": "ES256", "x5c": [base64.b64encode(data).decode()]})
    wild = f"{base64url.encode(x5c.encode())}.e30.AAAA"
    _told(verify(wild, SECRET, at=NOW), wild)


_ALGORITHMS = ("HS256", "HS512", "ES256", "Ed25519", "ES384")
_KEYS = {alg: SECRET if alg.startswith("HS") else json.dumps(jwk_of(private(alg))) for alg in _ALGORITHMS}
_SIGNED = {alg: encode({"alg": alg}, '{"sub":"1","exp":1800000000}', _KEYS[alg]).token for alg in _ALGORITHMS}


def jws(data: bytes) -> None:
    """What is signed verifies and is read back; with one character changed it never verifies."""
    taking = Taking(data)
    alg, at, put, how = taking.choice(_ALGORITHMS), taking.number(1 << 16), taking.choice(tuple(_URL)), taking.number(3)
    payload = as_text(taking.data).encode("utf-8", "replace").decode()
    with suppress(CannotEncode):
        token = encode({"alg": alg}, payload, _KEYS[alg]).token
        report = verify(token, _KEYS[alg], at=NOW)
        promise(report.signature.status == "verified", "what was signed does not verify")
        promise(report.payload_text == payload, "another payload is read than was signed")
        changed = mutated(token, at, put, how)
        if changed != token:
            told = verify(changed, _KEYS[alg], at=NOW)
            promise(told.signature.status != "verified", "a token that was changed verifies")
            promise(not told.accepted, "a token that was changed is accepted")
            _told(told, changed)


_ENCRYPTING = (("dir", "A128GCM", 16), ("A128KW", "A128CBC-HS256", 16), ("A256GCMKW", "A256GCM", 32), ("dir", "A256CBC-HS512", 64))


def jwe(data: bytes) -> None:
    """What is encrypted decrypts; with one character changed it never does; and any five parts are read."""
    taking = Taking(data)
    alg, enc, size = taking.choice(_ENCRYPTING)
    at, put, how = taking.number(1 << 16), taking.choice(tuple(_URL)), taking.number(3)
    secret = json.dumps({"kty": "oct", "k": base64url.encode(bytes(range(size)))})
    payload = as_text(taking.data).encode("utf-8", "replace").decode()
    header = {"alg": alg, "enc": enc} | ({"zip": "DEF"} if how == 2 else {})
    with suppress(CannotEncode):
        token = encode(header, payload, secret).token
        report = verify(token, secret, at=NOW)
        promise(report.decryption is not None and report.decryption.status == "decrypted", "what was encrypted does not decrypt")
        promise(report.payload_text == payload, "another payload is read than was encrypted")
        changed = mutated(token, at, put, how)
        if changed != token:
            told = verify(changed, secret, at=NOW)
            promise(told.decryption is None or told.decryption.status != "decrypted", "a token that was changed decrypts")
            _told(told, changed)
    wild = ".".join([base64url.encode(json.dumps(header).encode()), *as_text(taking.data).split(".", 3)])
    _told(verify(wild, secret, at=NOW), wild)


def sd_jwt(data: bytes) -> None:
    """What is issued is shown whole and verifies; a disclosure that was changed refuses the whole; any tail is read."""
    taking = Taking(data)
    keep, at, put, how = taking.number(4), taking.number(1 << 16), taking.choice(tuple(_URL)), taking.number(3)
    text = taking.text().encode("utf-8", "replace").decode()
    claims = json.dumps({"exp": NOW + 60, "name": text, "places": [text[:5], {"deep": 1}]})
    token = issue(
        '{"alg":"HS256"}', claims, [("name",), ("places", 1), ("places", 1, "deep")], SECRET, salt=lambda: "2GLC42sKQveCfGfryNRN9w"
    ).token
    shown = present(token, [keep] if keep < 3 else [0, 1, 2])
    report = verify(shown, SECRET, at=NOW)
    promise(report.signature.status == "verified" and report.accepted, "what was issued is not accepted")
    signed, _, tail = shown.partition("~")
    changed = f"{signed}~{mutated(tail, at, put, how)}"
    if changed != shown and changed.count("~") == shown.count("~") and changed.endswith("~"):
        told = verify(changed, SECRET, at=NOW)
        promise(not told.accepted, "a disclosure that was changed is accepted")
        _told(told, changed)
    wild = f"{signed}~{as_text(taking.data)}"
    _told(verify(wild, SECRET, at=NOW), wild)


def policy(data: bytes) -> None:
    """A policy is read or has problems; its decision is one of the answers; it lets nothing pass that a rule denies."""
    document, _, asked = as_text(data).partition("\0")
    request = gateway.read_request(asked)
    try:
        read = gateway.read_policy(document)
    except gateway.Unfit as error:
        promise(all(one.message for one in error.problems), "a problem without a sentence")
        return
    decision = gateway.decide(read, request, seeds.named_keys(), NOW)
    promise(decision.status in (200, 400, 401, 403, 503), "an answer that is none of the answers")
    promise(not (decision.allowed and decision.denials), "allowed although a rule denies")
    promise(decision.allowed or bool(decision.denials), "denied without a rule that denies")
    promise(all(rule.because for rule in decision.rules), "a rule without a sentence")


# What they share --------------------------------------------------------------------------------------------------


def mutated(token: str, at: int, put: str, how: int) -> str:
    """*token* with one character changed, taken out or put in."""
    at %= max(1, len(token))
    return token[:at] + ("" if how == 1 else put) + token[at + (how != 2) :]


def _told(read: Decoded, text: str) -> None:
    """Everything that is told of a token is strict JSON, and each finding points into the text."""
    strict_json(facts.as_json(facts.facts(read, check_brought=True) if isinstance(read, Report) else facts.decoded(read)))
    for one in read.findings:
        one.message.encode()
        if one.offset is not None and one.segment != "key":
            promise(one.offset >= 0 and one.offset + (one.length or 0) <= len(text), f"{one.code} stands beyond the text")


def _read_by_others(text: str) -> Any:
    """As the standard library reads it, numbers as written."""
    return json.loads(text, parse_int=str, parse_float=str)


def _numbers(text: str) -> list[str]:
    return [match[1] for match in _NUMBER.finditer(text) if match[1]]


_REPEATED = (
    *(
        "eyJ",
        ".",
        "~",
        "{",
        '{"a":',
        "[",
        "Bearer ",
        "\n",
        "=",
        "%25",
        "\\",
        "-----BEGIN ",
        "a.",
        "&#46;",
        "eyJ.eyJ.",
        "WyJ~",
        "\u200b",
        '"',
        "'",
    ),
    *("1,\0[\0]", '"a":1,\0{\0}', "1\0", "e9\0" + "1", "\\u0041\0" + '"', '{"kty":"oct"},\0{"keys":[\0]}', "\ud800\0"),
    *(
        "-----BEGIN PUBLIC KEY-----\n\0",
        "%2525\0",
        "ey\0Bearer ",
        "eyJhbGciOiJub25lIn0\0",
        "AAAA\0-----BEGIN PUBLIC KEY-----\n\0\n-----END PUBLIC KEY-----",
    ),
)


def _armoured() -> tuple[str, ...]:
    return tuple(base64.b64encode(one.encode()).decode() for one in seeds.keys()[:40])


_ROWS = (
    Target("envelope", envelope, lambda: (*seeds.tokens(), *seeds.stories())),
    Target("linear", linear, lambda: _REPEATED),
    Target("base64url", base64_url, lambda: ("", "YQ", "YQ==", "a+b/", "AB-_", "Y\u200bQ", "YR")),
    Target("json", json_text, seeds.jsons),
    Target("keys", key, lambda: tuple(f"\0\0{one}" for one in (*seeds.keys(), *_armoured()))),
    Target("der", der, seeds.ders),
    Target("jws", jws, lambda: tuple(f"\0{number}\0\x20\0{number}\0\1{one}" for number, one in enumerate(seeds.jsons()[:9]))),
    Target("jwe", jwe, lambda: tuple(f"\0{number}\0\x20\0{number}\0\1{one}" for number, one in enumerate(("", "{}", *seeds.tokens()[:7])))),
    Target(
        "sd-jwt", sd_jwt, lambda: tuple(f"\0{number}\0\x20\0{number}\0\1{one}" for number, one in enumerate(("Jane", "~", "é", 'WyJhIl0"')))
    ),
    Target("policy", policy, seeds.policies),
)
TARGETS = {row.name: row for row in _ROWS}
