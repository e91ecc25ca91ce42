"""JSON as it was written: numbers, order, duplicates, white space and places are kept.

Two readers, one result. The fast one is the standard library's; whatever it cannot vouch for
(an error, a duplicate, a number it would round, deep nesting) goes to the slow one, which knows places.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Literal, NamedTuple, NoReturn

MAX_DEPTH = 64
MAX_MEMBERS = 10_000
_LARGEST_EXACT = 2**53

_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:
        (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z.+]))
      | (?P<mark>[{}\[\]:,])
      | (?P<word>true|false|null)(?![A-Za-z0-9_$])
      | (?P<constant>-?(?:NaN|Infinity))(?![A-Za-z0-9_$])
      | (?P<end>\Z)
      | (?P<bad>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
# Possessive, and an open string runs to the end: otherwise each escaped quote of a hostile text starts a new search.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_LAYOUT_TOKEN = re.compile(_STRING + r'|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_BRACKETS = re.compile(_STRING + r"|([{\[])|([}\]])", re.DOTALL)
_EXACT_DIGITS = 15
_MOST_DIGITS = 10_000
_MOST_LISTED = 10
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|#[^\n]*+")
_WRITTEN_SURROGATE = re.compile(r"\\u[dD]")
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a strict reader refuses or a careless one changes; *offset* counts characters."""

    code: str
    offset: int
    length: int
    detail: str = ""
    count: int = 0
    more: int = 0
    """How many further problems of this code were met but not listed."""
    others: tuple[int, ...] = ()
    """Of a member that stands several times, where each stands; of a comma too many, where it stands."""


@dataclass(slots=True)
class Node:
    """A value with its place; an object's members keep their order and their duplicates."""

    kind: str
    start: int
    end: int
    value: Any
    items: list[Node] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    start: int
    end: int
    node: Node


class Entry(NamedTuple):
    """A top-level member of an object, and where its value stands."""

    name: str
    value: Any
    start: int
    end: int


class _Stop(Exception):
    """The slow reader cannot go on; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _NeedsPlaces(Exception):
    """The fast reader met something that the slow one must report."""


Layout = Literal["compact", "spaced", "as-written"]
"""How a text is written: on one line without or with spaces, or in a way of its own."""


class Document:
    """A JSON text and all that is known of it; *value* is None when it could not be read."""

    laid_out: tuple[str, Layout] | None = None
    """What `layout.for_reading` made of it, once somebody asked."""

    def __init__(self, text: str, value: Any, problems: tuple[Problem, ...], readable: bool) -> None:
        self.text = text
        self.value = value
        self.problems = problems
        self.readable = readable

    @cached_property
    def root(self) -> Node | None:
        """The values with their places, or None when the text could not be read."""
        return scan(self.text)[0] if self.readable else None

    @cached_property
    def exact(self) -> str | None:
        """Valid JSON text that says the same, numbers as written; of duplicates the last; None if there is none."""
        if not self.readable or any(p.code in ("json_constant", "json_byte_order_mark") for p in self.problems):
            return None
        if any(p.code == "json_duplicate_member" for p in self.problems):
            return _write(self.text, self.root) if self.root else None
        return self.text

    @property
    def is_plain_object(self) -> bool:
        """Whether it is an ASCII object about which there is nothing to say."""
        return self.readable and not self.problems and isinstance(self.value, dict) and self.text.isascii()

    @cached_property
    def members(self) -> tuple[Entry, ...]:
        """The top-level members of an object in their order, duplicates among them, with the places of their values."""
        if not self.readable or not isinstance(self.value, dict):
            return ()
        if not self.problems:
            try:
                return tuple(_entries(self.text))
            except _NeedsPlaces:
                pass  # a number that the slow reader found to be harmless
        assert self.root is not None
        return tuple(Entry(one.name, one.node.value, one.node.start, one.node.end) for one in self.root.members)

    def member(self, name: str) -> Entry | None:
        """The last top-level member called *name*."""
        return next((entry for entry in reversed(self.members) if entry.name == name), None)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of *offset*, both from 1."""
        return position(self.text, offset)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of *offset* in *text*, both from 1."""
    line_start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - line_start + 1


def read(text: str) -> Document:
    """Read *text*; problems are collected, nothing is raised."""
    if text.count("{") + text.count("[") <= MAX_DEPTH and text.count(":") <= MAX_MEMBERS:
        if "\\u" not in text or not _WRITTEN_SURROGATE.search(text):
            try:
                value, end = _SCAN(text, 0)
                if end == len(text):
                    return Document(text, value, (), readable=True)
            except (_NeedsPlaces, StopIteration, ValueError, RecursionError):
                pass  # the slow reader says what is the matter
    else:
        too_much = _too_deep(text) or _too_many(text)
        if too_much:
            return Document(text, None, (too_much,), readable=False)
    root, problems = scan(text)
    return Document(text, root.value if root else None, tuple(problems), readable=root is not None)


def scan(text: str) -> tuple[Node | None, list[Problem]]:
    """Read *text* with places; returns the root value, or None, and every problem met."""
    reader = _Reader(text)
    try:
        return reader.document(), reader.listed()
    except _Stop as stop:
        return None, [*reader.listed(), stop.problem]


def _entries(text: str) -> Iterator[Entry]:
    """Walk the top level of an object that was read without a problem, with the fast reader's own parts."""
    at = _after_space(text, 0) + 1
    while text[at := _after_space(text, at)] != "}":
        if text[at] == ",":
            at = _after_space(text, at + 1)
        name, at = _SCAN_STRING(text, at + 1, True)
        start = _after_space(text, _after_space(text, at) + 1)
        value, at = _SCAN(text, start)
        yield Entry(name, value, start, at)


def _after_space(text: str, at: int) -> int:
    while text[at] in " \t\n\r":
        at += 1
    return at


def compact(text: str) -> str:
    """The same JSON without the white space between its tokens."""
    return "".join(_LAYOUT_TOKEN.findall(text))


def spaced(text: str) -> str:
    """The same JSON on one line, with a space behind each comma and colon, as Python writes it."""
    return "".join(f"{token} " if token in (",", ":") else token for token in _LAYOUT_TOKEN.findall(text))


def indent(text: str) -> str:
    """The same JSON, token for token, laid out to be read."""
    tokens = _LAYOUT_TOKEN.findall(text)
    out: list[str] = []
    depth = 0
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if token in "{[":
            depth += 1
            out.append(token if following in ("}", "]") else f"{token}\n{'  ' * depth}")
        elif token in "}]":
            depth -= 1
            empty = index and tokens[index - 1] in ("{", "[")
            out.append(token if empty else f"\n{'  ' * depth}{token}")
        elif token == ",":
            out.append(f",\n{'  ' * depth}")
        elif token == ":":
            out.append(": ")
        else:
            out.append(token)
    return "".join(out)


def moved(offset: int, text: str, laid_out: str) -> int:
    """Where the character at *offset* of *text* stands in the same JSON laid out otherwise."""
    for here, there in zip(_LAYOUT_TOKEN.finditer(text), _LAYOUT_TOKEN.finditer(laid_out), strict=False):
        if offset < here.end():
            return there.start() + max(0, offset - here.start())
    return len(laid_out)


def _write(text: str, node: Node) -> str:
    if node.kind == "object":
        last = {member.name: member.node for member in node.members}
        return "{" + ",".join(f"{json.dumps(name)}:{_write(text, child)}" for name, child in last.items()) + "}"
    if node.kind == "array":
        return "[" + ",".join(_write(text, child) for child in node.items) + "]"
    return text[node.start : node.end]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NeedsPlaces
    return members


def _real(source: str) -> Decimal:
    """The number, or an infinity or zero where arithmetic would give up; the text itself is kept elsewhere."""
    sign = "-" if source.startswith("-") else ""
    try:
        value = Decimal(source)
    except InvalidOperation:
        return Decimal(f"{sign}0" if re.search(r"[eE]-", source) else f"{sign}Infinity")
    if value and abs(value.adjusted()) > _MOST_DIGITS:
        return Decimal(f"{sign}0" if value.adjusted() < 0 else f"{sign}Infinity")
    return value


def _fast_real(source: str) -> Decimal:
    if (len(source) > _EXACT_DIGITS or "e" in source or "E" in source) and as_double(source):
        raise _NeedsPlaces
    return _real(source)


def as_double(source: str) -> str:
    """What JavaScript and most other programs make of the number, if they make another one of it; else nothing."""
    double = float(source)
    if math.isinf(double):
        return "-Infinity" if double < 0 else "Infinity"
    return "" if _real(source) == Decimal(repr(double)) else repr(double)


def _whole(source: str) -> int:
    if len(source) > _EXACT_DIGITS or source == "-0":
        raise _NeedsPlaces
    return int(source)


def _doubled(value: int) -> str:
    """How JavaScript writes the double that it holds in its place: the fewest digits that tell it from others, then zeros."""
    try:
        shortest = repr(float(value))
        return str(int(Decimal(shortest))) if abs(value) < 10**21 else shortest
    except OverflowError:
        return "-Infinity" if value < 0 else "Infinity"


def _constant(source: str) -> NoReturn:
    raise _NeedsPlaces


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_whole, parse_float=_fast_real, parse_constant=_constant)
_SCAN_STRING: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]
_SCAN: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]  # in C, not in typeshed


def _too_deep(text: str) -> Problem | None:
    depth = deepest = 0
    place = -1
    for match in _BRACKETS.finditer(text):
        if match.group(1):
            depth += 1
            if depth > deepest:
                deepest = depth
            if depth == MAX_DEPTH + 1 and place < 0:
                place = match.start()
        elif match.group(2):
            depth -= 1
    return Problem("json_too_deep", place, 1, count=deepest) if place >= 0 else None


def _too_many(text: str) -> Problem | None:
    members = sum(1 for token in _LAYOUT_TOKEN.finditer(text) if token.group() == ":")
    return Problem("json_too_many_members", 0, 1, count=members) if members > MAX_MEMBERS else None


class _Reader:
    """A recursive-descent reader; depth is bounded by MAX_DEPTH before it starts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.problems: dict[str, list[Problem]] = {}
        self.unlisted: Counter[str] = Counter()

    def note(self, problem: Problem) -> None:
        """List the problem, or only count it: a hostile text can hold tens of thousands."""
        same = self.problems.setdefault(problem.code, [])
        if len(same) < _MOST_LISTED:
            same.append(problem)
        else:
            self.unlisted[problem.code] += 1

    def listed(self) -> list[Problem]:
        """Every listed problem in the order of the text; the last of its code knows how many more there were."""
        for code, count in self.unlisted.items():
            self.problems[code][-1] = replace(self.problems[code][-1], more=count)
        return sorted((one for same in self.problems.values() for one in same), key=lambda problem: problem.offset)

    def document(self) -> Node:
        if self.text.startswith("\ufeff"):
            self.note(Problem("json_byte_order_mark", 0, 1))
            self.at = 1
        node = self.value(self.next())
        after = self.next()
        if after.lastgroup != "end":
            self.extra(after)  # noqa: S610 # nosec B610 # no query of Django: it refuses what stands behind the value
        return node

    def next(self) -> re.Match[str]:
        match = _TOKEN.match(self.text, self.at)
        assert match is not None  # the last alternatives match the end and any character
        self.at = match.end()
        return match

    def extra(self, match: re.Match[str]) -> NoReturn:
        start = match.start(match.lastgroup or "bad")
        if _COMMENT.match(self.text, start):
            self.stop("json_comment", match)
        rest = self.text[start:].rstrip()
        raise _Stop(Problem("json_extra_data", start, max(1, len(rest)), rest[:60], len(rest)))

    def stop(self, code: str, match: re.Match[str], detail: str = "", comma: re.Match[str] | None = None) -> NoReturn:
        group = match.lastgroup or "bad"
        comment = _COMMENT.match(self.text, match.start(group))
        if comment:
            raise _Stop(Problem("json_comment", comment.start(), len(comment.group()), comment.group()[:60]))
        length = max(1, match.end() - match.start(group))
        others = (comma.start("mark"),) if comma else ()
        raise _Stop(Problem(code, match.start(group), length, detail or match.group(group), others=others))

    def value(self, match: re.Match[str]) -> Node:
        kind = match.lastgroup
        assert kind is not None
        start, end, source = match.start(kind), match.end(), match.group(kind)
        if kind == "string":
            return Node("string", start, end, self.string(source, start))
        if kind == "number":
            return Node("number", start, end, self.number(source, start))
        if kind == "word":
            return Node("word", start, end, _WORDS[source])
        if kind == "constant":
            self.note(Problem("json_constant", start, end - start, source))
            return Node("number", start, end, Decimal(source))
        if source == "{":
            return self.object(start)
        if source == "[":
            return self.array(start)
        self.refuse(match)

    def refuse(self, match: re.Match[str]) -> NoReturn:
        group = match.lastgroup or "bad"
        start, source = match.start(group), match.group(group)
        if group == "end":
            self.stop("json_empty" if not self.text.strip() else "json_ends_early", match)
        if source == "'":
            self.stop("json_single_quotes", match)
        if source == '"':
            self.bad_string(start)
        if source.isalpha() or source in "_$":
            word = re.compile(r"[\w$]+").match(self.text, start)
            raise _Stop(Problem("json_bare_word", start, len(word.group()) if word else 1, word.group() if word else ""))
        if source in "-+." or source.isdigit():
            number = re.compile(r"[-+.\w]+").match(self.text, start)
            raise _Stop(Problem("json_number_form", start, len(number.group()) if number else 1, number.group() if number else ""))
        self.stop("json_unexpected", match)

    def bad_string(self, start: int) -> NoReturn:
        at = start + 1
        while at < len(self.text):
            character = self.text[at]
            if character == '"':
                break
            if character < " ":
                raise _Stop(Problem("json_control_character", at, 1, f"U+{ord(character):04X}"))
            if character == "\\":
                escape = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})').match(self.text, at)
                if not escape:
                    raise _Stop(Problem("json_escape", at, 2, self.text[at : at + 2]))
                at = escape.end()
                continue
            at += 1
        raise _Stop(Problem("json_string_open", start, len(self.text) - start))

    def string(self, source: str, start: int) -> str:
        value: str = json.loads(source)
        if _WRITTEN_SURROGATE.search(source):
            self.surrogates(source, start)
        return value

    def surrogates(self, source: str, start: int) -> None:
        """Note each written half of a pair that has no other half next to it."""
        high: re.Match[str] | None = None
        for match in [*_ESCAPE.finditer(source), None]:
            code = int(match.group()[2:], 16) if match and match.group()[1] == "u" else 0
            if high and match and 0xDC00 <= code < 0xE000 and match.start() == high.end():
                high = None
                continue
            if high:
                self.note(Problem("json_lone_surrogate", start + high.start(), 6, high.group()))
            high = match if 0xD800 <= code < 0xDC00 else None
            if match and 0xDC00 <= code < 0xE000:
                self.note(Problem("json_lone_surrogate", start + match.start(), 6, match.group()))

    def number(self, source: str, start: int) -> int | Decimal:
        if "." in source or "e" in source or "E" in source:
            double = as_double(source)
            if double:
                code = "json_number_range" if "Infinity" in double or float(double) == 0 else "json_number_precision"
                self.note(Problem(code, start, len(source), f"{source}\0{double}"))
            return _real(source)
        if len(source) > 4000:  # CPython refuses to convert more than 4,300 digits
            self.note(Problem("json_long_integer", start, len(source), count=len(source.lstrip("-"))))
            return _real(source)
        value = int(source)
        if source == "-0":
            self.note(Problem("json_negative_zero", start, len(source), source))
        doubled = _doubled(value) if abs(value) > _LARGEST_EXACT else ""
        if doubled and Decimal(doubled) != value:
            self.note(Problem("json_big_integer", start, len(source), f"{source}\0{doubled}"))
        return value

    def array(self, start: int) -> Node:
        node = Node("array", start, start, [])
        match = self.next()
        if match.group("mark") == "]":
            node.end = self.at
            return node
        while True:
            child = self.value(match)
            node.items.append(child)
            node.value.append(child.value)
            match = self.next()
            mark = match.group("mark")
            if mark == "]":
                node.end = self.at
                return node
            if mark != ",":
                self.missing("json_missing_comma", match)
            comma, match = match, self.next()
            if match.group("mark") == "]":
                self.stop("json_trailing_comma", match, comma=comma)

    def object(self, start: int) -> Node:
        node = Node("object", start, start, {})
        match = self.next()
        if match.group("mark") == "}":
            node.end = self.at
            return node
        while True:
            name, begin, end = self.name(match)
            colon = self.next()
            if colon.group("mark") != ":":
                self.missing("json_missing_colon", colon)
            child = self.value(self.next())
            node.members.append(Member(name, begin, end, child))
            node.value[name] = child.value
            match = self.next()
            mark = match.group("mark")
            if mark == "}":
                node.end = self.at
                break
            if mark != ",":
                self.missing("json_missing_comma", match)
            comma, match = match, self.next()
            if match.group("mark") == "}":
                self.stop("json_trailing_comma", match, comma=comma)
        if len(node.value) != len(node.members):
            self.duplicates(node)
        return node

    def name(self, match: re.Match[str]) -> tuple[str, int, int]:
        if match.lastgroup != "string":
            if match.lastgroup in ("mark", "number", "word"):
                self.stop("json_name_expected", match)
            self.refuse(match)
        begin = match.start("string")
        return self.string(match.group("string"), begin), begin, match.end()

    def missing(self, code: str, match: re.Match[str]) -> NoReturn:
        if match.lastgroup == "end":
            self.stop("json_ends_early", match)
        self.stop(code, match)

    def duplicates(self, node: Node) -> None:
        named: dict[str, list[Member]] = {}
        for member in node.members:
            named.setdefault(member.name, []).append(member)
        for name, same in named.items():
            if len(same) > 1:
                values = ", ".join(self.text[one.node.start : one.node.end][:80] for one in same[:5])
                last = same[-1]
                places = tuple(one.start for one in same)
                self.note(
                    Problem("json_duplicate_member", last.start, last.end - last.start, f"{name}\0{values}", len(same), others=places)
                )
