"""The export for nginx Plus: its text is read back as it was meant, and nginx takes all of it but the directives of auth_jwt."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings

from app.gateway import read_policy
from app.gateway.exports import GATEWAYS, Export
from app.gateway.exports.nginx_text import quote
from app.web import presets
from tests.gateway.exports.rich import FULL, TEXTS, answers, gaps, odd, passed_though_denied, read
from tests.gateway.gate import document, rs256
from tests.tokens.keyring import private, public_jwk

NGINX = GATEWAYS["nginx-plus"]
_TOKEN = re.compile(r'\s+|#[^\n]*\n|"((?:[^"\\]|\\.)*)"|([{};])|((?:\$\{|[^\s;{}"])+)', re.DOTALL)
_SET = re.compile(r'auth_jwt_(?:claim|header)_set (\$\w+)(?: (?:"(?:[^"\\]|\\.)*"|\w+))*;', re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "'": "'", "t": "\t", "r": "\r", "n": "\n"}


def _unquoted(text: str) -> str:
    """What nginx makes of the inside of double quotes: a backslash before any other sign stays."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)


def words(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found, text[at : at + 40]
        at = found.end()
        if found[1] is not None:
            yield _unquoted(found[1])
        elif found[2] or found[3]:
            yield found[2] or found[3]


def directives(export: Export) -> list[list[str]]:
    """Each directive with its words, those in blocks after the ones that open them."""
    found: list[list[str]] = [[]]
    for word in words(export.files[0].text):
        if word in (";", "{", "}"):
            found.append([])
        else:
            found[-1].append(word)
    return [one for one in found if one]


@given(TEXTS)
def test_a_word_is_read_back_as_it_was(text: str):
    assert list(words(quote(text))) == [text]


def checked(export: Export, folder: Path) -> subprocess.CompletedProcess[str]:
    """`nginx -t`, in which a variable of a token is empty and nobody is asked for one."""
    text = re.sub(_SET, r'map $host \1 { default ""; }', export.files[0].text)
    text = re.sub(r"(?m)^ *auth_jwt.*;$", "", text).replace("/var/cache/nginx/jwtlens", f"{folder}/cache")
    text = re.sub(r"https?://login\.example", "http://127.0.0.1", text)
    temporary = "".join(f"{one}_temp_path {folder}/{one}; " for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(f"pid {folder}/pid; events {{}} http {{ access_log off; {temporary}\n{text}\n}}")
    command = ["nginx", "-t", "-q", "-e", "stderr", "-c", f"{folder}/nginx.conf"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
@example(text='a"b\\c$host;}{ #~*')
@example(text="~^(")
@example(text="hostnames")
def test_the_real_nginx_takes_every_text(tmp_path: Path, text: str):
    found = checked(NGINX.export(odd(text)), tmp_path)
    assert found.returncode == 0, found.stderr


def test_the_real_nginx_takes_the_full_policy(tmp_path: Path):
    found = checked(NGINX.export(read(FULL)), tmp_path)
    assert found.returncode == 0, found.stderr


def test_every_location_that_passes_a_token_on_has_verified_it():
    found = directives(NGINX.export(read(FULL)))
    starts = [number for number, one in enumerate(found) if one[0] == "location"]
    for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
        inner, name = found[start + 1 : end], found[start][-1]
        judged = any(one[:2] == ["set", "$jwtlens_judged"] and one[2] == "1" for one in inner)
        assert judged == any(one[0] == "auth_jwt" for one in inner)
        assert judged == (name.startswith("@route_") and not name.endswith("_open"))
        if judged:
            assert any(one[0] == "auth_jwt_require" and "$jwtlens_aud_ok" in one and one[-1] == "error=401" for one in inner)


def test_no_location_is_open_but_those_of_routes_that_are():
    names = [one[-1] for one in directives(NGINX.export(read(FULL))) if one[0] == "location"]
    assert [name for name in names if name.endswith("_open")] == ["@route_0_open", "@route_1_open"]


def test_a_dollar_sign_in_the_realm_is_no_variable(tmp_path: Path):
    export = NGINX.export(read(document(realm="$host ${x}")))
    assert 'auth_jwt "${jwtlens_dollar}host ${jwtlens_dollar}{x}" token=$jwtlens_token;' in export.files[0].text
    assert checked(export, tmp_path).returncode == 0


def test_issuers_are_told_apart_by_the_kid_of_their_keys():
    one = {"issuer": "a", "keys": [rs256()]}
    two = {"issuer": "b", "keys": [{"jwks": public_jwk(private("RS256", 1), kid="two"), "algorithms": ["RS256"]}]}
    found = directives(NGINX.export(read({"issuers": [one, two], "routes": [{"prefix": "/"}]})))
    assert ["~^(?:one) (?:a)\\z", "0"] in found
    assert ["~^(?:two) (?:b)\\z", "1"] in found


def test_a_kid_that_two_issuers_have_is_of_none():
    both = [{"issuer": name, "keys": [rs256()]} for name in ("a", "b")]
    export = NGINX.export(read({"issuers": both, "routes": [{"prefix": "/"}]}))
    assert "the same kid" in gaps(export)["issuers[0].keys"]
    assert not any(one[0].startswith("~^(?:one)") for one in directives(export))


def test_a_policy_without_keys_that_can_be_told_lets_nobody_in(tmp_path: Path):
    export = NGINX.export(read(document(issuer={"keys": [{"issuer_url": "https://login.example", "algorithms": ["RS256"]}]})))
    assert "return 401;" in export.files[0].text
    assert checked(export, tmp_path).returncode == 0


def test_a_hundred_routes_have_ways_of_their_own(tmp_path: Path):
    routes = [{"prefix": f"/{number}", "access": "optional" if number % 2 else "token"} for number in range(100)]
    export = NGINX.export(read(document(routes)))
    assert "too many routes" in gaps(export)["routes[99]"]
    assert checked(export, tmp_path).returncode == 0


@pytest.mark.parametrize("name", ["issuers", "routes"])
def test_what_was_not_tried_is_said(name: str):
    assert "allows more" in gaps(NGINX.export(read(FULL)))[name]


def test_nothing_is_said_to_pass_that_is_denied():
    assert not list(passed_though_denied(NGINX))


def test_the_statuses_are_those_of_the_export():
    for row, answer in answers(NGINX):
        assert answer.status == row.must.status, row.name
        assert not answer.headers


@pytest.mark.parametrize("name", presets.PRESETS)
def test_the_real_nginx_takes_the_presets(tmp_path: Path, name: str):
    found = checked(NGINX.export(read_policy(presets.policy(presets.PRESETS[name]))), tmp_path)
    assert found.returncode == 0, found.stderr
