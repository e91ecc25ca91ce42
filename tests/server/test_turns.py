"""Sixteen keys at once: two are made, four wait, the others are told when to come back; a token is read meanwhile."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.server import Server, discreet
from app.settings import Settings
from app.tokens import ALGORITHMS, keys
from app.web import create_app

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
SECONDS = 20


def post(port: int, path: str, body: Any) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.getheader("Retry-After")


def test_sixteen_at_once_leave_threads_for_everything_else(monkeypatch):
    made, going, key = threading.Event(), [], keys.generate(ALGORITHMS["ES256"])

    def slowly(kind: Any) -> Any:
        going.append(kind)
        made.wait(SECONDS)
        return key

    monkeypatch.setattr("app.web.api.keys.generate_for", slowly)
    discreet()
    server = Server(create_app(Settings()))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with ThreadPoolExecutor(16) as pool:
            asked = [pool.submit(post, server.port, "/api/v1/keys", {"algorithm": "ES256"}) for _ in range(16)]
            end = time.monotonic() + SECONDS
            while sum(one.done() for one in asked) < 10 and time.monotonic() < end:
                time.sleep(0.01)
            refused = [one.result() for one in asked if one.done()]
            assert Counter(refused) == {(429, "5"): 10}
            assert len(going) == 2
            assert post(server.port, "/api/v1/decode", {"token": TOKEN})[0] == 200
            made.set()
            assert Counter(one.result()[0] for one in asked) == {429: 10, 200: 6}
    finally:
        made.set()
        server.stop()
        thread.join(SECONDS)
