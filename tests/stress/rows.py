"""A figure beside its target."""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.tables import Table


@dataclass(frozen=True, slots=True)
class Row:
    """What was tried, what was measured, what was wanted, and whether it was met."""

    what: str
    measured: str
    target: str
    met: bool


def at_most(what: str, measured: float, most: float, unit: str) -> Row:
    return Row(what, f"{measured:,.4g} {unit}", f"at most {most:,g} {unit}", measured <= most)


def at_least(what: str, measured: float, least: float, unit: str) -> Row:
    return Row(what, f"{measured:,.4g} {unit}", f"at least {least:,g} {unit}", measured >= least)


def exactly(what: str, measured: object, wanted: object) -> Row:
    return Row(what, str(measured), str(wanted), measured == wanted)


def table(rows: list[Row]) -> Table:
    return Table(
        "Under fire",
        ["what", "measured", "target", "met"],
        [[row.what, row.measured, row.target, "yes" if row.met else "NO"] for row in rows],
    )
