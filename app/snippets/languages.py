"""One row per programming language: how it writes strings, and JSON values as literals of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.snippets import quoting
from app.snippets.quoting import CannotQuote

_EXACT_IN_DOUBLE = 2**53
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes values. *words* are its true, false and null; *whole* is the largest whole number it holds, 0 for any."""

    id: str
    name: str
    extension: str
    quote: Callable[[str], str]
    mapping: tuple[str, str, str] = ("{", ": ", "}")
    sequence: tuple[str, str] = ("[", "]")
    words: tuple[str, str, str] = ("true", "false", "null")
    empty: str = ""
    last: str = ","
    indent: str = "    "
    whole: int = 0

    def literal(self, value: Any, depth: int = 0) -> str:
        """Write the JSON *value* as a literal; *depth* is how far the line is indented on which it begins."""
        match value:
            case str():
                return self.quote(value)
            case True | False | None:
                return self.words[(True, False, None).index(value)]
            case int() | Decimal():
                return self._number(value)
            case list():
                return self._group(self.sequence, [self.literal(item, depth + 1) for item in value], depth)
            case dict():
                start, pair, end = self.mapping
                members = [f"{self._name(name)}{pair}{self.literal(item, depth + 1)}" for name, item in value.items()]
                return self._group((start, end), members, depth) if members else self.empty or start + end
        raise TypeError(f"{type(value).__name__} is no JSON value")

    def _name(self, name: str) -> str:
        # In a literal of JavaScript this name would set the prototype; computed, it is a name like others.
        return f"[{self.quote(name)}]" if self.id == "javascript" and name == "__proto__" else self.quote(name)

    def _number(self, value: int | Decimal) -> str:
        if isinstance(value, int):
            if self.whole and abs(value) > self.whole:
                raise CannotQuote("a number with so many digits")
            return str(value)
        if not value.is_finite() or Decimal(repr(float(value))) != value:
            raise CannotQuote("a number with so many digits")
        # Erlang and Elixir want a point in what has an exponent.
        digits, mark, exponent = str(value).partition("E")
        return f"{digits}.0E{exponent}" if mark and "." not in digits else str(value)

    def _group(self, around: tuple[str, str], items: list[str], depth: int) -> str:
        line = ", ".join(items)
        if len(line) <= _SHORT and "\n" not in line:
            return around[0] + line + around[1]
        inner = self.indent * (depth + 1)
        lines = f",\n{inner}".join(items)
        return f"{around[0]}\n{inner}{lines}{self.last}\n{self.indent * depth}{around[1]}"


_ROWS = (
    Language("python", "Python", "py", quoting.python, words=("True", "False", "None")),
    Language("javascript", "Node.js", "mjs", quoting.javascript, indent="  ", whole=_EXACT_IN_DOUBLE),
    Language(
        "go",
        "Go",
        "go",
        quoting.go,
        ("map[string]any{", ": ", "}"),
        ("[]any{", "}"),
        ("true", "false", "nil"),
        indent="\t",
        whole=2**63 - 1,
    ),
    Language("java", "Java", "java", quoting.java),
    Language("csharp", ".NET", "cs", quoting.csharp),
    Language("php", "PHP", "php", quoting.php, ("[", " => ", "]"), empty="(object) []", whole=2**63 - 1),
    Language("ruby", "Ruby", "rb", quoting.ruby, ("{", " => ", "}"), words=("true", "false", "nil"), indent="  "),
    Language("rust", "Rust", "rs", quoting.rust),
    Language("perl", "Perl", "pl", quoting.perl, ("{", " => ", "}"), words=(r"\1", r"\0", "undef"), whole=2**63 - 1),
    Language("c", "C", "c", quoting.c),
    Language("erlang", "Erlang", "escript", quoting.erlang, ("#{", " => ", "}"), last=""),
    Language("elixir", "Elixir", "exs", quoting.elixir, ("%{", " => ", "}"), words=("true", "false", "nil"), last="", indent="  "),
    Language("shell", "Shell", "sh", quoting.shell),
)
LANGUAGES = {row.id: row for row in _ROWS}
