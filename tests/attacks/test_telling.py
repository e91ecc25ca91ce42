"""What an answer must not tell or do: the right signature, which of many faults it was, a link, a file, a script."""

from __future__ import annotations

import base64
import hmac
import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest

from app.tokens import encode
from tests.cli.conftest import run as run  # the fixture
from tests.conftest import SECRET
from tests.tokens.keyring import b64u, check, private_pem, rsa_private

CLAIMS = '{"sub":"1234567890","exp":1800000000}'
AT = 1767225600
FORM = "application/x-www-form-urlencoded"


def spellings(signature: bytes) -> tuple[str, ...]:
    return (b64u(signature), base64.b64encode(signature).decode().rstrip("="), signature.hex(), signature.hex().upper())


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda data, right: f"{data}.{right[:-2]}AA", id="its end is wrong"),
        pytest.param(lambda data, right: f"{data}.{'A' * 43}", id="all of it is wrong"),
        pytest.param(lambda data, right: f"{data}.", id="none is there"),
        pytest.param(lambda data, right: f"{data}.{right[:20]}", id="it is cut"),
        pytest.param(lambda data, right: data, id="two parts"),
    ],
)
def test_no_answer_tells_the_signature_that_would_be_right(client, run, broken):
    """CVE-2019-7644: "expected … got …" signs tokens for whoever asks. The key may be somebody else's, given to verify."""
    data = encode('{"alg":"HS256"}', CLAIMS, SECRET).token.rpartition(".")[0]
    right = hmac.digest(SECRET.encode(), data.encode(), "sha256")
    text = broken(data, b64u(right))
    form = {"token": text, "key": SECRET}
    answers = [
        client.post("/api/v1/verify", json=form).text,
        client.post("/api/v1/verify", json={**form, "check_brought": True}).text,
        *(
            client.post(path, data=form, headers=headers).text
            for path in ("/decode", "/verify")
            for headers in ({}, {"HX-Request": "true"})
        ),
        client.post("/report", data=form).text,
    ]
    for options in ((), ("--json",)):
        done = run("verify", *options, "--key-env", "K", pipe=text, K=SECRET)
        answers += [done.out, done.err]
    for answer in answers:
        assert [spelling for spelling in spellings(right) if spelling in answer] == []


def test_four_hundred_wrong_keys_of_rsa1_5_have_one_answer(client):
    """CVE-2026-28490: whoever learns that the padding was right decrypts, and signs, by asking often enough."""
    key = rsa_private(2048)
    numbers = key.public_key().public_numbers()
    header, size = b64u('{"alg":"RSA1_5","enc":"A128GCM"}'), 256
    rest = ".".join(b64u(bytes(length)) for length in (12, 20, 16))

    def asked(padded: bytes) -> str:
        sealed = pow(int.from_bytes(padded, "big"), numbers.e, numbers.n).to_bytes(size, "big")
        report = check(f"{header}.{b64u(sealed)}.{rest}", private_pem(key))
        assert report.decryption is not None
        return f"{report.decryption.status} {report.decryption.because} {[(one.code, one.message) for one in report.findings]}"

    answers = {asked(b"\0\2" + b"\1" * (size - 3 - length) + b"\0" + os.urandom(length)) for length in (0, 1, 15, 16, 17, 24, 32, 64, 245)}
    answers |= {asked(b"\0" + os.urandom(size - 1)) for _ in range(391)}
    assert len(answers) == 1
    assert next(iter(answers)).startswith("failed")


@pytest.mark.parametrize(
    "url", ["https://attacker.example/a", "http://127.0.0.1/", "javascript:alert(1)", "//attacker.example", "data:text/html,x"]
)
def test_no_address_out_of_a_token_becomes_a_link_or_a_redirect(client, raw_token, url):
    names = ("jku", "x5u", "kid", "iss", "sub", "aud", "picture", "website", "profile", "url", "htu")
    text = raw_token(json.dumps({"alg": "HS256"} | dict.fromkeys(names, url)), json.dumps(dict.fromkeys(names, url)))
    fields = ("token", "key", "issuer", "audience", "page", "example", "payload", "header")
    for path in ("/decode", "/verify", "/encode", "/theme", "/keys", "/compare"):
        for form in ({"token": text, "key": SECRET}, dict.fromkeys(fields, url)):
            answer = client.post(path, data=form)
            assert url not in answer.headers.get("Location", "")
            if answer.status_code == 200:
                goals = [
                    one.get(name, "")
                    for one in answer.dom.elements
                    for name in ("href", "src", "action", "formaction", "hx-get", "hx-post")
                ]
                assert [goal for goal in goals if goal.startswith(url) or "attacker" in goal] == []
    for path in (f"/decode?next={url}", f"/?redirect={url}", f"/learn/search?q={url}", f"/theme?page={url}"):
        assert client.get(path).headers.get("Location", "/")[:2].startswith("/")


OUTSIDE = ("..%2f..%2fpyproject.toml", "%2e%2e%2fapp%2fsettings.py", "..", "../../etc/passwd", "%00", "claims%00", "con", "nul", "aux.html",
           "CLAIMS", "claims.html", "....//", "C:%5cWindows%5cwin.ini", "claims/../../base", "%252e%252e%252fbase", "~root")  # fmt: skip


@pytest.mark.parametrize("folder", ["/learn", "/examples", "/libraries", "/static", "/static/built", "/gateway", ""])
def test_no_name_in_an_address_leads_out_of_its_folder(client, folder):
    for name in OUTSIDE:
        answer = client.get(f"{folder}/{name}")
        assert answer.status_code in (301, 308, 404), name
        for inside in ("root:", "[build-system]", "extends", "dataclass"):
            assert inside not in answer.text


def test_the_verdict_says_by_which_clock_a_token_is_too_old(client, api, run):
    """With a clock that is wrong, an expired token is good: so the time that judged stands beside the verdict."""
    text = encode('{"alg":"HS256"}', '{"exp":1767222000}', SECRET).token
    when = datetime.fromtimestamp(AT, UTC)
    words = client.post("/verify", data={"token": text, "key": SECRET, "at": str(AT)}).dom.words("verdict")
    told = api("verify", {"token": text, "key": SECRET, "at": AT})
    (because,) = [one["because"] for one in told["checks"] if one["name"] == "exp"]
    done = run("verify", "--at", str(AT), "--key-env", "K", pipe=text, K=SECRET)
    for said in (words, because, done.out):
        assert f"{when:%H:%M}" in said or "1 hour" in said or str(AT) in said, said


def test_every_answer_of_the_api_is_an_object_that_no_page_can_run(app):
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        bodies: tuple[Any, ...] = ({}, {"token": "a.b.c", "key": "k", "algorithm": "ES256"}, [], "x")
        for body in bodies:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                answer = client.open(rule.rule, method=method, json=body)
                assert answer.text.startswith("{")
                assert answer.headers["Content-Type"] == "application/json"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert not [name for name in answer.headers if name[0].lower().startswith("access-control-")]
