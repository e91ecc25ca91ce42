"""The gateways: each under the name that it has itself, and read only when it is asked for."""

import subprocess
import sys
from pathlib import Path

from app.gateway.exports import GATEWAYS

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "app" / "gateway" / "exports"


def test_each_stands_under_its_own_name():
    assert {name: row.name for name, row in GATEWAYS.items()} == {name: name for name in GATEWAYS}


def test_each_module_with_a_gateway_has_its_row():
    found = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py") if "\nGATEWAY = " in path.read_text("utf-8")}
    assert found == set(GATEWAYS)


def test_a_server_starts_without_them():
    code = "import sys, app.web; print(*(name for name in sys.modules if name.startswith('app.gateway.exports.')))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["app.gateway.exports.export"]
