"""The look of a report: colours for people only, marks in ASCII where there are no others, lines that fit."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from itertools import pairwise

import pytest

from app.cli import main, screen
from tests.cli.conftest import AT


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch):
    """Run the command on a terminal of so many columns and return what it wrote there."""

    def call(*arguments: str, encoding: str = "utf-8", columns: int = 80) -> str:
        written = io.BytesIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Terminal(written, encoding=encoding))
            patch.setenv("COLUMNS", str(columns))
            patch.setenv("TERM", "xterm")
            main(arguments)
            sys.stdout.flush()
            return written.getvalue().decode(encoding)

    return call


def test_a_terminal_has_colours(on_terminal, token, keyed, monkeypatch):
    asked = ("verify", token, "--key-env", keyed, "--at", str(AT))
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m" in on_terminal(*asked)
    assert "\x1b" not in on_terminal(*asked, "--no-color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_terminal(*asked)
    assert "\x1b[32m" in on_terminal(*asked, "--color")
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b[32m" in on_terminal(*asked)


def test_a_pipe_has_none_unless_they_are_asked_for(run, token, keyed):
    assert "\x1b" not in run("verify", token, "--key-env", keyed).out
    assert "\x1b" in run("verify", token, "--key-env", keyed, "--color").out


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "latin-1"])
def test_a_console_without_our_marks_shows_others(on_terminal, token, keyed, encoding):
    out = on_terminal("verify", token, "--key-env", keyed, "--at", str(AT), "--issuer", "ü→😀", "--no-color", encoding=encoding)
    assert out.startswith("x Not accepted: issuer")
    assert "+ Signature verified" in out
    for verb in ("decode", "verify", "keys"):
        assert on_terminal(verb, "--help", encoding=encoding)


def test_json_for_a_console_without_its_characters_is_the_same_json(on_terminal, make_token):
    made = make_token('{"name":"ü→😀"}')
    assert json.loads(on_terminal("decode", "--json", made, encoding="ascii"))["payload"] == {"name": "ü→😀"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_json_for_a_program_has_nothing_that_a_terminal_obeys(on_terminal, run, make_token, encoding):
    made = make_token('{"name":"\\u009b31m\\u202eü"}')
    shown = on_terminal("decode", "--json", made, encoding=encoding)
    for out in (shown, run("decode", "--json", made).out):
        assert not {"\x9b", "\u202e"} & set(out)
        assert json.loads(out)["payload"] == {"name": "\x9b31m\u202eü"}


def test_json_on_a_terminal_is_laid_out_and_the_same(on_terminal, run, token):
    shown = on_terminal("decode", "--json", token)
    assert shown.count("\n") > 10
    assert json.loads(shown) == json.loads(run("decode", "--json", token).out)


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_lines_fit(on_terminal, token, keyed, columns):
    out = on_terminal("verify", token, "--key-env", keyed, "--at", str(AT), "--issuer", "https://i.example", "--no-color", columns=columns)
    assert max(len(line) for line in out.splitlines()) <= max(60, min(columns, 100))
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_what_belongs_together_stands_in_one_column(run, token, keyed):
    out = run("verify", token, "--key-env", keyed, "--at", str(AT)).out
    rows = out.partition("Checks")[2].partition("\n\n")[0].splitlines()[1:]
    places = {len(row) - len(row[4:].partition("  ")[2].lstrip()) for row in rows if row[2] != " "}
    assert len(places) == 1
    indents = {len(row) - len(row.lstrip()) for row in rows if row[2] == " "}
    assert indents <= places


def test_nothing_that_a_terminal_obeys_is_visible():
    for code in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066, 0xD800]:
        if chr(code) not in "\n\t":
            assert screen.visible(chr(code)) == f"\\u{code:04x}"
    assert screen.visible("a\n\tü😀") == "a\n\tü😀"
    bidirectional = ("RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI")
    for code in range(0x2000, 0x2070):
        if unicodedata.bidirectional(chr(code)) in bidirectional:
            assert screen.visible(chr(code)) != chr(code)


def test_one_blank_line_at_most_parts_two_sections(run, token, keyed):
    lines = run("verify", token, "--key-env", keyed).out.splitlines()
    assert not any(one == other == "" for one, other in pairwise(lines))
