"""The names of places in a page, made from names of the core."""

from __future__ import annotations

import re

_OTHER = re.compile(r"[^\w.+-]+", re.ASCII)


def anchor(name: str) -> str:
    """The id of the place that is about *name*: `x5t#S256` is at `x5t-S256`."""
    return _OTHER.sub("-", name)
