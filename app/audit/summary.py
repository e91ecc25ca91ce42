"""All results in numbers: what people read at the end, and programs in the last line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from app.audit.expiry import EXPIRIES
from app.audit.inputs import Unread
from app.audit.rules import ERRORS, RULES, Rule
from app.audit.seen import Seen
from app.audit.work import MOST_PLACES, Place, Result

_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


@dataclass(slots=True)
class Summary:
    """What was found so far."""

    tokens: int = 0
    size: int = 0
    """Bytes that were searched, unpacked."""
    names: set[str] = field(default_factory=set)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[str, list[Place]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    def add(self, result: Result) -> None:
        """Count one piece."""
        self.tokens += result.tokens
        self.size += result.size
        self.names.add(result.name)
        self.counts.update(result.counts)
        self.seen.add(result.ids)
        for code, places in result.places.items():
            known = self.places.setdefault(code, [])
            known += places[: MOST_PLACES - len(known)]

    def of(self, what: str) -> dict[str, int]:
        """The counts of one kind, the largest first."""
        own = {name: count for (kind, name), count in self.counts.items() if kind == what}
        return dict(sorted(own.items(), key=lambda row: (-row[1], row[0])))

    @property
    def searched(self) -> str:
        """How much was searched, as people say it."""
        unit, name = next(((unit, name) for unit, name in _SIZES if self.size >= unit), (1, "bytes"))
        return f"{self.size / unit:.1f} {name}" if unit > 1 else f"{self.size} {name}"

    @property
    def expiries(self) -> dict[str, int]:
        """How many tokens expired when, in the order of time."""
        return {name: count for name in EXPIRIES if (count := self.counts["expiry", name])}

    @property
    def findings(self) -> list[tuple[Rule, int]]:
        """What is against the tokens, the gravest first, and how many it is against."""
        return [(rule, count) for code, rule in RULES.items() if (count := self.counts["finding", code])]

    @property
    def has_errors(self) -> bool:
        """Whether anything is against a token that should not be let pass."""
        return any(self.counts["finding", code] for code in ERRORS)

    @property
    def verdict(self) -> tuple[str, str]:
        """The sentence that counts, and its tone: good, warn, bad or idle."""
        if not self.tokens:
            return "idle", "No token found"
        if grave := self.counts["level", "error"]:
            return "bad", f"Something grave is against {tokens(grave)}"
        if warned := self.counts["level", "warning"]:
            return "warn", f"Nothing grave; warnings about {tokens(warned)}"
        return "good", "Nothing is against any token"

    def facts(self) -> dict[str, Any]:
        """The summary for programs."""
        different, again, often = self.seen.counted()
        return {
            "tokens": self.tokens,
            "different": different,
            "repeated": again,
            "all_compared": self.seen.is_whole,
            "most_often": [{"id": one, "count": count} for one, count in often],
            "files": len(self.names),
            "bytes": self.size,
            "unread": [{"file": one.name, "because": one.why} for one in self.unread],
            "findings": {rule.code: count for rule, count in self.findings},
            "algorithms": self.of("alg"),
            "signatures": self.of("signature"),
            "kinds": self.of("kind"),
            "expiry": self.expiries,
            "accepted": self.counts["accepted", "true"],
            "no_tokens": self.counts["other", "looks like a token and is none"],
        }


def tokens(count: int) -> str:
    """So many tokens, in words."""
    return f"{count:,} token{'s' if count != 1 else ''}"
