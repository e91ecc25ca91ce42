"""What the export for nginx Plus asks beyond auth_jwt, tried with the nginx that is here: its maps, routes and refusals.

auth_jwt itself is in nginx Plus alone. Its variables come from headers here, as its documentation says that it fills them, so every rule
about what a token says is judged by a real nginx; signatures and times are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.gateway.exports.asking import API, PORT
from app.tokens import decode
from tests.gateway.table import JWKS_URL, ROWS, Row
from tests.proxies import own
from tests.proxies.harness import Api, Program, Seen, request, send
from tests.proxies.own import Door, decided, kind

# What auth_jwt itself sees to, so that it is not tried here.
_AUTH_JWT = {"signature", "exp", "nbf", "form", "key", "header", "claims", "upstream", "life"}
# What nginx refuses though the policy allows it, or allows though it does not, and the gap that says so.
REFUSED = {
    "a form": "token[1].form",
    "a form with a charset": "token[1].form",
    "Ed25519": "issuers[0].keys[0].algorithms",
    "ML-DSA-44": "issuers[0].keys[0].algorithms",
    "the query, its name encoded": "token[0].query",
    "the keys of an issuer": "issuers[0].keys[0]",
    "the first issuer": "issuers[0].keys",
    "the second issuer": "issuers[1].keys",
    "another name of the second": "issuers[1].keys",
    "whoever no entry names": "issuers[1].keys[0]",
    "whoever has no iss": "issuers[1].keys[0]",
    "claims: 1 is 1.0": "routes[0].claims",
}
ALLOWED = {
    "a form beside Bearer": "token[1].form",
    "the query twice": "token[0].query",
    "a cookie twice": "token[0].cookie",
    "a cookie of another name": "token[0].cookie",
    "two words in one entry": "issuers",
    "true is not 1": "routes[0].claims",
    "claims: 1 is not a string": "routes[0].claims",
    "claims: equals an entry": "routes[0].claims",
    "a scope that is a number": "issuers",
    "spoof: X_User": "routes",
    "spoof: x_roles": "routes",
    "spoof: X.User": "routes",
    "spoof: X-User twice": "routes",
    "spoof: Connection: X-User": "routes",
}


def _open_source(text: str) -> str:
    """The configuration as a server without auth_jwt reads it, its variables taken from the headers of the request."""
    text = re.sub(
        r"auth_jwt_(?:claim|header)_set \$(\w+) .*;",
        lambda found: f"map $http_{found[1]} ${found[1]} {{ default $http_{found[1]}; }}",
        text,
    )
    text = re.sub(r"auth_jwt_require (.*) error=(\d+);", lambda found: _requires(found[1].split(), found[2]), text)
    text = re.sub(r"(?m)^( *)auth_jwt \".*$", r'\1if ($jwtlens_token = "") { return 401; }', text)
    return re.sub(r"(?m)^ *auth_jwt_(?:key|leeway).*\n", "", text)


def _requires(variables: list[str], status: str) -> str:
    return " ".join(f'if ({name} ~ "^0?$") {{ return {status}; }}' for name in variables)


class Running:
    def __init__(self, folder: Path) -> None:
        self.api = Api()
        self.doors = own.doors("nginx-plus")
        self.names = {name: self._write(door, folder) for name, door in self.doors.items()}
        temporary = "".join(f"{one}_temp_path {folder}/{one}; " for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        start = "daemon off; master_process off; error_log stderr emerg; events {} http { access_log off; map_hash_bucket_size 256;"
        lists = "variables_hash_max_size 65536; large_client_header_buffers 8 32k;"
        (folder / "nginx.conf").write_text(f"pid {folder}/nginx.pid; {start} {lists} {temporary} include {folder}/p*.conf; }}")
        last = next(reversed(self.doors.values()))
        self.program = Program(["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"], last.port, folder)

    def _write(self, door: Door, folder: Path) -> dict[str, list[str]]:
        """The configuration of one policy; returned are the variables with what fills them."""
        text = next(file.text for file in door.export.files if file.name == "jwtlens.conf")
        names = {found[2]: [found[1], *re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', found[3])] for found in re.finditer(_SET, text)}
        replaced = {
            f"listen {PORT};": f"listen 127.0.0.1:{door.port};",
            API: f"127.0.0.1:{self.api.port}",
            "/var/cache/nginx/jwtlens": f"{folder}/cache{door.number}",
            "keys_zone=jwtlens:": f"keys_zone=jwtlens{door.number}:",
            "proxy_cache jwtlens;": f"proxy_cache jwtlens{door.number};",
            JWKS_URL: "http://127.0.0.1:9/",
        }
        text = _open_source(text)
        for old, new in replaced.items():
            text = text.replace(old, new)
        # Each policy has its own variables in the one http block.
        (folder / f"p{door.number}.conf").write_text(
            re.sub(r"\bjwtlens_|\$http_jwtlens_", lambda found: found[0] + f"{door.number}_", text)
        )
        return {name: [kind, *(quoted or plain for quoted, plain in steps)] for name, (kind, *steps) in names.items()}

    def ask(self, row: Row) -> list[Seen]:
        door = self.doors[kind(row)]
        head, _, body = row.request().partition("\n\n")
        line, *headers = head.split("\n")
        claims = [
            f"{name.replace('jwtlens_', f'jwtlens-{door.number}-').replace('_', '-')}: {value}"
            for name, value in self._filled(row, door).items()
        ]
        before = len(self.api.seen)
        send(door.port, request(line, *headers, *claims, body=body.encode()))
        return self.api.seen[before:]

    def _filled(self, row: Row, door: Door) -> dict[str, str]:
        read = decode(row.token.text())
        found = {}
        for name, (place, *steps) in self.names[kind(row)].items():
            value: Any = read.payload if place == "claim" else read.header
            for step in steps:
                value = value.get(step) if isinstance(value, dict) else None
            found[name] = _shown(value)
        return found


_SET = r"auth_jwt_(claim|header)_set \$(\w+) (.*);"


def _shown(value: Any) -> str:
    """A claim as text; an array is a list with commas."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return ",".join(map(_shown, value)) if isinstance(value, list) else json.dumps(value, default=float)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("nginx"))
    try:
        running.program.start()
        yield running
    finally:
        running.program.kill()
        running.api.close()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_judges_what_a_token_says_as_we_do(nginx: Running, row: Row):
    door = nginx.doors[kind(row)]
    decision = decided(row, door.policy)
    if any(rule.denies and rule.layer in ("token", "keys") and rule.name in _AUTH_JWT for rule in decision.rules):
        return  # that is auth_jwt's own
    gap = (REFUSED if decision.allowed else ALLOWED).get(row.name)
    assert gap is None or gap in {one.path for one in door.export.gaps}
    assert bool(nginx.ask(row)) == (decision.allowed == (gap is None))
