"""audit: what it prints, writes and returns, and that no token, key or claim is anywhere in it."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from app import tokens
from app.audit import lanes
from app.tokens.keys import generate, private_pem, public_jwk, public_pem
from tests.cli.conftest import AT, SECRET

ROOT = Path(__file__).resolve().parents[2]
ASKED = ("--at", str(AT), "--key-env", "CANARY_KEY", "--alg", "HS256")


@pytest.fixture
def log(tmp_path, token):
    """A log with one token that is in order."""
    path = tmp_path / "access.log"
    path.write_text(f'10.0.0.1 "GET / HTTP/1.1" 200 "Bearer {token}"\n')
    return path


def made(header='{"alg":"HS256"}', payload='{"sub":"canary-sub"}', key=SECRET):
    return tokens.encode(header, payload, key).token


def lines(done):
    rows = [json.loads(line) for line in done.out.splitlines()]
    return rows[:-1], rows[-1]["summary"]


def test_each_token_is_a_line_and_the_summary_is_the_last(run, log, keyed):
    done = run("audit", str(log), *ASKED)
    (line,), summary = lines(done)
    assert done.status == 0
    assert (line["file"], line["line"], line["signature"], line["accepted"]) == (str(log), 1, "verified", True)
    assert (summary["tokens"], summary["different"], summary["accepted"]) == (1, 1, 1)
    assert "1 token, 1 of them different, in 1 file" in done.err


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param("nothing here", 0, id="no token"),
        pytest.param(made(payload='{"exp":1767225601}'), 0, id="in order"),
        pytest.param(made(payload="{}"), 0, id="a warning"),
        pytest.param(made('{"alg":"none"}', "{}", ""), 1, id="none"),
        pytest.param(made(key="x" * 32), 1, id="another key"),
        pytest.param(made('{"alg":"HS512"}', key=SECRET * 2), 1, id="not allowed"),
    ],
)
def test_the_status_says_whether_something_grave_was_found(run, tmp_path, keyed, content, status):
    (tmp_path / "a.log").write_text(content)
    assert run("audit", str(tmp_path), *ASKED).status == status


def test_a_broken_file_is_told_and_the_others_are_judged(run, log, keyed):
    (log.parent / "broken.gz").write_bytes(gzip.compress(b"x" * 999)[:-9])
    done = run("audit", str(log.parent), "nowhere", *ASKED)
    assert done.status == 2
    assert len(lines(done)[0]) == 1
    assert done.errors[0] == f"jwtlens: warning: {log.parent}/broken.gz: its gz breaks off: what is there is read"
    assert done.errors[1] == "jwtlens: warning: argument 2: it does not exist"


def test_something_grave_counts_more_than_a_broken_file(run, tmp_path, keyed):
    (tmp_path / "a").write_text(made('{"alg":"none"}', "{}", ""))
    assert run("audit", str(tmp_path), "nowhere", *ASKED).status == 1


def test_a_pipe_is_read_with_and_without_being_named(run, token, keyed):
    for named in ([], ["-"]):
        done = run("audit", *named, *ASKED, pipe=f"x {token} y")
        assert (done.status, lines(done)[0][0]["file"]) == (0, "-")


def test_lines_go_to_a_file_and_the_table_to_standard_output(run, log, keyed, tmp_path):
    out = tmp_path / "out.jsonl"
    done = run("audit", str(log), *ASKED, "--out", str(out))
    assert done.out.startswith("⚠ Nothing grave; warnings about 1 token\n")
    assert [next(iter(json.loads(line))) for line in out.read_text().splitlines()] == ["file", "summary"]


def test_a_person_gets_the_table_alone(run, log, keyed, monkeypatch):
    monkeypatch.setattr("app.cli.screen.is_shown", lambda: True)
    done = run("audit", str(log), *ASKED)
    assert "{" not in done.out
    assert "Still valid" in done.out
    assert done.err == ""


def test_the_table_says_where_the_first_stands(run, log, keyed):
    log.write_text(f"nothing\n{log.read_text()}")
    told = " ".join(run("audit", str(log), *ASKED).err.split())
    assert f"may be able to use it. First at {log}:2" in told
    assert "First at standard input:1" in " ".join(run("audit", "-", *ASKED, pipe=log.read_text()[8:]).err.split())


def test_issuer_audience_type_life_and_profile_are_judged(run, log, keyed):
    asked = ("--issuer", "https://x.example", "--audience", "y", "--type", "at+jwt", "--profile", "id-token")
    (line,), _ = lines(run("audit", str(log), *ASKED, *asked, "--max-life", "60"))
    assert {"wrong_issuer", "wrong_audience", "wrong_type", "profile_broken"} <= set(line["findings"])


def test_keys_come_as_a_set_and_the_one_that_decides_is_numbered(run, tmp_path):
    first, second = generate(tokens.ALGORITHMS["ES256"]), generate(tokens.ALGORITHMS["ES256"])
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [{**public_jwk(first), "kid": "a"}, {**public_jwk(second), "kid": "b"}]}))
    token = made('{"alg":"ES256","kid":"b"}', key=private_pem(second))
    (line,), _ = lines(run("audit", "-", "--jwks", str(tmp_path / "keys.json"), pipe=token))
    assert (line["signature"], line["key"]) == ("verified", 2)


@pytest.mark.parametrize("arguments", [["--workers", "2"], []])
def test_a_locked_key_is_opened_and_its_public_half_judges(run, tmp_path, arguments):
    from cryptography.hazmat.primitives import serialization

    key = generate(tokens.ALGORITHMS["ES256"])
    assert key.load_private
    private = key.load_private()
    assert private
    locked = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")
    )
    (tmp_path / "locked.pem").write_bytes(locked)
    asked = ("--key-file", str(tmp_path / "locked.pem"), "--passphrase-env", "PASS")
    done = run("audit", "-", *asked, *arguments, pipe=made('{"alg":"ES256"}', key=private_pem(key)), PASS="pass")
    assert lines(done)[0][0]["signature"] == "verified"


def test_without_a_key_it_is_said_that_nothing_is_verified(run, log):
    done = run("audit", str(log), "--at", str(AT))
    assert done.errors[0].startswith("jwtlens: hint: no key is given, so no signature is verified")
    assert lines(done)[0][0]["signature"] == "not_checked"


def test_several_processes_print_the_same(run, tmp_path, keyed):
    (tmp_path / "a.log").write_text("\n".join(made(payload=json.dumps({"n": number})) for number in range(50)))
    assert run("audit", str(tmp_path), *ASKED, "--workers", "0").out == run("audit", str(tmp_path), *ASKED).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is nothing to audit"),
        (["x", "--dask", "canary:", "--workers", "2"], "workers of this machine and a cluster are asked for"),
        (["x", "--dask", "canary:"], "no scheduler of Dask answers at that address"),
        (["x", "--out", "{folder}/no/file"], "a file to write cannot be written"),
        (["{folder}/access.log", "--html", "{folder}/access.log"], "a file to write is one of those to read"),
        (["x", "--html", "{folder}/r", "--sarif", "{folder}/r"], "two reports would go to the same file"),
        (["-", "-"], "standard input is asked for twice"),
        (["-", "--key-file", "-"], "standard input is asked for twice"),
        (["x", "--key-env", "EMPTY_JWK"], "the key cannot be used: the key box holds"),
    ],
)
def test_a_refusal_says_what_to_do(run, log, monkeypatch, arguments, said):
    monkeypatch.setenv("EMPTY_JWK", '{"kty":"oct"}')
    before = log.read_bytes()
    done = run("audit", *(one.format(folder=log.parent) for one in arguments), pipe=None if not arguments else "")
    assert done.status == 2
    assert done.errors[0].startswith(f"jwtlens: error: {said}")
    assert done.errors[1].startswith("jwtlens: hint: ")
    assert log.read_bytes() == before


def test_no_token_key_or_claim_is_in_any_output(run, tmp_path, monkeypatch):
    private = private_pem(generate(tokens.ALGORITHMS["ES256"]))
    payload = '{"iss":"canary-iss","aud":"canary-aud","sub":"canary-sub","exp":"canary-exp","canary":"canary-value"}'
    found = [
        made(payload=payload),
        made('{"alg":"HS256","kid":"canary-kid","jku":"https://canary-jku.example"}', payload),
        made('{"alg":"ES256"}', payload, private),
        made('{"alg":"none"}', payload, ""),
        made(payload=payload)[:-7],
        made(payload=payload).replace(".", "%2E"),
    ]
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / f"{found[0][:200]}.log").write_text("\n".join(found))
    (folder / "broken.gz").write_bytes(gzip.compress("\n".join(found).encode())[:-5])
    reports = [str(tmp_path / name) for name in ("out", "html", "sarif")]
    monkeypatch.setenv("CANARY_KEY", SECRET)
    asked = ("--issuer", "expected", "--audience", "expected", *ASKED)
    done = run("audit", str(folder), found[0], *asked, "--out", reports[0], "--html", reports[1], "--sarif", reports[2])
    assert done.status == 1
    told = [done.out, done.err, *(Path(one).read_text() for one in reports), run("audit", str(folder), *asked).out]
    for text in told:
        assert "canary" not in text.lower()
        assert SECRET not in text
        for token in found:
            for part in re.split(r"\.|%2E", token):
                assert len(part) < 8 or part not in text
    assert all("(a token).log" in Path(one).read_text() for one in reports[:2])


def test_the_bar_is_for_a_terminal_and_says_rate_and_rest(log):
    pty = pytest.importorskip("pty")
    parent, child = pty.openpty()
    (log.parent / "more").write_bytes(log.read_bytes() * 500)
    command = [sys.executable, "-m", "app", "audit", str(log.parent), "--out", str(log.parent / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=child, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(child)
        seen = b""
        while True:
            try:
                block = os.read(parent, 4096)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            seen += block
    os.close(parent)
    assert process.returncode == 0
    assert b"audit" in seen
    assert b"100%" in seen
    assert b"tokens/s" in seen


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the most memory that a process had")
def test_memory_stays_bounded_on_a_large_file(tmp_path):
    """50 times the piece that is held at once, with a token every few kilobytes."""
    size = 200_000_000
    path = tmp_path / "large.log"
    block = b"".join(b"%s %s\n" % (b"filler " * 2000, made(payload=json.dumps({"n": number, "exp": AT})).encode()) for number in range(70))
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block)
    code = (
        "import re, sys; from pathlib import Path; from app.cli import main; status = main(sys.argv[1:]);"
        " most = re.search('VmHWM:\\\\s*(\\\\d+) kB', Path('/proc/self/status').read_text())[1];"
        " sys.stderr.write(f'\\n{status} {most}')"
    )
    command = [sys.executable, "-c", code, "audit", str(path), "--out", os.devnull]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    status, kilobytes = map(int, done.stderr.split()[-2:])
    assert status == 0
    assert f"{70 * -(-size // len(block)):,} tokens, 70 of them different" in done.stdout
    assert kilobytes < 200_000


def test_it_loads_neither_flask_nor_dask():
    code = "import sys; from app.cli import main; main(sys.argv[1:]); sys.stderr.write('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code, "audit"], cwd=ROOT, capture_output=True, text=True, input="x", timeout=30)
    assert {"flask", "waitress", "distributed", "ssl", "app.web", "app.keyfetch"}.isdisjoint(done.stderr.splitlines()[-1].split())


def test_a_public_key_is_never_a_secret_whatever_the_header_says(run, tmp_path):
    key = generate(tokens.ALGORITHMS["RS256"])
    (tmp_path / "public.pem").write_text(public_pem(key))
    forged = tokens.encode({"alg": "HS256"}, {"sub": "a"}, public_pem(key), key_encoding="utf8").token
    (line,), _ = lines(run("audit", "-", "--key-file", str(tmp_path / "public.pem"), pipe=forged))
    assert (line["signature"], line["accepted"]) == ("not_checked", False)
    assert "key_unknown" in line["findings"]


def stopped(command, seconds=60):
    """What came of the command when Ctrl-C was pressed as soon as it had written its first line; its standard input has no end."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdout
        first = process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, workers and all
        out, err = process.communicate(timeout=seconds)
        return process.returncode, first + out, err.decode().splitlines()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_it_with_what_was_found_until_then(tmp_path, workers):
    (tmp_path / "a.log").write_text(f"{made()}{' ' * 2**20}\n" * 40)
    reports = [str(tmp_path / name) for name in ("html", "sarif")]
    command = [sys.executable, "-m", "app", "audit", str(tmp_path / "a.log"), "-", "--workers", workers]
    status, out, err = stopped([*command, "--html", reports[0], "--sarif", reports[1]])
    assert status == 130
    *rows, last = (json.loads(line) for line in out.splitlines())
    assert len(rows) == last["summary"]["tokens"] > 0
    told = "stopped here by Ctrl-C: its rest and what follows it are not judged"
    assert last["summary"]["unread"] == [{"file": str(tmp_path / "a.log"), "because": told}]
    assert err[0] == f"jwtlens: warning: {tmp_path}/a.log: {told}"
    assert not any("Traceback" in line for line in err)
    assert told in Path(reports[0]).read_text()
    assert json.loads(Path(reports[1]).read_text())["runs"][0]["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_when_it_is_killed_no_worker_stays_behind(tmp_path, how):
    (tmp_path / "a.log").write_text(f"{made()}{' ' * 2**20}\n" * 40)
    command = [sys.executable, "-m", "app", "audit", str(tmp_path / "a.log"), "-", "--workers", "2"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(how)
            process.communicate(timeout=20)  # its output ends when nobody is left who could write
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -how


def test_lost_workers_are_an_error_and_what_was_found_is_told(run, log, monkeypatch):
    def lost(brief, pieces):
        yield from lanes.here(brief, pieces)
        raise lanes.LostWorkers

    monkeypatch.setattr("app.cli.audit._lane", lambda *_: lost)
    done = run("audit", str(log), *ASKED[:2])
    assert done.status == 2
    rows, summary = lines(done)
    assert len(rows) == summary["tokens"] == 1
    assert done.errors[0] == f"jwtlens: warning: {log}: the workers were lost here: its rest and what follows it are not judged"
    assert "jwtlens: error: the workers are lost, and what they were judging" in done.errors
