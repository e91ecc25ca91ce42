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
    """Every file that *paths* name, folders to their depth in order of name; *besides* are those that the audit writes itself."""
    written = {path.absolute() for path in besides}
    for number, path in enumerate(paths, 1):
        if path == STDIN:
            yield Source(STDIN, None, 0)
            continue
        found = _source(path, f"argument {number}")  # what is not there may be a token or a key, given by mistake
        if found is None and Path(path).is_dir():
            yield from _in_folder(path, written)
        else:
            yield found or Source(scan.masked(path), Path(path), 0)  # a pipe or device that is given is read as it comes


def _in_folder(path: str, written: Collection[Path]) -> Iterator[Source | Unread]:
    failed: list[str] = []
    for folder, folders, names in os.walk(path, onerror=lambda error: failed.append(str(error.filename))):
        folders.sort()
        for name in sorted(names):
            whole = os.path.join(folder, name)  # noqa: PTH118  # a name that begins with "./" keeps it
            if Path(whole).absolute() not in written and not Path(whole).is_symlink():
                found = _source(whole, scan.masked(whole))
                if found:
                    yield found
    for name in failed:
        yield Unread(scan.masked(name), "the folder may not be read")


def _source(path: str, name: str) -> Source | Unread | None:
    """The file at *path*, or None when it is something else; *name* is what it is called when it cannot be found."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:
        return Unread(name, _why(error))
    return Source(scan.masked(path), Path(path), status.st_size) if stat.S_ISREG(status.st_mode) else None


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
