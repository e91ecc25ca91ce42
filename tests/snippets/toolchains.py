"""How code of each language is run, and where the libraries are that it needs."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.snippets import Library

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = ROOT / ".venv" / "snippets"
SECONDS = 300

# Debian's packages of the libraries, and what else is needed to run code with them.
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
# What is not installed with the libraries, since a machine may have its own.
TOOLS = {"rust": "rustc"}
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
        if library.source == "apt" and self.debian and shutil.which(TOOLS.get(library.language.id, "sh")):
            return said("dpkg-query", "-W", "-f", "${source:Upstream-Version}", DEBIAN[library.package][0])
        return ""

    def build(self, library: Library, file: Path) -> subprocess.CompletedProcess[str] | None:
        """Compile *file*, or say nothing where there is nothing to compile."""
        command = library.build or BUILD.get(library.language.id)
        if not command:
            return None
        return subprocess.run(  # noqa: S602 - the commands stand in the tables of the repository
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
