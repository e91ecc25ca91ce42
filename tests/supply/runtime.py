"""What is delivered beside our own code, read from the lock files and from what is installed: names, versions, hashes, licences."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import metadata, requires
from pathlib import Path

import hatch_build

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements.txt"
FRONT_END = "htmx.org"
_ENTRY = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

PERMISSIVE = {
    "0BSD": "Zero-Clause BSD",
    "Apache-2.0": "Apache License 2.0",
    "BSD-2-Clause": "BSD, two clauses",
    "BSD-3-Clause": "BSD, three clauses",
    "MIT": "MIT License",
    "MIT-0": "MIT License without attribution",
    "ZPL-2.1": "Zope Public License 2.1",
}
"""The licences that what is delivered may have: use, change and pass on, with no duty on what is built with it."""
# What distributions say that do not use the names of SPDX yet. That the BSD licence is the one with three clauses, a test reads in its file.
_CLASSIFIED: Mapping[str, str] = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Zope Public License": "ZPL-2.1",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
}
# The name that htmx gives to its licence is none of SPDX.
_SPELT: Mapping[str, str] = {"BSD-0-Clause": "0BSD"}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A package that is delivered; *licence* is an expression of SPDX."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def licences(self) -> set[str]:
        """The licences in the expression."""
        return set(re.split(r" (?:AND|OR) ", self.licence))


def delivered() -> tuple[Delivered, ...]:
    """Everything that `pip install` brings, and what is bundled into the page."""
    return (*_distributions(), _htmx())


def direct() -> tuple[str, ...]:
    """The names that our own code depends on."""
    locked = {match["name"] for match in _locked()}
    return tuple(sorted({FRONT_END, *(locked & _names(requires("jwtlens")))}))


def _locked() -> Iterator[re.Match[str]]:
    return _ENTRY.finditer((ROOT / LOCK).read_text("utf-8"))


def _distributions() -> Iterator[Delivered]:
    locked = {match["name"] for match in _locked()}
    for match in _locked():
        name = match["name"]
        needs = tuple(sorted(locked & _names(requires(name))))
        yield Delivered(name, match["version"], _licence(name), tuple(_HASH.findall(match["rest"])), needs)


def _names(requirements: list[str] | None) -> set[str]:
    """The names of requirements, without those of extras."""
    plain = [one for one in requirements or [] if "extra ==" not in one]
    return {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-").replace(".", "-") for one in plain}


def _licence(name: str) -> str:
    told = metadata(name)
    for expression in told.get_all("License-Expression", []):
        return str(expression)
    named = [_CLASSIFIED[one] for one in told.get_all("Classifier", []) if one in _CLASSIFIED]
    if len(named) != 1:
        raise LookupError(f"the licence of {name} is not known")
    return named[0]


def _htmx() -> Delivered:
    """The only package of the front end that is delivered; esbuild bundles it and stays behind."""
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"][f"node_modules/{FRONT_END}"]
    return Delivered(FRONT_END, locked["version"], _SPELT.get(locked["license"], locked["license"]), (hatch_build.HTMX_SHA256,))
