"""One disclosure of an SD-JWT: a salt, the name of a claim unless it is an array element, and a value (RFC 9901 §4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from app.tokens import base64url, lossless_json
from app.tokens.lossless_json import Document, Node

# The names of the IANA registry of Named Information hash algorithms that are strong enough (RFC 9901 §4.1.1).
HASHES: dict[str, Callable[[bytes], Any]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
    "sha3-256": hashlib.sha3_256,
    "sha3-384": hashlib.sha3_384,
    "sha3-512": hashlib.sha3_512,
}
USUAL_HASH = "sha-256"
RESERVED = ("_sd", "...")
_NOT_STRICT = {
    "json_duplicate_member": "a name stands twice in its value",
    "json_constant": "it is not strict JSON",
    "json_byte_order_mark": "it begins with a byte order mark",
}

Where = Literal["claim", "element", "nowhere"]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure: a claim, or an element of an array when *name* is None.

    *where* tells in what the issuer put its digest: an `_sd` array, an array element, or nowhere. *path* is the place of the value
    in the claims, counted in arrays as the issuer signed them. *fault* says why it must be refused.
    """

    text: str
    salt: Any = None
    name: str | None = None
    value_text: str = ""
    digest: str = ""
    where: Where = "nowhere"
    fault: str = ""
    path: Path = ()
    document: Document | None = field(default=None, repr=False)

    @property
    def node(self) -> Node:
        """The value with its place in the text of the document."""
        assert self.document is not None
        assert self.document.root is not None
        return self.document.root.items[-1]


def read(text: str, hash_name: str | None) -> Disclosure:
    """Read *text*; its digest is made with the hash called *hash_name*, none without it."""
    made = digest(text, hash_name) if hash_name else ""
    data = base64url.decode(text.encode("utf-8", "surrogatepass"))
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
    fault = next((_NOT_STRICT[one.code] for one in document.problems if one.code in _NOT_STRICT), "")
    if not isinstance(salt, str):
        fault = "its salt is not a string"
    elif len(root.items) == 3 and not isinstance(name, str):
        fault = "its claim name is not a string"
    elif name in RESERVED:
        fault = f'its claim name is "{name}", which is reserved'
    return Disclosure(text, salt, name if isinstance(name, str) else None, written, made, fault=fault, document=document)


def digest(text: str, hash_name: str) -> str:
    """The digest of *text* as it stands in an SD-JWT (RFC 9901 §4.2.3)."""
    return base64url.encode(HASHES[hash_name](text.encode("utf-8", "surrogatepass")).digest())
