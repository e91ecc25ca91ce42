"""make sbom: write the bill of materials, and show the licences of what is delivered."""

from __future__ import annotations

import json
from pathlib import Path

from tests.supply.bom import bom
from tests.supply.runtime import ROOT, delivered


def main(target: Path) -> None:
    """Write the bill to *target*."""
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(bom(), indent=2) + "\n", "utf-8")
    for one in sorted(delivered(), key=lambda row: row.name):
        print(f"{one.name:<20} {one.version:<10} {one.licence}")
    print(f"{target.relative_to(ROOT)}: CycloneDX, {len(delivered())} components")


if __name__ == "__main__":
    main(ROOT / "dist" / "sbom.cdx.json")
