"""Ask every route over TLS, behind the shipped nginx, and grade what comes: `python -m tests.deployment.observing`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from app.web.assets import asset
from tests.deployment.observatory import Answer, Score, score
from tests.deployment.routes import Route, routes
from tests.deployment.running import NAME, SECONDS, Front, copies, nginx


@contextmanager
def site() -> Iterator[Front]:
    """The shipped nginx before one copy."""
    with tempfile.TemporaryDirectory() as folder, copies(1) as (one,), nginx(Path(folder), [one.port]) as front:
        yield front


def look(front: Front, route: Route) -> Answer:
    """Ask *route* as the scanner does, over TLS; and where plain http leads."""
    body = {"application/json": b"{}", "": None}.get(route.kind, b"") if route.method == "POST" else None
    sent = {"Content-Type": route.kind} if body is not None else {}
    found = front.ask(route.path, route.method, body, **{name.replace("-", "_"): value for name, value in sent.items()})
    headers = {name.lower(): found.headers.get_all(name, []) for name in found.headers}
    plain = HTTPConnection("127.0.0.1", front.http, timeout=SECONDS)
    plain.request("GET", route.path, headers={"Host": NAME})
    redirected = plain.getresponse().headers["Location"] or ""
    plain.close()
    return Answer(headers, found.text, redirected, NAME)


def everything() -> list[Route]:
    """Every route, and a file of the front end."""
    return [*routes(), Route("GET", asset("main.js"), ""), Route("GET", asset("index.css"), "")]


def main() -> int:
    """Print the grade of every route; 1 if one is not the highest."""
    worst = 0
    with site() as front:
        for route in everything():
            graded: Score = score(look(front, route))
            worst |= graded.grade != "A+"
            print(f"{graded.grade:3} {graded.points:4}  {route.name}", flush=True)
    print("every route has the highest grade" if not worst else "a route has less than the highest grade")
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
