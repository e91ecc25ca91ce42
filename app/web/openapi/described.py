"""The endpoints in words: `learn/api.toml` is the one place where they stand."""

from __future__ import annotations

import json
import shlex
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from app import tokens
from app.keyfetch import refusals
from app.tokens.sd_jwt.making import issue
from app.web import security

_SECRET = "a-string-secret-at-least-256-bits-long"
_CLAIMS = {"iss": "https://issuer.example", "sub": "alice", "aud": "https://api.example", "iat": 1767222000, "exp": 1798758000}


@cache
def texts() -> dict[str, Any]:
    """The file, read when somebody asks: a server starts without it."""
    return tomllib.loads((Path(__file__).parents[1] / "learn" / "api.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Member:
    """A member of what is sent or answered; *place* is its id on the page."""

    name: str
    kind: str
    about: str
    place: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that takes POST, with a line for curl that runs."""

    name: str
    title: str
    about: str
    place: str
    curl: str
    sent: tuple[Member, ...]
    answered: tuple[Member, ...]

    @property
    def example(self) -> dict[str, Any]:
        """The body that the line for curl sends."""
        words = shlex.split(self.curl.replace("\\\n", " "))
        body: dict[str, Any] = json.loads(words[words.index("-d") + 1])
        return body


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint that takes POST, in the order of the page."""
    token = tokens.encode({"alg": "HS256", "typ": "JWT"}, _CLAIMS, _SECRET).token
    sd_token = issue({"alg": "HS256"}, '{"given_name":"Jane"}', [("given_name",)], _SECRET, salt=lambda: "2GLC42sKQveCfGfryNRN9w").token
    return tuple(_endpoint(row, token=token, sd_jwt=sd_token) for row in texts()["endpoints"])


def _endpoint(row: dict[str, Any], **examples: str) -> Endpoint:
    place = f"post-{row['name'].replace('/', '-')}"
    sent, answered = (
        tuple(Member(name, kind, about, f"{place}.{way}.{name}") for name, kind, about in row[way]) for way in ("sent", "answered")
    )
    curl = Template(row["curl"].strip()).substitute(examples)
    return Endpoint(row["name"], row["title"], row["about"], place, curl, sent, answered)


def codes() -> list[str]:
    """The code of every refusal there is."""
    return sorted({*refusals.ROWS, *security.REFUSALS, *texts()["errors"]})
