"""The HTTP API on SD-JWT: what is disclosed, where it belongs, and whether its holder is bound to it."""

import json
from pathlib import Path

SECRET = "a-string-secret-at-least-256-bits-long"
PRESENTED = (Path(__file__).parents[1] / "vectors" / "sd-jwt" / "key_binding" / "sd_jwt_presentation.txt").read_text("utf-8").strip()
ISSUER = {
    "kty": "EC",
    "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
    "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}
EXPECT = {"nonce": "1234567890", "audience": "https://example.com/verifier"}
AT = 1_800_000_000


def test_what_is_disclosed_stands_in_its_place(api):
    answer = api("decode", {"token": PRESENTED})
    assert "_sd" in answer["payload"]
    assert "_sd" not in answer["disclosed"]
    assert answer["disclosed"]["family_name"] == "Doe"
    assert answer["disclosed"]["address"]["country"] == "US"
    assert answer["undisclosed"] == 4
    assert [(one["index"], one["name"], one["path"], one["found"]) for one in answer["disclosures"]] == [
        (0, "family_name", ["family_name"], True),
        (1, "address", ["address"], True),
        (2, "given_name", ["given_name"], True),
    ]
    assert answer["disclosures"][0]["value"] == "Doe"
    assert answer["disclosures"][0]["salt"] == "6Ij7tM-a5iVPGboS5tmvVA"
    assert answer["disclosures"][0]["digest"] in answer["payload"]["_sd"]
    assert "key_binding" not in answer


def test_the_holder_is_bound(api):
    answer = api("verify", {"token": PRESENTED, "key": ISSUER, "at": AT, "expect": EXPECT})
    assert (answer["signature"]["status"], answer["accepted"]) == ("verified", True)
    bound = answer["key_binding"]
    assert (bound["status"], bound["key"]["crv"], bound["key"]["private"]) == ("verified", "P-256", False)
    assert (bound["header"]["typ"], bound["payload"]["nonce"]) == ("kb+jwt", "1234567890")
    assert {check["outcome"] for check in bound["checks"]} == {"passed"}
    other = api("verify", {"token": PRESENTED, "key": ISSUER, "at": AT, "expect": EXPECT | {"nonce": "x"}})
    assert (other["signature"]["status"], other["key_binding"]["status"], other["accepted"]) == ("verified", "invalid", False)


def test_one_disclosure_that_the_issuer_did_not_sign_refuses_the_whole(api):
    foreign = PRESENTED[: PRESENTED.rindex("~") + 1] + "WyJzIiwibiIsMS4xMF0~"
    answer = api("verify", {"token": foreign, "key": ISSUER, "at": AT})
    assert (answer["signature"]["status"], answer["signature"]["matches"], answer["accepted"]) == ("invalid", True, False)
    last = answer["disclosures"][3]
    assert (last["found"], last["path"], last["fault"]) == (False, None, "its digest is not in any _sd array")
    assert answer["key_binding"] is None


def test_odd_disclosures_are_answered(api, make_token):
    for text in ("!", "", "WyJzIiwibiIsTmFOXQ", "WyJzIiwibiIsIlx1ZDgwMCJd", "W10", "WzEsMiwzXQ"):
        answer = api("verify", {"token": f"{make_token()}~{text}~", "key": SECRET, "at": AT})
        assert answer["signature"]["status"] == "invalid"
        assert not answer["accepted"]
        assert len(answer["disclosures"]) == 1


def test_what_is_no_sd_jwt_has_none_of_it(api, make_token):
    answer = api("verify", {"token": make_token(), "key": SECRET, "at": AT})
    assert not {"disclosed", "disclosures", "undisclosed", "key_binding"} & set(answer)
    assert json.dumps(answer)
