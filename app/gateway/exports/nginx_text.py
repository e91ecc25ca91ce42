"""Lines of nginx.conf: a word quoted so that it is read back as it was, and a map that answers with 1 or 0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_MEANT = re.compile(r"[A-Za-z0-9_./:$@-]+")


def quote(text: str) -> str:
    """*text* as one word. Backslashes are doubled, for nginx reads some pairs as one letter; a dollar sign stays what it is in a map."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def map_of(source: str, name: str, entries: Mapping[str, str], default: str = "0") -> list[str]:
    """The variable *name* by expressions over *source*, the first that matches; an empty one stands for no text, which nginx tries no others on."""
    rows = [f"    {quote(f'~{expression}' if expression else '')} {value};" for expression, value in entries.items()]
    return [f"map {source} ${name} {{", f"    default {default};", *rows, "}"]


def one_of(source: str, name: str, expressions: Iterable[str]) -> list[str]:
    return map_of(source, name, dict.fromkeys(expressions, "1"))


def block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *(f"    {line}" if line else "" for line in lines), "}"]
