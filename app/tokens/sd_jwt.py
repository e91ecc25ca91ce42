"""SD-JWT (RFC 9901): what is disclosed, and whether each disclosure is one that the issuer signed. Reading only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.tokens import base64url, lossless_json
from app.tokens.findings import Finding, found, kind_of, quoted

# The names of the IANA registry of Named Information hash algorithms that are strong enough (RFC 9901 §4.1.1).
_HASHES: dict[str, Callable[[bytes], Any]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
    "sha3-256": hashlib.sha3_256,
    "sha3-384": hashlib.sha3_384,
    "sha3-512": hashlib.sha3_512,
}
_USUAL_HASH = "sha-256"
_MOST_DISCLOSURES = 1000
_MOST_LISTED = 20
_RESERVED = ("_sd", "...")

Where = Literal["claim", "element", "nowhere"]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure: a claim, or an element of an array when *name* is None.

    *where* tells in what the issuer put its digest: an `_sd` array, an array element, or nowhere. *fault* says why it must be refused.
    """

    text: str
    salt: Any = None
    name: str | None = None
    value_text: str = ""
    digest: str = ""
    where: Where = "nowhere"
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Presentation:
    """Everything an SD-JWT shows: its disclosures, how many digests stay undisclosed, and the key binding JWT, if there is one."""

    disclosures: tuple[Disclosure, ...]
    hash_name: str
    hash_known: bool
    undisclosed: int
    twice: tuple[str, ...]
    """Digests that stand more than once, which refuses the whole (RFC 9901 §7.1)."""
    key_binding: str = ""
    sd_hash: str = ""
    """What `sd_hash` of the key binding JWT must be."""
    sd_hash_given: str | None = None


def read(payload: object, texts: Sequence[str], signed: str, key_binding: str = "") -> Presentation:
    """Read the disclosures *texts* against the issuer-signed *payload*; *signed* is what a key binding JWT hashes, empty if not known."""
    claims = payload if isinstance(payload, dict) else {}
    name = claims.get("_sd_alg", _USUAL_HASH)
    digest = _HASHES.get(name) if isinstance(name, str) else None
    read_ones = [_disclosure(text, digest) for text in texts[:_MOST_DISCLOSURES]]
    places: Counter[tuple[str, Where]] = Counter()
    _collect(payload, places)
    disclosures, left = _placed(read_ones, places)
    counts: Counter[str] = Counter()
    for (one, _), count in places.items():
        counts[one] += count
    return Presentation(
        tuple(disclosures),
        name if isinstance(name, str) else kind_of(name),
        digest is not None,
        left,
        tuple(one for one, count in counts.items() if count > 1),
        key_binding,
        base64url.encode(digest(signed.encode("utf-8", "surrogatepass")).digest()) if digest and key_binding and signed else "",
        _sd_hash(key_binding),
    )


def findings(shown: Presentation, places: Sequence[int], size: int) -> Iterator[Finding]:
    """What is disclosed, one by one; *places* are those of the disclosures in the given text of *size* characters."""
    count = len(places)
    yield found(
        "sd_jwt",
        "token",
        count=f"{count} disclosure{'s' if count != 1 else ''}",
        binding="with a key binding JWT" if shown.key_binding else "no key binding JWT",
        hidden=f"{shown.undisclosed} more digests stay undisclosed, decoys among them." if shown.undisclosed else "Nothing else is hidden.",
    )
    if not shown.hash_known:
        yield found("sd_hash_unknown", "payload", name=quoted(shown.hash_name))
    listed = unlisted = bad = 0
    for index, one in enumerate(shown.disclosures):
        if index < _MOST_LISTED or (one.fault and not listed):
            listed += bool(one.fault)
            yield _told(one, index + 1, places[index], size)
        else:
            unlisted += 1
            bad += bool(one.fault)
    if unlisted or count > len(shown.disclosures):
        yield found("sd_disclosures_more", "token", count=unlisted + count - len(shown.disclosures), bad=bad or "none")
    for digest in shown.twice[:_MOST_LISTED]:
        yield found("sd_digest_twice", "payload", digest=quoted(digest))
    if shown.sd_hash and shown.sd_hash_given != shown.sd_hash:
        given = f'"{quoted(shown.sd_hash_given)}"' if shown.sd_hash_given is not None else "missing"
        yield found("sd_hash_differs", "token", given=given, made=shown.sd_hash)


def _told(one: Disclosure, number: int, at: int, size: int) -> Finding:
    value = quoted(one.value_text)
    what = f'claim "{quoted(one.name)}" = {value}' if one.name is not None else f"array element {value}" if value else "not readable"
    salt = f'"{quoted(one.salt, 40)}"' if isinstance(one.salt, str) else "missing"
    facts: dict[str, Any] = {"number": number, "salt": salt, "what": what, "digest": one.digest, "fault": one.fault}
    code = "sd_disclosure_refused" if one.fault else "sd_disclosure"
    where = {"claim": "an _sd array", "element": "an array element", "nowhere": "a place that cannot be checked"}[one.where]
    return found(code, "token", offset=at, length=min(len(one.text), size - at), where=where, **facts)


def _disclosure(text: str, digest: Callable[[bytes], Any] | None) -> Disclosure:
    data = base64url.decode(text.encode("utf-8", "surrogatepass"))
    made = base64url.encode(digest(text.encode("utf-8", "surrogatepass")).digest()) if digest else ""
    if data is None:
        return Disclosure(text, digest=made, fault="it is not base64url")
    try:
        document = lossless_json.read(data.decode("utf-8"))
    except UnicodeDecodeError:
        return Disclosure(text, digest=made, fault="it is not UTF-8")
    root = document.root
    if root is None or root.kind != "array" or len(root.items) not in (2, 3):
        return Disclosure(text, digest=made, fault="it is not a JSON array of salt, name and value, or of salt and element")
    salt, value = root.items[0].value, root.items[-1]
    name = root.items[1].value if len(root.items) == 3 else None
    written = document.text[value.start : value.end]
    fault = ""
    if not isinstance(salt, str):
        fault = "its salt is not a string"
    elif len(root.items) == 3 and not isinstance(name, str):
        fault = "its claim name is not a string"
    elif name in _RESERVED:
        fault = f'its claim name is "{name}", which is reserved'
    return Disclosure(text, salt, name if isinstance(name, str) else None, written, made, fault=fault)


def _placed(read_ones: list[Disclosure], places: Counter[tuple[str, Where]]) -> tuple[list[Disclosure], int]:
    """Find each disclosure's digest in the payload, or in a disclosure that is itself found (RFC 9901 §4.2.6)."""
    wanted: dict[str, list[int]] = {}
    for index, one in enumerate(read_ones):
        wanted.setdefault(one.digest, []).append(index)
    where: dict[int, Where] = {}
    waiting = list(places)
    while waiting:
        digest, kind = waiting.pop()
        for index in wanted.get(digest, ()):
            if index in where or not digest:
                continue
            where[index] = kind
            inner: Counter[tuple[str, Where]] = Counter()
            _collect(lossless_json.read(read_ones[index].value_text).value, inner)
            places.update(inner)
            waiting.extend(inner)
    found = [_with_place(one, where.get(index, "nowhere"), wanted[one.digest][0] != index) for index, one in enumerate(read_ones)]
    shown = {one.digest for index, one in enumerate(read_ones) if index in where}
    return found, len({digest for digest, _ in places} - shown)


def _with_place(one: Disclosure, where: Where, repeated: bool) -> Disclosure:
    fault = one.fault
    if not fault and repeated and one.digest:
        fault = "it stands a second time"
    if not fault and where == "element" and one.name is not None:
        fault = "it has a claim name, yet its digest stands in an array of elements"
    if not fault and where == "claim" and one.name is None:
        fault = "it has no claim name, yet its digest stands in an _sd array"
    if not fault and where == "nowhere" and one.digest:
        fault = "its digest is not in any _sd array"
    return Disclosure(one.text, one.salt, one.name, one.value_text, one.digest, where, fault)


def _collect(value: object, places: Counter[tuple[str, Where]]) -> None:
    """Every digest in *value*; its depth is bounded by the reader of JSON."""
    for digest, where in _digests(value):
        places[digest, where] += 1


def _digests(value: object) -> Iterator[tuple[str, Where]]:
    if isinstance(value, dict):
        listed = value.get("_sd")
        if isinstance(listed, list):
            yield from ((one, "claim") for one in listed if isinstance(one, str))
        for name, inner in value.items():
            if name != "_sd":
                yield from _digests(inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict) and len(inner) == 1 and isinstance(inner.get("..."), str):
                yield inner["..."], "element"
            else:
                yield from _digests(inner)


def _sd_hash(key_binding: str) -> str | None:
    parts = key_binding.split(".")
    data = base64url.decode(parts[1].encode("utf-8", "surrogatepass")) if len(parts) == 3 else None
    value = lossless_json.read(data.decode("utf-8", "replace")).value if data else None
    given = value.get("sd_hash") if isinstance(value, dict) else None
    return given if isinstance(given, str) else None
