"""Install the libraries that code is run with into a folder of its own, and serve a jwtlens beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.snippets.toolchains import DEBIAN, INSTALLED, ROOT, Bench

HERE = Path(__file__).parent
GO, CRATES = Path("/usr/share/gocode/src/github.com/golang-jwt/jwt"), Path("/usr/share/cargo/registry")
CARGO = """[package]
name = "snippets"
version = "0.0.0"
edition = "2021"

[dependencies]
jsonwebtoken = "8"
serde_json = "1"
"""
CARGO_CONFIG = f"""[source.crates-io]
replace-with = "debian"

[source.debian]
directory = "{CRATES}"
"""


def install() -> Bench:
    """Install what is missing: from PyPI by hash, from npm by its lock, and as root from Debian."""
    debian = _debian()
    bench = Bench(str(_python()), _node(), debian)
    if debian:
        _go()
        _rust()
    return bench


@contextmanager
def serving(bench: Bench) -> Iterator[Bench]:
    """Run a jwtlens beside the bench, on a port that is free."""
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield replace(bench, server=process.stdout.readline().split()[-1])
        finally:
            process.terminate()


def _changed(folder: Path, *names: str) -> bool:
    """Copy the files into *folder*; whether what was installed there was made from others."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = [name for name in names if not (folder / name).exists() or (folder / name).read_text() != (HERE / name).read_text()]
    for name in changed:
        shutil.copy(HERE / name, folder)
    return bool(changed)


def _python() -> Path:
    folder = INSTALLED / "python"
    python = folder / "bin" / "python"
    if _changed(folder, "requirements.txt") or not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        # The virtual environment of the tests has no pip of its own: the one it was made with has.
        base = getattr(sys, "_base_executable", sys.executable)
        pip = [base, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet", "--require-hashes"]
        subprocess.run([*pip, "-r", folder / "requirements.txt"], check=True)
    return python


def _node() -> Path | None:
    folder = INSTALLED / "node"
    if not shutil.which("npm"):
        return None
    if _changed(folder, "package.json", "package-lock.json") or not (folder / "node_modules").is_dir():
        shutil.copy(ROOT / ".npmrc", folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)
    return folder


def _debian() -> bool:
    """Whether Debian's packages are there, or can be asked for."""
    if not shutil.which("dpkg-query"):
        return False
    packages = sorted({name for names in DEBIAN.values() for name in names})
    if subprocess.run(["dpkg-query", "-W", *packages], capture_output=True).returncode != 0 and os.geteuid() == 0:
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], env=quiet, stdout=subprocess.DEVNULL, check=True)
    return True


def _go() -> None:
    """Put Debian's package where the module of its version is imported from."""
    target = INSTALLED / "go" / "src/github.com/golang-jwt/jwt/v4"
    if GO.is_dir() and not target.is_dir():
        shutil.copytree(GO, target)


def _rust() -> None:
    """Compile Debian's crates once; each program is then compiled against them."""
    folder = INSTALLED / "rust"
    if not CRATES.is_dir() or not shutil.which("cargo") or (folder / "target").is_dir():
        return
    for name, text in {"src/main.rs": "fn main() {}\n", "Cargo.toml": CARGO, ".cargo/config.toml": CARGO_CONFIG}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["cargo", "build", "--offline", "--quiet"], cwd=folder, check=True)
