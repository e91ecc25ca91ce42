"""POST /report: what is handed on says everything about a token, and holds no key and no signature."""

import hashlib
import hmac
import json
import re
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from app import tokens
from app.tokens.base64url import encode
from app.web import reports
from tests.cost import within

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "failure-classes.json").read_text("utf-8"))["cases"]
SECRET = "canary-secret-of-at-least-32-bytes-length"
AT = 1767225600


@pytest.fixture
def report(client):
    """Post a form and return the report, as Markdown or as read from JSON."""

    def send(form, kind="markdown"):
        response = client.post("/report", data={**form, "as": kind})
        assert response.status_code == 200
        assert response.mimetype == {"markdown": "text/plain", "json": "application/json"}[kind]
        return response.text if kind == "markdown" else response.read

    return send


def form_of(case):
    return {"token": case["token"], "key": case["key"] or "", "at": str(case["now"])}


def private_words(key):
    """What of a key box must not be told: of a JWK its private members, of a PEM its lines, else the text."""
    try:
        value = json.loads(key)
    except ValueError:
        return [line for line in key.split() if len(line) >= 8 and "-----" not in line and not line.startswith("http")]
    keys = value.get("keys", [value]) if isinstance(value, dict) else []
    rows = [row for row in keys if isinstance(row, dict)]
    return [row[name] for row in rows for name in ("k", "d", "p", "q", "dp", "dq", "qi", "priv") if isinstance(row.get(name), str)]


def test_it_says_what_the_page_says(report, make_token):
    token = make_token('{"sub":"alice","exp":1767229200,"n":1.0}', '{"alg":"HS256","kid":"k1"}', SECRET)
    form = {"token": token, "key": SECRET, "at": str(AT), "issuer": "https://i.example", "leeway": "5"}
    text = report(form)
    judged = tokens.verify(token, SECRET, at=AT, leeway=5, expect=tokens.Expectations(issuer="https://i.example"))
    assert "# JWT report" in text
    assert "**Not accepted: issuer.** The signature matches the 41-byte secret." in text
    assert "Judged as of 1 Jan 2026 00:00:00 UTC, with a leeway of 5 s; expected issuer https://i.example." in text
    assert '"n": 1.0' in text
    assert '"kid": "k1"' in text
    assert len(re.findall(r"^\d+\. \*\*(?:Passed|Failed|Warning|Not checked)\*\* ", text, re.MULTILINE)) == len(judged.checks)
    assert "RFC 7519 §4.1.1" in text
    assert "Left out of this report: the token itself, its signature, the key" in text


def test_as_json_it_is_the_answer_of_the_api_without_repairs(report, api, make_token):
    token = make_token('{"sub":"alice","big":123456789012345678901,"n":1.50}', key=SECRET)
    told = report({"token": token, "key": SECRET, "at": str(AT)}, "json")
    answer = api("verify", {"token": token, "key": SECRET, "at": AT})
    assert told.pop("judged") == {"at": AT, "leeway": 0, "expect": {}}
    assert told.pop("left_out") == reports.LEFT_OUT
    for finding in answer["findings"]:
        finding.pop("repairs", None)
    assert told == answer
    assert told["payload"]["big"] == 123456789012345678901
    assert str(told["payload"]["n"]) == "1.50"


def test_an_accepted_token_is_said_so(report, make_token):
    assert "**Accepted.**" in report({"token": make_token('{"exp":1767229200}', key=SECRET), "key": SECRET, "at": str(AT)})


@pytest.mark.parametrize("kind", ["markdown", "json"])
@pytest.mark.parametrize("case", [case for case in CASES if case["token"]], ids=lambda case: case["id"])
def test_no_failure_class_tells_the_key_or_the_signature(client, case, kind):
    text = client.post("/report", data={**form_of(case), "as": kind}).text
    header_and_payload = " ".join(document.text for document in tokens.decode(case["token"]).documents if document)
    for word in private_words(case["key"] or ""):
        if len(word) >= 8 and word not in header_and_payload:
            assert word not in text, word
    signature = case["token"].strip().rpartition(".")[2]
    assert len(signature) < 16 or signature[:16] not in text
    assert len(case["token"]) < 60 or case["token"].strip() not in text


@pytest.mark.parametrize("kind", ["markdown", "json"])
@pytest.mark.parametrize("case", [case for case in CASES if case["token"]], ids=lambda case: case["id"])
def test_no_secret_in_the_key_box_is_told(client, case, kind):
    for key in (SECRET, f"{SECRET}\n", json.dumps({"kty": "oct", "k": SECRET}), f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n", f'"{SECRET}"'):
        for encoding in ("auto", "base64", "hex"):
            form = {**form_of(case), "key": key, "key_encoding": encoding, "as": kind}
            assert SECRET not in client.post("/report", data=form).text


@pytest.mark.parametrize("secret", ["secret", "your-256-bit-secret", "a-string-secret-at-least-256-bits-long"])
@pytest.mark.parametrize("box", ["", "another", "same"])
def test_a_well_known_secret_is_not_named(report, raw_token, secret, box):
    signed = raw_token('{"alg":"HS256"}', '{"sub":"a"}').rpartition(".")[0]
    token = f"{signed}.{encode(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"
    for kind in ("markdown", "json"):
        told = report({"token": token, "key": secret if box == "same" else box}, kind)
        text = told if kind == "markdown" else json.dumps(told, default=str)
        assert "a well-known secret" in text
        assert f'"{secret}"' not in text


@pytest.mark.parametrize("kind", ["markdown", "json"])
def test_a_token_in_a_claim_loses_its_signature(client, make_token, kind):
    inner = make_token('{"sub":"inner"}', key=SECRET)
    text = client.post("/report", data={"token": make_token({"act": inner, "list": [f"Bearer {inner}"]}), "as": kind}).text
    start, _, signature = inner.rpartition(".")
    assert signature not in text
    assert text.count(f"{start}.…") >= 2


def test_signatures_are_cut_in_linear_time():
    for text in ("ey" * 100_000, "eyAA." * 40_000, "eyAA" + "." * 100_000, ("eyAA.b.c" * 20_000), "eyAA.b.c~" * 20_000):
        within(1, partial(reports.without_signatures, text))
    assert reports.without_signatures("x eyAAAA.bbb.ccc~ddd~ y") == "x eyAAAA.bbb.… y"
    assert reports.without_signatures("eyAAAA.b.c.d.e") == "eyAAAA.b.…"


def test_what_a_token_says_means_nothing_in_markdown(report, raw_token):
    hostile = "```\n# hacked\n[x](javascript:alert(1)) <img src=x> | *b*"
    token = raw_token(json.dumps({"alg": "HS256", "kid": hostile}), json.dumps({"iss": hostile, "````": 1}))
    text = report({"token": token, "issuer": hostile})
    outside = re.sub(r"^(`{3,})(?:json)?\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "`````json" in text
    assert not re.search(r"(?<!\\)<img|(?<!\\)\[x\]|^# hacked", outside, re.MULTILINE)


@pytest.mark.parametrize("token", ["", "hello", "a.b.c", "....", '{"payload":"e30"}', "é"])
@pytest.mark.parametrize("kind", ["markdown", "json"])
def test_any_text_has_a_report(report, token, kind):
    assert report({"token": token}, kind)


def test_the_keys_of_the_token_are_listed(report, api):
    own = api("keys", {"algorithm": "ES256"})
    token = api("encode", {"header": {"alg": "ES256", "jwk": own["public"]["jwk"]}, "payload": {}, "key": own["private"]["pem"]})["token"]
    text = report({"token": token})
    assert "## Keys in the token" in text
    assert "- `jwk`: " in text
    assert "prove nothing by themselves" in text
    assert "matches" not in report({"token": token}, "json")["brought"][0]


def test_numbers_of_the_time_stay_exact(report, make_token):
    assert report({"token": make_token(), "at": "1767225600.25"}, "json")["judged"]["at"] == Decimal("1767225600.25")


def test_what_belongs_to_the_request_is_not_told(report, make_token):
    form = {"token": make_token(), "access_token": "canary-access", "code": "canary-code"}
    for kind in ("markdown", "json"):
        assert "canary" not in json.dumps(report(form, kind), default=str)


def test_a_report_is_no_html(client, make_token):
    response = client.post("/report", data={"token": make_token('{"a":"<script>alert(1)</script>"}'), "as": "markdown"})
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get("/report").status_code == 405
