"""The command as a shell runs it: real pipes, real ends, and no more loaded than is needed."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SECRET

ROOT = Path(__file__).resolve().parents[2]
JWTLENS = f"{sys.executable} -m app"
SECONDS = 30


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "JWTLENS": JWTLENS, "KEY": SECRET, **variables}
    command = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=SECONDS)


def test_a_token_goes_round_through_pipes(token):
    line = 'echo "Bearer $TOKEN" | $JWTLENS decode --json | $JWTLENS encode --key-env KEY | $JWTLENS verify --key-env KEY --at 1767225600'
    done = shell(line, TOKEN=token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("✔ Accepted\n")
    assert done.stderr == ""


def test_a_key_goes_through_a_pipe(tmp_path):
    done = shell(
        "$JWTLENS keys generate EdDSA --out $DIR/key"
        " && $JWTLENS encode --alg EdDSA --payload '{\"exp\":9999999999}' --key-file $DIR/key > $DIR/token"
        " && $JWTLENS keys convert $DIR/key --public --to pem | $JWTLENS verify -q --file $DIR/token --key-file -",
        DIR=str(tmp_path),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("variables", "status"), [({}, 0), ({"KEY": "x" * 40}, 1), ({"KEY": ""}, 2)], ids=["right", "wrong", "none"])
def test_the_status_is_the_verdict(token, variables, status):
    assert shell("$JWTLENS verify -q --key-env KEY --at 1767225600 $TOKEN", TOKEN=token, **variables).returncode == status


@pytest.mark.parametrize("verb", ["decode", "decode --json", "verify --key-env KEY --at 1767225600"])
def test_whoever_stops_reading_is_not_told_and_the_status_stays(token, verb):
    done = shell(f"set +o pipefail; $JWTLENS {verb} $TOKEN | true; echo ${{PIPESTATUS[0]}}", TOKEN=token)
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_said_in_two_lines(token):
    done = shell("$JWTLENS decode $TOKEN > /dev/full", TOKEN=token)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "jwtlens: error: what was asked for cannot be written"
    assert len(done.stderr.splitlines()) == 2


def test_bytes_that_are_no_text_are_read_all_the_same():
    done = shell("$JWTLENS decode --json $'\\xff\\xfe.x.y'")
    assert done.returncode == 2
    assert json.loads(done.stdout)["findings"]


def test_without_standard_error_the_lines_come_all_the_same(token, tmp_path):
    (tmp_path / "a.log").write_text(token)
    done = shell("$JWTLENS audit $LOG --key-env KEY --at 1767225600 2>&-", LOG=str(tmp_path / "a.log"))
    assert (done.returncode, done.stdout.count("\n")) == (0, 2)


def test_bytes_stay_bytes(tmp_path):
    done = shell("$JWTLENS keys generate ES256 --to der | od -An -tx1 -N1")
    assert done.stdout.strip() == "30"


def test_a_console_in_ascii_is_enough(token):
    done = shell("$JWTLENS verify --key-env KEY --at 1767225600 $TOKEN", TOKEN=token, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert done.stdout.startswith("+ Accepted\n")


@pytest.mark.parametrize(
    ("arguments", "not_loaded"),
    [
        (["decode", "x.y.z"], {"flask", "werkzeug", "jinja2", "waitress", "app.web", "app.keyfetch", "ssl", "webbrowser"}),
        (["verify", "x.y.z"], {"flask", "werkzeug", "jinja2", "waitress", "app.web", "app.keyfetch", "ssl", "webbrowser"}),
        (["keys", "thumbprint", "x"], {"flask", "waitress", "app.web", "app.keyfetch", "ssl"}),
        (["completion", "fish"], {"flask", "app.tokens", "cryptography"}),
        (["healthcheck", "--help"], {"flask", "app.tokens", "cryptography"}),
        (["--version"], {"flask", "app.tokens", "cryptography"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_loads_no_more_than_it_needs(arguments, not_loaded):
    code = "import sys; from app.cli import main; main(sys.argv[1:]); sys.stderr.write('\\n' + ' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL
    )
    assert not_loaded.isdisjoint(done.stderr.splitlines()[-1].split())


def test_it_starts_at_once(token):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert shell("$JWTLENS decode $TOKEN", TOKEN=token).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2  # a quarter of a second where nothing else runs


def test_the_json_of_a_pipe_is_one_line(token):
    done = shell("$JWTLENS decode --json $TOKEN", TOKEN=token)
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["payload"]["sub"] == "alice"
