"""The README does not lie: its code runs, its files exist, its commands are there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_it_is_short():
    assert len(README.splitlines()) < 150


def test_its_python_runs():
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - the blocks of our own README


def test_its_curl_line_answers_what_it_says(client):
    line = next(block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if "curl" in block)
    words = shlex.split(line.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("http"))
    answer = client.post(url.removeprefix("http://127.0.0.1:8080"), json=json.loads(words[words.index("-d") + 1]))
    assert answer.json["signature"]["status"] == "verified"
    assert answer.json["accepted"] is True
    assert {"kind", "header", "payload", "signature", "accepted", "checks", "findings"} <= answer.json.keys()


def test_its_commands_have_the_verbs_and_options_that_there_are():
    from app.cli.command import jwtlens

    block = next(one for one in re.findall(r"```\n(.*?)```", README, re.DOTALL) if "jwtlens verify" in one)
    for line in block.strip().splitlines():
        for part in line.split("|"):
            program, *words = shlex.split(part)
            if program == "jwtlens":
                with jwtlens.make_context("jwtlens", words) as context:
                    verb = jwtlens.get_command(context, words[0])
                    assert verb is not None
                    with verb.make_context(words[0], words[1:]) as inner:
                        assert inner.command is verb


def test_its_targets_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"`?make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_its_settings_are_all_there_are():
    from app.settings import PREFIX, READERS

    named = set(re.findall(rf"{PREFIX}[A-Z_]+", README))
    assert named == {PREFIX + name.upper() for name in READERS}
