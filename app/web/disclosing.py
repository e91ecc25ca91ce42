"""The disclosures of an SD-JWT as rows of the page: those presented, and those taken out, which can be put back."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice

from app import tokens
from app.reports.statements import LABELS
from app.tokens import lossless_json, sd_jwt, times
from app.tokens.envelope import Token
from app.tokens.findings import quoted
from app.tokens.sd_jwt import Disclosure, Path, Presentation
from app.tokens.sd_jwt.binding import KeyBinding
from app.web.view import Bound, CheckRow, Disclosed, DisclosureRow, Page, Tone

MOST_ROWS = 80
"""How many disclosures can be chosen by hand; the others stay as they are."""
ID_LENGTH = 12
"""How much of a digest a tick box sends."""
_LONGEST_VALUE = 1000
_LONGEST_CLAIMS = 100_000
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
_BINDING = ("bind_key", "bind_audience", "bind_nonce")
_LABELS = LABELS | {"nonce": "Nonce", "sd_hash": "Hash of the presentation"}
_WORDS: dict[str, tuple[Tone, str]] = {
    "verified": ("good", "Holder verified"),
    "invalid": ("bad", "Key binding refused"),
    "not_checked": ("warn", "Holder not verified"),
}


def shown(aside: str, report: tokens.Report, folded: Collection[str]) -> Disclosed | None:
    """What the page shows of the disclosures of an SD-JWT; None for any other token. *aside* is what the form keeps of it."""
    given = report.token.disclosed
    if given is None:
        return None
    whole = everything(aside, report.token)
    rows = tuple(_rows(whole, given, can_be_chosen(report.token)))
    presented = sum(row.is_presented for row in rows)
    claims = given.claims.text if given.claims and "seen" not in folded and len(given.claims.text) <= _LONGEST_CLAIMS else ""
    sound = [one.text for one in whole.disclosures if not one.fault]
    is_of_this = not set(sound).isdisjoint(aside.split("~"))
    return Disclosed(
        rows,
        f"{presented} of {len(rows)} presented" if rows else "none presented",
        tuple(_notes(whole, given, report)),
        can_be_chosen(report.token),
        "~".join(sound) if is_of_this else "",
        "digests" not in folded,
        letters(lossless_json.indent(claims)),
        _bound(report.key_binding) if report.key_binding else None,
    )


def can_be_chosen(token: Token) -> bool:
    """Whether a presentation can be made of *token*: it is known which disclosures belong to it, and where they stand."""
    given = token.disclosed
    if given is None or token.serialization != "compact" or len(token.parts) != 3:
        return False
    return given.hash_known and len(given.texts) == len(given.disclosures)


def everything(aside: str, token: Token) -> Presentation:
    """What *token* presents together with what was taken out of it: that of *aside* whose digest the issuer signed here."""
    given = token.disclosed
    assert given is not None
    if not aside:
        return given
    own = dict.fromkeys(one.text for one in given.disclosures)
    order = {text: index for index, text in enumerate(aside.split("~"))}
    texts = [*own, *(text for text in order if text and text not in own)]
    whole = sd_jwt.read(token.payload, sorted(texts[: sd_jwt.MAX_DISCLOSURES], key=lambda text: order.get(text, len(order))), "")
    return replace(whole, disclosures=tuple(one for one in whole.disclosures if one.text in own or not one.fault))


def value_id(one: Disclosure) -> str:
    """What the tick box of *one* sends: the beginning of its digest, for a number would be another's after an edit."""
    return one.digest[:ID_LENGTH]


def outer(one: Disclosure, places: dict[Path, Disclosure]) -> list[Disclosure]:
    """Those that *one* lies in, the outermost first; *places* has every one by its path."""
    inside = (places.get(one.path[:length]) for length in range(1, len(one.path)))
    return [other for other in inside if other is not None]


def places(whole: Presentation) -> dict[Path, Disclosure]:
    return {one.path: one for one in whole.disclosures if one.path and not one.fault}


def out_of_sight(page: Page) -> tuple[tuple[str, str], ...]:
    """What was filled in and has no field now, because another token is there: it comes back with its field."""
    seen = {"issue_holder"} if page.hideable else set()
    if page.disclosed:
        seen |= {"aside", *(_BINDING if page.disclosed.can_choose else ())}
    fields = ((name, getattr(page.form, name)) for name in ("aside", *_BINDING, "issue_holder") if name not in seen)
    return tuple((name, value) for name, value in fields if value)


def letters(text: str) -> str:
    """The JSON *text* with letters in place of escapes, as far as they show."""
    return _ESCAPE.sub(_letter, text) if "\\u" in text else text


def _letter(match: re.Match[str]) -> str:
    if match.group()[1] != "u":
        return match.group()
    character: str = json.loads(f'"{match.group()}"')
    return character if character.isprintable() and character not in '"\\' and not "\ud800" <= character <= "\udfff" else match.group()


def ordered(whole: Presentation) -> Iterator[tuple[Disclosure, list[Disclosure]]]:
    """Each disclosure with those that it lies in, and behind it those that lie in it."""
    at = places(whole)
    inside: dict[str, list[tuple[Disclosure, list[Disclosure]]]] = {}
    tops: list[tuple[Disclosure, list[Disclosure]]] = []
    for one in whole.disclosures:
        around = [] if one.fault else outer(one, at)
        (inside.setdefault(around[-1].text, []) if around else tops).append((one, around))
    waiting = tops[::-1]
    while waiting:
        one, around = waiting.pop()
        yield one, around
        waiting += [] if one.fault else inside.get(one.text, [])[::-1]


def _rows(whole: Presentation, given: Presentation, can_choose: bool) -> Iterator[DisclosureRow]:
    faults = {one.text: one.fault for one in given.disclosures}
    met: set[str] = set()
    for one, around in islice(ordered(whole), MOST_ROWS):
        yield DisclosureRow(
            value_id(one) if can_choose and one.text not in met else "",
            len(around),
            _name(one, len(around[-1].path) if around else 0),
            quoted(letters(one.value_text), _LONGEST_VALUE),
            one.fault if whole is given else faults.get(one.text, ""),
            one.text in faults,
            quoted(one.salt, 200) if isinstance(one.salt, str) else "missing",
            one.digest,
        )
        met.add(one.text)


def _name(one: Disclosure, start: int) -> str:
    """Its place in what it lies in."""
    if len(one.path) > start:
        return written(one.path[start:])
    return quoted(one.name) if one.name is not None else "array element" if one.document else "not readable"


def written(path: Path) -> str:
    """A path as a person reads it: `address.street`, `nationalities[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{quoted(step)}" for step in path).removeprefix(".")


def _notes(whole: Presentation, given: Presentation, report: tokens.Report) -> Iterator[str]:
    if whole.undisclosed:
        many = whole.undisclosed != 1
        yield f"{whole.undisclosed} more digest{'s' if many else ''}: claims kept back, or decoys. Only the issuer can tell."
    if len(whole.texts) > MOST_ROWS:
        yield f"{MOST_ROWS} of {len(whole.texts):,} disclosures are listed; the others stay as they are."
    if not given.hash_known:
        yield "No digest can be made with the hash that _sd_alg names, so nothing can be chosen."
    elif report.token.serialization != "compact":
        yield "A choice can be made of the compact form; this token is in JSON serialization."
    if given.key_binding and can_be_chosen(report.token):
        yield "Another choice leaves out the key binding JWT, which is for these disclosures alone."


def _bound(bound: KeyBinding) -> Bound:
    value = bound.token.claims if isinstance(bound.token.claims, dict) else {}
    facts = [
        (label, quoted(value[name], 300)) for name, label in (("aud", "Audience"), ("nonce", "Nonce")) if isinstance(value.get(name), str)
    ]
    if times.is_date(value.get("iat")):
        facts.append(("Made", times.utc(value["iat"])))
    if isinstance(value.get("sd_hash"), str):
        facts.append(("sd_hash", quoted(value["sd_hash"], 200)))
    checks = tuple(CheckRow(one.name, one.label or _LABELS[one.name], one.outcome, one.because, one.spec or "") for one in bound.checks)
    return Bound(*_WORDS[bound.status], bound.because, tuple(facts), checks)
