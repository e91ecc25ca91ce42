"""What every test of the command line may use: the command in this process, with a pipe before it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app import tokens
from app.cli import main

SECRET = "canary-secret-of-at-least-32-bytes-length"
AT = 1767225600


@dataclass
class Done:
    """What came of a command."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[..., Done]:
    """Run the command; *pipe* is what comes to its standard input, None for a terminal."""

    def call(*arguments: str, pipe: str | bytes | None = "", **variables: str) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        data = pipe.encode() if isinstance(pipe, str) else pipe or b""
        stdin = io.TextIOWrapper(io.BytesIO(data))
        monkeypatch.setattr(stdin, "isatty", lambda: pipe is None, raising=False)
        monkeypatch.setattr(sys, "stdin", stdin)
        status = main(arguments)
        output = capsys.readouterr()
        return Done(status, output.out, output.err)

    return call


@pytest.fixture
def token() -> str:
    """Signed with SECRET, valid for an hour from AT on."""
    return tokens.encode('{"alg":"HS256","typ":"JWT"}', '{"sub":"alice","exp":1767229200,"n":1.50}', SECRET).token


@pytest.fixture
def keyed(monkeypatch) -> str:
    """The name of an environment variable that holds SECRET."""
    monkeypatch.setenv("CANARY_KEY", SECRET)
    return "CANARY_KEY"
