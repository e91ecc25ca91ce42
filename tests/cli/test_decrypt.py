"""jwtlens decrypt: the plaintext and nothing else."""

from __future__ import annotations

import json

import pytest

from app import tokens
from tests.cli.conftest import SECRET

HEADER = '{"alg":"PBES2-HS256+A128KW","enc":"A128GCM"}'


@pytest.fixture
def sealed():
    return tokens.encode(HEADER, "closer than you keep it yourself\n", SECRET).token


def test_it_prints_the_plaintext_byte_for_byte(run, sealed, keyed):
    done = run("decrypt", sealed, "--key-env", keyed)
    assert (done.status, done.out, done.err) == (0, "closer than you keep it yourself\n", "")


def test_a_token_inside_goes_on_to_verify(run, token, keyed):
    outer = tokens.encode(HEADER[:-1] + ',"cty":"JWT"}', token, SECRET).token
    inner = run("decrypt", outer, "--key-env", keyed).out
    assert inner == token
    assert run("verify", "--key-env", keyed, "--at", "1767225600", pipe=inner).status == 0


def test_the_json_is_the_report(run, sealed, keyed):
    told = json.loads(run("decrypt", sealed, "--key-env", keyed, "--json").out)
    assert told["decryption"]["status"] == "decrypted"
    assert told["payload_text"] == "closer than you keep it yourself\n"


def test_another_key_is_told_by_the_status(run, sealed):
    done = run("decrypt", sealed, "--key-env", "OTHER", OTHER="x" * 40)
    assert (done.status, done.out) == (1, "")
    assert done.errors[0].startswith("jwtlens: error: ")
    assert run("decrypt", sealed, "--json", "--key-env", "OTHER", OTHER="x" * 40).status == 1


def test_without_a_key_there_is_nothing_to_try(run, sealed):
    done = run("decrypt", sealed)
    assert (done.status, done.errors[0]) == (2, "jwtlens: error: no key is given")


def test_what_is_not_encrypted_is_not_decrypted(run, token, keyed):
    done = run("decrypt", token, "--key-env", keyed)
    assert (done.status, done.errors[0]) == (2, "jwtlens: error: the token is not encrypted")
    assert run("decrypt", "hello", "--key-env", keyed).status == 2
    assert run("decrypt", token, "--key-env", keyed, "--json").status == 2
