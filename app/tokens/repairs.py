"""Mechanical mends of JSON: each changes the one thing that its finding is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.tokens import lossless_json
from app.tokens.findings import Field, Repair, Segment
from app.tokens.lossless_json import Entry, Problem

_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "nil": "null", "TRUE": "true", "FALSE": "false"}
_CONTROLS = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_PYTHON = re.compile(r"""'((?:[^'\\]|\\.)*+)'|"(?:[^"\\]|\\.)*+"|\b(True|False|None)\b""", re.DOTALL)
_NUMBER = re.compile(r"\+?(-?)0*([0-9]*)(?:\.([0-9]*))?((?:[eE][-+]?[0-9]+)?)")
_FOR_COLON = re.compile(r"(?:=>|->|:?=|;)[ \t\r\n]*")
_FOR_COMMA = re.compile(r"[;|][ \t\r\n]*")
_BEGINS = re.compile(r"""["'{\[+\-.A-Za-z0-9]""")
_LONGEST = 65_536


def of_json(segment: Segment, text: str, problem: Problem) -> tuple[Repair, ...]:
    """The changes that would mend *problem* of the decoded *text*, where it is certain what was meant."""
    field: Field = "header" if segment == "header" else "payload"
    at, length = problem.offset, problem.length
    there = text[at : at + length]
    match problem.code:
        case "json_trailing_comma":
            return (Repair("Remove the comma", field, "", problem.others[0], 1),)
        case "json_byte_order_mark":
            return (Repair("Remove the byte order mark", field, "", 0, 1),)
        case "json_comment":
            behind = text[at + length :].strip()
            # On one line, the comment has swallowed the rest of the object.
            is_whole = there.startswith("/*") or behind or text[:at].rstrip()[-1:] in ("}", "]")
            return (Repair("Remove the comment", field, "", at, length),) if is_whole else ()
        case "json_constant":
            return (Repair("Write null", field, "null", at, length),)
        case "json_control_character":
            written = _CONTROLS.get(there, f"\\u{ord(there):04x}" if len(there) == 1 else "")
            return (Repair(f"Write {written}", field, written, at, 1),)
        case "json_missing_comma":
            return _sign(field, text, at, "comma", ",", _FOR_COMMA)
        case "json_missing_colon":
            return _sign(field, text, at, "colon", ":", _FOR_COLON)
        case "json_big_integer" | "json_long_integer":
            return (Repair("Make it a string", field, f'"{there}"', at, length),)
        case "json_bare_word":
            return _word(field, text, at, there)
        case "json_number_form":
            return _number(field, at, there)
        case "json_single_quotes":
            return _quotes(field, text)
    return ()


def without(segment: Segment, text: str, places: Sequence[int]) -> tuple[Repair, ...]:
    """The characters at *places* taken out."""
    field: Field = "header" if segment == "header" else "payload"
    if len(places) == 1:
        return (Repair("Remove it", field, "", places[0], 1),)
    if len(text) > _LONGEST:
        return ()
    gone = set(places)
    return (Repair("Remove them", field, "".join(one for at, one in enumerate(text) if at not in gone)),)


def read_other(entry: Entry) -> tuple[Repair, ...]:
    """The token in a claim put into the token box."""
    return (Repair(f'Read "{entry.name[:40]}"', "token", entry.value),) if len(entry.value) <= _LONGEST else ()


def _sign(field: Field, text: str, at: int, name: str, sign: str, other: re.Pattern[str]) -> tuple[Repair, ...]:
    """The sign that is missing before a value or a name, in the place of another that was written for it."""
    wrong = other.match(text, at)
    if not _BEGINS.match(text, wrong.end() if wrong else at):
        return ()
    if wrong:
        return (Repair(f"Write a {name}", field, sign, at, len(wrong.group().rstrip())),)
    return (Repair(f"Insert the {name}", field, sign, at, 0),)


def _word(field: Field, text: str, at: int, word: str) -> tuple[Repair, ...]:
    if word in _WORDS:
        return (Repair(f"Write {_WORDS[word]}", field, _WORDS[word], at, len(word)),)
    if re.compile(r"\s*:").match(text, at + len(word)):
        return (Repair("Put it in double quotes", field, f'"{word}"', at, len(word)),)
    return ()


def _number(field: Field, at: int, there: str) -> tuple[Repair, ...]:
    """Leading zeros, a plus sign, a point without digits on both sides: all of one meaning only."""
    match = _NUMBER.fullmatch(there)
    if not match or not (match.group(2) or match.group(3) or "0" in there):
        return ()
    sign, whole, fraction, exponent = match.groups()
    text = f"{sign}{whole or '0'}{'.' + fraction if fraction else ''}{exponent}"
    return (Repair(f"Write {text[:30]}", field, text, at, len(there)),)


def _quotes(field: Field, text: str) -> tuple[Repair, ...]:
    """A Python or JavaScript literal written as JSON, if the result is JSON."""
    if len(text) > _LONGEST:
        return ()
    mended = _PYTHON.sub(_requoted, text)
    return (Repair("Write double quotes", field, mended),) if lossless_json.read(mended).readable else ()


def _requoted(match: re.Match[str]) -> str:
    inner, word = match.group(1), match.group(2)
    if word:
        return _WORDS[word]
    if inner is None:
        return match.group()
    return '"' + inner.replace("\\'", "'").replace('"', '\\"') + '"'
