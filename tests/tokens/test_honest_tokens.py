"""No false alarm: 500 honest tokens of every algorithm, key format and issuer give no error, and no warning that is not true.

The claims are modelled on what the large identity providers write; all names and numbers are invented.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from app.tokens import Expectations, verify
from tests.tokens.keyring import (
    ASYMMETRIC,
    ECDSA,
    HMAC,
    RSA,
    SIGNING,
    b64u,
    make,
    oct_jwk,
    private,
    private_der,
    private_jwk,
    private_pem,
    public_der,
    public_jwk,
    public_pem,
    read_out,
)

AT = 1_767_225_600
COUNT = 500
PKCS1 = serialization.PublicFormat.PKCS1
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
NAMES = (
    "Alice Smith", "José Ñandú", "Zoë Łukaszewicz", "Đặng Thị Ngọc", "王小明", "山田 太郎", "김민준", "Мария Иванова", "Γιώργος Παπαδόπουλος",
    "محمد عبد الله", "דנה כהן", "علی‌رضا", "प्रिया शर्मा", "Siân O’Neill", "Renée Müller-Lüdenscheidt", "👩‍💻 Ada", "Björk Guðmundsdóttir",
)  # fmt: skip


@dataclass
class Honest:
    """A token, its key as somebody pastes it, and what the receiver expects."""

    token: str
    key: str
    key_encoding: str = "auto"
    expect: Expectations = field(default_factory=Expectations)


@cache
def certificate(alg: str) -> x509.Certificate:
    key = private(alg)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "login.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(4711)
    builder = builder.not_valid_before(datetime(2025, 6, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 6, 1, tzinfo=UTC))
    return builder.sign(key, hashes.SHA256() if alg in RSA + ECDSA else None)


def der(alg: str) -> bytes:
    return certificate(alg).public_bytes(serialization.Encoding.DER)


def key_set(alg: str, kid: str) -> str:
    """The published keys of an issuer: the right one among others, with all that belongs to it."""
    own = public_jwk(private(alg), kid=kid, use="sig", alg=alg)
    rows = [
        public_jwk(private("RS256", 1), kid="2025-a", use="sig", alg="RS256"),
        own,
        public_jwk(private("ES256", 1), kid="2025-b", use="sig"),
    ]
    return json.dumps({"keys": rows}, indent=2)


def published(alg: str, kid: str) -> str:
    """One key as Entra and Auth0 publish it, with its certificate."""
    thumbprint = b64u(hashlib.sha1(der(alg)).digest())
    members = {"kid": kid, "use": "sig", "x5t": thumbprint, "x5c": [base64.b64encode(der(alg)).decode()]}
    return json.dumps({"keys": [public_jwk(private(alg), **members)]})


# How a key is pasted: for which algorithms, and as what.
KEY_FORMS: dict[str, tuple[tuple[str, ...], Callable[[str, str], str]]] = {
    "SPKI": (ASYMMETRIC, lambda alg, kid: public_pem(private(alg))),
    "PKCS#1 public": (RSA, lambda alg, kid: public_pem(private(alg), PKCS1)),
    "PKCS#8": (ASYMMETRIC, lambda alg, kid: private_pem(private(alg))),
    "PKCS#1": (RSA, lambda alg, kid: private_pem(private(alg), TRADITIONAL)),
    "SEC1": (ECDSA, lambda alg, kid: private_pem(private(alg), TRADITIONAL)),
    "certificate": (ASYMMETRIC, lambda alg, kid: certificate(alg).public_bytes(serialization.Encoding.PEM).decode()),
    "DER": (ASYMMETRIC, lambda alg, kid: base64.b64encode(public_der(private(alg))).decode()),
    "private DER": (ASYMMETRIC, lambda alg, kid: base64.b64encode(private_der(private(alg))).decode()),
    "certificate DER": (ASYMMETRIC, lambda alg, kid: base64.b64encode(der(alg)).decode()),
    "JWK": (ASYMMETRIC, lambda alg, kid: json.dumps(public_jwk(private(alg)))),
    "JWK, all members": (
        ASYMMETRIC,
        lambda alg, kid: json.dumps(public_jwk(private(alg), kid=kid, use="sig", alg=alg, key_ops=["verify"])),
    ),
    "private JWK": (ASYMMETRIC, lambda alg, kid: json.dumps(private_jwk(private(alg), kid=kid))),
    "JWK Set": (ASYMMETRIC, key_set),
    "JWK Set with certificates": (ASYMMETRIC, published),
}
# A secret is text, or bytes that are pasted in one of three spellings, or a JWK.
SECRET_FORMS: dict[str, tuple[str, Callable[[bytes], str]]] = {
    "text": ("auto", lambda secret: secret.decode()),
    "UTF-8": ("utf8", lambda secret: secret.decode()),
    "base64": ("base64", lambda secret: base64.b64encode(secret).decode()),
    "base64url": ("base64url", lambda secret: b64u(secret)),
    "hex": ("hex", lambda secret: secret.hex()),
    "JWK": ("auto", lambda secret: oct_jwk(secret)),
    "JWK Set": ("auto", lambda secret: json.dumps({"keys": [json.loads(oct_jwk(secret))]})),
}


def identifier(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def opaque(chance: random.Random, size: int = 16) -> str:
    return b64u(chance.randbytes(size))


def mail(chance: random.Random) -> str:
    return f"user{chance.randrange(10_000)}@example.org"


def times(chance: random.Random) -> dict[str, int]:
    issued = AT - chance.randrange(1, 1800)
    return {"iat": issued, "exp": issued + 3600}


def auth0_identity(chance: random.Random) -> dict[str, Any]:
    return {
        "nickname": "alice", "name": chance.choice(NAMES), "picture": "https://s.example/avatar.png?s=480&r=pg", "email": mail(chance),
        "updated_at": "2025-12-31T23:40:11.123Z", "email_verified": True, "iss": "https://tenant.eu.auth0.com/", "aud": opaque(chance, 24),
        "sub": f"auth0|{chance.getrandbits(96):024x}", **times(chance), "sid": opaque(chance), "nonce": opaque(chance, 32),
    }  # fmt: skip


def auth0_access(chance: random.Random) -> dict[str, Any]:
    return {
        "https://example.org/roles": ["admin", "editor"], "iss": "https://tenant.eu.auth0.com/", "sub": f"google-oauth2|{chance.getrandbits(66)}",
        "aud": ["https://api.example.org", "https://tenant.eu.auth0.com/userinfo"], **times(chance), "azp": opaque(chance, 24),
        "scope": "openid profile email read:things", "permissions": ["read:things", "write:things"], "gty": "password",
    }  # fmt: skip


def entra_identity(chance: random.Random) -> dict[str, Any]:
    tenant, clock = identifier(chance), times(chance)
    return {
        "aud": identifier(chance), "iss": f"https://login.microsoftonline.com/{tenant}/v2.0", **clock, "nbf": clock["iat"],
        "aio": opaque(chance, 60), "name": chance.choice(NAMES), "nonce": opaque(chance), "oid": identifier(chance),
        "preferred_username": mail(chance), "rh": f"0.{opaque(chance, 40)}.", "sub": opaque(chance, 32), "tid": tenant, "uti": opaque(chance), "ver": "2.0",
    }  # fmt: skip


def entra_access(chance: random.Random) -> dict[str, Any]:
    tenant, clock = identifier(chance), times(chance)
    return {
        "aud": f"api://{identifier(chance)}", "iss": f"https://sts.windows.net/{tenant}/", **clock, "nbf": clock["iat"], "acr": "1", "aio": opaque(chance, 60),
        "amr": ["pwd", "mfa"], "appid": identifier(chance), "appidacr": "0", "family_name": "Smith", "given_name": "Alice", "ipaddr": "203.0.113.7",
        "name": chance.choice(NAMES), "oid": identifier(chance), "scp": "access_as_user", "sub": opaque(chance, 32), "tid": tenant,
        "unique_name": mail(chance), "upn": mail(chance), "uti": opaque(chance), "ver": "1.0", "roles": ["Reader"],
        "wids": [identifier(chance) for _ in range(3)], "xms_idrel": "1 8",
    }  # fmt: skip


def keycloak_access(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        **clock, "auth_time": clock["iat"] - 60, "jti": identifier(chance), "iss": "https://id.example.org/realms/demo", "aud": "account",
        "sub": identifier(chance), "typ": "Bearer", "azp": "web", "session_state": identifier(chance), "acr": "1", "allowed-origins": ["https://app.example.org"],
        "realm_access": {"roles": ["offline_access", "uma_authorization"]}, "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
        "scope": "openid email profile", "sid": identifier(chance), "email_verified": False, "name": chance.choice(NAMES), "preferred_username": "alice",
        "given_name": "Alice", "family_name": "Smith", "email": mail(chance),
    }  # fmt: skip


def google_identity(chance: random.Random) -> dict[str, Any]:
    client = f"{chance.randrange(10**11, 10**12)}-abc.apps.googleusercontent.com"
    return {
        "iss": chance.choice(["https://accounts.google.com", "accounts.google.com"]), "azp": client, "aud": client, "sub": str(chance.randrange(10**20, 10**21)),
        "hd": "example.org", "email": mail(chance), "email_verified": True, "at_hash": opaque(chance), "name": chance.choice(NAMES),
        "picture": "https://lh3.example/a/x=s96-c", "given_name": "Alice", "family_name": "Smith", "locale": "de", **times(chance),
    }  # fmt: skip


def cognito_access(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "sub": identifier(chance), "cognito:groups": ["eu-central-1_Ab_Google", "staff"], "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI",
        "version": 2, "client_id": "5d0k2ktgm5r1tqkgdl0k1h7abc", "origin_jti": identifier(chance), "event_id": identifier(chance), "token_use": "access",
        "scope": "openid profile aws.cognito.signin.user.admin", "auth_time": clock["iat"], **clock, "jti": identifier(chance), "username": identifier(chance),
    }  # fmt: skip


def cognito_identity(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "at_hash": opaque(chance), "sub": identifier(chance), "email_verified": True, "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_ZyXwVuTsR",
        "cognito:username": "alice", "custom:tenant": "7", "aud": "5d0k2ktgm5r1tqkgdl0k1h7abc", "event_id": identifier(chance), "token_use": "id",
        "auth_time": clock["iat"], "name": chance.choice(NAMES), "phone_number": "+491701234567", "phone_number_verified": True, **clock, "email": mail(chance),
        "address": {"formatted": "Hauptstraße 1, 10115 Berlin"}, "birthdate": "1990-02-28", "zoneinfo": "Europe/Berlin",
    }  # fmt: skip


def okta_access(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "ver": 1, "jti": f"AT.{opaque(chance, 30)}", "iss": "https://dev-1234.okta.com/oauth2/default", "aud": "api://default", **clock,
        "cid": "0oa1b2c3d4E5f6G7h8i9", "uid": "00u1b2c3d4E5f6G7h8i9", "scp": ["openid", "profile"], "auth_time": clock["iat"] - 3, "sub": mail(chance),
        "groups": [f"Group {number}" for number in range(60)],
    }  # fmt: skip


def okta_identity(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "sub": "00u1b2c3d4E5f6G7h8i9", "name": chance.choice(NAMES), "email": mail(chance), "ver": 1, "iss": "https://dev-1234.okta.com",
        "aud": "0oa1b2c3d4E5f6G7h8i9", **clock, "jti": f"ID.{opaque(chance, 30)}", "amr": ["pwd"], "idp": "00o1b2c3d4E5f6G7h8i9",
        "preferred_username": mail(chance), "auth_time": clock["iat"] - 3, "at_hash": opaque(chance), "nonce": opaque(chance),
    }  # fmt: skip


def rfc9068_access(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "iss": "https://as.example.com/", "sub": opaque(chance, 12), "aud": "https://rs.example.com/", "client_id": opaque(chance, 12), **clock,
        "jti": opaque(chance), "scope": "reader writer", "auth_time": clock["iat"], "acr": "urn:mace:incommon:iap:silver", "amr": ["hwk"],
        "cnf": {"jkt": b64u(chance.randbytes(32))},
    }  # fmt: skip


def kubernetes(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "aud": ["https://kubernetes.default.svc.cluster.local"], **clock, "iss": "https://kubernetes.default.svc.cluster.local", "jti": identifier(chance),
        "kubernetes.io": {"namespace": "shop", "node": {"name": "n1", "uid": identifier(chance)}, "pod": {"name": "web-0", "uid": identifier(chance)},
                          "serviceaccount": {"name": "web", "uid": identifier(chance)}},
        "nbf": clock["iat"], "sub": "system:serviceaccount:shop:web",
    }  # fmt: skip


def google_service_account(chance: random.Random) -> dict[str, Any]:
    return {
        "iss": "robot@project.iam.gserviceaccount.com", "scope": "https://www.googleapis.com/auth/devstorage.read_only",
        "aud": "https://oauth2.googleapis.com/token", **times(chance),
    }  # fmt: skip


def client_assertion(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "iss": "client-7",
        "sub": "client-7",
        "aud": "https://as.example.com/token",
        "jti": identifier(chance),
        "iat": clock["iat"],
        "exp": AT + 300,
    }


def github_actions(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "jti": identifier(chance), "sub": "repo:octo/shop:ref:refs/heads/main", "aud": "https://github.com/octo", "ref": "refs/heads/main",
        "sha": f"{chance.getrandbits(160):040x}", "repository": "octo/shop", "repository_owner": "octo", "run_id": "6543210987", "run_number": "42", "run_attempt": "1",
        "actor": "alice", "workflow": "build", "head_ref": "", "base_ref": "", "event_name": "push", "ref_protected": "true", "ref_type": "branch",
        "iss": "https://token.actions.githubusercontent.com", "nbf": clock["iat"] - 5, **clock,
    }  # fmt: skip


def firebase(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "name": chance.choice(NAMES), "iss": "https://securetoken.google.com/shop", "aud": "shop", "auth_time": clock["iat"], "user_id": opaque(chance, 21),
        "sub": opaque(chance, 21), **clock, "email": mail(chance), "firebase": {"identities": {"email": [mail(chance)]}, "sign_in_provider": "password"},
    }  # fmt: skip


def home_made(chance: random.Random) -> dict[str, Any]:
    clock = times(chance)
    return {
        "sub": str(chance.randrange(10**6)), "name": chance.choice(NAMES), "admin": chance.random() < 0.5, **clock, "ratio": 0.25, "limits": [1e3, 2.5e-3, -0.75],
        "tree": {"a": {"b": {"c": [None, True, {"d": "é"}]}}}, "list": list(range(120)), "empty": {}, "nothing": None, "text": "line 1\nline 2\t\"quoted\" \\ / \u2713",
        "iss": "shop", "aud": ["shop", "billing"], "jti": chance.getrandbits(53).to_bytes(7, "big").hex(),
    }  # fmt: skip


def home_made_with_fractions(chance: random.Random) -> dict[str, Any]:
    return {"sub": "alice", "iat": AT - 60.5, "nbf": AT - 60.25, "exp": AT + 900.75, "scope": "a b"}


def without_end(chance: random.Random) -> dict[str, Any]:
    return {"sub": "machine", "iss": "https://id.example.org", "iat": AT - 86_400}


ISSUERS = (
    auth0_identity, auth0_access, entra_identity, entra_access, keycloak_access, google_identity, cognito_access, cognito_identity, okta_access, okta_identity,
    rfc9068_access, kubernetes, google_service_account, client_assertion, github_actions, firebase, home_made, home_made_with_fractions, without_end,
)  # fmt: skip
AT_JWT = {rfc9068_access}
RS256_ONLY = {google_service_account}  # Google takes no other, and wants a kid


def header(chance: random.Random, alg: str, kid: str | None, issuer: Callable[..., Any]) -> dict[str, Any]:
    members: dict[str, Any] = {"alg": alg}
    if issuer in AT_JWT:
        members["typ"] = "at+jwt"
    elif chance.random() < 0.8:
        members["typ"] = "JWT"
    if kid:
        members["kid"] = kid
    if alg in ASYMMETRIC and chance.random() < 0.2:
        members["x5t"] = b64u(hashlib.sha1(der(alg)).digest())
    if alg in ASYMMETRIC and chance.random() < 0.1:
        members["x5t#S256"] = b64u(hashlib.sha256(der(alg)).digest())
    rows = list(members.items())
    if chance.random() < 0.3:
        chance.shuffle(rows)
    return dict(rows)


def written(chance: random.Random, value: dict[str, Any]) -> str:
    """JSON as the libraries of many languages write it."""
    separators = chance.choice([(",", ":"), (",", ":"), (", ", ": ")])
    indent = 2 if chance.random() < 0.05 else None
    text = json.dumps(value, separators=separators if indent is None else None, ensure_ascii=chance.random() < 0.5, indent=indent)
    return text.replace("/", "\\/") if chance.random() < 0.1 else text


def honest(number: int) -> Honest:
    """The token of that number, always the same but for keys and signatures."""
    chance = random.Random(number)
    issuer = ISSUERS[number % len(ISSUERS)]
    alg = "RS256" if issuer in RS256_ONLY else SIGNING[(number + number // len(ISSUERS)) % len(SIGNING)]
    kid = chance.choice([None, opaque(chance, 20), "2026-01", identifier(chance), f"{chance.getrandbits(160):040X}"])
    kid = opaque(chance, 20) if issuer in RS256_ONLY else kid
    claims = issuer(chance)
    expect = Expectations()
    if number % 3 == 0:
        audience = claims.get("aud")
        expect = Expectations((alg,), claims.get("iss"), audience[0] if isinstance(audience, list) else audience)
    if alg in HMAC:
        encoding, write = SECRET_FORMS[chance.choice(list(SECRET_FORMS))]
        secret = chance.randbytes(48).hex().encode()  # 96 characters: long enough for each hash
        token = make(written(chance, header(chance, alg, kid, issuer)), written(chance, claims), alg=alg, key=secret)
        return Honest(token, write(secret), encoding, expect)
    form = chance.choice([name for name, (algs, _) in KEY_FORMS.items() if alg in algs])
    token = make(written(chance, header(chance, alg, kid, issuer)), written(chance, claims), alg=alg)
    return Honest(token, KEY_FORMS[form][1](alg, kid or "unnamed"), expect=expect)


# What may be said as a warning, and when it is true.
TRUE_WARNINGS: dict[str, Callable[[str, dict[str, Any]], bool]] = {
    "claim_no_exp": lambda token, claims: "exp" not in claims,
    "token_beyond_header": lambda token, claims: len(token) + len("Authorization: Bearer \r\n") > 8190,
}


@pytest.mark.parametrize("number", range(COUNT))
def test_an_honest_token_raises_no_false_alarm(number: int):
    one = honest(number)
    report = verify(one.token, one.key, at=AT, key_encoding=one.key_encoding, expect=one.expect)
    claims = report.payload
    assert report.signature.status == "verified", report.signature.because
    loud = [finding for finding in report.findings if finding.level != "info"]
    assert [finding for finding in loud if not TRUE_WARNINGS.get(finding.code, lambda *_: False)(one.token, claims)] == []
    assert [check.name for check in report.checks if check.outcome == "failed"] == []
    assert [check.name for check in report.checks if check.outcome == "warned"] == ([] if "exp" in claims else ["exp"])
    assert [finding.message for finding in report.findings if finding.repairs] == []
    assert report.accepted
    read_out(report)


def test_the_honest_tokens_cover_every_algorithm_key_format_and_issuer():
    tokens = [honest(number) for number in range(COUNT)]
    algorithms = {verify(one.token, "", at=AT).header["alg"] for one in tokens}
    assert algorithms == set(SIGNING)
    private_keys = [one for one in tokens if '"d"' in one.key or "PRIVATE" in one.key or '"priv"' in one.key]
    assert len(private_keys) > 30
    for one in private_keys[:5]:
        assert "key_private" in [finding.code for finding in verify(one.token, one.key, at=AT, key_encoding=one.key_encoding).findings]
    for sign in (
        "BEGIN CERTIFICATE",
        "BEGIN RSA PUBLIC",
        "BEGIN EC PRIVATE",
        "BEGIN RSA PRIVATE",
        "BEGIN PUBLIC",
        '"keys"',
        '"kty": "oct"',
    ):
        assert any(sign in one.key for one in tokens), sign
    assert {one.key_encoding for one in tokens} == {"auto", "utf8", "base64", "base64url", "hex"}


def test_an_honest_token_is_the_same_each_time():
    first, again = honest(7), honest(7)
    assert first.token.rpartition(".")[0] == again.token.rpartition(".")[0]
    assert first.expect == again.expect
