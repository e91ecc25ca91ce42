"""The claims with everything disclosed put back in its place (RFC 9901 §7.1), numbers as they were written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.tokens.lossless_json import MAX_DEPTH, Document, Node
from app.tokens.sd_jwt.disclosures import Disclosure, Path, Where

_MOST_LISTED = 20


class Unfolding:
    """One walk through the issuer's claims and all that is disclosed in them."""

    def __init__(self, payload: Document | None, ones: Sequence[Disclosure]) -> None:
        self.digests: Counter[str] = Counter()
        """Every digest met, and how often."""
        self.misplaced: list[Path] = []
        """Where `_sd` and `...` stand and convey no digests."""
        self.is_too_deep = False
        self._ones = ones
        self._first: dict[str, int] = {}
        for index, one in enumerate(ones):
            if one.digest:
                self._first.setdefault(one.digest, index)
        self._places: dict[int, tuple[Where, Path]] = {}
        self._faults: dict[int, str] = {}
        root = payload.root if payload else None
        self.text = self._written(payload.text, root, ()) if payload and root else ""

    @property
    def undisclosed(self) -> int:
        """How many digests have no disclosure here: what the holder keeps back, and decoys, which cannot be told apart."""
        return len(self.digests.keys() - self._first.keys())

    def disclosures(self) -> Iterator[Disclosure]:
        """Those given, each with its place and with the reason for which it must be refused."""
        for index, one in enumerate(self._ones):
            where, path = self._places.get(index, ("nowhere", ()))
            fault = one.fault or self._faults.get(index, "")
            if not fault and one.digest and self._first[one.digest] != index:
                fault = "it stands a second time"
            elif not fault and one.digest and where == "nowhere":
                fault = "its digest is not in any _sd array"
            yield replace(one, where=where, path=path, fault=fault)

    def _written(self, text: str, node: Node, path: Path) -> str:
        if len(path) > MAX_DEPTH:
            self.is_too_deep = True
            return "null"
        if node.kind == "object":
            return self._object(text, node, path)
        if node.kind == "array":
            return self._array(text, node, path)
        return text[node.start : node.end]

    def _object(self, text: str, node: Node, path: Path) -> str:
        written: dict[str, str] = {}
        digests: list[str] = []
        for member in node.members:
            name = member.name
            if name == "_sd":
                digests += self._listed(member.node, path)
                continue
            if name == "...":
                self._misplace((*path, name))
            written[name] = self._written(text, member.node, (*path, name))
        for digest in digests:
            index = self._met(digest, "claim", path)
            if index is not None:
                self._put(index, written, path)
        if not path:
            written.pop("_sd_alg", None)
        return f"{{{','.join(f'{json.dumps(name)}:{value}' for name, value in written.items())}}}"

    def _listed(self, node: Node, path: Path) -> list[str]:
        digests = [item.value for item in node.items if isinstance(item.value, str)]
        if node.kind != "array" or len(digests) < len(node.items):
            self._misplace((*path, "_sd"))
        return digests

    def _put(self, index: int, written: dict[str, str], path: Path) -> None:
        one = self._ones[index]
        if one.name is None:
            self._faults[index] = "it has no claim name, yet its digest stands in an _sd array"
        elif one.name in written:
            self._faults[index] = f'a claim "{one.name[:60]}" stands in its place already'
        elif not one.fault:
            written[one.name] = ""  # before what is in it, which cannot take its place
            written[one.name] = self._unfolded(one, (*path, one.name))

    def _array(self, text: str, node: Node, path: Path) -> str:
        written: list[str] = []
        for position, item in enumerate(node.items):
            digest = _of_element(item)
            if digest is None:
                written.append(self._written(text, item, (*path, position)))
                continue
            index = self._met(digest, "element", (*path, position))
            if index is None:
                continue
            one = self._ones[index]
            if one.name is not None:
                self._faults[index] = "it has a claim name, yet its digest stands in an array of elements"
            elif not one.fault:
                written.append(self._unfolded(one, (*path, position)))
        return f"[{','.join(written)}]"

    def _unfolded(self, one: Disclosure, path: Path) -> str:
        assert one.document is not None
        return self._written(one.document.text, one.node, path)

    def _met(self, digest: str, where: Where, path: Path) -> int | None:
        """The disclosure of *digest*, when it is met for the first time."""
        self.digests[digest] += 1
        index = self._first.get(digest)
        if index is None or index in self._places:
            return None
        name = self._ones[index].name
        self._places[index] = where, (*path, name) if where == "claim" and name is not None else path
        return index

    def _misplace(self, path: Path) -> None:
        if len(self.misplaced) < _MOST_LISTED:
            self.misplaced.append(path)


def _of_element(item: Node) -> str | None:
    """The digest that stands in place of an array element, or None."""
    if item.kind != "object" or len(item.members) != 1 or item.members[0].name != "...":
        return None
    value = item.members[0].node.value
    return value if isinstance(value, str) else None
