"""What is well-formed and still deserves a word: names that programs confuse, tokens inside tokens, payloads that are no JSON."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator

from app.tokens import base64url
from app.tokens.findings import quoted
from app.tokens.lossless_json import Document, Entry, Node, Problem

COMPACT = re.compile(
    r"(?:ey[ABIJ]|ew[0ok])[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*)?(?:~[\w.~-]*)?"
)
"""A compact token as it stands in a text: base64url of an object's beginning, then two dots or four."""
_PROTO = re.compile(r'"__proto__"(?=[ \t\n\r]*:)')
_NO_NAME = re.compile(r'""(?=[ \t\n\r]*:)')  # two quotes next to each other are always an empty string
_NEEDLESS_ESCAPE = re.compile(r"\\u00[2-7][0-9A-Fa-f]")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_MOST_LISTED = 5
_MOST_INFLATED = 65_536


def may_have(document: Document) -> bool:
    """Whether to look closer; cheap, since it is asked of every token that is shown."""
    text = document.text
    if '"ey' in text or "\\u00" in text or '""' in text or "__proto__" in text:
        return True
    value = document.value
    return isinstance(value, dict) and len({_folded(name) for name in value}) < len(value)


def of(document: Document) -> Iterator[Problem]:
    """Names that are legal JSON, and that programs take for other names."""
    text = document.text
    for code, pattern in (("json_proto_name", _PROTO), ("json_empty_name", _NO_NAME)):
        places = [match.start() for match in pattern.finditer(text)]
        if places:
            yield Problem(code, places[0], len(pattern.pattern.split("(")[0]), count=len(places), more=len(places) - 1)
    if _NEEDLESS_ESCAPE.search(text) and document.root:
        yield from _escaped_names(text, document.root)
    yield from _alike(document)


def nested_tokens(document: Document) -> Iterator[Entry]:
    """Strings that hold a whole token, wherever they stand, with their paths."""
    if '"ey' not in document.text or document.root is None:
        return
    listed = 0
    for path, node in _strings(document.root, ""):
        if isinstance(node.value, str) and COMPACT.fullmatch(node.value):
            yield Entry(path, node.value, node.start, node.end)
            listed += 1
            if listed == _MOST_LISTED:
                return


def other_than_json(text: str, data: bytes, header: object) -> str:
    """What a payload that is no JSON may be, in a sentence, or nothing. *text* is the segment, *data* its bytes."""
    if _HEX.fullmatch(text) and bytes.fromhex(text[:8])[:1] == b"{":
        return f'The segment is hex, not base64url; as hex it reads "{_shown(bytes.fromhex(text))}".'
    inflated = _inflated(data, header)
    if inflated:
        return inflated
    if data[:2] == b"\xd2\x84":
        return "It begins with d2 84: a COSE_Sign1 message in CBOR, as in a CWT (RFC 8392)."
    if data[:2] == b"\xd8\x3d":
        return "It begins with d8 3d: a CBOR Web Token (RFC 8392)."
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[1:2] == b"\0" or data[:1] == b"\0":
        return "It looks like UTF-16; JSON must be UTF-8 (RFC 8259 §8.1)."
    return _encoded_again(data)


def _encoded_again(data: bytes) -> str:
    inner = data.decode("ascii", "replace").strip()
    if COMPACT.fullmatch(inner):
        return 'It is a token itself: a nested JWT, whose outer header says "cty": "JWT" (RFC 7519 §5.2).'
    if _HEX.fullmatch(inner) and bytes.fromhex(inner[:8])[:1] in (b"{", b"["):
        return f'It is hex; read as such: "{_shown(bytes.fromhex(inner))}".'
    once_more = base64url.explain(inner)[0] if inner.isascii() and len(inner) >= 4 and " " not in inner else b""
    if once_more[:1] == b"{" and once_more.rstrip()[-1:] == b"}":
        return f'It was encoded twice; decoded once more it reads "{_shown(once_more)}".'
    return ""


def _inflated(data: bytes, header: object) -> str:
    zlib_form = data[:1] == b"\x78" and len(data) > 6 and int.from_bytes(data[:2]) % 31 == 0
    raw = isinstance(header, dict) and header.get("zip") == "DEF"
    if not (zlib_form or raw or data[:3] == b"\x1f\x8b\x08"):
        return ""
    name = "zlib" if zlib_form else "gzip" if data[:1] == b"\x1f" else "DEFLATE"
    try:
        reader = zlib.decompressobj(15 if name == "zlib" else 31 if name == "gzip" else -15)
        plain = reader.decompress(data, _MOST_INFLATED)
    except zlib.error:
        return ""
    begins = "" if name == "DEFLATE" else f"begins with {data[:2].hex(' ')}: it "
    return f'It {begins}is compressed with {name}; inflated it reads "{_shown(plain)}". Only encrypted tokens may be (RFC 7516 §4.1.3).'


def _shown(data: bytes) -> str:
    return quoted(data[:200].decode("utf-8", "replace"), 40)


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()


def _alike(document: Document) -> Iterator[Problem]:
    """Members that differ by case or by the composition of their characters: Go and others read both as one."""
    seen: dict[str, str] = {}
    listed = 0
    for name, _, start, _ in document.members:
        other = seen.setdefault(_folded(name), name)
        if other != name and listed < _MOST_LISTED:
            listed += 1
            place = document.text.rfind('"', 0, document.text.rfind(":", 0, start))
            begin = _name_begin(document.text, place)
            yield Problem("json_names_alike", begin, place + 1 - begin, f"{other}\0{name}")


def _name_begin(text: str, end: int) -> int:
    """Where the name whose closing quote is at *end* begins."""
    begin = text.rfind('"', 0, end)
    while begin > 0 and text[begin - 1] == "\\":
        begin = text.rfind('"', 0, begin)
    return max(begin, 0)


def _escaped_names(text: str, root: Node) -> Iterator[Problem]:
    for node in _nodes(root):
        for member in node.members:
            written = text[member.start : member.end]
            if _NEEDLESS_ESCAPE.search(written):
                yield Problem("json_escaped_name", member.start, len(written), f"{written[1:-1]}\0{member.name}")
                return


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.items:
        yield from _nodes(child)
    for member in node.members:
        yield from _nodes(member.node)


def _strings(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    if node.kind == "string":
        yield path, node
    for index, child in enumerate(node.items):
        yield from _strings(child, f"{path}[{index}]")
    for member in node.members:
        yield from _strings(member.node, f"{path}.{member.name}" if path else member.name)
