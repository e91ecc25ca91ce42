"""The text of a fetched key set → what goes into the key box: public keys only, and what was left out said aloud."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from app import tokens
from app.keyfetch.refusals import refuse
from app.tokens import lossless_json
from app.tokens.findings import quoted
from app.tokens.lossless_json import Document, Node

MAX_KEYS = 100
MAX_KEY_BYTES = 16_384
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "priv", "k"))


@dataclass(frozen=True, slots=True)
class FetchedKey:
    """A key of the set as a list shows it; *what* is its name, or why it cannot be read."""

    kid: str | None
    what: str
    alg: str = ""
    use: str = ""


@dataclass(frozen=True, slots=True)
class KeySet:
    """*text* is a JWK Set without any private part; *notes* are sentences about what a set for verifiers should not have."""

    text: str
    keys: tuple[FetchedKey, ...]
    notes: tuple[str, ...]


def document(body: bytes, host: str) -> Document:
    """The JSON object that *host* answered; raises NotFetched."""
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise refuse("not_utf8", host=host) from None
    read = lossless_json.read(text)
    if not read.readable:
        start = text.lstrip()[:1]
        why = "it is an HTML page" if start == "<" else "it is empty" if not start else "it breaks off or is nested too deeply"
        if start and start != "<":
            line, column = read.position(read.problems[0].offset)
            why = f"line {line}, column {column} cannot be read"
        raise refuse("not_json", host=host, why=why)
    if not isinstance(read.value, dict):
        raise refuse("not_json", host=host, why="it is no object")
    return read


def read(found: Document, host: str) -> KeySet:
    """The key set in *found*; raises NotFetched."""
    if found.exact is None:
        raise refuse("not_json", host=host, why="it has NaN or Infinity, which JSON does not know")
    entries = found.value.get("keys")
    if not isinstance(entries, list):
        metadata = "jwks_uri" in found.value
        hint = "It is the metadata of an issuer: fetch it as an issuer." if metadata else "Check the path of the URL."
        raise refuse("not_a_key_set", host=host, hint=hint)
    if len(entries) > MAX_KEYS:
        raise refuse("too_many_keys", host=host, count=len(entries))
    assert found.root is not None
    nodes = [member.node for member in found.root.members if member.name == "keys"][-1].items
    for number, node in enumerate(nodes, 1):
        if node.end - node.start > MAX_KEY_BYTES or len(found.text[node.start : node.end].encode()) > MAX_KEY_BYTES:
            raise refuse("key_too_large", number=number)
    written = [_public(found.text, node) for node in nodes if not _is_secret(node)]
    secrets = len(nodes) - len(written)
    exposed = sum(_is_exposed(node) for node in nodes) - secrets
    if not written:
        raise refuse("no_keys", host=host, why=", only secrets" if secrets else "")
    is_plain = not secrets and not exposed and not found.problems
    text = found.text.strip() if is_plain else '{"keys":[' + ",\n".join(written) + "]}"
    rows = tuple(_row(one) for one in written)
    return KeySet(text, rows, tuple(_notes(rows, secrets, exposed)))


def _is_secret(node: Node) -> bool:
    return any(member.name == "kty" and member.node.value == "oct" for member in node.members)


def _is_exposed(node: Node) -> bool:
    return any(member.name in _PRIVATE for member in node.members)


def _public(text: str, node: Node) -> str:
    """The entry as it was written, without its private members and with nothing twice."""
    if node.kind != "object":
        return text[node.start : node.end]
    kept = {member.name: member.node for member in node.members if member.name not in _PRIVATE}
    return "{" + ",".join(f"{json.dumps(name)}:{text[one.start : one.end]}" for name, one in kept.items()) + "}"


def _row(written: str) -> FetchedKey:
    entry: Any = lossless_json.read(written).value
    labels = {name: entry[name] for name in ("kid", "alg", "use") if isinstance(entry.get(name), str)} if isinstance(entry, dict) else {}
    box = tokens.read_keys(f'{{"keys":[{written}]}}')
    what = box.keys[0].name if box.keys else box.problem
    kid = labels.get("kid")
    return FetchedKey(quoted(kid) if kid is not None else None, what, quoted(labels.get("alg", "")), quoted(labels.get("use", "")))


def _notes(rows: tuple[FetchedKey, ...], secrets: int, exposed: int) -> list[str]:
    notes = []
    if exposed > 0:
        notes.append(
            f"The server publishes the private part of {_keys(exposed)}: whoever reads this set can sign. The private parts were left out."
        )
    if secrets:
        notes.append(f"The server publishes {secrets} secret{'s' if secrets > 1 else ''} (kty oct), known to everybody now. Left out.")
    notes += [f'The kid "{kid}" stands at {count} keys.' for kid, count in Counter(row.kid for row in rows if row.kid).items() if count > 1]
    return notes


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"
