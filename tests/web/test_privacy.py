"""What was sent is in no log, no file, no header and no error: a real server, a secret in every place, and a search."""

import http.client
import json
import os
import re
import subprocess
import sys
import urllib.parse
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20
SECRET = "a-string-secret-at-least-256-bits-long"


@contextmanager
def a_server(folder):
    """`jwtlens serve` whose every folder is under *folder*; gives its process and a function that sends a request."""
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("JWTLENS_", "COV_"))}
    environ |= {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=folder / "work", env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("jwtlens listens on "), process.communicate(timeout=SECONDS)
            address = line.split("//")[-1].strip()

            def send(method, path, body=None, headers=None):
                connection = http.client.HTTPConnection(address, timeout=SECONDS)
                connection.request(method, path, body=body, headers=headers or {})
                answer = connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                connection.close()
                return answer.status, str(answer.getheaders()), text

            yield process, send
        finally:
            process.kill()


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def requests(canary):
    """Every route, method, field, header and query, each with the canary in it."""
    from app.settings import Settings
    from app.web import create_app

    rules = {rule.rule for rule in create_app(Settings()).url_map.iter_rules()}
    fields = ["token", "header", "payload", "key", "key_encoding", "payload_layout", "header_layout", "algorithms", "issuer", "audience",
              "type", "leeway", "at", "left_out", "share", "mask", "a", "b", "as", "generate", "clear", "theme", "page", "example", canary]  # fmt: skip
    headers = ["User-Agent", "Referer", "Cookie", "Accept", "X-Forwarded-For", "X-Forwarded-Host", "HX-Request", "HX-Current-URL",
               "HX-Target", "Authorization", "Origin", "Host", "Content-Type", "Sec-Fetch-Site", "X-Request-Id", "If-None-Match",
               "Range", "Transfer-Encoding"]  # fmt: skip
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in [*sorted(rules), "/nowhere", "/static/built/index.css", "/api/v1/nowhere"]:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", canary):
            yield method, path, None, {}
            yield method, f"{path}?q={canary}", urllib.parse.urlencode({"token": canary, "key": canary}), form
        for name in ("token", "key", "secret", "example", "moved", canary):
            yield "GET", f"{path}?{name}={canary}", None, {}
        for name in headers:
            yield "GET", path, None, {name: canary}
            yield "POST", path, "token=" + canary, {**form, name: canary}
        yield "POST", path, "token=" + urllib.parse.quote(f"{canary}\r\n{canary}\x00\xff"), {**form, "HX-Request": "true"}
        for name in fields:
            yield "POST", path, urllib.parse.urlencode({name: canary}), {**form, "HX-Request": "true"}
        yield "POST", path, canary, {"Content-Type": "application/json"}
        yield "POST", path, canary, {"Content-Type": "multipart/form-data; boundary=x"}
        for name in ("token", "key", "header", "payload", "at", "leeway", "expect", "key_encoding", "algorithm", canary):
            for value in (canary, {canary: canary}, [canary]):
                body = {"token": "a.b.c", "key": "k", "header": {"alg": "HS256"}, "payload": {}, "algorithm": "HS256", name: value}
                yield "POST", path, json.dumps(body), {"Content-Type": "application/json"}
    yield "GET", f"/{canary}/{canary}", None, {}
    yield "POST", "/api/v1/decode", canary * 20_000, {"Content-Type": "application/json"}
    yield "POST", "/decode", "token=" + canary * 12_000, form
    yield "POST", "/decode", "token=" + canary * 30_000, form


def test_what_was_sent_is_in_no_output_no_file_and_no_error(tmp_path):
    canary = "canary5a5a5a5acanary"
    echoes = []
    with a_server(tmp_path) as (process, send):
        before = files(tmp_path)
        everything = list(requests(canary))
        assert len(everything) > 1000
        for method, path, body, headers in everything:
            status, answer, text = send(method, path, body, headers)
            assert status != 500, (method, path, body and body[:200])
            if status >= 400 and canary in text:
                echoes.append((status, method, path, headers))
            if canary in answer and status != 303:
                echoes.append((status, method, path, "in a header"))
        opened = [str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
        assert not [name for name in opened if str(tmp_path) in name or "deleted" in name]
        assert canary.encode() not in Path(f"/proc/{process.pid}/environ").read_bytes()
        assert canary.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert files(tmp_path) == before, "a file was written"
        process.terminate()
        out, err = process.communicate(timeout=SECONDS)
    assert (out, err) == ("", "")
    assert not echoes


def test_a_crash_is_named_and_what_was_sent_is_not(app, monkeypatch, capfd, serving):
    from app.web import debugger

    def broken(form, notice="", **how):
        raise ValueError(f"could not read {form.key!r}")

    monkeypatch.setattr(debugger, "show", broken)
    with serving(app) as (_, address):
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=SECONDS)
        connection.request("POST", "/verify", "key=canary", {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        assert response.status == 500
        assert "canary" not in response.read().decode() + str(response.getheaders())
        connection.close()
    out, err = capfd.readouterr()
    assert "canary" not in out + err
    assert re.fullmatch(r"jwtlens: error: no answer could be made: ValueError at \S+:\d+\n", err)


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify", "/theme"])
def test_a_key_goes_back_only_into_the_key_box(client, path):
    key = "canary-secret-of-at-least-32-bytes-length"
    form = {"token": "a.b.c", "header": '{"alg":"HS256"}', "payload": "{}", "key": key, "theme": "dark"}
    text = client.post(path, data=form).text
    assert text.count(key) == 1
    assert key not in client.post(path, data=form, headers={"HX-Request": "true"}).text or path == "/theme"


def test_a_private_key_is_in_no_words_about_it(client, api, make_token):
    for algorithm in ("ES256", "RS256", "Ed25519", "ML-DSA-44", "HS256"):
        made = api("keys", {"algorithm": algorithm})
        half = made.get("private") or made["secret"]
        secrets = [half["jwk"][name] for name in ("d", "p", "q", "dp", "dq", "qi", "priv", "k") if name in half["jwk"]]
        secrets += [line for line in half.get("pem", "").splitlines() if "-" not in line]
        for key in half.values():
            text = key if isinstance(key, str) else json.dumps(key)
            for broken in (text, text[:-9], text[9:], text.replace("A", "*")):
                answers = [
                    client.post("/verify", data={"token": make_token(), "key": broken}, headers={"HX-Request": "true"}).text,
                    client.post("/api/v1/verify", json={"token": make_token(), "key": broken}).text,
                    client.post("/api/v1/encode", json={"header": {"alg": "RS512"}, "payload": {}, "key": broken}).text,
                ]
                for answer in answers:
                    assert not [secret for secret in secrets if len(secret) > 8 and secret in answer]


def test_no_log_and_no_traceback_is_written_by_hand():
    """Words in logs are constants: no exception text, no repr, nothing that was sent."""
    banned = re.compile(
        r"logger\.|logging\.(debug|info|warning|error|exception)|\btraceback\.|exc_info=|\bprint\(.*(form|token|key|request)"
    )
    for source in ROOT.joinpath("app").rglob("*.py"):
        lines = [line for line in source.read_text("utf-8").splitlines() if banned.search(line)]
        assert not lines, f"{source.name}: {lines}"
