"""jwtlens encode: what decode --json wrote goes in, edited or not, and a token comes out."""

from __future__ import annotations

import json

import pytest

from app import tokens
from app.tokens import keys
from tests.cli.conftest import AT, SECRET


def test_header_and_payload_are_options_kept_byte_for_byte(run, keyed):
    done = run("encode", "--header", '{ "alg":"HS256" }', "--payload", '{ "n": 1.50 }', "--key-env", keyed)
    assert done.status == 0
    read = tokens.decode(done.out.rstrip("\n"))
    assert (read.header_text, read.payload_text) == ('{ "alg":"HS256" }', '{ "n": 1.50 }')


def test_an_alg_makes_the_header(run, keyed):
    done = run("encode", "--alg", "HS512", "--payload", "{}", "--key-env", keyed)
    assert tokens.decode(done.out.strip()).header == {"alg": "HS512", "typ": "JWT"}


def test_header_and_payload_are_files_too(run, keyed, tmp_path):
    (tmp_path / "header.json").write_text('{"alg":"HS256"}')
    done = run("encode", "--header-file", str(tmp_path / "header.json"), "--payload-file", "-", "--key-env", keyed, pipe='{"a":1}\n')
    assert tokens.verify(done.out.strip(), SECRET, at=AT).payload == {"a": 1}


@pytest.mark.parametrize(
    "payload",
    [
        '{"sub":"alice","exp":1767229200,"n":1.50}',
        '{ "big": 123456789012345678901, "e": 1e400 }',
        "plain text",
        '{"a":1,"a":2}',
        "[1,2]",
        "",
    ],
)
def test_what_decode_wrote_makes_the_same_token_again(run, keyed, payload):
    made = tokens.encode('{"alg":"HS256","typ":"JWT"}', payload, SECRET).token
    document = run("decode", "--json", made).out
    done = run("encode", "--key-env", keyed, pipe=document)
    assert done.out == f"{made}\n"
    assert run("encode", "-", "--key-env", keyed, pipe=document).out == done.out


def test_an_edited_document_is_signed_as_edited(run, keyed, token):
    document = json.loads(run("decode", "--json", token).out)
    document["payload"]["exp"] += 60
    document["header"]["kid"] = "k1"
    done = run("encode", "--key-env", keyed, pipe=json.dumps(document, indent=2))
    read = tokens.verify(done.out.strip(), SECRET, at=AT)
    assert read.signature.status == "verified"
    assert read.header == {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    assert read.payload["exp"] == 1767229260


@pytest.mark.parametrize(("before", "after"), [("[1]", [True]), ("[1]", [1.0]), ("{}", {"a": None})])
def test_an_edit_is_seen_however_small(run, keyed, before, after):
    made = tokens.encode('{"alg":"HS256"}', before, SECRET).token
    document = json.loads(run("decode", "--json", made).out)
    document["payload"] = after
    done = run("encode", "--key-env", keyed, pipe=json.dumps(document))
    assert tokens.decode(done.out.strip()).payload_text == json.dumps(after, separators=(",", ":"))


def test_an_option_wins_over_the_document(run, token, keyed):
    document = run("decode", "--json", token).out
    done = run("encode", "--alg", "HS384", "--key-env", keyed, pipe=document)
    assert tokens.decode(done.out.strip()).header["alg"] == "HS384"


def test_a_header_with_enc_encrypts_and_decrypt_feeds_it_again(run, keyed):
    made = run("encode", "--header", '{"alg":"PBES2-HS256+A128KW","enc":"A128GCM"}', "--payload", '{"a":1.0}', "--key-env", keyed)
    assert made.status == 0
    document = run("decrypt", "--json", made.out.strip(), "--key-env", keyed).out
    again = run("encode", "--key-env", keyed, pipe=document)
    assert again.out != made.out
    assert run("decrypt", again.out.strip(), "--key-env", keyed).out == '{"a":1.0}'


def test_it_writes_every_serialization(run, keyed):
    asked = ("encode", "--alg", "HS256", "--payload", "{}", "--key-env", keyed)
    assert "payload" in json.loads(run(*asked, "--serialization", "flattened").out)
    assert "signatures" in json.loads(run(*asked, "--serialization", "general").out)
    assert ".." in run(*asked, "--detached").out


def test_the_json_is_the_answer_of_the_api(run, client):
    body = {"header": '{"alg":"HS256"}', "payload": "{}", "key": "short"}
    answer = client.post("/api/v1/encode", json=body)
    done = run("encode", "--json", "--header", body["header"], "--payload", body["payload"], "--key-env", "SHORT", SHORT="short")
    assert done.out == answer.text + "\n"


def test_warnings_stand_beside_the_token_and_not_in_it(run):
    done = run("encode", "--alg", "HS256", "--payload", "{}", "--key-env", "SHORT", SHORT="short")
    assert done.status == 0
    assert done.out.count("\n") == 1
    assert done.err.startswith("jwtlens: warning: ")


@pytest.mark.parametrize(
    ("arguments", "pipe", "sentence"),
    [
        (["--alg", "HS256", "--payload", "{}"], "", "there is no key to sign with"),
        (["--alg", "XS256", "--payload", "{}", "--key-env", "CANARY_KEY"], "", 'alg "XS256" is not an algorithm jwtlens knows'),
        (["--alg", "RS256", "--payload", "{}", "--key-env", "CANARY_KEY"], "", "RS256 needs an RSA key"),
        (["--header", "{", "--payload", "{}"], "", "the header is not JSON"),
        (["--header", "{}", "--header-file", "x", "--payload", "{}"], "", "the header is given twice"),
        ([], None, "there is nothing to encode"),
        ([], "", "what came to encode is not what jwtlens decode --json writes"),
        ([], "[]", "what came to encode is not what jwtlens decode --json writes"),
        ([], '{"header":{"alg":"dir"},"payload":null,"payload_text":null}', "the document has no payload"),
    ],
)
def test_it_refuses_in_its_own_voice(run, keyed, arguments, pipe, sentence):
    done = run("encode", *arguments, pipe=pipe)
    assert (done.status, done.out) == (2, "")
    assert done.errors[0].startswith(f"jwtlens: error: {sentence}")
    assert done.errors[1].startswith("jwtlens: hint: ")


def test_a_public_key_does_not_sign(run, tmp_path):
    file = tmp_path / "public.pem"
    file.write_text(keys.public_pem(keys.generate(tokens.ALGORITHMS["ES256"])))
    done = run("encode", "--alg", "ES256", "--payload", "{}", "--key-file", str(file))
    assert done.status == 2
    assert "verifies only; signing needs the private key" in done.errors[0]
