"""No value breaks out of its string: what a language reads is what was written."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.snippets import LANGUAGES, Facts, libraries, quoting, render
from app.snippets.quoting import CannotQuote

WHOLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
# What means something in one language or another, close together.
NASTY = st.text(st.sampled_from("\\\"'`$@#{}%&*?/!()<>;:|~=+-,.\n\r\t\0\x1b\x7f\u0085\u2028\u2029\u202e\ufeffux01aénのx😀"), max_size=30)
TEXT = WHOLE | NASTY
JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def of_python(code: str) -> Any:
    return ast.literal_eval(code)


@given(st.text(max_size=50) | NASTY)
def test_python_reads_what_was_written(text: str):
    assert of_python(quoting.python(text)) == text


@given(JSON_VALUE)
def test_python_reads_the_literal_that_was_written(value: Any):
    assert of_python(LANGUAGES["python"].literal(value)) == value


@given(st.dictionaries(TEXT, JSON_VALUE, min_size=1), TEXT)
def test_the_code_is_one_program_whatever_the_claims_are(claims: dict[str, Any], issuer: str):
    facts = Facts("HS256", "secret", issuer=issuer, claims=json.dumps(claims))
    signs = ast.parse(render("pyjwt", "sign", facts).text)
    assigned = next(node.value for node in signs.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "claims")
    assert ast.literal_eval(assigned) == claims
    verifies = ast.parse(render("pyjwt", "verify", facts).text)
    assert issuer in [node.value for node in ast.walk(verifies) if isinstance(node, ast.Constant)]
    assert len(verifies.body) == 6


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@given(text=st.text(max_size=50) | NASTY)
def test_what_cannot_be_seen_is_not_written_as_it_is(language: str, text: str):
    try:
        written = LANGUAGES[language].quote(text)
    except CannotQuote:
        written = ""
        assert "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)
    assert written.isprintable()


# The interpreters that are there read many strings in one run and write them as JSON, or as bytes in hex.
READERS: dict[str, tuple[list[str], Callable[[str], str]]] = {
    "javascript": (["node"], lambda items: f"console.log(JSON.stringify([{items}]))"),
    "perl": (["perl"], lambda items: f"use utf8; use JSON::PP; print JSON::PP->new->ascii->encode([{items}])"),
    "ruby": (["ruby"], lambda items: f'require "json"; puts JSON.generate([{items}])'),
    "php": (["php"], lambda items: f"<?php echo json_encode([{items}]);"),
}


def texts() -> list[str]:
    """Strings of every kind, the same each time."""
    found: list[str] = [
        "",
        "\\",
        '"',
        "'",
        "${x}",
        "#{x}",
        "@x",
        "`id`",
        "$(id)",
        "%s",
        "\\u0041",
        "\\\n",
        "??/",
        "'; exit; '",
        "\x00",
        "\u2028",
    ]

    @settings(max_examples=300, derandomize=True, database=None)
    @given(TEXT)
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


@pytest.mark.parametrize("language", sorted(READERS))
def test_the_language_itself_reads_what_was_written(language: str, tmp_path: Path):
    command, program = READERS[language]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not there")
    row = LANGUAGES[language]
    wanted = texts()
    file = tmp_path / f"strings.{row.extension}"
    file.write_text(program(",\n".join(map(row.quote, wanted))), "utf-8")
    done = subprocess.run([*command, file], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == wanted


# Those without JSON at hand write the bytes in hex, each string on a line.
PROGRAMS: dict[str, tuple[list[list[str]], str]] = {
    "shell": ([["bash", "strings.sh"]], 'for text in @ \\\n; do printf %s "$text" | od -An -v -tx1 | tr -d " \\n"; echo; done'),
    "c": (
        [["cc", "-trigraphs", "-o", "strings", "strings.c"], ["./strings"]],
        "#include <stdio.h>\nconst char *all[] = {@, 0};\nint main(void) {\n"
        '  for (int i = 0; all[i]; i++, putchar(10)) for (const char *c = all[i]; *c; c++) printf("%02x", (unsigned char)*c);\n}\n',
    ),
    "java": (
        [["java", "-Dfile.encoding=UTF-8", "strings.java"]],
        "class Strings { public static void main(String[] none) throws Exception {\n for (var text : new String[] {@})"
        ' System.out.println(java.util.HexFormat.of().formatHex(text.getBytes("UTF-8")));\n} }',
    ),
    "go": (
        [["go", "run", "strings.go"]],
        'package main\nimport "fmt"\nfunc main() {\n\tfor _, text := range []string{@} {\n\t\tfmt.Printf("%x\\n", text)\n\t}\n}\n',
    ),
    "rust": (
        [["rustc", "strings.rs"], ["./strings"]],
        'fn main() { for text in [@] { for byte in text.bytes() { print!("{:02x}", byte) } println!() } }',
    ),
    "erlang": ([["escript", "strings.escript"]], 'main(_) ->\n  [io:format("~s~n", [binary:encode_hex(Text)]) || Text <- [@]].\n'),
    "elixir": ([["elixir", "strings.exs"]], "for text <- [@], do: IO.puts(Base.encode16(text))"),
}


@pytest.mark.parametrize("language", sorted(PROGRAMS))
def test_a_compiler_reads_what_was_written(language: str, tmp_path: Path):
    commands, program = PROGRAMS[language]
    if not shutil.which(commands[0][0]):
        pytest.skip(f"{commands[0][0]} is not there")
    row = LANGUAGES[language]
    wanted = [text for text in texts() if "\0" not in text or language not in ("c", "shell")]
    between = " \\\n" if language == "shell" else ",\n"
    lines = between.join(map(row.quote, wanted))
    first = "#!/usr/bin/env escript\n%% -*- coding: utf-8 -*-\n" if language == "erlang" else ""
    (tmp_path / f"strings.{row.extension}").write_text(first + program.replace("@", lines, 1), "utf-8")
    for command in commands:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[:2000]
    assert [bytes.fromhex(line).decode() for line in done.stdout.split("\n")[:-1]] == wanted


def test_javascript_does_not_take_a_claim_for_the_prototype():
    assert '["__proto__"]: ' in LANGUAGES["javascript"].literal({"__proto__": {"admin": True}})


def test_java_has_no_escape_that_is_read_before_the_string():
    assert quoting.java("\n\x0b\x00\x7f") == '"\\n\\013\\000\\177"'
    assert quoting.java("😀\u2028") == '"😀\\u2028"'


@pytest.mark.parametrize("value", [Decimal("Infinity"), Decimal("0.1234567890123456789")])
def test_a_number_that_would_change_is_refused(value: Decimal):
    with pytest.raises(CannotQuote):
        LANGUAGES["python"].literal(value)


def test_a_template_cannot_forget_to_quote():
    for library in libraries().values():
        snippet = render(library.id, "verify", Facts("RS256", "pem" if "pem" in library.keys else "jwk", issuer='a"b\\c'))
        assert library.language.quote('a"b\\c') in snippet.text
