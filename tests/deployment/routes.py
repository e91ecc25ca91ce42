"""Every route there is, with something to ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.settings import Settings
from app.web import create_app
from app.web.directory import libraries
from app.web.examples import STORIES
from app.web.learn import contents

# What stands for <name>; a rule that is not here is asked by a name that there is not.
NAMES: Mapping[str, tuple[str, ...]] = {
    "/learn/<name>": tuple(contents.LEAVES),
    "/examples/<name>": tuple(STORIES)[:2],
    "/libraries/<name>": tuple(libraries())[:2],
}
_ELSEWHERE = ("/nowhere", "/api/v1/nowhere")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; *kind* is that of the body."""

    method: str
    path: str
    kind: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> Iterator[Route]:
    """Ask the application which routes it has."""
    for rule in create_app(Settings()).url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            kind = "application/json" if rule.rule.startswith("/api/") else "application/x-www-form-urlencoded"
            for name in NAMES.get(rule.rule, ("nothing",)):
                yield Route(method, rule.rule.replace("<name>", name), kind)
    for path in _ELSEWHERE:
        yield Route("GET", path, "")
