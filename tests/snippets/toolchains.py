"""How code of each language is run, and where the libraries are that it needs."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.snippets import Library

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).parent
INSTALLED = ROOT / ".venv" / "snippets"
SECONDS = 300

# What Debian calls the packages, and what else the languages need.
DEBIAN = {
    "openssl": ("openssl", "jq", "curl"),
    "ruby-jwt": ("ruby-jwt", "ruby"),
    "libcrypt-jwt-perl": ("libcrypt-jwt-perl",),
    "golang-github-golang-jwt-jwt-dev": ("golang-github-golang-jwt-jwt-dev", "golang-go"),
    "libjwt-dev": ("libjwt-dev", "libjansson-dev", "gcc", "libc6-dev"),
    "libcjose-dev": ("libcjose-dev", "libjansson-dev", "gcc", "libc6-dev"),
    "librust-jsonwebtoken-dev": ("librust-jsonwebtoken-dev",),
    "erlang-jose": ("erlang-jose", "erlang-jiffy", "elixir"),
}
RUN = {
    "python": "{python} {file}",
    "javascript": "node {file}",
    "shell": "bash {file}",
    "ruby": "ruby {file}",
    "perl": "perl {file}",
    "erlang": "escript {file}",
    "elixir": "elixir {file}",
}
BUILD = {
    "go": "GO111MODULE=off GOFLAGS= GOPATH={installed}/go go build -o {program} {file}",
    "rust": "rustc --edition 2021 -L dependency={installed}/rust/target/debug/deps"
    " --extern jsonwebtoken=$(ls {installed}/rust/target/debug/deps/libjsonwebtoken-*.rlib)"
    " --extern serde_json=$(ls {installed}/rust/target/debug/deps/libserde_json-*.rlib) -o {program} {file}",
}


@dataclass(frozen=True)
class Bench:
    """Where libraries are installed: the Python that has them, the folder with node_modules; and a jwtlens that answers."""

    python: str
    node: Path | None = None
    debian: bool = False
    server: str = ""

    def version(self, library: Library) -> str:
        """The version of *library* that is there, or nothing."""
        if library.source == "pip":
            asked = f"import importlib.metadata as m; print(m.version({library.package!r}))"
            return said(self.python, "-c", asked)
        if library.source == "checkout" and self.server:
            return said(sys.executable, "-m", "app", "--version").split()[-1]
        if library.source == "npm" and self.node:
            file = self.node / "node_modules" / library.package / "package.json"
            return str(json.loads(file.read_text())["version"]) if file.is_file() else ""
        if library.source == "apt" and self.debian:
            return said("dpkg-query", "-W", "-f", "${source:Upstream-Version}", DEBIAN[library.package][0])
        return ""

    def build(self, library: Library, file: Path) -> subprocess.CompletedProcess[str] | None:
        """Compile *file*, or say nothing where there is nothing to compile."""
        command = library.build or BUILD.get(library.language.id)
        if not command:
            return None
        return subprocess.run(
            command.format(file=file.name, program=file.stem, installed=INSTALLED),
            shell=True,
            cwd=file.parent,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def run(self, library: Library, file: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the code in *file* in its folder."""
        if library.build or library.language.id in BUILD:
            command = [str(file.with_suffix(""))]
        else:
            command = shlex.split(RUN[library.language.id].format(python=self.python, file=file.name))
        return subprocess.run(
            command,
            cwd=file.parent,
            env=os.environ | {"JWTLENS": self.server} | environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            errors="replace",
        )


def said(*command: str) -> str:
    """What the command printed, or nothing when it is not there or failed."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def install() -> Bench:
    """Install what is missing into a folder of its own: from PyPI by hash, from npm by its lock, and as root from Debian."""
    python = INSTALLED / "python" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", INSTALLED / "python"], check=True)
    # The virtual environment of the tests has no pip of its own: the one it was made with has.
    base = getattr(sys, "_base_executable", sys.executable)
    pip = [base, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet", "--require-hashes"]
    subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
    node = INSTALLED / "node"
    if shutil.which("npm"):
        node.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, node)
        shutil.copy(ROOT / ".npmrc", node)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=node, check=True)
    debian = _debian()
    if debian:
        _go()
        _rust()
    return Bench(str(python), node, debian)


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


def _go() -> None:
    """Put Debian's package where the module of its version is imported from."""
    source, target = Path("/usr/share/gocode/src/github.com/golang-jwt/jwt"), INSTALLED / "go" / "src/github.com/golang-jwt/jwt/v4"
    if source.is_dir() and not target.is_dir():
        shutil.copytree(source, target)


def _debian() -> bool:
    """Whether Debian's packages are there, or can be installed."""
    packages = sorted({name for names in DEBIAN.values() for name in names})
    if not shutil.which("dpkg-query"):
        return False
    if subprocess.run(["dpkg-query", "-W", *packages], capture_output=True).returncode != 0 and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages], env=quiet, check=True)
    return True


def _rust() -> None:
    """Compile Debian's crates once; each program is then compiled against them."""
    folder = INSTALLED / "rust"
    if not Path("/usr/share/cargo/registry").is_dir() or not shutil.which("cargo") or (folder / "target").is_dir():
        return
    (folder / "src").mkdir(parents=True)
    (folder / ".cargo").mkdir()
    (folder / "src" / "main.rs").write_text("fn main() {}\n")
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "snippets"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\njsonwebtoken = "8"\nserde_json = "1"\n'
    )
    (folder / ".cargo" / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "/usr/share/cargo/registry"\n'
    )
    subprocess.run(["cargo", "build", "--offline", "--quiet"], cwd=folder, check=True)
