"""What the exports to gateways that judge tokens themselves share: the gaps, the keys, YAML and JSON that quote exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import yaml

from app.gateway.exports.export import Gap
from app.gateway.policy import ClaimRule, Compare, Issuer, KeySource, Path, Words
from app.tokens import ALGORITHMS, Key
from app.tokens.algorithms import Algorithm
from app.tokens.jws import key_faults
from app.tokens.keys import public_jwk

# Plain in YAML 1.1 and 1.2 alike, whatever reads it; a word that one of them takes for something else is quoted.
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z_./@-]*[A-Za-z])?")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))


class Gaps:
    """The parts of a policy that an export does not say, in the order in which they are met, each once."""

    def __init__(self) -> None:
        self._found: dict[Gap, None] = {}

    def add(self, path: str, because: str) -> None:
        self._found[Gap(path, because)] = None

    def all(self) -> tuple[Gap, ...]:
        return tuple(self._found)


class Usable(NamedTuple):
    """A public key with one algorithm that it may be used for; *number* is its place among the keys of its source."""

    key: Key
    algorithm: Algorithm
    number: int


def usable(source: KeySource) -> list[Usable]:
    """Each public key in *source* with each of its algorithms that fits: what a strict verifier would take."""
    keys = source.keys.keys if source.keys and not source.keys.faults else ()
    rows = [ALGORITHMS[name] for name in source.algorithms]
    pairs = (Usable(key, row, number) for number, key in enumerate(keys) for row in rows)
    return [one for one in pairs if one.key.public is not None and one.key.fits(one.algorithm) and not _wrong(one)]


def _wrong(one: Usable) -> bool:
    return bool(key_faults(one.algorithm, one.key, "verify"))


def jwk_set(sources: Iterable[KeySource], algorithms: Iterable[str] = tuple(ALGORITHMS)) -> dict[str, Any]:
    """The public keys of *sources* for those of *algorithms* that are allowed. Each names its one algorithm, so that no other is taken."""
    taken = frozenset(algorithms)
    found = [one for source in sources for one in usable(source) if one.algorithm.name in taken]
    return {"keys": [public_jwk(one.key) | {"alg": one.algorithm.name} for one in found]}


def algorithms(issuer: Issuer) -> tuple[str, ...]:
    """The algorithms that *issuer* may use with any of its keys, each once."""
    return tuple(dict.fromkeys(name for source in issuer.keys for name in source.algorithms))


def dotted(path: Path) -> str:
    """The claim as gateways write it that part the names with dots."""
    return ".".join(path)


def is_plain_path(path: Path) -> bool:
    """Whether the dots of `dotted` can be taken for nothing but the steps of the path."""
    return all("." not in step for step in path)


def words(asked: Words | None) -> tuple[str, ...]:
    """Every word that *asked* has, each once."""
    return tuple(dict.fromkeys((*asked.all, *asked.any))) if asked else ()


def compares(rule: ClaimRule | None) -> Iterator[Compare]:
    """The comparisons in *rule*, however deep."""
    if isinstance(rule, Compare):
        yield rule
    elif rule is not None:
        for one in rule.rules:
            yield from compares(one)


def is_text(value: str) -> bool:
    """Whether *value* can stand in a file at all: half a surrogate pair cannot be written, and NUL ends a string in C."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


class _Dumper(yaml.SafeDumper):
    """Lists are indented under their names, strings quoted unless no reader could mistake them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _as_string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _as_string)


def to_yaml(*documents: Any) -> str:
    """*documents* in YAML: two spaces, members in the order given, no line folded."""
    made: str = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, explicit_start=len(documents) > 1
    )
    return made


def to_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def to_line(value: Any) -> str:
    """JSON in one line, as it stands inside of another language."""
    return json.dumps(value, separators=(",", ":"))
