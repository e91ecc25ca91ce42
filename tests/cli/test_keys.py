"""jwtlens keys: made, converted, named and fetched; private ones stay with their owner."""

from __future__ import annotations

import json
import stat
from base64 import b64encode

import pytest

from app import keyfetch, tokens
from app.tokens import keys
from app.tokens.keys.kinds import KINDS

SIGNERS = [name for name, row in tokens.ALGORITHMS.items() if row.family not in ("none", "rsa", "pss")]


@pytest.fixture(scope="module")
def pair():
    return keys.generate(tokens.ALGORITHMS["ES256"])


@pytest.fixture
def private(pair, tmp_path):
    file = tmp_path / "private.pem"
    file.write_text(keys.private_pem(pair))
    return str(file)


# generate


@pytest.mark.parametrize("name", SIGNERS)
def test_a_made_key_signs_and_verifies(run, name):
    made = run("keys", "generate", name)
    assert made.status == 0
    signed = run("encode", "--alg", name, "--payload", '{"exp":1767229200}', "--key-file", "-", pipe=made.out)
    assert run("verify", signed.out.strip(), "--key-file", "-", "--at", "1767225600", pipe=made.out).status == 0


@pytest.mark.parametrize("name", ["P-384", "X25519", "A128KW", "ECDH-ES", "A256CBC-HS512"])
def test_a_key_is_made_of_every_kind(run, name):
    assert json.loads(run("keys", "generate", name).out)["kty"] in ("EC", "OKP", "oct")
    assert name in KINDS or name in tokens.KEY_MANAGEMENT


def test_the_private_key_goes_to_a_file_of_its_owner_and_the_public_one_beside_it(run, tmp_path):
    out, public = tmp_path / "private.pem", tmp_path / "public.pem"
    done = run("keys", "generate", "ES256", "--to", "pem", "--out", str(out), "--public-out", str(public))
    assert (done.status, done.out, done.err) == (0, "", "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert public.read_text().startswith("-----BEGIN PUBLIC KEY-----\n")


def test_a_secret_has_no_public_half_to_write(run, tmp_path):
    done = run("keys", "generate", "HS256", "--public-out", str(tmp_path / "public"), "--out", str(tmp_path / "secret"))
    assert done.status == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("public", "said"),
    [
        ("nowhere/public", "the file cannot be written"),
        ("private", "two files to write are one"),
        ("../{name}/private", "two files to write are one"),
        ("there", "the file to write is there already"),
    ],
)
def test_both_files_are_looked_at_before_either_is_written(run, tmp_path, public, said):
    (tmp_path / "there").write_text("mine")
    beside = tmp_path / public.format(name=tmp_path.name)
    done = run("keys", "generate", "ES256", "--out", str(tmp_path / "private"), "--public-out", str(beside))
    assert (done.status, done.out, done.errors[0]) == (2, "", f"jwtlens: error: {said}")
    assert [file.name for file in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there").read_text() == "mine"


def test_no_file_is_written_over(run, tmp_path):
    out = tmp_path / "key"
    out.write_text("mine")
    done = run("keys", "generate", "ES256", "--out", str(out))
    assert done.status == 2
    assert done.errors[0] == "jwtlens: error: the file to write is there already"
    assert out.read_text() == "mine"


def test_the_json_has_both_halves_as_the_api_has(run, api):
    for name in ("ES256", "HS256", "A128KW"):
        mine, theirs = json.loads(run("keys", "generate", name, "--json").out), api("keys", {"algorithm": name})
        assert {half: sorted(forms) for half, forms in mine.items()} == {half: sorted(forms) for half, forms in theirs.items()}


def test_a_made_key_can_be_locked(run, tmp_path):
    out = tmp_path / "locked.pem"
    run("keys", "generate", "EdDSA", "--to", "pem", "--out", str(out), "--lock-env", "PASS", PASS="open sesame")
    assert "ENCRYPTED" in out.read_text()
    assert run("keys", "thumbprint", str(out), "--passphrase-env", "PASS").status == 0
    closed = run("keys", "thumbprint", str(out))
    assert closed.errors[0] == "jwtlens: error: the private key is locked with a passphrase"


@pytest.mark.parametrize("name", ["none", "ES257", "dir", "A512KW"])
def test_a_name_without_a_key_is_refused(run, name):
    done = run("keys", "generate", name)
    assert (done.status, done.out) == (2, "")
    assert done.errors[0] == "jwtlens: error: no key can be made of that name"
    assert "ES256" in done.errors[1]


# convert


@pytest.mark.parametrize("form", ["jwk", "pem", "old-pem", "der", "jwks", "ssh"])
@pytest.mark.parametrize("public", [True, False], ids=["public", "whole"])
def test_a_key_converts_to_a_form_that_reads_as_the_same_key(run, pair, private, tmp_path, form, public):
    out = tmp_path / "converted"
    done = run("keys", "convert", private, "--to", form, "--out", str(out), *(["--public"] if public else []))
    if (form == "ssh" and not public) or (form == "old-pem" and public):
        assert done.status == 2
        assert "has no such form" in done.errors[0]
        return
    assert done.status == 0
    data = out.read_bytes()
    text = b64encode(data).decode() if form == "der" else data.decode()
    read = tokens.read_keys(text).keys[0]
    assert read.thumbprint() == pair.thumbprint()
    assert read.is_private == (not public and form != "jwks")
    assert stat.S_IMODE(out.stat().st_mode) & 0o077 == (0 if read.is_private else 0o044)


def test_a_key_comes_through_a_pipe_or_by_any_other_way(run, private, pair):
    expected = run("keys", "convert", private, "--to", "pem", "--public").out
    pem = keys.private_pem(pair)
    assert run("keys", "convert", "--to", "pem", "--public", pipe=pem).out == expected
    assert run("keys", "convert", "-", "--to", "pem", "--public", pipe=pem).out == expected
    assert run("keys", "convert", "--key-env", "PEM", "--to", "pem", "--public", PEM=pem).out == expected
    assert run("keys", "convert", "--key-file", private, "--to", "pem", "--public").out == expected


def test_of_a_set_one_is_chosen_by_kid(run, pair):
    other = keys.generate(tokens.ALGORITHMS["EdDSA"])
    whole = json.dumps({"keys": [keys.public_jwk(pair), keys.public_jwk(other)]})
    assert json.loads(run("keys", "convert", "--kid", other.kid, pipe=whole).out)["crv"] == "Ed25519"
    assert run("keys", "convert", "--to", "pem", pipe=whole).out.count("BEGIN PUBLIC KEY") == 2
    assert len(json.loads(run("keys", "convert", "--to", "jwks", pipe=whole).out)["keys"]) == 2
    assert run("keys", "convert", "--kid", "nobody", pipe=whole).errors[0] == "jwtlens: error: no key of the set has that kid"
    assert run("keys", "convert", "--to", "jwk", pipe=whole).errors[0].startswith("jwtlens: error: there are 2 keys")


def test_a_secret_stays_out_of_key_sets(run):
    done = run("keys", "convert", "--to", "jwks", pipe="a-secret-that-nobody-may-see-0123456789")
    assert (done.status, done.out) == (2, "")
    assert run("keys", "convert", "--to", "hex", pipe="abc").out == "616263\n"
    assert run("keys", "convert", "--public", pipe="abc").status == 2


# thumbprint


def test_a_thumbprint_names_the_key(run, pair, private):
    assert run("keys", "thumbprint", private).out == f"{pair.thumbprint()}\n"
    assert run("keys", "thumbprint", private, "--uri").out == f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{pair.thumbprint()}\n"
    assert json.loads(run("keys", "thumbprint", private, "--json").out)["keys"][0]["thumbprint"] == pair.thumbprint()


def test_a_secret_is_not_named_by_its_thumbprint(run):
    done = run("keys", "thumbprint", pipe="a-secret")
    assert (done.status, done.out) == (2, "")


@pytest.mark.parametrize("pipe", [None, ""], ids=["terminal", "empty pipe"])
@pytest.mark.parametrize("verb", ["convert", "thumbprint"])
def test_without_a_key_it_says_how_to_give_one(run, verb, pipe):
    done = run("keys", verb, pipe=pipe)
    assert (done.status, done.errors) == (
        2,
        ["jwtlens: error: no key is given", "jwtlens: hint: give its file, --key-env NAME, or a pipe"],
    )


# fetch


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://login.example.com/keys", "jwtlens: error: "),
        ("https://127.0.0.1/jwks.json", "jwtlens: error: "),
        ("https://user:canary-password@login.example.com/", "jwtlens: error: "),
    ],
)
def test_the_guards_of_the_page_hold(run, url, sentence):
    done = run("keys", "fetch", url)
    assert (done.status, done.out) == (2, "")
    assert done.errors[0].startswith(sentence)
    assert "canary" not in done.err


def test_what_is_switched_off_is_not_fetched(run):
    done = run("keys", "fetch", "https://login.example.com/", JWTLENS_FETCH="off")
    assert done.errors[0] == "jwtlens: error: key sets are not fetched here: JWTLENS_FETCH is off"


def test_a_fetched_set_goes_on_to_verify(run, pair, monkeypatch, tmp_path):
    text = json.dumps({"keys": [keys.public_jwk(pair)]}, indent=2)
    row = keyfetch.FetchedKey(pair.kid or "", "EC public key on P-256", "ES256", "sig")
    step = keyfetch.Step("https://login.example.com/jwks.json", 200, 0.1)
    fetched = keyfetch.Fetched(step.url, text, (row,), ("A remark.",), 200, 0.1, 0.0, (step,))
    monkeypatch.setattr(keyfetch.Fetcher, "fetch", lambda *_, **__: fetched)
    out = tmp_path / "keys.json"
    done = run("keys", "fetch", step.url, "--out", str(out), JWTLENS_HOST="0.0.0.0")
    assert (done.status, done.out, done.err) == (0, "", "jwtlens: warning: a remark\n")
    signed = tokens.encode('{"alg":"ES256"}', '{"exp":1767229200}', keys.private_pem(pair)).token
    assert run("verify", signed, "--jwks", str(out), "--at", "1767225600").status == 0
    told = json.loads(run("keys", "fetch", step.url, "--json").out)
    assert told["jwks"] == json.loads(text)
    assert [one["url"] for one in told["steps"]] == [step.url]
