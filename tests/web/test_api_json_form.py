"""The API's answer to a JWS in JSON serialization: each signature with its headers and its verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.tokens.keyring import SECRET, b64u, raw_signature

VECTORS = Path(__file__).parents[1] / "vectors/ietf-jose-cookbook/jws"


def test_it_answers_with_each_signature(api: Callable[..., Any]):
    case = json.loads((VECTORS / "4_8.multiple_signatures.json").read_text(encoding="utf-8"))
    key = json.dumps(case["input"]["key"][1])
    answer = api("verify", {"token": json.dumps(case["output"]["json"]), "key": key})
    assert (answer["serialization"], answer["signature"]["status"], answer["signature"]["algorithm"]) == ("general", "verified", "ES512")
    assert [one["status"] for one in answer["signatures"]] == ["not_checked", "verified", "not_checked"]
    assert [one["unprotected"] for one in answer["signatures"]] == [one.get("unprotected") for one in case["signing"]]
    assert [one["protected"] for one in answer["signatures"]] == [one.get("protected") for one in case["signing"]]
    assert answer["signatures"][1]["key"] == answer["signature"]["key"]
    decoded = api("decode", {"token": json.dumps(case["output"]["json"])})
    assert [sorted(one) for one in decoded["signatures"]] == [["header", "protected", "unprotected"]] * 3


def test_numbers_of_a_header_leave_as_they_came(api: Callable[..., Any]):
    protected = b64u('{"alg":"HS256","n":1.50}')
    made = b64u(raw_signature("HS256", f"{protected}.e30".encode()))
    form = {"payload": "e30", "protected": protected, "header": {"big": 12345678901234567890123}, "signature": made}
    answer = api("verify", {"token": json.dumps(form), "key": SECRET})
    assert (answer["signature"]["status"], answer["signatures"][0]["status"]) == ("verified", "verified")
    assert answer["signatures"][0]["unprotected"]["big"] == 12345678901234567890123


def test_a_compact_token_has_no_list_of_signatures(api: Callable[..., Any]):
    header = b64u('{"alg":"HS256"}')
    assert "signatures" not in api("verify", {"token": f"{header}.e30.", "key": SECRET})


def test_it_makes_the_json_forms_and_detached_ones(api: Callable[..., Any]):
    asked = {"header": {"alg": "HS256"}, "payload": {"a": 1}, "key": SECRET}
    for serialization in ("compact", "flattened", "general"):
        for detached in (False, True):
            token = api("encode", asked | {"serialization": serialization, "detached": detached})["token"]
            answer = api("verify", {"token": token, "key": SECRET} | ({"payload": '{"a":1}'} if detached else {}))
            assert (answer["serialization"], answer["signature"]["status"]) == (serialization, "verified")
    assert api("encode", asked | {"serialization": "xml"}, 422)["error"]["code"] == "serialization_unknown"
    assert api("encode", asked | {"detached": "yes"}, 422)["error"]["code"] == "member_type"


def test_it_encrypts_in_the_json_forms_to_several_recipients(api: Callable[..., Any]):
    keys = [api("keys", {"algorithm": name}) for name in ("A128KW", "ECDH-ES+A256KW")]
    secret, pair = keys[0]["secret"]["jwk"], keys[1]
    held = {"keys": [secret, pair["public"]["jwk"]]}
    asked = {"header": {"enc": "A256GCM"}, "payload": {"n": 1.50}, "key": held, "serialization": "general", "aad": "bill 7"}
    token = api("encode", asked)["token"]
    assert [one["header"]["alg"] for one in json.loads(token)["recipients"]] == ["A128KW", "ECDH-ES+A256KW"]
    for key in (secret, pair["private"]["jwk"]):
        answer = api("verify", {"token": token, "key": key})
        assert (answer["serialization"], answer["decryption"]["status"], answer["payload"]) == ("general", "decrypted", {"n": 1.5})
    told = [{"alg": "A128KW", "kid": secret["kid"], "n": 1.50, "s": "\u00e9"}]
    token = api("encode", asked | {"recipients": told, "key": secret})["token"]
    assert '"n":1.5,"s":"\\u00e9"}' in token
    token = api("encode", asked | {"header": {"alg": "A128KW", "enc": "A256GCM"}, "serialization": "flattened", "key": secret})["token"]
    assert api("verify", {"token": token, "key": secret})["decryption"]["status"] == "decrypted"
    wrongs: list[dict[str, Any]] = [{"recipients": {}}, {"recipients": ["x"]}, {"aad": 1}]
    for wrong in wrongs:
        assert api("encode", asked | wrong, 422)["error"]["code"] == "member_type"
    assert api("encode", asked | {"aad": "\ud800"}, 422)["error"]["code"] == "not_unicode"
    assert api("encode", asked | {"recipients": [{"enc": "A128GCM"}]}, 422)["error"]["code"] == "recipient_header"
