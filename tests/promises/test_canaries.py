"""Two hundred secrets go through every route, field, header and verb of the server, and through every verb and option of the command."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.cli import main
from app.cli.command import VERBS, Verbs, jwtlens
from app.settings import Settings
from app.web import create_app
from tests.cli.conftest import run as run  # the fixture
from tests.gateway import gate
from tests.promises import asking, canaries, serving
from tests.promises.canaries import COUNT, SECRETS, told
from tests.promises.serving import Seen

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln"
GOOD_KEY = "a-string-secret-at-least-256-bits-long"
POLICY = '{"issuers":[{"issuer":"https://a.example","keys":[{"secret":"s","algorithms":["HS256"]}]}],"routes":[{"prefix":"/"}]}'


# The search itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", SECRETS[::40])
def test_a_secret_is_found_in_every_spelling(secret):
    for text in (secret, secret.upper(), secret.encode().hex(), canaries.token(secret), canaries.key(secret), f"a{secret}b"):
        assert told(text) == {secret}
    for before in range(7):
        assert told(base64.b64encode(b"q" * before + secret.encode() + b"zz").decode()) == {secret}
    assert told("canary" + "0" * 32 + secret[:-1]) == set()


def test_everything_there_is_to_ask_is_asked():
    """Routes, fields and members are looked up, so that a new one is asked too; these must be among them."""
    app = create_app(Settings())
    asked = list(asking.everything(app))
    assert {one.secret for one in asked} == set(SECRETS)
    assert len(SECRETS) == COUNT
    assert {path for path, _ in asking.paths(app)} <= {one.path.partition("?")[0] for one in asked}
    assert {"token", "key", "passphrase", "payload", "bind_key", "detached", "issuer", "policy", "request", "mask"} <= asking.form_fields(
        app
    )
    assert any(name.startswith("p.") or "." in name for name in asking.form_fields(app)) or "row" in asking.form_fields(app)
    assert len(asked) > 3000


# The server -------------------------------------------------------------------------------------------------------


def test_no_secret_is_anywhere_but_in_its_own_answer(seen: Seen):
    strangers = [one.asked for one in seen.answers if told(one.text + one.headers) - {one.asked.secret}]
    assert strangers == []
    assert sum(bool(told(one.text)) for one in seen.answers) > 100, "the search finds what is there"
    for where in (seen.out, seen.err, seen.environ, seen.cmdline, *seen.opened, *seen.files_after):
        assert told(where) == set()


def test_no_refusal_repeats_what_it_refuses(seen: Seen):
    refusals = [one for one in seen.answers if one.status >= 400]
    assert len(refusals) > 1000
    assert [(one.status, one.asked) for one in refusals if told(one.text)] == []


def test_no_header_holds_a_secret_but_the_address_that_a_token_is_moved_behind(seen: Seen):
    for one in seen.answers:
        moved = "#token=" in one.headers
        assert not told(one.headers) or (moved and one.status == 303 and one.asked.path.partition("?")[2].startswith("token="))
        assert not told(one.headers.replace("Location", "").partition("#token=")[0])


def test_no_question_makes_the_server_fail(seen: Seen):
    assert [one.asked for one in seen.answers if one.status >= 500] == []
    assert seen.status == 0


# The forward-auth server -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What was seen of a forward-auth server whose very key is one of the secrets, while a proxy asked it everything."""
    given, folder = tmp_path_factory.mktemp("given"), tmp_path_factory.mktemp("judged")
    policy = gate.document([{"prefix": "/"}], issuer={"keys": [{"secret": "s", "algorithms": ["HS256"]}]}, upstream={"X-User": "sub"})
    given.joinpath("policy.json").write_text(json.dumps(policy))
    given.joinpath("key").write_text(SECRETS[-1])
    words = ("gateway", "--policy", str(given / "policy.json"), "--key", f"s={given / 'key'}")
    return serving.watch(folder, asking.of_a_proxy(SECRETS[-1]), *words)


def test_the_forward_auth_server_tells_no_secret_in_its_log_and_its_answers(judged: Seen):
    lines = [json.loads(line) for line in judged.out.splitlines()]
    assert len(lines) > 500
    assert {one.status for one in judged.answers} >= {200, 401, 403}
    for where in (judged.out, judged.err, judged.environ, judged.cmdline, *judged.opened):
        assert told(where) == set()
    assert [one.asked for one in judged.answers if told(one.headers) or one.text] == []
    assert judged.said == ""


def test_the_forward_auth_server_writes_no_file_and_asks_nobody(judged: Seen):
    assert judged.watched == []
    assert judged.files_after == judged.files_before
    assert re.fullmatch(r"Max core file size\s+0\s+0\s+bytes\s*", judged.core_limit)


# The command ------------------------------------------------------------------------------------------------------


def verbs(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb with the words that lead to it."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from verbs(command, (*path, name))


ALL = dict(verbs(jwtlens))
# What a verb needs beside what is tried, so that it gets as far as its work.
NEEDS: dict[tuple[str, ...], list[str]] = {
    ("verify",): ["--key-env", "GOOD"],
    ("encode",): ["--alg", "HS256", "--payload", "{}", "--key-env", "GOOD"],
    ("decrypt",): ["--key-env", "GOOD"],
    ("keys", "generate"): ["ES256"],
    ("keys", "convert"): ["--key-env", "GOOD"],
    ("keys", "thumbprint"): ["--key-env", "GOOD"],
    ("gateway",): ["--policy", "policy.json", "--key-env", "s=GOOD"],
    ("gateway", "check"): ["--policy", "policy.json", "--key-env", "s=GOOD"],
    ("audit",): ["--workers", "1", "--key-env", "GOOD"],
}
# Those whose work it is to write the key that they are given.
WRITE_KEYS = {("keys", "convert")}
WRITES = ("--out", "--public-out", "--html", "--sarif", "--log")


class Tried:
    """A run of the command: its words, what comes through the pipe, and whether the secret is a key."""

    def __init__(self, secret: str, words: list[str], pipe: str = TOKEN, is_key: bool = False) -> None:
        self.secret, self.words, self.pipe, self.is_key = secret, words, pipe, is_key


def runs(path: tuple[str, ...], command: click.Command, folder: Path, secrets: Iterator[str]) -> Iterator[Tried]:
    """Every way in which a verb can be given something: as a word, through a pipe, in a file, in the environment."""
    needs = NEEDS.get(path, [])
    for param in command.params:
        names = [name for name in param.opts if name.startswith("--")] or [""]
        for name in names:
            if isinstance(param, click.Option) and param.is_flag:
                secret = next(secrets)
                yield Tried(secret, [*path, *needs, f"{name}={secret}"])
                continue
            is_key = (
                any(word in f"{param.name}" for word in ("key", "jwks", "passphrase", "files", "variables", "file")) and path[0] != "decode"
            )
            rest = _without(needs, name)
            for make in (str, canaries.token, canaries.key):
                secret = next(secrets)
                file = folder / f"file{len(list(folder.iterdir()))}"
                file.write_text(make(secret))
                spelt = [name] if name else []
                for given in (make(secret), str(file)) if name not in WRITES else (make(secret)[:60].replace(".", "_").replace("/", "_"),):
                    value = f"s={given}" if path[0] == "gateway" and param.name in ("files", "variables") else given
                    yield Tried(secret, [*path, *rest, *spelt, value], is_key=is_key)
                if "env" in name:
                    yield Tried(secret, [*path, *rest, name, f"s=HELD_{secret}" if path[0] == "gateway" else f"HELD_{secret}"], is_key=True)
    for make in (str, canaries.token, canaries.key):
        secret = next(secrets)
        yield Tried(secret, [*path, *needs], pipe=make(secret))
        yield Tried(secret, [*path, *_without(needs, "--key-env"), "--key-file", "-"], pipe=make(secret), is_key=True)
        yield Tried(secret, [*path, *needs, f"--{make(secret)}"])
        yield Tried(secret, [*path, *needs, make(secret), make(secret)])
        yield Tried(secret, [make(secret), *path])


def _without(words: list[str], name: str) -> list[str]:
    """*words* without the option *name*, and without a key when another way to give one is tried."""
    drop = {name} | ({"--key-env"} if name.startswith(("--key", "--jwks")) or name == "" else set())
    return [word for at, word in enumerate(words) if word not in drop and (at == 0 or words[at - 1] not in drop)]


@pytest.fixture
def confined(monkeypatch, tmp_path):
    """A folder of its own, nobody to ask, and no server that goes on."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.joinpath("policy.json").write_text(POLICY)
    monkeypatch.setenv("GOOD", GOOD_KEY)
    monkeypatch.setenv("JWTLENS_PORT", "1")
    monkeypatch.setenv("JWTLENS_FETCH", "off")
    monkeypatch.setattr("app.server.serve", lambda settings, announce: None)
    monkeypatch.setattr("app.server.gateway.serve", lambda service, workers, announce: None)
    monkeypatch.setattr("app.audit.lanes.cluster", _no_cluster)
    monkeypatch.setattr("webbrowser.open", lambda url: None)
    return folder


def _no_cluster(address: str) -> None:
    raise OSError(address)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_verb_of_the_command_tells_a_secret_where_it_must_not(path, confined, run, monkeypatch, tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    secrets = canaries.deal()
    count = 0
    for tried in runs(path, ALL[path], given, secrets):
        count += 1
        there = {one.name for one in confined.iterdir()}
        done = run(*tried.words, pipe=tried.pipe, **{f"HELD_{tried.secret}": canaries.key(tried.secret)})
        monkeypatch.delenv(f"HELD_{tried.secret}")
        assert told(done.err) == set(), tried.words
        assert told(done.out) <= {tried.secret}, tried.words
        made = {one.name for one in confined.iterdir()} - there
        assert not made or set(WRITES) & set(tried.words), tried.words
        reports = [(confined / name).read_text("utf-8", "replace") for name in made]
        if path == ("audit",):
            assert [text for text in (done.out, *reports) if told(text)] == [], tried.words
        for name in made:
            (confined / name).unlink()
        if tried.is_key and path not in WRITE_KEYS:
            assert told(done.out) == set(), tried.words
        if done.status == 2 and path[0] not in ("decode", "verify"):  # these say what they read before they say that it cannot be judged
            assert told(done.out) == set(), tried.words
    assert count >= 10
    assert not [one.name for one in given.iterdir() if not one.name.startswith("file")]


def test_every_verb_is_tried():
    assert {path[0] for path in ALL} == set(VERBS)
    assert isinstance(jwtlens, Verbs)
    assert main(["--help"]) == 0
