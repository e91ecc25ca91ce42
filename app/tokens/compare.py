"""Two JSON documents side by side: what changed from A to B. Values are told as they were written; nothing is judged."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from app.tokens import lossless_json, times
from app.tokens.lossless_json import Document, Node
from app.tokens.registry import Meaning

Change = Literal["changed", "only_a", "only_b", "same"]
MAX_ROWS = 1000
"""Of what differs, and of what is the same; what lies beyond is only counted."""
_MOST_PAIRED = 40_000
"""Pairs of elements that are tried to find the ones which two arrays share; beyond, arrays are compared by place."""
_LONGEST_WORDS = 2000
_PLAIN_NAME = re.compile(r"[A-Za-z_$][\w$-]*", re.ASCII)
_WORD_LISTS = ("scope", "scp")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value under its path: as written in A and in B, None where it is missing; *words* say how far apart they are."""

    path: str
    change: Change
    a: str | None
    b: str | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows in the order of A, with what only B has where B has it, and how many there are of each kind, listed or not."""

    rows: tuple[Difference, ...]
    counts: Mapping[Change, int]


def compare(a: Document | None, b: Document | None, known: Mapping[str, Meaning]) -> Comparison:
    """Compare the values of *a* and *b*; *known* says which names at the top are times."""
    pair = _Pair(a.text if a else "", b.text if b else "", known)
    root_a, root_b = a.root if a else None, b.root if b else None
    rows: list[Difference] = []
    counts: Counter[Change] = Counter()
    for row in pair.nodes("", root_a, root_b) if root_a and root_b else pair.unread(root_a, root_b):
        counts[row.change] += 1
        listed = counts["same"] if row.change == "same" else counts.total() - counts["same"]
        if listed <= MAX_ROWS:
            rows.append(row)
    return Comparison(tuple(rows), counts)


class _Pair:
    """Two texts, and their values in step."""

    def __init__(self, a: str, b: str, known: Mapping[str, Meaning]) -> None:
        self.a = a
        self.b = b
        self.known = known

    def unread(self, a: Node | None, b: Node | None) -> Iterator[Difference]:
        """At least one of the two is no JSON: the JSON is listed beside nothing, texts are compared whole."""
        if a or b:
            for path, node in _top(a or b):
                yield self.alone(path, node, "only_a" if a else "only_b")
        if not a and not b and self.a and self.b:
            yield Difference("", "same" if self.a == self.b else "changed", self.a, self.b)
        elif not a and self.a:
            yield Difference("", "only_a", self.a, None)
        elif not b and self.b:
            yield Difference("", "only_b", None, self.b)

    def nodes(self, path: str, a: Node, b: Node) -> Iterator[Difference]:
        if a.kind == b.kind == "object" and (a.members or b.members):
            yield from self.objects(path, a, b)
        elif a.kind == b.kind == "array" and (a.items or b.items):
            yield from self.arrays(path, a, b)
        else:
            yield self.values(path, a, b)

    def objects(self, path: str, a: Node, b: Node) -> Iterator[Difference]:
        ours, theirs = _members(a), _members(b)
        for name, node in ours.items():
            if name in theirs:
                yield from self.nodes(_within(path, name), node, theirs[name])
            else:
                yield self.alone(_within(path, name), node, "only_a")
        for name, node in theirs.items():
            if name not in ours:
                yield self.alone(_within(path, name), node, "only_b")

    def arrays(self, path: str, a: Node, b: Node) -> Iterator[Difference]:
        for first, second in self.paired(a.items, b.items):
            if first is None:
                assert second is not None
                yield self.alone(f"{path}[{second}]", b.items[second], "only_b")
            elif second is None:
                yield self.alone(f"{path}[{first}]", a.items[first], "only_a")
            else:
                yield from self.nodes(f"{path}[{first}]", a.items[first], b.items[second])

    def paired(self, a: list[Node], b: list[Node]) -> Iterator[tuple[int | None, int | None]]:
        """Which element of A stands beside which of B: a role taken from the front moves all others, and changes none of them."""
        if len(a) * len(b) > _MOST_PAIRED:
            yield from zip_longest(range(len(a)), range(len(b)))
            return
        keys_a, keys_b = [_key(self.a, node) for node in a], [_key(self.b, node) for node in b]
        for _, a_start, a_end, b_start, b_end in SequenceMatcher(None, keys_a, keys_b, autojunk=False).get_opcodes():
            yield from zip_longest(range(a_start, a_end), range(b_start, b_end))

    def values(self, path: str, a: Node, b: Node) -> Difference:
        ours, theirs = _written(self.a, a), _written(self.b, b)
        if _key(self.a, a) == _key(self.b, b):
            return Difference(path, "same", ours, theirs)
        return Difference(path, "changed", ours, theirs, self.words(path, a, b))

    def alone(self, path: str, node: Node, change: Change) -> Difference:
        written = _written(self.a if change == "only_a" else self.b, node)
        return Difference(path, change, *((written, None) if change == "only_a" else (None, written)))

    def words(self, path: str, a: Node, b: Node) -> str:
        """How far apart two values are, if that can be said."""
        if a.kind != b.kind:
            return f"{_KINDS[a.kind]} in A, {_KINDS[b.kind]} in B" if _KINDS[a.kind] != _KINDS[b.kind] else ""
        meaning = self.known.get(path)
        if meaning and meaning.show == "time" and times.is_date(a.value) and times.is_date(b.value):
            return _later(b.value - a.value)
        if a.kind == "number" and a.value == b.value:
            return "the same number, written otherwise"
        if a.kind == "string" and path in _WORD_LISTS:
            return _moved_words(a.value, b.value)
        return ""


_KINDS = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "constant": "a number",
    "word": "true, false or null",
}


def _top(root: Node | None) -> Iterator[tuple[str, Node]]:
    if root is not None and root.kind == "object":
        yield from ((_within("", name), node) for name, node in _members(root).items())
    elif root is not None:
        yield "", root


def _members(node: Node) -> dict[str, Node]:
    """Of a name that stands twice the last, as most readers take it."""
    return {member.name: member.node for member in node.members}


def _within(path: str, name: str) -> str:
    """`realm_access.roles`; at the top a name stands as it is, further in one with odd characters is quoted."""
    if not path:
        return name
    return f"{path}.{name}" if _PLAIN_NAME.fullmatch(name) else f"{path}[{json.dumps(name, ensure_ascii=False)}]"


def _key(text: str, node: Node) -> str:
    """What makes two values the same: strings by their characters, all else by its tokens as written."""
    return f'"{node.value}' if node.kind == "string" else lossless_json.compact(text[node.start : node.end])


def _written(text: str, node: Node) -> str:
    """A string without its quotes, all else as written on one line."""
    return node.value if node.kind == "string" else lossless_json.compact(text[node.start : node.end])


def _later(seconds: times.Seconds) -> str:
    if -1 < seconds < 1:
        return "less than a second apart" if seconds else "the same time, written otherwise"
    return f"{times.span(seconds)} {'later' if seconds > 0 else 'earlier'}"


def _moved_words(a: str, b: str) -> str:
    """What a list in one string, as `scope` is, lost and gained."""
    ours, theirs = a[:_LONGEST_WORDS].split(), b[:_LONGEST_WORDS].split()
    lost, gained = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    parts = [f"without {', '.join(lost)}"] * bool(lost) + [f"with {', '.join(gained)}"] * bool(gained)
    return "; ".join(parts) or "in another order or spacing"
