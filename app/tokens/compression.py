"""A compressed payload: `zip` "DEF" in a JWS, as SMART Health Cards write it; inflated up to a cap."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

MAX_INFLATED = 250_000
_WINDOWS = ((-zlib.MAX_WBITS, ""), (zlib.MAX_WBITS, "zlib"), (zlib.MAX_WBITS | 16, "gzip"))


@dataclass(frozen=True, slots=True)
class Inflated:
    """What the bytes became; *problem* says why they did not, or what a strict receiver does not take."""

    data: bytes | None
    problem: str = ""


def inflate(data: bytes) -> Inflated:
    """Inflate raw DEFLATE; what bears another header is inflated too, and said."""
    for window, name in _WINDOWS:
        try:
            return _inflate(data, window, name)
        except zlib.error:
            pass
    return Inflated(None, "its bytes are no DEFLATE stream")


def deflate(data: bytes) -> bytes:
    """Raw DEFLATE, without the header and checksum of zlib."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return machine.compress(data) + machine.flush()


def _inflate(data: bytes, window: int, name: str) -> Inflated:
    machine = zlib.decompressobj(window)
    # One byte past the cap shows that there is more; the rest is never made.
    inflated = machine.decompress(data, MAX_INFLATED + 1)
    if len(inflated) > MAX_INFLATED:
        return Inflated(None, f"its {len(data):,} bytes inflate to more than {MAX_INFLATED:,}, and no more is read")
    if not machine.eof:
        return Inflated(None, f"the stream breaks off after {len(inflated):,} bytes")
    if machine.unused_data:
        return Inflated(inflated, f"{len(machine.unused_data):,} bytes follow the end of the stream")
    return Inflated(inflated, f"it begins with a {name} header ({data[:2].hex(' ')}), where raw DEFLATE is meant" if name else "")
