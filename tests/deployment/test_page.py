"""The page on deployment says what is so: its files, its commands, its numbers."""

from __future__ import annotations

import re
import subprocess
from html import unescape
from typing import Any

import pytest

from app.server.channel import ANSWER_SECONDS, REQUEST_SECONDS
from app.server.loop import DRAIN_SECONDS, OPTIONS
from app.server.strict import MOST_HEADERS
from app.settings import READERS, from_environment
from app.web import turns
from app.web.learn import contents
from app.web.security import MAX_BODY
from tests.deployment.running import DEPLOY, NAME, ROOT

PATH = contents.LEAVES["deployment"].path
FILES = [path for path in sorted(DEPLOY.iterdir()) if path.suffix != ".md"]
NGINX = (DEPLOY / "nginx.conf").read_text()


@pytest.fixture(scope="module")
def leaf(app: Any) -> Any:
    return app.test_client().get(PATH)


def blocks(leaf: Any, kind: str) -> list[str]:
    return ["".join(block.itertext()) for block in leaf.dom.tag("pre") if block.get("data-kind") == kind]


def test_it_shows_every_file_as_it_is_shipped(leaf: Any):
    assert sorted(blocks(leaf, "file")) == sorted(path.read_text().strip() for path in FILES)


def test_every_command_is_one_that_a_shell_reads(leaf: Any):
    found = blocks(leaf, "shell")
    assert len(found) >= 8
    for block in found:
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block


def test_the_readme_of_the_folder_has_the_same_commands(leaf: Any):
    text = (DEPLOY / "README.md").read_text()
    assert re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL) == blocks(leaf, "shell")


def test_every_file_that_a_command_takes_is_there(leaf: Any):
    named = {name for block in blocks(leaf, "shell") for name in re.findall(r"deploy/[\w@.-]+", block)}
    assert named == {f"deploy/{path.name}" for path in FILES}
    assert all((ROOT / name).is_file() for name in named)


def test_every_setting_that_it_names_is_one(leaf: Any):
    named = set(re.findall(r"JWTLENS_([A-Z_]+)", "\n".join(blocks(leaf, "shell")) + leaf.text))
    assert {name.lower() for name in named} <= READERS.keys()
    (written,) = [block for block in blocks(leaf, "shell") if "/etc/jwtlens.env" in block]
    given = dict(line.replace("$NAME", NAME).split("=", 1) for line in written.splitlines() if line.startswith("JWTLENS_"))
    assert not from_environment(given).is_for_one


def row(leaf: Any, name: str) -> tuple[str, str]:
    """What the table of limits says of jwtlens, and of nginx."""
    match = re.search(rf'<th scope="row">{re.escape(name)}</th><td>(.*?)</td><td>(.*?)</td>', unescape(leaf.text))
    assert match, name
    return match[1], match[2]


@pytest.mark.parametrize(
    ("name", "own", "nginx", "line"),
    [
        (
            "a request, from its first byte to its last",
            f"{REQUEST_SECONDS:g} seconds",
            "10 seconds between two bytes",
            "client_body_timeout 10s;",
        ),
        ("an answer that is not taken", f"{ANSWER_SECONDS:g} seconds", "10 seconds between two bytes", "send_timeout 10s;"),
        ("a connection over which nothing comes", f"{OPTIONS['channel_timeout']} seconds", "20 seconds", "keepalive_timeout 20s;"),
        ("connections at once", f"{OPTIONS['connection_limit']:,}", "50 of one address", "limit_conn jwtlens_connections 50;"),
        ("requests a second", "as many as the machine makes", "50 of one address, 200 at once", "rate=50r/s;"),
        (
            "headers",
            f"{OPTIONS['max_request_header_size'] // 1024} KiB, {MOST_HEADERS} of them",
            "4 of 8 KiB",
            "large_client_header_buffers 4 8k;",
        ),
        ("a body", f"{MAX_BODY // 1024} KiB", "512 KiB", "client_max_body_size 512k;"),
    ],
)
def test_its_limits_are_those_of_the_code_and_of_the_file(leaf: Any, name: str, own: str, nginx: str, line: str):
    assert row(leaf, name) == (own, nginx)
    assert line in NGINX


def test_it_says_how_many_keys_are_made_at_once(leaf: Any):
    making, waiting = turns._MAKERS._initial_value, turns._PLACES._initial_value  # type: ignore[attr-defined]
    assert row(leaf, "keys that are made at once")[0].startswith(f"{making}, and {waiting} that wait")


def test_it_says_how_long_a_copy_drains(leaf: Any):
    assert DRAIN_SECONDS == 5
    assert "answers what it has begun within five seconds" in leaf.text
