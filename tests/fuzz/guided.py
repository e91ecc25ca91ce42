"""One target under libFuzzer, guided by coverage of the core: python -m tests.fuzz.guided TARGET, and what libFuzzer takes."""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["app.tokens", "app.gateway"]):
    from tests.fuzz.targets import TARGETS


def main(arguments: list[str]) -> None:
    """Run until libFuzzer has had enough; it ends the process itself."""
    name, *rest = arguments
    atheris.Setup([sys.argv[0], *rest], TARGETS[name].hold)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
