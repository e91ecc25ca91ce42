"""The bill of materials in CycloneDX: what cyclonedx-py reads from the lock file, completed with licences, dependencies and htmx."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.supply.runtime import FRONT_END, LOCK, ROOT, Delivered, delivered, direct

SCHEMA = "1.6"
_OPTIONS = ("--pyproject", "pyproject.toml", "--short-PURLs", "--output-reproducible", "--output-format", "JSON", "--spec-version", SCHEMA)


def bom() -> dict[str, Any]:
    """The bill, the same for the same lock files."""
    made = _read_by_cyclonedx()
    known = {one.name: one for one in delivered()}
    components = [_completed(one, known[one["name"]]) for one in made["components"]]
    components.append(_front_end(known[FRONT_END]))
    root = made["metadata"]["component"]["bom-ref"]
    # Which version of the tool made it is known by its hash in requirements-test.txt.
    made["metadata"].pop("tools", None)
    return made | {
        "components": sorted(components, key=lambda one: one["name"]),
        "dependencies": [
            {"ref": root, "dependsOn": [_reference(known[name]) for name in direct()]},
            *({"ref": _reference(one), "dependsOn": [_reference(known[name]) for name in one.needs]} for one in known.values()),
        ],
    }


def _read_by_cyclonedx() -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", *_OPTIONS, LOCK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def _reference(one: Delivered) -> str:
    return f"pkg:{'npm' if one.name == FRONT_END else 'pypi'}/{one.name}@{one.version}"


def _completed(component: dict[str, Any], one: Delivered) -> dict[str, Any]:
    """The component under a name that says what it is, with its licence; the files and their hashes are as they were read."""
    told = {name: value for name, value in component.items() if name != "description"}
    return told | {"bom-ref": _reference(one), "licenses": _licences(one)}


def _licences(one: Delivered) -> list[dict[str, Any]]:
    if len(one.licences) == 1:
        return [{"license": {"id": one.licence, "acknowledgement": "declared"}}]
    return [{"expression": one.licence, "acknowledgement": "declared"}]


def _front_end(one: Delivered) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _reference(one),
        "name": one.name,
        "version": one.version,
        "purl": _reference(one),
        "licenses": _licences(one),
        "hashes": [{"alg": "SHA-256", "content": value} for value in one.hashes],
        "description": "Its module build, bundled into the script of the page; the hash is that of this file.",
    }
