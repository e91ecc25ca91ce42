"""What else may have been signed than the two segments as they are spelt, joined by a dot (RFC 7515 §5.1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, permutations

from app.tokens import base64url, lossless_json
from app.tokens.algorithms import Algorithm
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found
from app.tokens.lossless_json import Document
from app.tokens.suspects.candidate import Candidate, rewritten, span

LONGEST = 40_000
"""Of longer tokens only the text as it stands is tried: each other one would have to be made and hashed."""
_LONGEST_JSON = 4_000
_MOST_MEMBERS = 4
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Plain:
    """The token in canonical base64url."""

    texts: dict[int, str]
    """What to write, by the number of the segment."""
    signing_input: bytes
    signature: bytes


def plainly_spelt(token: Token) -> Plain | None:
    """The token without the characters that base64url does not have; None when it is spelt so already."""
    if token.is_clean or token.is_unencoded:
        return None
    data = [base64url.explain(part.text)[0] for part in token.parts]
    texts = [base64url.encode(one) for one in data]
    is_compact = token.serialization == "compact"  # there the dots between are written too
    written = {number: text for number, text in enumerate(texts) if is_compact or text != token.parts[number].text}
    return Plain(written, ".".join(texts[:2]).encode(), data[2])


def signed_instead(token: Token, data: bytes, algorithm: Algorithm) -> Iterator[Candidate]:
    """Each other text that the signature may be over, the likeliest first."""
    if len(data) > LONGEST:
        return
    if token.is_unencoded:
        yield from _unencoded(data)
        return
    header, _, payload = data.partition(b".")
    own = data == token.signing_input
    document = None if token.inflated else token.payload if own else _detached(payload)
    protected = token.protected if token.unprotected else token.header
    yield from _written_anew(token, header, payload, protected, document, own)
    for text, what in _other_texts(token, header, payload, algorithm):
        yield Candidate(text, partial(_instead, what))
    for order in _in_other_orders(protected):
        yield _header_anew(token, order, payload, own, "with its members in another order")


def _unencoded(data: bytes) -> Iterator[Candidate]:
    """What signers do that pass over b64, and what changes on the way to the verifier."""
    header, _, payload = data.partition(b".")
    what = "the payload in base64url, as if b64 were not false"
    yield Candidate(header + b"." + base64url.encode(payload).encode(), partial(_instead, what))
    for end, name in ((b"\n", "a line break"), (b"\r\n", "CR LF")):
        yield Candidate(data + end, partial(_instead, f"the payload with {name} behind it"))
    if payload.strip() != payload:
        yield Candidate(header + b"." + payload.strip(), partial(_instead, "the payload without white space around it"))
    other = payload.replace(b"\r\n", b"\n") if b"\r\n" in payload else payload.replace(b"\n", b"\r\n")
    if other != payload:
        yield Candidate(header + b"." + other, partial(_instead, "the payload with other line ends"))


def _instead(what: str) -> Finding:
    return found("suspect_signing_input", "signature", what=what)


def _detached(payload: bytes) -> Document:
    return lossless_json.read((base64url.decode(payload) or b"").decode("utf-8", "replace"))


def _written_anew(
    token: Token, header: bytes, payload: bytes, protected: Document | None, document: Document | None, own: bool
) -> Iterator[Candidate]:
    headers, payloads = dict(_layouts(protected)), dict(_layouts(document))
    for text, how in payloads.items():
        yield _anew(token, header, _encoded(text), (1,) if own else (), f"payload had been written {how}")
    for text, how in headers.items():
        yield _header_anew(token, text, payload, own, how)
    for text, how in headers.items():
        other = next((one for one, name in payloads.items() if name == how), None)
        if other is not None:
            yield _anew(token, _encoded(text), _encoded(other), (0, 1) if own else (), f"header and payload had been written {how}")


def _header_anew(token: Token, text: str, payload: bytes, own: bool, how: str) -> Candidate:
    return _anew(token, _encoded(text), payload, (0,) if own else (), f"header had been written {how}")


def _anew(token: Token, header: bytes, payload: bytes, numbers: tuple[int, ...], how: str) -> Candidate:
    return Candidate(header + b"." + payload, partial(_say_anew, token, (header, payload), numbers, how))


def _say_anew(token: Token, spelt: tuple[bytes, bytes], numbers: tuple[int, ...], how: str) -> Finding:
    """The finding, with the repair that puts back what was signed; detached content is not in the token to be mended."""
    segment = "header" if how.startswith("header") else "payload"
    if not numbers:
        return found("suspect_rewritten", segment, how=how)  # type: ignore[arg-type]
    offset, length = span(token, *numbers)
    texts = {number: spelt[number].decode("utf-8", "surrogatepass") for number in numbers}
    repairs = rewritten(token, "Write it as it was signed", texts)
    return found("suspect_rewritten", segment, offset=offset, length=length, repairs=repairs, how=how)  # type: ignore[arg-type]


def _encoded(text: str) -> bytes:
    return base64url.encode(text.encode("utf-8", "surrogatepass")).encode()


def _layouts(document: Document | None) -> Iterator[tuple[str, str]]:
    """The same JSON as other programs write it, each text once."""
    if document is None or not document.readable or len(document.text) > _LONGEST_JSON:
        return
    text, seen = document.text, {document.text}
    compact, spaced = lossless_json.compact(text), lossless_json.spaced(text)
    rows = [
        (compact, "without spaces"),
        (spaced, "with a space behind each comma and colon, as Python writes it"),
        (lossless_json.indent(text), "on several lines, indented by 2"),
        (lossless_json.indent(text).replace("  ", "    "), "on several lines, indented by 4"),
        (text.strip(), "without white space around it"),
        (f"{text}\n", "with a line break at its end"),
        (f"{compact}\n", "without spaces, and with a line break at its end"),
    ]
    if "/" in text:
        rows.append((compact.replace("\\/", "/"), "without the backslash before each slash"))
        rows.append((re.sub(r"(?<!\\)/", r"\\/", compact), "with a backslash before each slash, as PHP writes it"))
    if "\\" in text:
        rows += [(_ESCAPE.sub(_unescaped, one), "with characters in place of their \\u escapes") for one in (compact, spaced)]
    if not text.isascii():
        rows += [(_NOT_ASCII.sub(_escaped, one), "with \\u escapes for what is not ASCII") for one in (compact, spaced)]
    if re.search("[<>&]", text):
        go = re.sub("[<>&]", lambda match: f"\\u{ord(match.group()):04x}", compact)
        rows.append((go, "with \\u escapes for <, > and &, as Go writes it"))
    written = _members(document)
    if written:
        rows.append((_object(sorted(written)), "with its members in the order of their names"))
    for one, how in rows:
        if one not in seen:
            seen.add(one)
            yield one, how


def _in_other_orders(document: Document | None) -> Iterator[str]:
    """A short header with its members in each other order, but for that of their names, which is among the layouts."""
    if document is None or not document.readable or len(document.text) > _LONGEST_JSON:
        return
    written = _members(document)
    if len(written) <= _MOST_MEMBERS:
        by_name = tuple(sorted(written))
        yield from (_object(order) for order in islice(permutations(written), 1, None) if order != by_name)


def _members(document: Document) -> list[str]:
    """Each member as compact JSON; none of what is no object, or has too many."""
    if not isinstance(document.value, dict) or len(document.members) > 100:
        return []
    return [f"{json.dumps(one.name)}:{lossless_json.compact(document.text[one.start : one.end])}" for one in document.members]


def _object(members: Iterable[str]) -> str:
    return "{" + ",".join(members) + "}"


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else 0
    plain = code >= 0x20 and code not in (0x22, 0x5C) and not 0xD800 <= code < 0xE000
    return chr(code) if plain else match.group()


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def _other_texts(token: Token, header: bytes, payload: bytes, algorithm: Algorithm) -> Iterator[tuple[bytes, str]]:
    decoded_header = token.parts[0].data
    decoded_payload = base64url.explain(payload.decode("utf-8", "replace"))[0]
    both = header + b"." + payload
    yield decoded_header + b"." + decoded_payload, "the decoded header and payload, joined by a dot"
    yield header + b"." + decoded_payload, "the encoded header and the payload without encoding (as b64 false of RFC 7797 means)"
    yield decoded_header + decoded_payload, "the decoded header and payload, without the dot"
    yield payload, "the payload segment alone"
    yield decoded_payload, "the decoded payload alone"
    yield header, "the header segment alone"
    yield _padded(header) + b"." + _padded(payload), 'the segments with "=" padding'
    standard = both.translate(_TO_STANDARD)
    if standard != both:
        yield standard, 'the segments in standard base64, with "+" and "/"'
        yield b".".join(map(_padded, standard.split(b"."))), 'the segments in standard base64, with "=" padding'
    yield header + payload, "the segments without the dot"
    for end, name in ((b"\r\n", "CR LF"), (b"\n", "a line break")):
        yield header + end + payload, f"the segments joined by {name} in place of the dot"
        yield header + b"." + end + payload, f"the segments with {name} behind the dot"
        yield both + end, f"the segments with {name} behind them"
    yield both + b".", "the segments with a dot behind them"
    wide = both.decode("ascii", "replace")
    yield wide.encode("utf-16-le"), "the segments as UTF-16 (little-endian)"
    yield wide.encode("utf-16-be"), "the segments as UTF-16 (big-endian)"
    hashed = hashlib.new(algorithm.digest or "sha512", both)
    yield hashed.digest(), "the hash of the segments, which the algorithm then hashes once more"
    yield hashed.hexdigest().encode(), "the hash of the segments in hexadecimal digits"


def _padded(segment: bytes) -> bytes:
    return segment + b"=" * (-len(segment) % 4)
