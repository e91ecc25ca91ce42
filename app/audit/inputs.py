"""What an audit reads: files, folders and standard input, cut into pieces at places where no token can be cut."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from app.audit import packing, scan

STDIN = "-"
PIECE = 4 * 2**20
_LONGEST_RUN = 16 * 2**20
# Up to the last character that no token has: the line's, or else any.
_RUN = re.compile(rb".*[^A-Za-z0-9_.~+/%=\\-]", re.DOTALL)
_Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read; *name* is how it is called in reports, *size* what is known of its bytes on the disk."""

    name: str
    path: Path | None
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A plain file from which another process can read a piece itself, if it is still the same file."""

    path: Path
    device: int
    number: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a source: whole tokens, and where they stand in it. *done* is how many bytes of the disk were read so far."""

    name: str
    offset: int
    line: int
    done: int
    data: bytes
    stored: Stored | None = None
    size: int = 0
    """Of a piece that is not carried, how many bytes it has."""

    def light(self) -> Piece:
        """The piece without its bytes, if they can be read again: to carry them costs more than to read them."""
        return replace(self, data=b"", size=len(self.data)) if self.stored else self

    def content(self) -> bytes:
        """The bytes; raises OSError when they were to be read again and the file is another one now."""
        if self.stored is None or not self.size:
            return self.data
        with self.stored.path.open("rb") as file:
            status = os.fstat(file.fileno())
            file.seek(self.offset)
            data = file.read(self.size)
        if (status.st_dev, status.st_ino, len(data)) != (self.stored.device, self.stored.number, self.size):
            raise FileNotFoundError
        return data


@dataclass(frozen=True, slots=True)
class Unread:
    """A source of which something could not be read, and why."""

    name: str
    why: str


def walk(paths: Iterable[str], besides: Collection[Path] = ()) -> Iterator[Source | Unread]:
    """Every file that *paths* name, each once, folders to their depth in order of name; *besides* are those that the audit writes itself."""
    taken = {_identity(path.stat()) for path in besides}
    for number, path in enumerate(paths, 1):
        if path == STDIN:
            yield Source(STDIN, None, 0)
        elif os.path.isdir(path):  # noqa: PTH112  # of a name that is too long, Path.is_dir raises
            yield from _in_folder(path, taken)
        else:  # what is not there may be a token or a key, given by mistake
            yield from _file(path, f"argument {number}", taken, is_given=True)


def _in_folder(path: str, taken: set[_Identity]) -> Iterator[Source | Unread]:
    failed: list[str] = []
    for folder, folders, names in os.walk(path, onerror=lambda error: failed.append(str(error.filename))):
        folders.sort()
        for name in sorted(names):
            whole = os.path.join(folder, name)  # noqa: PTH118  # a name that begins with "./" keeps it
            yield from _file(whole, scan.masked(whole), taken)
    for name in failed:
        yield Unread(scan.masked(name), "the folder may not be read")


def _file(path: str, name: str, taken: set[_Identity], *, is_given: bool = False) -> Iterator[Source | Unread]:
    """The file at *path*, also behind a link, unless it was *taken*; *name* is what it is called when it cannot be found."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:
        if is_given or not (isinstance(error, FileNotFoundError) and Path(path).is_symlink()):  # behind such a link is nothing
            yield Unread(name, _why(error))
        return
    if not stat.S_ISREG(status.st_mode):
        if is_given:  # a pipe or device is read as it comes; in a folder nobody meant it
            yield Source(scan.masked(path), Path(path), 0)
    elif _identity(status) not in taken:
        taken.add(_identity(status))
        yield Source(scan.masked(path), Path(path), status.st_size)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def all_pieces(sources: Iterable[Source | Unread], stdin: BinaryIO | None, unread: Callable[[Unread], None]) -> Iterator[Piece]:
    """The pieces of all *sources*, *done* counted over all of them; *unread* is told what cannot be read."""
    before = 0
    for source in sources:
        if isinstance(source, Unread):
            unread(source)
            continue
        for piece in pieces(source, stdin):
            if isinstance(piece, Unread):
                unread(piece)
            else:
                yield replace(piece, done=before + piece.done)
        before += source.size


def pieces(source: Source, stdin: BinaryIO | None = None) -> Iterator[Piece | Unread]:
    """*source*, unpacked and cut; what breaks off is read to where it does, and told."""
    try:
        with nullcontext(stdin) if source.path is None else source.path.open("rb") as file:
            if file is not None:
                blocks, is_plain = packing.blocks(file, PIECE)
                stored = _stored(source, file) if is_plain and source.size else None
                yield from _cut(source.name, blocks, file.tell if source.size else lambda: 0, stored)
    except packing.Damaged as damaged:
        yield Unread(source.name, damaged.why)
    except (OSError, ValueError) as error:
        yield Unread(source.name, _why(error))


def _stored(source: Source, file: BinaryIO) -> Stored | None:
    status = os.fstat(file.fileno())
    return Stored(source.path.absolute(), status.st_dev, status.st_ino) if source.path else None


def _cut(name: str, blocks: Iterator[bytes], place: Callable[[], int], stored: Stored | None = None) -> Iterator[Piece | Unread]:
    """The blocks as pieces that end behind a character no token has; a run without one is cut when it is too long to be a token."""
    rest, offset, line = b"", 0, 1
    trouble: Unread | None = None
    while True:
        try:
            block = next(blocks, b"")
        except packing.Damaged as damaged:
            block, trouble = b"", Unread(name, damaged.why)
        data = rest + block
        end = len(data) if not block or len(data) > _LONGEST_RUN else _end(data)
        if end:
            whole = data[:end]
            yield Piece(name, offset, line, place(), whole, stored)
            offset += end
            line += whole.count(b"\n")
        rest = data[end:]
        if not block:
            break
    if trouble:
        yield trouble


def _end(data: bytes) -> int:
    half = len(data) // 2
    at = data.rfind(b"\n", half) + 1
    if at:
        return at
    match = _RUN.match(data, half)
    return match.end() if match else 0


def _why(error: Exception) -> str:
    return _WHY.get(type(error), "it cannot be read")


_WHY: dict[type[Exception], str] = {
    FileNotFoundError: "it does not exist",
    PermissionError: "it may not be read",
}
