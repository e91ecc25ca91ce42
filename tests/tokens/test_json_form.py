"""JWS in JSON serialization: the headers are kept apart, and each signature is judged alone (RFC 7515 §7.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import decode, encode, verify
from app.tokens.json_form import MAX_SIGNATURES
from app.tokens.verify import Report
from tests.cost import within
from tests.tokens.keyring import NOW, SECRET, b64u, codes, outcome, private_key, public_key, raw_signature

CLAIMS = '{"sub":"1"}'


def one(alg: str, protected: dict[str, Any] | None = None, header: Any = None, payload: str = CLAIMS) -> dict[str, Any]:
    """One signature object; what is signed is the protected header as given, with alg unless *header* has it."""
    names = protected if protected is not None else {"alg": alg}
    text = b64u(json.dumps(names)) if names else ""
    made = {"protected": text} if text else {}
    if header is not None:
        made["header"] = header
    return made | {"signature": b64u(raw_signature(alg, f"{text}.{b64u(payload)}".encode()))}


def general(*signatures: Any, payload: str = CLAIMS) -> str:
    return json.dumps({"payload": b64u(payload), "signatures": list(signatures)})


def judged(text: str, key: str = SECRET) -> Report:
    report = verify(text, key, at=NOW)
    assert report.checks
    assert report.findings
    return report


def statuses(report: Report) -> list[str]:
    return [verdict.status for _, verdict in report.signatures]


def test_the_one_that_the_key_made_decides():
    text = general(one("ES256"), one("HS256"), one("RS256"))
    report = judged(text)
    assert (report.signature.status, report.signature.algorithm, statuses(report)) == (
        "verified",
        "HS256",
        ["not_checked", "verified", "not_checked"],
    )
    assert report.header == {"alg": "HS256"}
    report = judged(text, public_key("ES256"))
    assert (report.signature.status, report.header, statuses(report)[0]) == ("verified", {"alg": "ES256"}, "verified")


def test_a_wrong_signature_beside_a_good_one_is_told():
    bad = one("HS256", {"alg": "HS256", "n": 1}) | {"signature": b64u(bytes(32))}
    report = judged(general(bad, one("HS256")))
    assert statuses(report) == ["invalid", "verified"]
    assert report.signature.because.startswith("Signature 2 of 2: The signature matches")
    (finding,) = [note for note in report.findings if note.code == "other_signature_invalid"]
    assert (finding.level, finding.message[:36]) == ("warning", "Signature 1 of 2 does not count. The")


def test_none_of_several_that_match_is_no_match():
    bad = one("HS256") | {"signature": b64u(bytes(32))}
    report = judged(general(bad, bad))
    assert (report.signature.status, statuses(report), report.accepted) == ("invalid", ["invalid", "invalid"], False)


def test_a_signature_that_a_rule_refuses_comes_before_one_that_differs():
    refused = one("HS256", {"alg": "HS256"}, {"crit": ["x"], "x": 1})
    report = judged(general(one("HS256") | {"signature": b64u(bytes(32))}, refused))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)
    assert "Signature 2 of 2" in report.signature.because
    assert "crit stands in the unprotected header" in report.signature.because


def test_the_faults_of_one_signature_do_not_refuse_another():
    broken = one("HS256", {"alg": "HS256", "crit": ["x"], "x": 1})
    text = general(broken, one("HS256"))
    assert statuses(judged(text)) == ["invalid", "verified"]
    assert "crit_unknown" in codes(decode(text).findings)
    assert "crit_unknown" in codes(decode(general(one("HS256"), broken)).findings)


def test_a_fault_of_the_payload_refuses_all():
    form = json.loads(general(one("HS256"), one("HS256", {"alg": "HS256", "n": 1})))
    assert statuses(judged(json.dumps(form | {"payload": form["payload"] + "="}))) == ["invalid", "invalid"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({"alg": "HS256"}, "json_duplicate_member", id="a name in both"),
        pytest.param({"crit": ["x"], "x": 1}, "unprotected_forbidden", id="crit"),
        pytest.param({"crit": ["b64"], "b64": True}, "unprotected_forbidden", id="b64"),
        pytest.param([], "json_form_damaged", id="an array"),
    ],
)
def test_the_unprotected_header_is_refused_for(header: Any, code: str):
    report = judged(json.dumps({"payload": b64u(CLAIMS)} | one("HS256", {"alg": "HS256"}, header)))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)
    assert code in codes(report.signature.faults)


def test_the_headers_are_kept_apart():
    token = decode(json.dumps({"payload": b64u(CLAIMS)} | one("HS256", {"alg": "HS256"}, {"kid": "a"}))).token
    assert token.header is not None
    assert token.protected is not None
    assert token.unprotected is not None
    assert token.header.value == {"alg": "HS256", "kid": "a"}
    assert (token.protected.value, token.unprotected.value) == ({"alg": "HS256"}, {"kid": "a"})


def test_alg_none_beside_a_signature_verifies_nothing():
    none = {"protected": b64u('{"alg":"none"}'), "signature": ""}
    assert judged(general(none)).signature.status == "unsecured"
    report = judged(general(none, one("HS256")), SECRET + "x")
    assert (report.signature.status, statuses(report)) == ("invalid", ["unsecured", "invalid"])


def test_the_key_s_type_decides_for_each_signature():
    confused = {"protected": b64u('{"alg":"HS256"}'), "signature": b64u(bytes(32))}
    assert statuses(judged(general(confused, one("RS256")), public_key("RS256"))) == ["not_checked", "verified"]


def test_as_many_signatures_are_judged_as_the_cap_says():
    bad = one("HS256") | {"signature": b64u(bytes(32))}
    at_cap = judged(general(*[bad] * (MAX_SIGNATURES - 1), one("HS256")))
    assert (at_cap.signature.status, "json_signatures_many" in codes(at_cap.findings)) == ("verified", False)
    beyond = judged(general(*[bad] * MAX_SIGNATURES, one("HS256")))
    assert (beyond.signature.status, len(beyond.signatures)) == ("invalid", MAX_SIGNATURES)
    (finding,) = [note for note in beyond.findings if note.code == "json_signatures_many"]
    assert "21 signatures; the first 20 are judged" in finding.message


@pytest.mark.parametrize("name", ["protected", "payload", "signature"])
@pytest.mark.parametrize(
    ("put_in", "code", "length"),
    [
        pytest.param("\\n", "white_space", 2, id="a line break"),
        pytest.param("\\u200b", "invisible_character", 6, id="a zero-width space"),
        pytest.param("#", "base64_foreign_character", 1, id="a stranger"),
        pytest.param("\\u0023", "base64_foreign_character", 6, id="a stranger in digits"),
        pytest.param("\\ud83d\\ude00", "base64_foreign_character", 12, id="two escapes for one character"),
    ],
)
def test_what_does_not_belong_into_a_member_is_taken_out_with_its_escape(name: str, put_in: str, code: str, length: int):
    form = {"payload": b64u(CLAIMS)} | one("HS256", {"alg": "HS256"})
    first = f"\\u{ord(form[name][0]):04x}"
    good = json.dumps(form).replace(form[name], first + form[name][1:])
    at = good.index(first) + len(first) + 7
    text = good[:at] + put_in + good[at:]
    report = judged(text)
    (finding,) = [note for note in report.findings if note.code == code]
    assert (finding.offset, finding.length) == (at, length)
    assert "Without it the token verifies" in finding.message
    (mend,) = finding.repairs
    assert text[: mend.offset] + mend.text + text[mend.offset + (mend.length or 0) :] == good
    assert judged(good).signature.status == "verified"


def test_an_empty_signature_is_shown_where_it_stands():
    text = general({"protected": b64u('{"alg":"HS256"}'), "signature": ""})
    (finding,) = [note for note in judged(text).findings if note.code == "signature_empty"]
    assert (finding.offset, finding.length) == (text.rindex('""') + 1, 0)


def test_no_signature_among_signatures_is_an_error():
    text = general()
    report = judged(text)
    (finding,) = [note for note in report.findings if note.code == "json_form_damaged"]
    assert (finding.level, finding.offset, finding.spec) == ("error", text.index("[]"), "RFC 7515 §7.2.1")
    assert '"signatures" is an empty array' in finding.message
    assert (report.signature.status, report.accepted) == ("not_checked", False)


@pytest.mark.parametrize("headers", [{}, {"protected": ""}, {"header": {}}], ids=["none", "protected", "unprotected"])
def test_a_signature_without_any_header_is_told(headers: dict[str, Any]):
    report = judged(json.dumps({"payload": b64u(CLAIMS)} | headers | {"signature": b64u(bytes(32))}))
    (finding,) = [note for note in report.findings if note.code == "json_empty"]
    assert (finding.level, finding.segment) == ("error", "header")
    assert "json_empty" not in codes(judged(general(one("HS256", {}, {"alg": "HS256"}))).findings)


def test_a_payload_that_is_not_encoded_keeps_its_white_space():
    made = encode({"alg": "HS256", "b64": False, "crit": ["b64"]}, "a\nb #", SECRET, serialization="flattened").token
    report = judged(made)
    assert (report.payload_text, report.signature.status) == ("a\nb #", "verified")


def test_many_escapes_take_little_time():
    text = json.dumps({"payload": "\n#" * 100_000} | one("HS256"))
    within(1.5, lambda: decode(text).findings)


def test_many_signatures_with_many_keys_take_little_time():
    signature = one("RS256") | {"signature": b64u(bytes(256))}
    within(1, lambda: judged(general(*[signature] * 3_000), public_key("RS256")))


# Making them


@pytest.mark.parametrize("serialization", ["flattened", "general"])
@pytest.mark.parametrize("alg", ["HS256", "ES256"])
def test_what_is_made_in_json_verifies(serialization: Any, alg: str):
    key = SECRET if alg == "HS256" else private_key(alg)
    made = encode({"alg": alg}, CLAIMS, key, serialization=serialization).token
    report = judged(made, key)
    assert (report.serialization, report.signature.status, report.payload_text) == (serialization, "verified", CLAIMS)
    detached = encode({"alg": alg}, CLAIMS, key, serialization=serialization, detached=True).token
    assert "payload" not in json.loads(detached)
    assert verify(detached, key, at=NOW, payload=CLAIMS).signature.status == "verified"
    assert verify(detached, key, at=NOW).signature.status == "invalid"


def test_a_detached_compact_token_has_an_empty_payload():
    made = encode({"alg": "HS256"}, CLAIMS, SECRET, detached=True).token
    assert made.split(".")[1] == ""
    assert verify(made, SECRET, at=NOW, payload=CLAIMS).signature.status == "verified"


def test_an_unencoded_payload_with_a_dot_is_made_in_json_or_detached():
    header = {"alg": "HS256", "b64": False, "crit": ["b64"]}
    flattened = encode(header, "$.02", SECRET, serialization="flattened").token
    assert (json.loads(flattened)["payload"], judged(flattened).signature.status) == ("$.02", "verified")
    detached = encode(header, "$.02", SECRET, detached=True).token
    assert verify(detached, SECRET, at=NOW, payload="$.02").signature.status == "verified"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param(lambda text: text.replace("{", '{"ciphertext":"AAAA",', 1), "ciphertext", id="a member twice"),
        pytest.param(lambda text: text.replace("{", '{"recipients":[{}],', 1), "encrypted_key", id="both forms"),
        pytest.param(lambda text: text.replace("{", '{"signatures":[],', 1), "signatures", id="a JWS as well"),
        pytest.param(lambda text: text.replace("{", '{"payload":"e30",', 1), "payload", id="a payload as well"),
    ],
)
def test_an_encrypted_token_has_the_members_of_one_form_once(change: Any, name: str):
    key = json.dumps({"kty": "oct", "k": "thCBpnB1cIuU03w2oXYlnQ"})
    made = encode({"alg": "A128KW", "enc": "A128GCM"}, "{}", key, serialization="flattened").token
    assert verify(made, key, at=0).decryption
    damaged = verify(change(made), key, at=0)
    assert any(one.code == "json_form_damaged" and name in one.message for one in damaged.findings)
    assert outcome(damaged, "form") == "failed"
