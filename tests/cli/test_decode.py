"""jwtlens decode: read whatever the page reads, and verify nothing."""

from __future__ import annotations

import json

import pytest

from app import tokens

SURROUNDINGS = {
    "alone": "{}",
    "with a line break": "{}\n",
    "header": "Authorization: Bearer {}",
    "curl": "curl -H 'Authorization: Bearer {}' https://api.example.com/",
    "cookie": "Cookie: theme=dark; session={}; a=b",
    "JSON": '{{"access_token": "{}", "expires_in": 3600}}',
    "log": "2026-01-01 12:00:00 INFO request with token={} refused",
    "HAR": '{{"log":{{"entries":[{{"request":{{"headers":[{{"name":"Authorization","value":"Bearer {}"}}]}}}}]}}}}',
}


@pytest.mark.parametrize("around", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_it_reads_a_token_wherever_it_stands(run, token, around):
    done = run("decode", pipe=around.format(token))
    assert done.status == 0
    assert done.out.startswith("· Read, not verified: a signed token (JWS), compact, alg HS256\n")
    assert '"sub": "alice"' in done.out
    assert '"n": 1.50' in done.out
    assert "exp  1 Jan 2026 01:00:00 UTC" in done.out
    assert done.err == ""


def test_a_token_is_an_argument_a_file_or_a_pipe(run, token, tmp_path):
    file = tmp_path / "token.txt"
    file.write_text(f"{token}\n")
    ways = [run("decode", token), run("decode", "-", pipe=token), run("decode", "--file", str(file)), run("decode", "-f", "-", pipe=token)]
    assert len({way.out for way in ways}) == 1
    assert {way.status for way in ways} == {0}


def test_what_the_shell_split_is_put_together(run, token):
    assert run("decode", "Authorization:", "Bearer", token).status == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_windows_wrote_is_read(run, token, tmp_path, encoding):
    file = tmp_path / "token.txt"
    file.write_bytes(f"{token}\r\n".encode(encoding))
    done = run("decode", "--file", str(file))
    assert done.status == 0
    assert "What was noticed" not in done.out


def test_the_json_is_the_answer_of_the_api_byte_for_byte(run, token, client):
    answer = client.post("/api/v1/decode", json={"token": f"Bearer {token}"})
    assert run("decode", "--json", f"Bearer {token}").out == answer.text + "\n"


@pytest.mark.parametrize("text", ["hello", "a.b.c", "-----BEGIN PRIVATE KEY-----"])
def test_what_cannot_be_read_is_explained_and_told_by_the_status(run, text):
    done = run("decode", pipe=text)
    assert done.status == 2
    assert done.out.startswith("✖ Not read\n")
    assert "What was noticed" in done.out
    assert json.loads(run("decode", "--json", pipe=text).out)["findings"]


def test_a_damaged_token_is_read_as_far_as_it_goes(run, token):
    done = run("decode", token.rpartition(".")[0])
    assert done.status == 0
    assert "Only 2 segments" in done.out


@pytest.mark.parametrize("pipe", [None, "", "  \n"], ids=["terminal", "empty pipe", "white space"])
def test_without_a_token_it_says_how_to_give_one(run, pipe):
    done = run("decode", pipe=pipe)
    assert done.status == 2
    assert done.out == ""
    assert done.errors[0].startswith("jwtlens: error: there is no token")
    assert done.errors[1] == "jwtlens: hint: give it as an argument, with --file FILE, or through a pipe"


def test_tokens_inside_are_read_as_well(run, token):
    outer = tokens.encode('{"alg":"HS256","cty":"JWT"}', token, "x" * 40).token
    out = run("decode", outer).out
    assert "Token inside, layer 1  a signed token (JWS)" in out
    assert '"sub": "alice"' in out


def test_too_much_is_refused_within_bounds(run):
    done = run("decode", pipe=b"a" * (4 * 2**20 + 1))
    assert done.status == 2
    assert done.errors[0] == "jwtlens: error: the input is longer than 4 MiB"
