"""What the command says when something is wrong repeats neither token nor key; what a token holds commands no terminal."""

from __future__ import annotations

import json

import pytest

from app import tokens
from tests.cli.conftest import SECRET

WRONG = [
    ["decode", "--canary", "{token}"],
    ["decode", "--file", "{token}"],
    ["decode", "{token}", "--file", "x"],
    ["decode", "--json={token}"],
    ["verify", "{token}", "--key-file", "{secret}"],
    ["verify", "{token}", "--key-env", "{secret}"],
    ["verify", "{token}", "--key", "{secret}"],
    ["verify", "{token}", "--secret={secret}"],
    ["verify", "{token}", "--keyfile={secret}"],
    ["verify", "{token}", "--{secret}"],
    ["verify", "{token}", "--at", "{secret}"],
    ["verify", "{token}", "--profile", "{secret}"],
    ["verify", "{token}", "--jwks", "{secret}"],
    ["verify", "{token}", "--key-encoding", "{secret}"],
    ["verify", "{token}", "--key-env", "CANARY_KEY", "--passphrase-env", "{secret}"],
    ["encode", "{token}"],
    ["encode", "{token}", "{secret}"],
    ["encode", "--alg", "RS256", "--payload", "{token}", "--key-env", "CANARY_KEY"],
    ["encode", "--header", "{token}", "--payload", "{token}"],
    ["decrypt", "{token}", "--key-env", "CANARY_KEY"],
    ["keys", "generate", "{secret}"],
    ["keys", "generate", "ES256", "{secret}"],
    ["keys", "convert", "{secret}"],
    ["keys", "convert", "--key-env", "CANARY_KEY", "--to", "pem"],
    ["keys", "thumbprint", "--key-env", "CANARY_KEY"],
    ["keys", "{secret}"],
    ["keys", "fetch", "https://login.example.com:1/{token}?key={secret}"],
    ["keys", "fetch", "{token}"],
    ["{token}"],
    ["serve", "--host", "{secret}!"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_no_error_repeats_a_token_or_a_key(run, token, keyed, arguments):
    done = run(*(word.format(token=token, secret=SECRET) for word in arguments), pipe=None)
    assert done.status == 2 or arguments[0] == "serve"
    assert done.errors[0].startswith("jwtlens: error: ")
    assert SECRET not in done.err
    for part in token.split("."):
        assert part not in done.err


@pytest.mark.parametrize("verb", ["decode", "verify"])
def test_what_a_token_holds_commands_no_terminal(run, raw_token, keyed, verb):
    text = "\x1b]0;owned\x07\x9b31m\u202e\u2066\x7f\r"
    hostile = [
        raw_token('{"alg":"HS256"}', text),
        raw_token('{"alg":"HS256","kid":"' + "\x9b31m\u202e" + '"}', json.dumps({"a": text}, ensure_ascii=False)),
        raw_token('{"alg":"' + "\x9b31m" + '"}', '{"iss":"' + "\u202e" + '"}'),
        text + "." + text + "." + text,
    ]
    for one in hostile:
        asked = ["--key-env", keyed, "--issuer", "\x9b"] if verb == "verify" else []
        done = run(verb, *asked, pipe=one)
        assert not any(character in done.out + done.err for character in "\x1b\x07\x9b\u202e\u2066\x7f\r")


def test_a_plaintext_commands_no_terminal_but_goes_into_a_pipe_as_it_is(run, keyed, monkeypatch):
    sealed = tokens.encode('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM"}', "\x1b[31m\n", SECRET).token
    assert run("decrypt", sealed, "--key-env", keyed).out == "\x1b[31m\n"
    monkeypatch.setattr("app.cli.screen.is_shown", lambda: True)
    assert run("decrypt", sealed, "--key-env", keyed).out == "\\u001b[31m\n\n"


def test_a_private_key_on_a_screen_is_said_to_be_there(run, monkeypatch):
    monkeypatch.setattr("app.cli.screen.is_shown", lambda: True)
    done = run("keys", "generate", "ES256")
    assert done.status == 0
    assert done.err.startswith("jwtlens: warning: the key stands on this screen now")
    assert run("keys", "generate", "ES256", "--to", "der").status == 2


def test_what_should_not_happen_is_named_and_never_quoted(run, token, monkeypatch):
    def broken(text: str) -> None:
        raise ValueError(text)

    monkeypatch.setattr(tokens, "decode", broken)
    done = run("decode", token)
    assert (done.status, done.out) == (2, "")
    assert done.errors[0].startswith("jwtlens: error: this should not have happened: ValueError at test_discretion.py:")
    assert token not in done.err
