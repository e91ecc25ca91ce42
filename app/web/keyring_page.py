"""What the keys page shows, in plain rows: its templates decide nothing and compute nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from app.tokens import Finding, Key, Keys, certificates, self_signed, times
from app.tokens.findings import quoted
from app.tokens.keys import forms, worth
from app.tokens.keys.kinds import KINDS
from app.web.view import KeyNote

FIRST_KIND = "P-256"
_LONGEST = 300
_MENU: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = tuple(
    (title, tuple((kind.name, kind.label) for kind in kinds)) for title, kinds in groupby(KINDS.values(), key=lambda kind: kind.group)
)


@dataclass(slots=True)
class KeyForm:
    """The form of the keys page, as it was sent."""

    key: str = ""
    key_encoding: str = "auto"
    passphrase: str = ""
    lock: str = ""
    kind: str = FIRST_KIND
    subject: str = "CN=jwtlens test"
    days: str = "30"
    which: str = "1"


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """One read-only field: what stands in it can be copied."""

    id: str
    label: str
    text: str
    spec: str = ""
    rows: int = 1
    goes: str = ""
    """The form that takes it into the debugger's key box, or nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    title: str
    note: str
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A key of a set."""

    number: int
    name: str
    kid: str
    is_shown: bool


@dataclass(slots=True)
class KeyPage:
    """Everything the keys page shows."""

    form: KeyForm
    key_note: KeyNote
    notice: str = ""
    title: str = ""
    facts: tuple[Fact, ...] = ()
    remarks: tuple[Finding, ...] = ()
    rows: tuple[Row, ...] = ()
    groups: tuple[Group, ...] = ()
    can_certify: bool = False
    menu: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = field(default_factory=lambda: _MENU)
    has_lock: bool = False
    generatable: str = ""


def page_of(form: KeyForm, keys: Keys, at: int, made: self_signed.Forms | None = None) -> KeyPage:
    """The page for what *form* holds, which was read as *keys*; *made* is a certificate that was just issued."""
    page = KeyPage(form, _note(keys))
    key = chosen(form, keys)
    if key is None:
        if not keys.is_empty:
            page.remarks = tuple(finding for finding in keys.findings if finding.message != keys.problem)
        return page
    page.title = key.name
    page.facts = tuple(_facts(key))
    page.remarks = (*keys.findings, *keys.faults, *worth.warnings(key), *_of_certificate(key, at))
    if len(keys.keys) > 1:
        page.rows = tuple(Row(place, one.name, quoted(one.kid or "", _LONGEST), one is key) for place, one in enumerate(keys.keys, 1))
    page.groups = tuple(_groups(key, keys, form.lock, made))
    page.can_certify = key.is_private and key.curve not in ("X25519", "X448")
    return page


def chosen(form: KeyForm, keys: Keys) -> Key | None:
    """The key that the page is about: the first, or the one of a set that was asked for."""
    number = int(form.which) if form.which.isascii() and form.which.isdecimal() and len(form.which) < 4 else 1
    return keys.keys[min(max(number, 1), len(keys.keys)) - 1] if keys.keys else None


def _note(keys: Keys) -> KeyNote:
    if keys.keys:
        return KeyNote("bad" if any(key.faults for key in keys.keys) else "idle", f"Read as {keys.read_as}")
    if keys.is_empty:
        return KeyNote("idle", "No key yet")
    locked = keys.findings[0].code == "key_locked"
    return KeyNote("warn" if locked else "bad", "Locked" if locked else "Not readable", "Type its passphrase." if locked else keys.problem)


def _facts(key: Key) -> Iterator[Fact]:
    if key.certificate is not None:
        yield from _certificate_facts(certificates.facts(key.certificate))
    for use in worth.uses(key):
        yield Fact(use.verb, ", ".join(use.algorithms))
    strength = worth.strength(key)
    if strength:
        yield Fact("Strength", strength[0].upper() + strength[1:])
    for name, value in (("kid", key.kid), ("alg", key.alg), ("use", key.use), ("key_ops", ", ".join(key.key_ops or ()))):
        if value:
            yield Fact(name, quoted(value, _LONGEST))


def _certificate_facts(facts: certificates.Certificate) -> Iterator[Fact]:
    yield Fact("Subject", facts.subject)
    yield Fact("Issuer", f"{facts.issuer} (signed by its own key)" if facts.is_self_signed else facts.issuer)
    moments = [times.utc(one) if one is not None else "a time that cannot be read" for one in (facts.not_before, facts.not_after)]
    yield Fact("Valid", f"{moments[0]} to {moments[1]}")
    yield Fact("Serial number", facts.serial)
    yield Fact("Signed with", facts.signed_with)
    if facts.usages is not None:
        yield Fact("Key usage", ", ".join(facts.usages) or "nothing")
    if facts.names:
        yield Fact("Other names", ", ".join(facts.names))
    yield Fact("Authority", "yes: it may issue certificates" if facts.is_authority else "no")


def _of_certificate(key: Key, at: int) -> Iterator[Finding]:
    if key.certificate is not None:
        facts = certificates.facts(key.certificate)
        yield from certificates.at_a_time(facts, "The certificate", at, "key")
        yield from certificates.weaknesses(facts, "The certificate", "key")


def _groups(key: Key, keys: Keys, lock: str, made: self_signed.Forms | None) -> Iterator[Group]:
    if made is not None:
        texts: tuple[Text, ...] = (
            Text("made-pem", "PEM", made.pem, "RFC 5280", 6),
            Text("made-header", "Header parameters x5c, x5t and x5t#S256", made.header, "RFC 7515 §4.1.6", 6),
        )
        yield Group("made", "Certificate for tests", "Signed by the key itself: nobody vouches for it.", texts)
    written = forms.forms(key, lock)
    titles = (
        ("secret", "Secret", "Whoever has it can sign, verify, encrypt and decrypt."),
        ("public", "Public key", "Enough to verify and to encrypt. It is no secret."),
        ("private", "Private key", "Whoever has it can sign and decrypt in your name."),
    )
    for half, title, note in titles:
        texts = tuple(_text(form) for form in written if form.half == half)
        if half == "public" and len(keys.keys) > 1:
            whole = forms.set_of(keys.keys)
            texts = (*(one for one in texts if one.id != "public-set"), Text("public-set", "JWK Set of all", whole, "RFC 7517", 8))
        if texts:
            yield Group(half, title, note, texts)
    prints = tuple(_thumbprints(key))
    if prints:
        yield Group("prints", "Thumbprints", "Digests of the public key or certificate; they name it without holding it.", prints)


def _text(form: forms.Form) -> Text:
    rows = min(8, form.text.rstrip().count("\n") + 1)
    return Text(form.name, form.label, form.text, form.spec, rows, f"use-{form.half}" if form.name.endswith("-jwk") else "")


def _thumbprints(key: Key) -> Iterator[Text]:
    if key.public is not None:
        yield Text("print-jwk", "JWK thumbprint, SHA-256", key.thumbprint(), "RFC 7638")
        yield Text("print-uri", "As a URN", key.thumbprint_uri(), "RFC 9278")
    if key.certificate is not None:
        written = self_signed.written(key.certificate)
        yield Text("print-x5t", "Certificate, x5t (SHA-1)", written.x5t, "RFC 7515 §4.1.7")
        yield Text("print-x5t-s256", "Certificate, x5t#S256 (SHA-256)", written.x5t_s256, "RFC 7515 §4.1.8")
        yield Text("print-x5c", "Certificate, x5c", json.dumps(json.loads(written.x5c)), "RFC 7515 §4.1.6", 3)
