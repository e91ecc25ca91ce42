"""The published examples: what the RFCs say is valid verifies, what they say is not does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.tokens import decode, encode, read_keys, verify
from app.tokens.algorithms import ALGORITHMS
from app.tokens.keys import make
from tests.tokens.keyring import NOW, b64u, codes, unb64u

VECTORS = Path(__file__).parents[1] / "vectors"
PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "priv")


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def public_half(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in PRIVATE_MEMBERS}


@dataclass(frozen=True)
class Vector:
    name: str
    token: str
    key: dict[str, Any]
    payload: str | None = None
    header: dict[str, Any] | None = None
    detached: str | None = None


def compact_vectors() -> list[Vector]:
    vectors = []
    for name in (
        "jws/4_1.rsa_v15_signature",
        "jws/4_2.rsa-pss_signature",
        "jws/4_3.ecdsa_signature",
        "jws/4_4.hmac-sha2_integrity_protection",
        "curve25519/jws",
    ):
        case = load(f"ietf-jose-cookbook/{name}.json")
        vectors.append(
            Vector(case["title"], case["output"]["compact"], case["input"]["key"], case["input"]["payload"], case["signing"]["protected"])
        )
    case = load("ietf-jose-cookbook/jws/4_5.signature_with_detached_content.json")
    vectors.append(
        Vector(case["title"], case["output"]["compact"], case["input"]["key"], "", case["signing"]["protected"], case["input"]["payload"])
    )
    joe = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    for case in load("rfc-appendices/rfc7515.json"):
        if case["result"] == "valid" and isinstance(case["jws"], str):
            # A.1 names its key, the token does not: a kid in the key alone refuses nothing.
            vectors.append(Vector(f"RFC 7515 {case['name']}", case["jws"], case["key"], "Payload" if "A.4" in case["name"] else joe))
    case = load("rfc-appendices/rfc8037.json")["A.4 jws"]
    vectors.append(Vector("RFC 8037 A.4", case["jws"], case["key"], case["payload"], {"alg": "EdDSA"}))
    for name in ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87"):
        case = load(f"rfc9964-mldsa/{name}.jose.json")
        jwk = case["jwk"] | {"priv": b64u(bytes.fromhex(case["priv"]))}
        vectors.append(Vector(f"RFC 9964 {name}", case["jws"], jwk, None, {"alg": jwk["alg"], "kid": jwk["kid"]}))
    return vectors


COMPACT = [pytest.param(vector, id=vector.name) for vector in compact_vectors()]
DETERMINISTIC = [
    pytest.param(vector, id=vector.name) for vector in compact_vectors() if decode(vector.token).header["alg"][:2] in ("HS", "RS", "Ed")
]


def test_there_are_as_many_vectors_as_the_files_hold():
    assert len(COMPACT) == 5 + 1 + 4 + 1 + 3
    assert len(DETERMINISTIC) == 3 + 1 + 2 + 1


@pytest.mark.parametrize("vector", COMPACT)
@pytest.mark.parametrize("half", [pytest.param(lambda jwk: jwk, id="private"), pytest.param(public_half, id="public")])
def test_it_verifies_what_the_rfc_signed(vector: Vector, half: Any):
    report = verify(vector.token, json.dumps(half(vector.key)), at=NOW, payload=vector.detached)
    assert (report.signature.status, report.signature.faults) == ("verified", ())
    assert report.signature.algorithm == report.header["alg"]


@pytest.mark.parametrize("vector", COMPACT)
def test_it_decodes_to_the_stated_header_and_payload(vector: Vector):
    decoded = decode(vector.token)
    assert (decoded.kind, decoded.serialization) == ("JWS", "compact")
    if vector.header is not None:
        assert decoded.header == vector.header
    if vector.payload is not None:
        assert decoded.payload_text == vector.payload
    assert decoded.header_text is not None
    assert b64u(decoded.header_text) == vector.token.split(".")[0]


@pytest.mark.parametrize("vector", COMPACT)
@pytest.mark.parametrize("segment", [pytest.param(0, id="header"), pytest.param(1, id="payload"), pytest.param(2, id="signature")])
def test_one_changed_byte_is_never_verified(vector: Vector, segment: int):
    parts = vector.token.split(".")
    data = unb64u(parts[segment])
    step = max(1, len(data) // 40)
    for index in range(0, len(data), step):
        changed = bytearray(data)
        changed[index] ^= 0x01
        altered = ".".join([*parts[:segment], b64u(bytes(changed)), *parts[segment + 1 :]])
        assert verify(altered, json.dumps(vector.key), at=NOW, payload=vector.detached).signature.status != "verified"


@pytest.mark.parametrize("vector", DETERMINISTIC)
def test_it_writes_the_very_same_token(vector: Vector):
    decoded = decode(vector.token)
    assert decoded.header_text is not None
    assert decoded.payload_text is not None
    made = encode(decoded.header_text, vector.detached or decoded.payload_text, json.dumps(vector.key)).token
    if vector.detached:
        header, _, signature = made.split(".")
        made = f"{header}..{signature}"
    assert made == vector.token


def test_the_detached_one_needs_its_very_payload():
    case = load("ietf-jose-cookbook/jws/4_5.signature_with_detached_content.json")
    token, key = case["output"]["compact"], json.dumps(case["input"]["key"])
    assert verify(token, key, at=NOW).signature.status == "invalid"
    assert verify(token, key, at=NOW, payload="").signature.status == "invalid"
    assert verify(token, key, at=NOW, payload=case["input"]["payload"] + " ").signature.status == "invalid"


SIGNATURES = [*sorted((VECTORS / "ietf-jose-cookbook/jws").glob("*.json")), VECTORS / "ietf-jose-cookbook/curve25519/jws.json"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SIGNATURES])
def test_json_serialization_is_named_and_verified(path: Path):
    case = json.loads(path.read_text(encoding="utf-8"))
    key = case["input"]["key"]
    keys = json.dumps({"keys": key} if isinstance(key, list) else key)
    detached = case["input"]["payload"] if path.name.startswith("4_5") else None
    for form, member in (("general", "json"), ("flattened", "json_flat")):
        if member in case["output"]:
            report = verify(json.dumps(case["output"][member]), keys, at=NOW, payload=detached)
            assert (report.kind, report.serialization, report.signature.status) == ("JWS", form, "verified")
            assert {verdict.status for _, verdict in report.signatures} == {"verified"}
            assert report.payload_text == ("" if detached else case["input"]["payload"])
            assert "json_serialization" in codes(report.findings)
            assert not report.accepted


@pytest.mark.parametrize("number", [0, 1, 2])
def test_one_key_verifies_its_own_of_three_signatures(number: int):
    case = load("ietf-jose-cookbook/jws/4_8.multiple_signatures.json")
    report = verify(json.dumps(case["output"]["json"]), json.dumps(public_half(case["input"]["key"][number])), at=NOW)
    statuses = [verdict.status for _, verdict in report.signatures]
    assert statuses == ["verified" if at == number else "not_checked" for at in range(3)]
    assert report.signature.because.startswith(f"Signature {number + 1} of 3: The signature matches")
    assert [one.message[:16] for one in report.findings if one.code == "other_signature"] == [
        f"Signature {at + 1} of 3: "[:16] for at in range(3) if at != number
    ]
    headers = [token.unprotected.value if token.unprotected else None for token, _ in report.signatures]
    assert headers == [one.get("unprotected") for one in case["signing"]]
    assert [token.protected.value if token.protected else None for token, _ in report.signatures] == [
        one.get("protected") for one in case["signing"]
    ]


@pytest.mark.parametrize(("number", "algorithm"), [(0, "RS256"), (1, "ES256")])
def test_the_two_signatures_of_rfc_7515_a6(number: int, algorithm: str):
    case = next(one for one in load("rfc-appendices/rfc7515.json") if one["name"].startswith("A.6"))
    text = case["jws"] if isinstance(case["jws"], str) else json.dumps(case["jws"])
    report = verify(text, json.dumps({"keys": case["keys"]}), at=NOW)
    assert [(token.alg, verdict.status) for token, verdict in report.signatures] == [("RS256", "verified"), ("ES256", "verified")]
    report = verify(text, json.dumps(case["keys"][number]), at=NOW)
    assert (report.signature.status, report.signature.algorithm) == ("verified", algorithm)


def test_the_flattened_example_of_rfc_7515_a7():
    case = next(one for one in load("rfc-appendices/rfc7515.json") if one["name"].startswith("A.7"))
    text = case["jws"] if isinstance(case["jws"], str) else json.dumps(case["jws"])
    report = verify(text, json.dumps(case.get("key") or {"keys": case["keys"]}), at=NOW)
    assert (report.serialization, report.signature.status) == ("flattened", "verified")
    assert report.header == {"alg": "ES256", "kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"}


@pytest.mark.parametrize("form", ["compact", "json", "json_flat"])
def test_the_unencoded_payload_is_verified_in_each_form(form: str):
    case = load("ietf-jose-cookbook/rfc7797/hmac-sha2_b64_false.json")
    text, key, payload = case["output"][form], json.dumps(case["input"]["key"]), case["input"]["payload"]
    text = text if isinstance(text, str) else json.dumps(text)
    report = verify(text, key, at=NOW)
    assert (report.signature.status, report.payload_text, report.accepted) == ("verified", payload, False)
    assert verify(text.replace("string!", "string?"), key, at=NOW).signature.status == "invalid"
    detached = text.replace(payload, "")
    assert verify(detached, key, at=NOW, payload=payload).signature.status == "verified"
    assert verify(detached, key, at=NOW, payload=b64u(payload)).signature.status == "invalid"
    assert verify(text.replace(payload, b64u(payload)), key, at=NOW, payload=payload).signature.status == "invalid"


def test_the_unencoded_payload_without_crit_is_refused_with_the_reason():
    case = load("ietf-jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json")
    for member in ("json", "json_flat"):
        report = verify(json.dumps(case["output"][member]), json.dumps(case["input"]["key"]), at=NOW)
        assert (report.signature.status, report.signature.matches, report.payload_text) == ("invalid", True, "$.02")
        assert codes(report.signature.faults) == ["b64_without_crit"]
        assert "but: b64 is false but not listed in crit" in report.signature.because


RFC_7797_KEY = '{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}'


def test_the_examples_of_rfc_7797():
    """§4.1 and §4.2; the second with its payload detached, and in the flattened form."""
    assert verify("eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ", RFC_7797_KEY, at=NOW).payload_text == "$.02"
    header, signature = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19", "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
    assert verify(f"{header}..{signature}", RFC_7797_KEY, at=NOW, payload="$.02").signature.status == "verified"
    flattened = json.dumps({"protected": header, "payload": "$.02", "signature": signature})
    assert verify(flattened, RFC_7797_KEY, at=NOW).signature.status == "verified"
    report = verify(f"{header}.$.02.{signature}", RFC_7797_KEY, at=NOW)
    assert (report.signature.status, report.signature.matches, report.payload_text) == ("invalid", True, "$.02")
    assert codes(report.signature.faults) == ["b64_dot"]


def test_the_unsecured_example_is_unsecured():
    case = load("rfc-appendices/rfc7515.json")[4]
    assert case["result"] == "unsecured"
    report = verify(case["jws"], "any key that one likes to give it", at=NOW)
    assert (report.signature.status, report.accepted) == ("unsecured", False)


def test_the_negative_example_for_crit_is_refused():
    case = load("rfc-appendices/rfc7515.json")[7]
    assert case["result"] == "invalid"
    report = verify(case["jws"], "", at=NOW)
    assert (report.signature.status, report.accepted) == ("unsecured", False)
    assert "crit_unknown" in codes(report.findings)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in load("rfc-appendices/rfc7519.json")])
def test_the_encrypted_examples_are_decrypted_and_not_verified(case: dict[str, Any]):
    key = json.dumps(case["key"] if "key" in case else {"keys": case["keys"]})
    report = verify(case["jwe"], key, at=NOW)
    assert (report.kind, report.signature.status, report.accepted) == ("JWE", "not_checked", False)
    assert report.header["enc"] == "A128CBC-HS256"
    assert report.decryption is not None
    assert report.decryption.status == "decrypted"
    if "nested" in case["name"]:
        (inner,) = [repair.text for one in report.findings if one.code == "jwe_nested" for repair in one.repairs]
        assert verify(inner, json.dumps(case["keys"][1]), at=NOW).payload == case["claims"]
    else:
        assert report.payload == case["claims"]


def test_rfc_7638_thumbprint():
    rsa_key = load("rfc-appendices/rfc7517.json")["A.1 public"]["keys"][1]
    (key,) = read_keys(json.dumps(rsa_key)).keys
    assert key.thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        pytest.param("rfc7517", "A.1 public", id="RFC 7517 A.1"),
        pytest.param("rfc7517", "A.2 private", id="RFC 7517 A.2, RSA and EC private"),
        pytest.param("rfc8037", "A.2 public, thumbprint", id="RFC 8037 A.3"),
    ],
)
def test_thumbprints_are_those_of_the_rfcs(file: str, name: str):
    case = load(f"rfc-appendices/{file}.json")[name]
    expected = case.get("thumbprints") or load(f"rfc-appendices/{file}.json")["A.1 public"]["thumbprints"]
    keys = read_keys(json.dumps({"keys": case["keys"]}))
    assert [key.thumbprint() for key in keys.keys] == expected
    assert all(key.is_private == ("private" in name) for key in keys.keys)


def test_the_keys_of_rfc_7517_are_read():
    cases = load("rfc-appendices/rfc7517.json")
    first = read_keys(json.dumps({"keys": cases["A.1 public"]["keys"]}))
    assert (first.is_set, first.read_as, first.findings, first.faults) == (True, "JWK Set of 2", (), ())
    assert [(key.key_type, key.curve, key.bits, key.kid, key.use, key.alg, key.position) for key in first.keys] == [
        ("EC", "P-256", 256, "1", "enc", None, 1),
        ("RSA", "", 2048, "2011-04-29", None, "RS256", 2),
    ]
    secrets = read_keys(json.dumps({"keys": cases["A.3 symmetric"]["keys"]})).keys
    assert [(key.key_type, key.bits, key.alg, key.kid) for key in secrets] == [
        ("oct", 128, "A128KW", None),
        ("oct", 512, None, "HMAC key used in JWS A.1 example"),
    ]
    (with_certificate,) = read_keys(json.dumps(cases["B x5c"])).keys
    assert (with_certificate.key_type, with_certificate.bits, with_certificate.kid, with_certificate.faults) == ("RSA", 2048, "1b94c", ())
    (private,) = read_keys(json.dumps(cases["C.1 RSA private"])).keys
    assert (private.is_private, private.use, private.kid, private.faults) == (True, "enc", "juliet@capulet.lit", ())


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted((VECTORS / "ietf-jose-cookbook/jwk").glob("*.json"))])
def test_the_keys_of_rfc_7520_are_read(path: Path):
    jwk = json.loads(path.read_text())
    (key,) = read_keys(path.read_text()).keys
    assert (key.key_type, key.kid, key.use, key.faults) == (jwk["kty"], jwk["kid"], jwk["use"], ())
    assert key.is_private == ("d" in jwk)
    written = make.private_jwk(key) if key.is_private else make.public_jwk(key)
    assert written == jwk


def test_secp256k1_is_read_under_its_registered_name_only():
    for name, sort in load("rfc-appendices/rfc8812-secp256k1-keys.json").items():
        registered, draft = (read_keys(json.dumps(jwk)) for jwk in sort["keys"])
        assert [(key.curve, key.is_private, key.algorithms) for key in registered.keys] == [("secp256k1", name == "private", ("ES256K",))]
        assert (draft.keys, codes(draft.findings)) == ((), ["key_unreadable"])


@pytest.mark.parametrize("name", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"])
def test_ml_dsa_seeds_make_the_right_public_key(name: str):
    case = load(f"rfc9964-mldsa/{name}.jose.json")
    seed = bytes.fromhex(case["priv"])
    (key,) = read_keys(json.dumps(case["jwk"] | {"priv": b64u(seed)})).keys
    assert key.load_private is not None
    private: Any = key.load_private()
    assert private.public_key().public_bytes_raw().hex() == case["raw_public_key"]
    assert private.private_bytes_raw() == seed
    assert key.thumbprint() == case["jwk"]["kid"]
    header, payload, signature = case["jws"].split(".")
    assert f"{header}.{payload}" == bytes.fromhex(case["raw_to_be_signed"]).decode()
    assert unb64u(signature).hex() == case["raw_signature"]
    assert len(unb64u(signature)) == ALGORITHMS[case["jwk"]["alg"]].signature_size


def test_a_seed_of_another_ml_dsa_key_is_refused():
    case = load("rfc9964-mldsa/ML_DSA_44.jose.json")
    keys = read_keys(json.dumps(case["jwk"] | {"priv": b64u(bytes(31) + b"\x01")}))
    assert (keys.keys, codes(keys.findings)) == ((), ["key_unreadable"])
    assert '"priv" does not belong to "pub"' in keys.findings[0].message
