"""gz, zst and UTF-16, recognised by how they begin and unpacked as they are read: never more than a block at once."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

import zstandard

_GZIP = 31  # zlib's word for a gzip header, whose check sum it compares
# A block of zst is at least 4 bytes for 128 KiB: fed in crumbs, what comes out at once stays within 32 MiB.
_CRUMB = 1024
_LARGEST_WINDOW = 2**27
_READ = 2**18


class Damaged(Exception):
    """What is packed breaks off or cannot be unpacked."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def blocks(file: BinaryIO, size: int) -> tuple[Iterator[bytes], bool]:
    """The content of *file* in blocks of about *size*, which raise Damaged behind the last that could be read; and whether it is plain."""
    first = file.read(size)
    packing = next((unpack for magic, unpack in _PACKINGS.items() if first.startswith(magic)), None)
    rest = iter(lambda: file.read(size if packing is None else _READ), b"")
    whole = chain((first,), rest) if first else iter(())
    return (whole, True) if packing is None else (_gathered(packing(whole, size), size), False)


def _gathered(unpacked: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Small blocks put together; what came before a break is not lost."""
    gathered: list[bytes] = []
    held = 0
    try:
        for block in unpacked:
            gathered.append(block)
            held += len(block)
            if held >= size:
                yield b"".join(gathered)
                gathered, held = [], 0
    except Damaged:
        if held:
            yield b"".join(gathered)
        raise
    if held:
        yield b"".join(gathered)


def _gunzip(packed: Iterator[bytes], size: int) -> Iterator[bytes]:
    member, is_whole = zlib.decompressobj(_GZIP), True
    try:
        for block in packed:
            data = block
            while data:
                if member.eof:
                    data = data.lstrip(b"\0")  # padding, as tapes and some programs leave it
                    if not data:
                        break
                    member = zlib.decompressobj(_GZIP)
                yield member.decompress(data, size)
                data = member.unconsumed_tail or member.unused_data
                is_whole = member.eof
    except zlib.error:
        raise Damaged("its gz is damaged: what stands before the damage is read") from None
    if not is_whole:
        raise Damaged("its gz breaks off: what is there is read")


def _unzst(packed: Iterator[bytes], size: int) -> Iterator[bytes]:
    context = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    frame, is_whole = context.decompressobj(), True
    try:
        for block in packed:
            for start in range(0, len(block), _CRUMB):
                data = block[start : start + _CRUMB]
                while data:
                    if frame.eof:
                        frame = context.decompressobj()
                    yield frame.decompress(data)
                    data = frame.unused_data if frame.eof else b""
                    is_whole = frame.eof
    except zstandard.ZstdError:
        raise Damaged("its zst is damaged: what stands before the damage is read") from None
    if not is_whole:
        raise Damaged("its zst breaks off: what is there is read")


def _utf16(packed: Iterator[bytes], size: int) -> Iterator[bytes]:
    """As UTF-8, in which tokens are looked for; places are those in the text so written."""
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for block in packed:
        yield decoder.decode(block).encode("utf-8", "replace")


def _closed(name: str) -> Callable[[Iterator[bytes], int], Iterator[bytes]]:
    def refuse(packed: Iterator[bytes], size: int) -> Iterator[bytes]:
        raise Damaged(f"it is packed as {name}, which is not opened")

    return refuse


_PACKINGS: dict[bytes, Callable[[Iterator[bytes], int], Iterator[bytes]]] = {
    b"\x1f\x8b\x08": _gunzip,
    b"\x28\xb5\x2f\xfd": _unzst,
    b"\x50\x2a\x4d\x18": _unzst,  # as pzstd begins: with a frame that readers skip
    codecs.BOM_UTF16_LE: _utf16,
    codecs.BOM_UTF16_BE: _utf16,
    b"BZh": _closed("bz2"),
    b"\xfd7zXZ\0": _closed("xz"),
    b"PK\x03\x04": _closed("zip"),
    b"7z\xbc\xaf\x27\x1c": _closed("7z"),
    b"\x04\x22\x4d\x18": _closed("lz4"),
    b"\x1f\x9d": _closed("Z"),
    b"Rar!": _closed("rar"),
}
