"""The shared table at the forward-auth server: the same decision for every row, in the statuses that the proxy understands."""

import json
import time
from types import SimpleNamespace

import pytest

from app.forwardauth import PROFILES, SOURCES, Options, gate, wsgi
from app.gateway import read_policy, read_request
from app.gateway.request import same_name
from app.tokens import read_keys
from tests.forwardauth.door import application, call
from tests.gateway.gate import NOW
from tests.gateway.table import FORMS, ROWS, Must

DOORS = [("nginx", "x-original"), ("traefik", "x-forwarded"), ("envoy", "path")]
LATE = 0.02
"""How long it waits for keys that do not come; a second of the real wait would be spent on each of those rows."""


@pytest.fixture(autouse=True)
def _at(monkeypatch):
    monkeypatch.setattr(wsgi, "time", SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic))
    monkeypatch.setattr(gate, "WAIT_SECONDS", LATE)


def expected(row) -> Must:
    """What the table says; of a body no proxy tells, so a token in it is none."""
    if row.name not in FORMS:
        return row.must
    return row.must if row.must.status == 401 else Must(200) if "Authorization" in "".join(row.headers) else Must(401, "", "token")


@pytest.mark.parametrize(("profile", "source"), DOORS)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_server_decides_as_the_table_says(row, profile, source):
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    app = application(read_policy(json.dumps(row.policy)), keys, Options(source=source, profile=profile))
    asked, family = read_request(row.request()), SOURCES[source]
    own = () if family is None else family
    # The proxy says method and address itself, whatever the client says by these names.
    headers = [(name, value) for name, value in asked.headers if not any(same_name(name, one) for one in own)]
    if family is None:
        said = call(app, asked.method, f"/auth{asked.target}", headers)
    else:
        said = call(app, "GET", "/auth", [*headers, (family.method, asked.method), (family.target, asked.target)])
    must = expected(row)
    status = must.status
    if family is None and not asked.target.startswith("/"):
        status = 403  # behind /auth it is no path at all
    assert said.status == PROFILES[profile].get(status, status)
    assert said.body == b""
    for name, value in must.upstream.items():
        assert said[name] == value
    assert (f'error="{must.error}"' in (said["WWW-Authenticate"] or "")) is bool(must.error and status == must.status)
