"""What a JSON value must be: small readers that return it, or say what is there and what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.tokens.findings import kind_of, quoted

LONGEST_TEXT = 2000
MOST_LISTED = 100
_MOST_PROBLEMS = 20
_SHORT = 40
_T = TypeVar("_T")
Read = Callable[[Any, str], _T]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a policy that is not as it must be: where, what is there, and what is wanted."""

    path: str
    there: str
    wanted: str

    @property
    def message(self) -> str:
        return f"{self.path or 'The policy'}: there is {self.there}; {self.wanted}."


class Unfit(Exception):
    """A value that is not as it must be. Only the names of members and the shapes of values are told."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("unfit")
        self.problems = problems[:_MOST_PROBLEMS]


def unfit(path: str, there: str, wanted: str) -> Unfit:
    return Unfit((Problem(path, there, wanted),))


def inside(path: str, name: str) -> str:
    """The place of the member *name* of what is at *path*."""
    return f"{path}.{quoted(name, _SHORT)}" if path else quoted(name, _SHORT)


class Collector:
    """Goes on behind an unfit value, so that all problems are told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        try:
            yield
        except Unfit as error:
            self.problems += error.problems

    def done(self) -> None:
        if self.problems:
            raise Unfit(tuple(self.problems))


@dataclass(frozen=True, slots=True)
class Member(Generic[_T]):
    """A member of an object: how it is read, and what stands for it when it is left out; *required* forbids that."""

    read: Read[_T]
    default: Any = None
    required: bool = False


def members(value: Any, path: str, table: Mapping[str, Member[Any]]) -> dict[str, Any]:
    """The members of an object as *table* reads them; one that the table does not have is refused."""
    if not isinstance(value, dict):
        raise unfit(path, kind_of(value), f"an object with {_listed(table)} is wanted")
    found: dict[str, Any] = {}
    collector = Collector()
    for name in value.keys() - table.keys():
        collector.problems.append(Problem(inside(path, name), "a member that is not known", f"known are {_listed(table)}"))
    collector.problems.sort(key=lambda problem: problem.path)
    for name, member in table.items():
        with collector.one():
            if name in value:
                found[name] = member.read(value[name], inside(path, name))
            elif member.required:
                raise unfit(inside(path, name), "nothing", "it must be there")
            else:
                found[name] = member.default
    collector.done()
    return found


def text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise unfit(path, kind_of(value), "a string is wanted")
    if not value:
        raise unfit(path, "an empty string", "a string with something in it is wanted")
    if len(value) > LONGEST_TEXT:
        raise unfit(path, f"a string of {len(value):,} characters", f"at most {LONGEST_TEXT:,} are read")
    return value


def flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise unfit(path, kind_of(value), "true or false is wanted")
    return value


def seconds(least: int, most: int) -> Read[int]:
    """Whole seconds between *least* and *most*."""

    def read(value: Any, path: str) -> int:
        if type(value) is not int or not least <= value <= most:
            there = f"the number {value}" if type(value) is int and abs(value) < 10**12 else kind_of(value)
            raise unfit(path, there, f"whole seconds from {least} to {most:,} are wanted")
        return value

    return read


def choice(*words: str) -> Read[Any]:
    """One of *words*, as it is written."""

    def read(value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in words:
            there = f'"{quoted(value, _SHORT)}"' if isinstance(value, str) else kind_of(value)
            raise unfit(path, there, f"one of {', '.join(words)} is wanted")
        return value

    return read


def several(read: Read[_T], most: int = MOST_LISTED, least: int = 1) -> Read[tuple[_T, ...]]:
    """An array of what *read* reads. Empty, it would say nothing, and saying nothing must not be mistaken for a rule."""

    def read_all(value: Any, path: str) -> tuple[_T, ...]:
        if not isinstance(value, list):
            raise unfit(path, kind_of(value), "an array is wanted")
        if not least <= len(value) <= most:
            raise unfit(path, f"an array of {len(value)}", f"{least} to {most} entries are wanted")
        collector = Collector()
        entries: list[_T] = []
        for number, one in enumerate(value):
            with collector.one():
                entries.append(read(one, f"{path}[{number}]"))
        collector.done()
        return tuple(entries)

    return read_all


def one_or_several(read: Read[_T]) -> Read[tuple[_T, ...]]:
    """What *read* reads, alone or in an array."""

    def read_them(value: Any, path: str) -> tuple[_T, ...]:
        return several(read)(value, path) if isinstance(value, list) else (read(value, path),)

    return read_them


def only_one(value: Any, path: str, names: tuple[str, ...], what: str) -> str:
    """Which of *names* an object has; it must have exactly one."""
    if not isinstance(value, dict):
        raise unfit(path, kind_of(value), f"an object with {what} is wanted")
    there = [name for name in names if name in value]
    if len(there) != 1:
        raise unfit(path, f"an object with {' and '.join(there) or 'none of them'}", f"exactly one of {', '.join(names)} is wanted")
    return there[0]


def _listed(table: Mapping[str, Member[Any]]) -> str:
    return ", ".join(table)
