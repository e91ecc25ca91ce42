"""jwtlens verify: the report of the page, and the verdict as exit status."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from itertools import product

import pytest

from app import tokens
from app.reports.statements import LABELS
from app.tokens import keys
from app.tokens.keys.forms import forms
from tests.cli.conftest import AT, SECRET


@pytest.fixture
def pair():
    return keys.generate(tokens.ALGORITHMS["ES256"])


def test_an_accepted_token_is_said_first_and_by_the_status(run, token, keyed):
    done = run("verify", token, "--key-env", keyed, "--at", str(AT))
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0] == "✔ Accepted"
    assert lines[1].split() == ["✔", "Signature", "verified", "HS256", "·", "41-byte", "secret"]
    assert lines[2].split()[:3] == ["✔", "Not", "expired"]
    assert lines[3] == "  · No warnings"
    assert done.err == ""


def test_every_check_is_there_in_order_with_its_reason(run, token, keyed):
    out = run("verify", token, "--key-env", keyed, "--at", str(AT)).out
    report = tokens.verify(token, SECRET, at=AT)
    words = " ".join(out.split())
    places = [words.index(f" {LABELS[check.name]} {check.because}") for check in report.checks]
    assert places == sorted(places)
    assert out.index("Checks") < out.index("Header") < out.index("Payload")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--at", str(AT + 9999)], "expiry"),
        (["--at", "2026-01-01T02:00:00Z"], "expiry"),
        (["--issuer", "https://i.example"], "issuer"),
        (["--audience", "api"], "audience"),
        (["--alg", "RS256"], "algorithm allowed"),
        (["--type", "at+jwt"], "type"),
        (["--profile", "id-token"], "profile"),
    ],
)
def test_what_is_not_accepted_is_said_first_and_by_the_status(run, token, keyed, arguments, why):
    done = run("verify", token, "--key-env", keyed, "--at", str(AT), *arguments)
    assert done.status == 1
    assert done.out.startswith("✖ Not accepted: ")
    assert why in done.out.splitlines()[0]


def test_a_wrong_key_is_not_accepted_and_a_leeway_is_granted(run, token, keyed):
    assert run("verify", token, "--key-env", keyed, "--at", str(AT + 3630), "--leeway", "60").status == 0
    done = run("verify", token, "--key-env", "OTHER", "--at", str(AT), OTHER="another-secret-of-at-least-32-bytes")
    assert done.status == 1
    assert "Signature does not match" in done.out


def test_algorithms_are_listed_or_repeated(run, token, keyed):
    for arguments in (["--alg", "RS256,HS256"], ["--alg", "RS256", "--alg", "HS256"]):
        assert run("verify", token, "--key-env", keyed, "--at", str(AT), *arguments).status == 0


def test_without_a_key_nothing_is_judged(run, token):
    done = run("verify", token)
    assert done.status == 2
    assert done.out.startswith("⚠ Not judged\n")
    assert done.errors == [
        "jwtlens: error: no key is given, so nothing is verified",
        "jwtlens: hint: give one with --key-file FILE, --key-env NAME or --jwks FILE",
    ]


def test_with_a_key_that_cannot_be_read_nothing_is_judged(run, token, tmp_path):
    file = tmp_path / "key.pem"
    file.write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    done = run("verify", token, "--key-file", str(file))
    assert done.status == 2
    assert "Key not readable" in done.out


def test_what_is_no_token_is_not_judged(run, keyed):
    done = run("verify", "hello", "--key-env", keyed)
    assert done.status == 2
    assert "Not a token" in done.out


def test_an_unsecured_token_needs_no_key_to_be_refused(run, raw_token):
    assert run("verify", raw_token('{"alg":"none"}', "{}", "")).status == 1


def test_the_json_is_the_answer_of_the_api_byte_for_byte(run, token, keyed, client, monkeypatch):
    answer = client.post(
        "/api/v1/verify",
        json={"token": token, "key": SECRET, "at": AT, "leeway": 5, "expect": {"issuer": "x", "algorithms": ["HS256"]}},
    )
    asked = ("--key-env", keyed, "--at", str(AT), "--leeway", "5", "--issuer", "x", "--alg", "HS256")
    done = run("verify", "--json", token, *asked)
    assert done.out == answer.text + "\n"
    assert done.status == 1
    monkeypatch.setattr(time, "time", lambda: AT + 0.5)
    assert json.loads(run("verify", "--json", token, "--key-env", keyed).out)["accepted"] is True


def test_quiet_says_it_by_the_status_alone(run, token, keyed):
    done = run("verify", "-q", token, "--key-env", keyed, "--at", str(AT))
    assert (done.status, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("form", ["pem", "jwk", "der", "set"])
def test_a_key_file_is_read_in_every_form(run, pair, tmp_path, form):
    signed = tokens.encode('{"alg":"ES256"}', '{"exp":1767229200}', keys.private_pem(pair)).token
    written = {one.name: one.text for one in forms(pair)}[f"public-{form}"]
    file = tmp_path / "key"
    file.write_bytes(b64decode(written) if form == "der" else written.encode())
    assert run("verify", signed, "--key-file", str(file), "--at", str(AT)).status == 0
    assert run("verify", signed, "--key-file", "-", "--at", str(AT), pipe=file.read_bytes()).status == 0
    is_set = run("verify", signed, "--jwks", str(file), "--at", str(AT))
    assert is_set.status == (0 if form == "set" else 2)
    if form != "set":
        assert is_set.errors[0] == "jwtlens: error: what --jwks names holds no JWK Set"


@pytest.mark.parametrize("first", [0x30, 0x80, 0xC8], ids=hex)
def test_a_secret_of_any_bytes_is_read_from_its_file(run, tmp_path, first):
    secret = bytes([first, *range(200, 240)])
    signed = tokens.encode('{"alg":"HS256"}', '{"exp":1767229200}', secret.hex(), key_encoding="hex").token
    file = tmp_path / "secret"
    file.write_bytes(secret)
    assert run("verify", signed, "--key-file", str(file), "--at", str(AT)).status == 0


def test_the_line_break_at_the_end_of_a_secret_s_file_is_not_part_of_it(run, token, tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert run("verify", token, "--key-file", str(file), "--at", str(AT)).status == 0


def test_a_locked_key_opens_with_its_passphrase(run, pair, tmp_path):
    file = tmp_path / "locked.pem"
    file.write_text(next(one.text for one in forms(pair, "open sesame") if one.name == "private-pem"))
    signed = tokens.encode('{"alg":"ES256"}', '{"exp":1767229200}', keys.private_pem(pair)).token
    asked = ("verify", signed, "--key-file", str(file), "--at", str(AT))
    assert run(*asked, "--passphrase-env", "PASS", PASS="open sesame").status == 0
    assert run(*asked).status == 2


def test_a_detached_payload_comes_from_its_file(run, keyed, tmp_path):
    detached = tokens.encode('{"alg":"HS256"}', '{"exp":1767229200}', SECRET, detached=True).token
    file = tmp_path / "payload.json"
    file.write_text('{"exp":1767229200}')
    done = run("verify", detached, "--key-env", keyed, "--at", str(AT), "--payload-file", str(file))
    assert "Signature verified" in done.out
    file.write_text('{"exp":1767229200}\n')
    assert "Signature does not match" in run("verify", detached, "--key-env", keyed, "--payload-file", str(file)).out
    file.write_bytes(b"\xff")
    assert run("verify", detached, "--key-env", keyed, "--payload-file", str(file)).status == 2
    without = run("verify", detached, "--key-env", keyed, "--at", str(AT))
    assert without.status == 2
    assert without.errors[1] == "jwtlens: hint: give it with --payload-file FILE"


def test_the_token_inside_names_what_refuses_the_whole(run, keyed, token):
    outer = tokens.encode('{"alg":"HS256","cty":"JWT"}', token, SECRET).token
    done = run("verify", outer, "--key-env", keyed, "--at", str(AT + 99999))
    assert done.status == 1
    assert done.out.startswith("✖ Not accepted: expiry of the token inside\n")
    assert "Inside: expired" in done.out


def test_a_token_that_is_nested_too_deep_is_not_accepted(run, keyed, token):
    for _ in range(6):
        token = tokens.encode('{"alg":"HS256","cty":"JWT"}', token, SECRET).token
    done = run("verify", token, "--key-env", keyed, "--at", str(AT))
    assert done.status == 1
    assert done.out.startswith("✖ Not accepted: a token inside lies too deep\n")


def test_what_speaks_against_the_token_inside_is_noticed(run, keyed, raw_token):
    outer = tokens.encode('{"alg":"HS256","cty":"JWT"}', raw_token('{"alg":"none"}', '{"exp":1767229200}', ""), SECRET).token
    assert "Inside: alg " in run("verify", outer, "--key-env", keyed, "--at", str(AT)).out


@pytest.mark.parametrize("option", ["--key", "--secret"])
def test_a_key_as_an_argument_is_refused(run, token, option):
    for done in (run("verify", token, option, SECRET), run("verify", token, f"{option}={SECRET}")):
        assert done.status == 2
        assert done.errors[0].startswith("jwtlens: error: a key is not taken from the command line")
        assert SECRET not in done.err + done.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--key-file", "a", "--key-env", "b"], "more than one key is given"),
        (["--key-file", "/nowhere/at/all"], "the file of the key does not exist"),
        (["--key-file", "/"], "the file of the key is a folder"),
        (["--key-env", "NOT_THERE_AT_ALL"], "the environment has no variable of that name"),
        (["--file", "x"], "a token and a file are given"),
        (["--at", "soon"], "--at takes seconds since 1970 or 2026-01-31T12:00:00Z"),
        (["--leeway", "1e999"], "--leeway takes seconds"),
        (["--profile", "nonsense"], "--profile names none that jwtlens knows"),
        (["--nonsense"], "no such option"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_refuses_in_its_own_voice(run, token, arguments, sentence):
    done = run("verify", token, *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.errors[0].startswith(f"jwtlens: error: {sentence}")
    assert done.errors[1].startswith("jwtlens: hint: ")
    assert not any(line.endswith(".") for line in done.errors)


def test_standard_input_holds_one_thing(run):
    done = run("verify", "-", "--key-file", "-", pipe="x")
    assert done.errors[0] == "jwtlens: error: standard input is asked for twice"


def test_the_status_agrees_with_the_report_for_every_token_and_key(run, token, pair, raw_token):
    signed = tokens.encode('{"alg":"ES256"}', "{}", keys.private_pem(pair)).token
    given = (token, signed, raw_token('{"alg":"none"}', "{}", ""), "hello")
    boxes = (SECRET, keys.public_pem(pair), "-----BEGIN X-----")
    for text, box in product(given, boxes):
        report = tokens.verify(text, box, at=AT)
        status = run("verify", text, "--key-env", "BOX", "--at", str(AT), BOX=box).status
        assert (status == 0) == report.accepted
        assert (status == 2) == (text == "hello" or (box == boxes[2] and text != given[2]))
