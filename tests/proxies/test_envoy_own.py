"""A real Envoy that judges tokens by the exported configuration: it decides as we do for every row of the shared table.

Where it cannot be told, a gap says whether it refuses or allows more; each such row is named here with that gap.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from app.gateway import read_request
from app.gateway.exports import GATEWAYS
from tests.gateway.gate import GOOD, NOW
from tests.gateway.table import JWKS_URL, ROWS, Row
from tests.proxies import own
from tests.proxies.harness import Api, Program, Reply, Seen
from tests.proxies.own import Door, decided, kind
from tests.tokens.keyring import b64u

ENVOY = GATEWAYS["envoy"]
BINARY = str(Path(sys.executable).with_name("envoy"))


class Published(ThreadingHTTPServer):
    """Key sets by their paths."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Document)
        self.documents: dict[str, str] = {}
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Document(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Published)
        document = self.server.documents.get(self.path)
        self.send_response(404 if document is None else 200)
        self.send_header("Content-Length", str(len(document or "")))
        self.end_headers()
        self.wfile.write((document or "").encode())

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def _move(cluster: Any, port: int) -> None:
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    endpoint["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}


class Asked(NamedTuple):
    """A row as it was sent at *now*, and what came of it."""

    row: Row
    now: int
    reply: Reply
    seen: list[Seen]


class Running:
    """One Envoy with a listener for each policy of the table."""

    def __init__(self, folder: Path) -> None:
        self.api = Api()
        self.published = Published()
        self._asked: dict[str, Asked] = {}
        self.doors = own.doors("envoy")
        self.secrets: dict[str, str] = {}
        found = [self._resources(door) for door in self.doors.values()]
        resources = {"listeners": [listener for listener, _ in found], "clusters": [one for _, clusters in found for one in clusters]}
        (folder / "envoy.json").write_text(json.dumps({"static_resources": resources}))
        last = next(reversed(self.doors.values()))
        self.program = Program([BINARY, "-c", "envoy.json", "--concurrency", "1", "-l", "error"], last.port, folder, **self.secrets)

    def _resources(self, door: Door) -> tuple[Any, list[Any]]:
        (file,) = door.export.files
        resources = yaml.safe_load(file.text.replace("JWKS_", f"P{door.number}_JWKS_"))["static_resources"]
        (listener,) = resources["listeners"]
        listener["name"] += str(door.number)
        listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": door.port}
        api, *fetched = resources["clusters"]
        _move(api, self.api.port)
        for cluster in fetched:
            self._publish(door, listener, cluster)
        for number, entry in enumerate(door.row.policy.get("issuers", [])):
            for place, source in enumerate(entry["keys"]):
                if "secret" in source:
                    k = b64u(door.row.keys.get("legacy", "of nobody"))
                    keys = [{"kty": "oct", "alg": alg, "k": k} for alg in source["algorithms"]]
                    self.secrets[f"P{door.number}_JWKS_{number}_{place}"] = json.dumps({"keys": keys})
        return listener, [*([] if door.number else [api]), *fetched]

    def _publish(self, door: Door, listener: Any, cluster: Any) -> None:
        """The key set stands on loopback, without TLS: the address in the export is that of another machine."""
        assert cluster.pop("transport_socket")["typed_config"]["sni"] == "login.example"
        _move(cluster, self.published.server_address[1])
        name, path = f"{cluster['name']}-{door.number}", f"/{door.number}"
        text = json.dumps(listener)
        assert text.count(JWKS_URL) == 1
        listener |= json.loads(text.replace(JWKS_URL, f"http://login.example{path}").replace(cluster["name"], name))
        cluster |= json.loads(json.dumps(cluster).replace(cluster["name"], name))
        if JWKS_URL in door.row.keys:
            self.published.documents[path] = json.dumps(door.row.keys[JWKS_URL])

    def asked(self, row: Row) -> Asked:
        """What came of the row, which is asked once."""
        if row.name not in self._asked:
            before = len(self.api.seen)
            now = _now(row)
            moved = _moved(row, now)
            reply = own.ask(self.doors[kind(row)], moved)
            self._asked[row.name] = Asked(moved, now, reply, self.api.seen[before:])
        return self._asked[row.name]

    def close(self) -> None:
        self.program.kill()
        for server in (self.api, self.published):
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("envoy"))
    try:
        running.program.start()
        yield running
    finally:
        running.close()


# What Envoy refuses though the policy allows it, and the gap that says so.
REFUSED = {
    "the query, its name encoded": "token[0].query",
    "a form": "token[1].form",
    "a form with a charset": "token[1].form",
    "Ed25519": "issuers[0].keys[0].algorithms",
    "ML-DSA-44": "issuers[0].keys[0].algorithms",
    "the keys of an issuer": "issuers[0].keys[0]",
    "not valid, within the leeway": "issuers[0].leeway",
    "route: an encoded letter": "routes",
    "path: an encoded letter of the open one": "routes",
    "spoof: X-User_": "routes",
    "upstream: a line break": "upstream.X-Value",
    "upstream: white space at the ends": "upstream.X-Value",
}
# What Envoy allows though the policy does not, and the gap that says so.
ALLOWED = {
    "expired a second ago": "issuers[0].leeway",
    "expires now": "issuers[0].leeway",
    "not valid for a second": "issuers[0].leeway",
    "route: optional, with a token that is wrong": "issuers[0].leeway",
    "a secret that is a public key": "issuers[0].keys[1]",
    "a long token": "issuers",
    "spoof: X.User": "issuers",
    "spoof: X-User twice": "issuers",
    "spoof: Connection: X-User": "issuers",
    "upstream: too long for a header": "upstream.X-Value",
}
# What the API gets instead of our header, and the gap that says so is that of the header.
SENT = {
    "upstream: an array": "WyJhIiwiYixjIiwxXQ==",
    "upstream: a comma": "a,b",
    "upstream: letters beyond ASCII": "Zo\u00c3\u00ab",
    "upstream: a percent sign": "50%",
    "upstream: an object": "eyJhIjoxfQ==",
}
ROLES = {"X-Roles": ["WyJjbGVyayJd"]}


def _now(row: Row) -> int:
    """The time, at the beginning of a second where the row turns on it."""
    claims = row.token.claims
    if any(-35 < claims[name] - NOW < 35 for name in ("exp", "nbf") if isinstance(claims.get(name), (int, float))):
        time.sleep(max(0.0, 1.01 - time.time() % 1) if time.time() % 1 > 0.4 else 0)
    return int(time.time())


def _moved(row: Row, now: int) -> Row:
    """The row with the dates of its token as far from *now* as they are from the time of the table."""
    claims = {name: GOOD[name] for name in ("iat", "exp")} | dict(row.token.claims)
    dates = {name: claims[name] - NOW + now for name in ("iat", "exp", "nbf") if isinstance(claims.get(name), (int, float))}
    return replace(row, token=replace(row.token, claims=claims | dates))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_decides_as_we_do(envoy: Running, row: Row):
    door = envoy.doors[kind(row)]
    row, now, reply, seen = envoy.asked(row)
    decision = decided(row, door.policy, now)
    gap = (REFUSED if decision.allowed else ALLOWED).get(row.name)
    assert gap is None or gap in {one.path for one in door.export.gaps}
    assert reply.is_of_api == bool(seen) == (decision.allowed == (gap is None))
    if not decision.allowed or not seen:
        return
    for name, value in decision.upstream:
        ours = ROLES.get(name) or ([SENT.get(row.name, value)] if value or row.name in SENT else [])
        if f"upstream.{name}" not in {one.path for one in door.export.gaps if "dot in it" in one.because}:
            assert seen[0].values(name) == ours
    kept = {name.lower() for name, _ in decision.upstream}
    for name in decision.removed:
        assert name.lower() in kept or not seen[0].values(name)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_answers_as_we_say_that_it_does(envoy: Running, row: Row):
    policy = envoy.doors[kind(row)].policy
    row, now, reply, _ = envoy.asked(row)
    request = read_request(f"{row.line}\nHost: api.test\n" + row.request().partition("\n")[2])
    told = ENVOY.answer(policy, request, decided(row, policy, now))
    if told is None:
        return  # test_it_tells_its_answer_most_of_the_time counts these
    assert (reply.status, reply.values("WWW-Authenticate")) == (told.status, [value for _, value in told.headers])
    if reply.status != 200:
        assert reply.body.decode() == told.body


def test_it_tells_its_answer_most_of_the_time(envoy: Running):
    policies = {name: door.policy for name, door in envoy.doors.items()}
    told = [ENVOY.answer(policies[kind(row)], read_request(row.request()), decided(row, policies[kind(row)])) for row in ROWS.values()]
    assert told.count(None) < len(told) / 3
