"""Claims for nginx Plus: each is a variable that holds text, and a map says whether that is what a route asks for."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from app.gateway.exports.native import is_text
from app.gateway.exports.nginx_text import map_of, one_of, quote
from app.gateway.policy import ClaimRule, Compare, Path, Words

_MOST_EXACT = 2**53


class Unsayable(Exception):
    """What no map tells apart."""


class Claims:
    """The variables that are asked for, and the maps over them, in the order in which they are made."""

    def __init__(self) -> None:
        self._names: dict[Path, str] = {}
        self.lines: list[str] = []

    def variable(self, path: Path) -> str:
        """The variable for the claim at *path*; raises Unsayable for a name that nginx may read as something else."""
        if not all(is_text(step) and "$" not in step for step in path):
            raise Unsayable
        if path not in self._names:
            self._names[path] = f"jwtlens_claim_{len(self._names)}"
        return self._names[path]

    @property
    def sets(self) -> list[str]:
        return [f"auth_jwt_claim_set ${name} {' '.join(map(quote, path))};" for path, name in self._names.items()]

    def words(self, name: str, asked: Words) -> list[str]:
        """The variables that must all be 1 for scopes or roles."""
        found = []
        for number, word in enumerate(asked.all):
            found.append(self._matching(f"{name}_all_{number}", asked.claim, [_word(word)]))
        if asked.any:
            found.append(self._matching(f"{name}_any", asked.claim, [_word(word) for word in asked.any]))
        return found

    def _matching(self, name: str, path: Path, expressions: list[str]) -> str:
        if path != ("scope",):
            self.lines += one_of(f"${self.variable(path)}", name, expressions)
            return name
        # scp stands in when there is no scope.
        own, other = f"{name}_scope", f"{name}_scp"
        self.lines += map_of(f"${self.variable(path)}", own, dict.fromkeys(expressions, "1") | {"": "2"})
        self.lines += one_of(f"${self.variable(('scp',))}", other, expressions)
        self.lines += one_of(f'"${own}${other}"', name, ["^1", "^21"])
        return name

    def rule(self, name: str, rule: ClaimRule) -> str:
        """The variable that is 1 when *rule* holds."""
        if isinstance(rule, Compare):
            self.lines += one_of(f"${self.variable(rule.claim)}", name, _expressions(rule))
            return name
        parts = "".join(f"${self.rule(f'{name}_{number}', one)}" for number, one in enumerate(rule.rules))
        holds = {"all": "^1+\\z", "any": "1", "not": "^0\\z"}[rule.how]
        self.lines += map_of(f'"{parts}"', name, {holds: "1"})
        return name


def _word(word: str) -> str:
    """*word* among others, with blanks or commas between."""
    if not is_text(word) or re.search("[ ,]", word):
        raise Unsayable
    return rf"(?s)^(?:.*[ ,])?{re.escape(word)}(?:[ ,]|\z)"


def _expressions(rule: Compare) -> list[str]:
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    if rule.how == "contains":
        return [_word(_text(values[0]))]
    end = "" if rule.how == "prefix" else r"\z"
    return [f"^{re.escape(_text(one))}{end}" for one in values]


def _text(value: Any) -> str:
    """How nginx shows a value of JSON: whole numbers as their digits; of others it is not known."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        number = Decimal(value)
        if abs(number) > _MOST_EXACT or number != int(number):
            raise Unsayable
        return str(int(number))
    if not is_text(value) or "," in value:
        raise Unsayable
    return str(value)
