"""Two tokens side by side, as the compare page shows them: read only, nothing verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import tokens
from app.tokens import lossless_json, registry, times
from app.tokens.compare import Change, Comparison, Difference, compare
from app.tokens.findings import quoted

_LONGEST_VALUE = 2000
_LONGEST_PATH = 300
_WORDS: dict[Change, str] = {"changed": "changed", "only_a": "only in A", "only_b": "only in B", "same": "the same"}


@dataclass(frozen=True, slots=True)
class Row:
    path: str
    change: Change
    a: str | None
    b: str | None
    word: str
    words: str = ""
    when_a: str = ""
    when_b: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two tokens in a line."""

    name: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    segment: str
    different: tuple[Row, ...]
    same: tuple[Row, ...]
    counts: str
    unlisted: int


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Everything the compare page shows."""

    a: str = ""
    b: str = ""
    sides: tuple[Side, ...] = ()
    summary: str = ""
    tables: tuple[Table, ...] = ()
    notice: str = ""


def sent(form: Mapping[str, str]) -> tuple[str, str]:
    """The two texts of the form; the debugger sends its token as the first."""
    return form.get("a", form.get("token", "")), form.get("b", "")


def page(a: str, b: str) -> ComparePage:
    """The page for two texts; with less than two tokens there is nothing to compare yet."""
    if not a.strip() or not b.strip():
        return ComparePage(a, b)
    first, second = tokens.decode(a), tokens.decode(b)
    known = registry.known(first.payload)
    header = compare(first.documents[0], second.documents[0], registry.HEADER)
    payload = compare(first.documents[1], second.documents[1], known)
    tables = (
        _table("Payload", payload, known),
        _table("Header", header, registry.HEADER),
    )
    return ComparePage(a, b, (_side("A", first), _side("B", second)), _summary(first, second, header, payload), tables)


def _side(name: str, read: tokens.Decoded) -> Side:
    alg = read.token.alg
    if read.kind == "unknown":
        return Side(name, "Not a token", "nothing can be read of it")
    what = f"{alg} " if isinstance(alg, str) and alg else ""
    signature = read.token.signature
    if read.kind == "JWE":
        detail = "encrypted: only its header can be read"
    else:
        detail = f"signature of {len(signature):,} bytes" if signature else "no signature"
    return Side(name, f"{quoted(what)}{read.kind}", f"{len(read.token.text):,} characters, {detail}")


def _summary(first: tokens.Decoded, second: tokens.Decoded, header: Comparison, payload: Comparison) -> str:
    if first.token.text.strip() == second.token.text.strip():
        return "The two are the same token, character for character."
    counts = _counts(header, payload)
    if set(header.counts) | set(payload.counts) <= {"same"} and "unknown" not in (first.kind, second.kind):
        if "JWE" in (first.kind, second.kind):
            return "The headers say the same; what is encrypted cannot be compared."
        signatures = (
            "only the signatures differ" if first.token.signature != second.token.signature else "they are only written differently"
        )
        return f"They say the same; {signatures}."
    return f"{counts}."


def _counts(*comparisons: Comparison) -> str:
    totals = {change: sum(one.counts.get(change, 0) for one in comparisons) for change in _WORDS}
    return ", ".join(f"{count:,} {_WORDS[change]}" for change, count in totals.items() if count) or "Nothing to compare"


def _table(name: str, found: Comparison, known: registry.Names) -> Table:
    rows = [_row(one, known) for one in found.rows]
    return Table(
        name,
        name.lower(),
        tuple(sorted((row for row in rows if row.change != "same"), key=lambda row: row.change != "changed")),
        tuple(row for row in rows if row.change == "same"),
        _counts(found),
        sum(found.counts.values()) - len(rows),
    )


def _row(one: Difference, known: registry.Names) -> Row:
    meaning = known.get(one.path)
    is_time = meaning is not None and meaning.show == "time"
    return Row(
        _short(one.path, _LONGEST_PATH) or "the whole",
        one.change,
        _short(one.a, _LONGEST_VALUE),
        _short(one.b, _LONGEST_VALUE),
        _WORDS[one.change],
        one.words,
        _when(one.a) if is_time else "",
        _when(one.b) if is_time else "",
    )


def _when(written: str | None) -> str:
    """The time that a number as written stands for."""
    if written is None or len(written) > 40:
        return ""
    value = lossless_json.read(written).value if written[:1] in "-0123456789" else None
    return times.utc(value) if times.is_date(value) else ""


def _short(text: str | None, limit: int) -> str | None:
    return None if text is None else quoted(text, limit)
