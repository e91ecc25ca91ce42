"""Profiles: an honest token of each kind keeps every rule, a broken rule is the one that is named, and nothing is taken for what it is not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.tokens import Expectations, Report, decode, profiles
from tests.tokens.keyring import NOW, SIGNING, b64u, because, check, codes, make, outcome, private, private_jwk, public_jwk, public_key

GONE = object()
ES256 = public_jwk(private("ES256"))
JKT = b64u(hashlib.sha256(json.dumps({name: ES256[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":")).encode()).digest())
BOUND = make({"alg": "HS256", "typ": "at+jwt"}, json.dumps({"cnf": {"jkt": JKT}}))
STOLEN = make({"alg": "HS256", "typ": "at+jwt"}, json.dumps({"cnf": {"jkt": "another"}}))
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
ROBOT = "761326798069-r5mljlln1rd4lrbhg75efgigp36m78j5@developer.gserviceaccount.com"
TIMES = {"iat": NOW, "exp": NOW + 600}


@dataclass(frozen=True)
class Honest:
    """A token as its specification shows one, with what the receiver compares it with."""

    alg: str
    header: dict[str, Any]
    claims: dict[str, Any]
    expect: dict[str, str] = field(default_factory=dict)
    unheard: tuple[str, ...] = ()
    """Rules that stay open although the token is in order."""

    def report(self, claims: Any = None, header: Any = None, expect: Any = None, alg: str = "", **options: Any) -> Report:
        alg = alg or self.alg
        whole_header = {name: value for name, value in ({"alg": alg} | self.header | (header or {})).items() if value is not GONE}
        whole_claims = {name: value for name, value in (self.claims | (claims or {})).items() if value is not GONE}
        whole_expect = {name: value for name, value in (self.expect | (expect or {})).items() if value is not GONE}
        text = make(whole_header, json.dumps(whole_claims), alg=alg)
        return check(text, public_key(alg), expect=Expectations(**whole_expect), **options)


HONEST = {
    # OpenID Connect Core §A.4: the hashes are those of the specification.
    "id-token": Honest(
        "RS256",
        {"kid": "1e9gdk7"},
        {
            "iss": "https://server.example.com",
            "sub": "248289761001",
            "aud": "s6BhdRkqt3",
            "nonce": "n-0S6_WzA2Mj",
            "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
            "c_hash": "LDktKdoQak3Pk0cnXxCltA",
            "s_hash": b64u(hashlib.sha256(b"af0ifjsldkj").digest()[:16]),
            **TIMES,
        },
        {
            "nonce": "n-0S6_WzA2Mj",
            "access_token": "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
            "code": "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk",
            "state": "af0ifjsldkj",
        },
    ),
    # RFC 9068 §2.2.3
    "access-token": Honest(
        "RS256",
        {"typ": "at+JWT", "kid": "RjEwOwOA"},
        {
            "iss": "https://authorization-server.example.com/",
            "sub": "5ba552d67",
            "aud": "https://rs.example.com/",
            "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
            "client_id": "s6BhdRkqt3",
            "scope": "openid profile reademail",
            **TIMES,
        },
    ),
    # OpenID Connect Back-Channel Logout §2.4
    "logout-token": Honest(
        "RS256",
        {"typ": "logout+jwt"},
        {
            "iss": "https://server.example.com",
            "sub": "248289761001",
            "aud": "s6BhdRkqt3",
            "jti": "bWJq",
            "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
            "events": {LOGOUT: {}},
            **TIMES,
        },
    ),
    # RFC 9449 §4.2 and §7.1
    "dpop-proof": Honest(
        "ES256",
        {"typ": "dpop+jwt", "jwk": ES256},
        {
            "jti": "e1j3V_bKic8-LAEB",
            "htm": "GET",
            "htu": "https://resource.example.org/protectedresource",
            "iat": NOW,
            "nonce": "eyJ7S_zG.eyJH0-Z.HX4w-7v",
            "ath": b64u(hashlib.sha256(BOUND.encode()).digest()),
        },
        {
            "htm": "GET",
            "htu": "HTTPS://Resource.Example.org:443/protected%72esource?page=2#top",
            "access_token": BOUND,
            "nonce": "eyJ7S_zG.eyJH0-Z.HX4w-7v",
        },
    ),
    # RFC 9101 §4
    "request-object": Honest(
        "RS256",
        {"typ": "oauth-authz-req+jwt", "kid": "k2bdc"},
        {
            "iss": "s6BhdRkqt3",
            "aud": "https://server.example.com",
            "response_type": "code id_token",
            "client_id": "s6BhdRkqt3",
            "redirect_uri": "https://client.example.org/cb",
            "scope": "openid",
            "state": "af0ifjsldkj",
        },
    ),
    # RFC 8417 §2.1.1
    "security-event": Honest(
        "HS256",
        {"typ": "secevent+jwt"},
        {
            "iss": "https://scim.example.com",
            "iat": NOW,
            "jti": "4d3559ec67504aaba65d40b0363faad8",
            "aud": ["https://scim.example.com/Feeds/98d52461fa5bbc879593b7754", "https://scim.example.com/Feeds/5d7604516b1d08641d7676ee7"],
            "events": {"urn:ietf:params:scim:event:create": {"ref": "https://scim.example.com/Users/44f6142df96bd6ab61e7521d9"}},
        },
    ),
    "google-grant": Honest(
        "RS256",
        {"typ": "JWT", "kid": "370ab79b4513eb9bad7c9bd16a95cb76b5b2a56a"},
        {
            "iss": ROBOT,
            "scope": "https://www.googleapis.com/auth/devstorage.read_only",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": NOW,
            "exp": NOW + 3600,
        },
    ),
    "google-self-signed": Honest(
        "RS256",
        {"typ": "JWT", "kid": "abcdef1234567890"},
        {"iss": ROBOT, "sub": ROBOT, "aud": "https://firestore.googleapis.com/", "iat": NOW, "exp": NOW + 3600},
    ),
    "kubernetes-service-account": Honest(
        "RS256",
        {"kid": "l3Ox"},
        {
            "aud": ["https://kubernetes.default.svc"],
            "exp": NOW + 3607,
            "iat": NOW,
            "nbf": NOW,
            "iss": "https://kubernetes.default.svc",
            "jti": "aed34954-b33a-4142-b1ec-389d6bbb4936",
            "kubernetes.io": {"namespace": "default", "pod": {"name": "web-0"}, "serviceaccount": {"name": "web", "uid": "14ee3fa4"}},
            "sub": "system:serviceaccount:default:web",
        },
    ),
    "kubernetes-secret": Honest(
        "RS256",
        {"kid": ""},
        {
            "iss": "kubernetes/serviceaccount",
            "kubernetes.io/serviceaccount/namespace": "kube-system",
            "kubernetes.io/serviceaccount/secret.name": "admin-token-x7x2d",
            "kubernetes.io/serviceaccount/service-account.name": "admin",
            "kubernetes.io/serviceaccount/service-account.uid": "c3e8b0d1",
            "sub": "system:serviceaccount:kube-system:admin",
        },
    ),
    # RFC 7523 §4, with the claims of OpenID Connect Core §9
    "client-assertion": Honest(
        "ES256",
        {"kid": "16"},
        {"iss": "s6BhdRkqt3", "sub": "s6BhdRkqt3", "aud": "https://server.example.com/token", "jti": "id123", **TIMES},
    ),
    # RFC 9701 §5
    "introspection-response": Honest(
        "RS256",
        {"typ": "token-introspection+jwt", "kid": "wG6D"},
        {
            "iss": "https://as.example.com/",
            "aud": "https://rs.example.com/resource",
            "iat": NOW,
            "token_introspection": {"active": True, "sub": "Z5O3upPC88QrAjx00dis", "exp": NOW + 60},
        },
    ),
    "authorization-response": Honest(
        "ES256",
        {"kid": "laeb"},
        {"iss": "https://accounts.example.com", "aud": "s6BhdRkqt3", "exp": NOW + 600, "code": "PyyFaux2o7Q0YfXB", "state": "S8NJ7uqk5fY4"},
    ),
    # RFC 9901 §4.3
    "key-binding": Honest(
        "ES256",
        {"typ": "kb+jwt"},
        {
            "nonce": "1234567890",
            "aud": "https://verifier.example.org",
            "iat": NOW,
            "sd_hash": "0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEaTjXfXw",
        },
        {"nonce": "1234567890"},
    ),
    # SMART Health Cards Framework, Health Cards are encoded as Compact Serialization JWS
    "verifiable-credential": Honest(
        "ES256",
        {"kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"},
        {"iss": "https://smarthealth.cards/examples/issuer", "nbf": NOW - 60, "vc": {"type": ["https://smarthealth.cards#health-card"]}},
    ),
    "sd-jwt-vc": Honest("ES256", {"typ": "dc+sd-jwt"}, {"iss": "https://issuer.example", "vct": "urn:eudi:pid:1", "iat": NOW - 60}),
    "credential-key-proof": Honest(
        "ES256", {"typ": "openid4vci-proof+jwt", "kid": "1"}, {"aud": "https://issuer.example", "iat": NOW, "nonce": "x"}
    ),
}

# One way to break each rule, and words that the answer must have.
BROKEN: list[tuple[str, str, dict[str, Any], str]] = [
    ("id-token", "typ", {"header": {"typ": "at+jwt"}}, 'typ is "at+jwt"; an ID token must have "JWT"'),
    ("id-token", "iss", {"claims": {"iss": GONE}}, "No iss: an ID token must have it."),
    ("id-token", "iss_url", {"claims": {"iss": "http://a.example"}}, 'iss is "http://a.example"; it must be an https URL'),
    ("id-token", "iss_url", {"claims": {"iss": "https://a.example/?tenant=1"}}, "without query and fragment"),
    ("id-token", "sub", {"claims": {"sub": "a" * 256}}, "sub has 256 characters; 255 are the most."),
    (
        "id-token",
        "aud",
        {"claims": {"aud": []}},
        "aud is an empty array; it must be a string or an array of strings. It holds the client_id.",
    ),
    ("id-token", "exp", {"claims": {"exp": GONE}}, "No exp: an ID token must have it."),
    ("id-token", "iat", {"claims": {"iat": str(NOW)}}, f'iat is "{NOW}"; it must be a date'),
    ("id-token", "azp", {"claims": {"aud": ["a", "b"]}}, "aud names 2 audiences, and no azp says"),
    ("id-token", "azp", {"claims": {"azp": "other"}, "expect": {"audience": "s6BhdRkqt3"}}, 'azp is "other"; "s6BhdRkqt3" is expected'),
    ("id-token", "azp", {"claims": {"azp": 5}}, "azp is a number; it must be a client_id"),
    ("id-token", "nonce", {"claims": {"nonce": "N-0S6_WzA2Mj"}}, '"n-0S6_WzA2Mj" is expected. They differ by upper and lower case only.'),
    ("id-token", "nonce", {"claims": {"nonce": GONE}}, 'No nonce; "n-0S6_WzA2Mj" is expected.'),
    (
        "id-token",
        "nonce",
        {"claims": {"nonce": ""}, "expect": {"nonce": GONE}},
        "nonce is an empty string; it must be the nonce of the request",
    ),
    ("id-token", "at_hash", {"expect": {"access_token": "x"}}, 'the left half of the SHA-256 of the access token is "'),
    ("id-token", "c_hash", {"expect": {"code": "x"}}, 'c_hash is "LDktKdoQak3Pk0cnXxCltA"; the left half of the SHA-256 of the code is "'),
    ("id-token", "s_hash", {"expect": {"state": "x"}}, "of the state"),
    (
        "access-token",
        "typ",
        {"header": {"typ": "JWT"}},
        'typ is "JWT"; an access token (RFC 9068) must have "at+jwt". Without it an ID token',
    ),
    ("access-token", "typ", {"header": {"typ": GONE}}, 'No typ; an access token (RFC 9068) must have "at+jwt".'),
    (
        "access-token",
        "alg",
        {"header": {"alg": "none"}},
        "alg is none: an access token (RFC 9068) must be signed. Anybody could write one.",
    ),
    *(
        ("access-token", name, {"claims": {name: GONE}}, f"No {name}: an access token (RFC 9068) must have it.")
        for name in ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
    ),
    (
        "access-token",
        "sub",
        {"claims": {"sub": 7}},
        "sub is a number; it must be a string that is not empty. For a client without a person",
    ),
    ("logout-token", "typ", {"header": {"typ": "dpop+jwt"}}, 'typ is "dpop+jwt"; a logout token must have "logout+jwt".'),
    ("logout-token", "alg", {"header": {"alg": "none"}}, "alg is none"),
    *(
        ("logout-token", name, {"claims": {name: GONE}}, f"No {name}: a logout token must have it.")
        for name in ("iss", "aud", "iat", "exp", "jti", "events")
    ),
    ("logout-token", "subject", {"claims": {"sub": GONE, "sid": GONE}}, "Neither sub nor sid: a logout token must have one of them."),
    ("logout-token", "events", {"claims": {"events": {"other": {}}}}, f'events has no member "{LOGOUT}".'),
    ("logout-token", "events", {"claims": {"events": {LOGOUT: None}}}, f'"{LOGOUT}" in events is null; an object'),
    ("logout-token", "events", {"claims": {"events": [LOGOUT]}}, f'events is an array of "{LOGOUT}"; an object that names'),
    ("logout-token", "events", {"claims": {"events": LOGOUT}}, "an object that names an event is required"),
    ("logout-token", "nonce", {"claims": {"nonce": "n"}}, "nonce is there; a logout token must not have it."),
    ("dpop-proof", "typ", {"header": {"typ": "JWT"}}, 'typ is "JWT"; a DPoP proof must have "dpop+jwt".'),
    ("dpop-proof", "alg", {"alg": "HS256"}, "alg is HS256: a DPoP proof must not be signed with a shared secret."),
    ("dpop-proof", "jwk", {"header": {"jwk": GONE}}, "No jwk in the header"),
    ("dpop-proof", "jwk", {"header": {"jwk": private_jwk(private("ES256"))}}, 'the private member "d": whoever saw it can sign'),
    ("dpop-proof", "jwk", {"header": {"jwk": {"kty": "oct", "k": "AA"}}}, "jwk in the header is a shared secret"),
    ("dpop-proof", "jwk", {"header": {"jwk": {}}}, '"jwk" holds no key that can be read.'),
    ("dpop-proof", "jwk", {"header": {"jwk": {"kty": "foo"}}}, '"foo" is none of them'),
    (
        "dpop-proof",
        "jwk",
        {"header": {"jwk": public_jwk(private("ES384"))}, "expect": {"access_token": GONE}},
        'the EC public key on P-384 in "jwk" does not fit ES256.',
    ),
    ("dpop-proof", "jwk", {"header": {"jwk": ES256 | {"use": "enc"}}}, 'but: The key is marked use "enc"'),
    ("dpop-proof", "jwk", {"header": {"jwk": ES256 | {"alg": "ES384"}}}, 'but: The key says it is for "ES384" only'),
    ("dpop-proof", "jti", {"claims": {"jti": ""}}, "jti is an empty string"),
    ("dpop-proof", "htm", {"claims": {"htm": "get"}}, 'htm is "get"; "GET" is expected. They differ by upper and lower case only.'),
    (
        "dpop-proof",
        "htm",
        {"claims": {"htm": GONE}, "expect": {"htm": GONE}},
        "No htm: a DPoP proof must have it, the method of the request.",
    ),
    ("dpop-proof", "htu", {"expect": {"htu": "https://resource.example.org/other"}}, '"https://resource.example.org/other" is expected.'),
    ("dpop-proof", "htu", {"claims": {"htu": "https://resource.example.org/?a=1"}, "expect": {"htu": GONE}}, 'it must end before "?"'),
    ("dpop-proof", "htu", {"claims": {"htu": GONE}}, "No htu: a DPoP proof must have it, the URL of the request without query"),
    ("dpop-proof", "htu", {"claims": {"htu": "/protectedresource"}}, 'htu is "/protectedresource"; it must be the URL of the request.'),
    ("dpop-proof", "htu", {"claims": {"htu": "http://[::1/"}}, "it must be the URL of the request."),
    ("dpop-proof", "iat", {"claims": {"iat": GONE}}, "No iat: a DPoP proof must have it."),
    ("dpop-proof", "age", {"claims": {"iat": NOW - 301}}, "It was made 5 min 1 s ago. Servers take a proof for seconds or minutes"),
    ("dpop-proof", "age", {"claims": {"iat": NOW + 301}}, "It was made 5 min 1 s in the future: a clock is wrong."),
    ("dpop-proof", "nonce", {"claims": {"nonce": "x"}}, 'nonce is "x"; "eyJ7S_zG.eyJH0-Z.HX4w-7v" is expected.'),
    ("dpop-proof", "ath", {"claims": {"ath": "x"}}, 'ath is "x"; the SHA-256 of the access token is "'),
    ("dpop-proof", "ath", {"claims": {"ath": GONE}}, "No ath: with the access token, a DPoP proof must have it."),
    (
        "dpop-proof",
        "binding",
        {"claims": {"ath": b64u(hashlib.sha256(STOLEN.encode()).digest())}, "expect": {"access_token": STOLEN}},
        f'its cnf.jkt is "another", the thumbprint of jwk is "{JKT}"',
    ),
    ("request-object", "typ", {"header": {"typ": "at+jwt"}}, 'a request object must have "oauth-authz-req+jwt".'),
    ("request-object", "client_id", {"claims": {"client_id": GONE}}, "No client_id: a request object must have it."),
    (
        "request-object",
        "iss_client",
        {"claims": {"iss": "other"}},
        'iss is "other", client_id is "s6BhdRkqt3"; they should be the same. Only when another party signs',
    ),
    ("request-object", "iss", {"claims": {"iss": GONE}}, "No iss: a request object should have it. It is the client_id."),
    ("request-object", "aud", {"claims": {"aud": GONE}}, "No aud: a request object should have it."),
    ("request-object", "request", {"claims": {"request": "e30.e30."}}, "request is there; a request object must not have it."),
    ("request-object", "request_uri", {"claims": {"request_uri": "urn:a"}}, "request_uri is there"),
    ("request-object", "sub", {"claims": {"sub": "s6BhdRkqt3"}}, "sub is the client_id; it should not be."),
    ("security-event", "typ", {"header": {"typ": "at+jwt"}}, 'a security event token must have "secevent+jwt".'),
    ("security-event", "iss", {"claims": {"iss": GONE}}, "No iss: a security event token must have it."),
    ("security-event", "iat", {"claims": {"iat": GONE}}, "No iat"),
    ("security-event", "jti", {"claims": {"jti": GONE}}, "No jti"),
    ("security-event", "aud", {"claims": {"aud": GONE}}, "No aud: a security event token should have it."),
    ("security-event", "events", {"claims": {"events": {}}}, "events is an empty object; an object that names an event is required."),
    ("security-event", "events", {"claims": {"events": {"a": {}, "urn:b": 1}}}, '"urn:b" in events is a number'),
    ("security-event", "exp", {"claims": {"exp": NOW + 1}}, "exp is there; a security event token should not have it."),
    ("google-grant", "alg", {"alg": "ES256"}, "alg is ES256; a Google service account grant must have RS256."),
    ("google-grant", "kid", {"header": {"kid": GONE}}, "No kid in the header: a Google service account grant should have it."),
    ("google-grant", "iss", {"claims": {"iss": "me@example.com"}}, "it must be the e-mail address of a service account."),
    ("google-grant", "aud", {"claims": {"aud": "https://oauth2.googleapis.com"}}, '"https://oauth2.googleapis.com/token" there.'),
    ("google-grant", "purpose", {"claims": {"scope": GONE}}, "Neither scope nor target_audience"),
    ("google-grant", "iat", {"claims": {"iat": GONE}}, "No iat"),
    ("google-grant", "exp", {"claims": {"exp": GONE}}, "No exp"),
    (
        "google-grant",
        "lifetime",
        {"claims": {"exp": NOW + 3601}},
        "From iat to exp there are 1 h (3,601 s); 1 h (3,600 s) are the most. Google refuses more than 1 h.",
    ),
    ("google-self-signed", "alg", {"alg": "RS512"}, "alg is RS512"),
    ("google-self-signed", "kid", {"header": {"kid": GONE}}, "No kid in the header"),
    ("google-self-signed", "iss", {"claims": {"iss": "me", "sub": "me"}}, "it must be the e-mail address of a service account."),
    ("google-self-signed", "sub", {"claims": {"sub": GONE}}, "No sub"),
    ("google-self-signed", "iss_sub", {"claims": {"sub": "me@example.com"}}, 'sub is "me@example.com"; they must be the same.'),
    ("google-self-signed", "target", {"claims": {"aud": GONE}}, "Neither aud nor scope"),
    ("google-self-signed", "iat", {"claims": {"iat": GONE}}, "No iat"),
    ("google-self-signed", "exp", {"claims": {"exp": GONE}}, "No exp"),
    (
        "google-self-signed",
        "lifetime",
        {"claims": {"exp": NOW + 86400}},
        "From iat to exp there are 1 day (86,400 s); 1 h (3,600 s) are the most.",
    ),
    *(
        ("kubernetes-service-account", name, {"claims": {name: GONE}}, f"No {name}: a Kubernetes service account token must have it.")
        for name in ("iss", "aud", "exp", "iat", "kubernetes.io")
    ),
    ("kubernetes-service-account", "sub", {"claims": {"sub": "default:web"}}, "it must be system:serviceaccount:NAMESPACE:NAME."),
    (
        "kubernetes-service-account",
        "namespace",
        {"claims": {"sub": "system:serviceaccount:prod:web"}},
        'kubernetes.io.namespace is "default"; sub says "prod".',
    ),
    (
        "kubernetes-service-account",
        "serviceaccount",
        {"claims": {"sub": "system:serviceaccount:default:api"}},
        'kubernetes.io.serviceaccount.name is "web"; sub says "api".',
    ),
    ("kubernetes-secret", "iss", {"claims": {"iss": "other"}}, '"kubernetes/serviceaccount" there.'),
    ("kubernetes-secret", "sub", {"claims": {"sub": GONE}}, "No sub"),
    (
        "kubernetes-secret",
        "secret",
        {"claims": {"kubernetes.io/serviceaccount/secret.name": GONE}},
        "No kubernetes.io/serviceaccount/secret.name",
    ),
    ("kubernetes-secret", "namespace", {"claims": {"kubernetes.io/serviceaccount/namespace": "x"}}, 'is "x"; sub says "kube-system".'),
    ("kubernetes-secret", "serviceaccount", {"claims": {"sub": "system:serviceaccount:kube-system:x"}}, 'is "admin"; sub says "x".'),
    ("client-assertion", "typ", {"header": {"typ": "at+jwt"}}, 'must have "JWT" or "client-authentication+jwt".'),
    ("client-assertion", "alg", {"header": {"alg": "none"}}, "alg is none"),
    ("client-assertion", "iss", {"claims": {"iss": GONE}}, "No iss: a client assertion must have it. It is the client_id."),
    ("client-assertion", "sub", {"claims": {"sub": GONE}}, "No sub"),
    ("client-assertion", "iss_sub", {"claims": {"sub": "other"}}, 'iss is "s6BhdRkqt3", sub is "other"; they must be the same.'),
    ("client-assertion", "aud", {"claims": {"aud": GONE}}, "No aud"),
    ("client-assertion", "exp", {"claims": {"exp": GONE}}, "No exp"),
    ("client-assertion", "jti", {"claims": {"jti": GONE}}, "No jti: a client assertion should have it."),
    ("introspection-response", "typ", {"header": {"typ": GONE}}, 'No typ; an introspection response must have "token-introspection+jwt".'),
    *(
        ("introspection-response", name, {"claims": {name: GONE}}, f"No {name}: an introspection response must have it.")
        for name in ("iss", "aud", "iat", "token_introspection")
    ),
    ("introspection-response", "sub", {"claims": {"sub": "a"}}, "sub is there; an introspection response should not have it."),
    ("introspection-response", "exp", {"claims": {"exp": NOW + 9}}, "exp is there"),
    *(
        ("authorization-response", name, {"claims": {name: GONE}}, f"No {name}: an authorization response (JARM) must have it.")
        for name in ("iss", "aud", "exp")
    ),
    ("key-binding", "typ", {"header": {"typ": "JWT"}}, 'typ is "JWT"; a key binding JWT must have "kb+jwt".'),
    ("key-binding", "alg", {"header": {"alg": "none"}}, "alg is none"),
    ("key-binding", "iat", {"claims": {"iat": GONE}}, "No iat"),
    (
        "key-binding",
        "aud",
        {"claims": {"aud": ["a"]}},
        'aud is an array of "a"; it must be a string that is not empty. It names the verifier.',
    ),
    ("key-binding", "nonce", {"claims": {"nonce": GONE}, "expect": {"nonce": GONE}}, "No nonce: a key binding JWT must have it"),
    ("key-binding", "sd_hash", {"claims": {"sd_hash": GONE}}, "No sd_hash"),
    ("verifiable-credential", "iss", {"claims": {"iss": ""}}, "iss is an empty string"),
    ("verifiable-credential", "nbf", {"claims": {"nbf": GONE}}, "No nbf: a verifiable credential must have it. It is the date of issue."),
    ("verifiable-credential", "vc", {"claims": {"vc": []}}, "vc is an empty array; it must be an object."),
    ("sd-jwt-vc", "typ", {"header": {"typ": "JWT"}}, 'typ is "JWT"; a credential as an SD-JWT must have "dc+sd-jwt" or "vc+sd-jwt".'),
    ("sd-jwt-vc", "vct", {"claims": {"vct": GONE}}, "No vct"),
    ("credential-key-proof", "typ", {"header": {"typ": GONE}}, 'No typ; a key proof for a credential must have "openid4vci-proof+jwt".'),
    ("credential-key-proof", "alg", {"header": {"alg": "HS256"}}, "alg is HS256: a key proof for a credential must not be signed"),
    ("credential-key-proof", "aud", {"claims": {"aud": GONE}}, "No aud"),
    ("credential-key-proof", "iat", {"claims": {"iat": GONE}}, "No iat"),
]


def wrong(report: Report) -> dict[str, str]:
    """The rules that do not hold, with their outcome."""
    rows = (one for one in report.checks if one.name.startswith("profile."))
    return {one.name.removeprefix("profile."): one.outcome for one in rows if one.outcome in ("failed", "warned")}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_token_is_recognised_and_keeps_every_rule(name: str):
    report = HONEST[name].report()
    assert report.profile is profiles.known()[name]
    rows = [one for one in report.checks if one.name.startswith("profile.")]
    assert {one.name for one in rows if one.outcome != "passed"} == set()
    assert {one.name for one in rows} == {f"profile.{rule.name}" for rule in profiles.known()[name].rules}
    assert outcome(report, "profile") == "passed"
    assert because(report, "profile") == f"Recognised as {profiles.known()[name].phrase}: all {len(rows)} rules hold."
    assert report.checks[-1].name == "profile"
    assert report.accepted


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_token_is_accepted_as_what_it_is(name: str):
    report = HONEST[name].report(expect={"profile": name})
    assert wrong(report) == {}
    assert because(report, "profile").startswith(f"{profiles.known()[name].name}: all ")
    assert report.accepted


@pytest.mark.parametrize(
    ("name", "rule", "change", "words"), [pytest.param(*row, id=f"{row[0]} {row[1]} {index}") for index, row in enumerate(BROKEN)]
)
def test_a_broken_rule_is_the_one_that_is_named(name: str, rule: str, change: dict[str, Any], words: str):
    expect = change.get("expect", {}) | {"profile": name}
    report = HONEST[name].report(**(change | {"expect": expect}))
    row = next(row for row in profiles.known()[name].rules if row.name == rule)
    expected = "warned" if row.should else "failed"
    assert wrong(report) == {rule: expected}
    assert words in because(report, f"profile.{rule}")
    (one,) = (one for one in report.checks if one.name == f"profile.{rule}")
    assert one.spec == row.spec
    assert (one.label or "").removeprefix("Profile: ") in (row.label, row.name)
    assert outcome(report, "profile") == expected
    assert " rules is broken. " in because(report, "profile")
    assert because(report, "profile").count(because(report, f"profile.{rule}")) == 1
    assert not report.accepted or row.should


def test_every_rule_is_broken_once():
    assert set(HONEST) == set(profiles.known())
    rules = {(profile.id, rule.name) for profile in profiles.known().values() for rule in profile.rules}
    assert rules == {(name, rule) for name, rule, _, _ in BROKEN}


def test_a_rule_of_a_profile_that_was_only_recognised_warns():
    report = HONEST["access-token"].report(claims={"jti": GONE, "client_id": GONE})
    assert wrong(report) == {"client_id": "warned", "jti": "warned"}
    said = "Recognised as an access token (RFC 9068): 2 of 9 rules are broken. No client_id: "
    assert because(report, "profile").startswith(said)
    assert (outcome(report, "profile"), report.accepted) == ("warned", True)


def test_a_comparison_fails_in_a_profile_that_was_only_recognised():
    report = HONEST["id-token"].report(expect={"nonce": "another"})
    assert (wrong(report), report.accepted) == ({"nonce": "failed"}, False)


def test_what_is_given_is_compared_in_tokens_of_any_kind():
    honest = Honest("HS256", {}, {"sub": "1", "exp": NOW + 1})
    report = honest.report(expect={"nonce": "a", "htm": "GET", "htu": "https://a.example/"})
    assert wrong(report) == {"nonce": "failed", "htm": "failed", "htu": "failed"}
    assert not report.accepted
    report = honest.report(expect={"access_token": "a"})
    assert because(report, "profile.at_hash") == "No at_hash to compare with the access token; not every flow requires it."
    assert (outcome(report, "profile"), report.accepted) == ("not_checked", True)
    report = honest.report(expect={"nonce": "a", "profile": "none"})
    assert because(report, "profile") == 'No profile is checked, as you wish. No nonce; "a" is expected.'
    assert not report.accepted


def test_what_is_not_given_is_not_checked():
    honest = HONEST["dpop-proof"]
    report = honest.report(expect=dict.fromkeys(honest.expect, GONE))
    open_ = {one.name.removeprefix("profile."): one.because for one in report.checks if one.outcome == "not_checked" and "." in one.name}
    assert set(open_) == {"htm", "htu", "nonce", "ath", "binding"}
    assert open_["htm"] == 'htm is "GET"; give the method of the request to have it compared.'
    assert open_["binding"] == "Give the access token to see whether it is bound to this key."
    assert because(report, "profile") == "Recognised as a DPoP proof: all 6 rules hold; 5 cannot be checked."


def test_a_dpop_proof_that_another_key_signed_than_the_one_it_shows_is_refused():
    another = public_jwk(private("ES256", 1))
    expect = dict.fromkeys(("access_token",), GONE) | {"profile": "dpop-proof"}
    report = HONEST["dpop-proof"].report(header={"jwk": another}, expect=expect)
    assert report.signature.status == "verified"
    assert wrong(report) == {"jwk": "failed"}
    assert "The signature does not match the EC public key on P-256" in because(report, "profile.jwk")
    assert "The header carries the public key that the proof is signed with." in because(report, "profile.jwk")
    assert not report.accepted


def test_the_key_that_a_dpop_proof_shows_verifies_nothing_by_itself():
    honest = HONEST["dpop-proof"]
    text = make({"alg": "ES256"} | honest.header, json.dumps(honest.claims), alg="ES256")
    report = check(text, public_key("ES256", 1), expect=Expectations(profile="dpop-proof"))
    assert outcome(report, "profile.jwk") == "passed"
    assert (report.signature.status, report.accepted) == ("invalid", False)


def test_a_token_of_another_kind_than_expected_is_named():
    report = HONEST["id-token"].report(expect=dict.fromkeys(HONEST["id-token"].expect, GONE) | {"profile": "access-token"})
    assert set(wrong(report)) == {"typ", "client_id", "jti"}
    assert because(report, "profile").startswith("Access token: 3 of 9 rules are broken. No typ; ")
    assert because(report, "profile").endswith(" It looks like an ID token.")
    (repair,) = report.checks[-1].repairs
    assert (repair.label, repair.field, repair.text) == ("Judge it as an ID token", "profile", "id-token")
    assert not report.accepted


def test_a_profile_can_be_switched_off():
    report = HONEST["access-token"].report(claims={"jti": GONE}, expect={"profile": "none"})
    assert wrong(report) == {}
    assert [one.name for one in report.checks][-2:] == ["typ", "profile"]
    assert (outcome(report, "profile"), report.accepted) == ("not_checked", True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dpop-proof", "dpop-proof"),
        ("dpop+jwt", "dpop-proof"),
        ("DPoP+JWT", "dpop-proof"),
        ("application/at+jwt", "access-token"),
        ("JWT", None),
        ("", None),
        ("none", None),
        ("ID token", None),
    ],
)
def test_a_profile_is_named_by_its_id_or_its_type(name: str, expected: str | None):
    profile = profiles.named(name)
    assert (profile.id if profile else None) == expected


USUAL: dict[str, Any] = {"iss": "https://a.example", "sub": "1", "aud": "https://api.example", **TIMES}


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        pytest.param(
            {"typ": "JWT"}, {"sub": "1234567890", "name": "John Doe", "admin": True, "iat": 1516239022}, id="the well-known example"
        ),
        pytest.param({}, USUAL, id="registered claims only"),
        pytest.param({}, USUAL | {"jti": "1"}, id="with jti"),
        pytest.param({}, USUAL | {"scope": "read", "azp": "c"}, id="an Auth0 access token"),
        pytest.param({}, USUAL | {"typ": "Bearer", "azp": "c", "nonce": "n", "auth_time": 1}, id="a Keycloak access token"),
        pytest.param({}, USUAL | {"scp": "User.Read", "appid": "a", "ver": "1.0"}, id="an Entra access token"),
        pytest.param({}, USUAL | {"token_use": "access", "client_id": "c", "auth_time": 1}, id="a Cognito access token"),
        pytest.param({}, USUAL | {"ver": 1, "cid": "c", "uid": "u", "scp": ["openid"], "nonce": "n"}, id="an Okta access token"),
        pytest.param({"typ": "example+jwt"}, USUAL | {"nonce": "n", "at_hash": "h"}, id="a typ that is not known"),
        pytest.param({"typ": 5}, USUAL | {"at_hash": "h"}, id="a typ that is no string"),
        pytest.param({}, USUAL | {"iss": "me", "sub": "me", "jti": "1", "role": "admin"}, id="issuer and subject the same, and a role"),
        pytest.param({}, {"iss": 1, "sub": 1, "aud": "a", "exp": 1, "jti": "1"}, id="issuer and subject the same number"),
        pytest.param({}, {"sub": "1", "events": []}, id="events that are none"),
        pytest.param({}, {"events": {"a": {}}}, id="events alone"),
        pytest.param({}, {"iss": "a@b.gserviceaccount.com.example", "sub": "a@b.gserviceaccount.com.example"}, id="not quite Google"),
        pytest.param({}, {"iss": "a@b.gserviceaccount.com", "sub": "a@b.gserviceaccount.com", "uid": "u"}, id="a custom token of Firebase"),
        pytest.param({}, {"iss": ["x.gserviceaccount.com"], "sub": ["x.gserviceaccount.com"]}, id="lists"),
        pytest.param({}, {"kubernetes.io": "yes", "sub": "1"}, id="not quite Kubernetes"),
        pytest.param({}, {"code": "1", "state": "s"}, id="a code alone"),
        pytest.param({}, {"nonce": "n"}, id="a nonce alone"),
        pytest.param({}, {"nonce": None, "at_hash": 5, "events": None, "iss": None, "jti": {}, "aud": {}}, id="nulls"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_nothing_is_taken_for_what_it_is_not(header: dict[str, Any], claims: dict[str, Any]):
    report = check(make({"alg": "HS256"} | header, json.dumps(claims)))
    assert report.profile is None
    assert [one.name for one in report.checks if one.name.startswith("profile")] == ["profile"]
    assert outcome(report, "profile") == "not_checked"
    assert because(report, "profile") == "No profile is recognised, and none is chosen."


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        pytest.param(USUAL | {"typ": "ID", "azp": "c", "sid": "s"}, "id-token", id="Keycloak"),
        pytest.param(USUAL | {"token_use": "id", "cognito:username": "u"}, "id-token", id="Cognito"),
        pytest.param(USUAL | {"iss": "https://accounts.google.com", "azp": "c"}, "id-token", id="Google"),
        pytest.param(USUAL | {"nonce": "n"}, "id-token", id="a nonce"),
        pytest.param({"iss": "i", "jti": "1", "iat": 1, "events": {LOGOUT: {}}}, "logout-token", id="a logout token without typ"),
        pytest.param({"iss": "i", "jti": "1", "iat": 1, "events": {"urn:a": {}}}, "security-event", id="an event without typ"),
        pytest.param({"response_type": "code", "client_id": "c", "nonce": "n", "sub": "1"} | USUAL, "request-object", id="a request"),
    ],
)
def test_claims_give_a_profile_away(claims: dict[str, Any], name: str):
    for typ in ({}, {"typ": "JWT"}, {"typ": "jwt"}):
        profile = decode(make({"alg": "HS256"} | typ, json.dumps(claims))).profile
        assert profile is not None
        assert profile.id == name


@pytest.mark.parametrize("claims", [None, [], "text", 5, {}])
@pytest.mark.parametrize("header", [None, [], "text", {"typ": "at+jwt"}])
def test_a_profile_is_looked_for_in_anything(header: Any, claims: Any):
    assert (profiles.recognise(header, claims) is not None) == (isinstance(header, dict) and isinstance(claims, dict))


@pytest.mark.parametrize("text", ["", "a.b.c", make({"alg": "HS256", "typ": "at+jwt"}, "no JSON"), make({"alg": "HS256"}, "[1]")])
def test_without_claims_a_chosen_profile_is_not_checked_and_not_accepted(text: str):
    report = check(text, expect=Expectations(profile="access-token", nonce="n"))
    assert because(report, "profile") == "There are no claims to read, so nothing of it can be checked."
    assert not report.accepted


@pytest.mark.parametrize("name", [name for name, honest in HONEST.items() if "exp" not in honest.claims and profiles.known()[name].no_exp])
def test_a_token_that_has_no_exp_by_design_does_not_warn_of_it(name: str):
    report = HONEST[name].report()
    assert outcome(report, "exp") == "not_checked"
    assert because(report, "exp") == profiles.known()[name].no_exp
    assert "claim_no_exp" not in codes(report.findings)


@pytest.mark.parametrize("alg", SIGNING)
def test_at_hash_takes_the_hash_of_the_algorithm(alg: str):
    hashes = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
    if alg.startswith("ML"):
        whole = b""
    elif alg == "Ed448":
        whole = hashlib.shake_256(b"token").digest(114)
    else:
        whole = hashes.get(alg[2:5], hashlib.sha512)(b"token").digest()
    honest = Honest(alg, {}, USUAL | {"at_hash": b64u(whole[: len(whole) // 2])}, {"access_token": "token", "profile": "id-token"})
    report = honest.report()
    if not whole:
        assert because(report, "profile.at_hash") == f"No specification says which hash at_hash takes with {alg}."
        assert (outcome(report, "profile.at_hash"), report.accepted) == ("not_checked", True)
        return
    assert (outcome(report, "profile.at_hash"), report.accepted) == ("passed", True)
    assert outcome(honest.report(expect={"access_token": "tokem"}), "profile.at_hash") == "failed"


def test_eddsa_takes_the_hash_of_its_curve():
    report = Honest("Ed448", {"alg": "EdDSA"}, USUAL | {"at_hash": "x"}, {"access_token": "token"}).report()
    assert f'the left half of the SHAKE256 of the access token is "{b64u(hashlib.shake_256(b"token").digest(57))}"' in because(
        report, "profile.at_hash"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b64u(hashlib.sha256(b"token").digest()), "It is the whole SHA-256."),
        (b64u(hashlib.sha512(b"token").digest()[:32]), "It is the left half of the SHA-512."),
        (hashlib.sha256(b"token").hexdigest()[:32], "The bytes are right, their spelling is not: it must be base64url without padding."),
        (b64u(hashlib.sha256(b"token").digest()[:16]) + "==", "The bytes are right, their spelling is not"),
    ],
)
def test_a_slip_in_making_a_hash_is_named(value: str, words: str):
    report = Honest("RS256", {}, USUAL | {"at_hash": value}, {"access_token": "token"}).report()
    assert words in because(report, "profile.at_hash")


@pytest.mark.parametrize(
    ("htu", "given", "expected"),
    [
        ("https://a.example/", "https://a.example", "passed"),
        ("https://a.example", "https://a.example/?q#f", "passed"),
        ("https://A.example:443/x", "HTTPS://a.EXAMPLE/x", "passed"),
        ("http://a.example:80/x", "http://a.example/x", "passed"),
        ("https://a.example/%7Ex/%2f", "https://a.example/~x/%2F", "passed"),
        ("https://a.example/x", "https://a.example/X", "failed"),
        ("https://a.example/x", "https://a.example/x/", "failed"),
        ("https://a.example/a/b", "https://a.example/a%2Fb", "failed"),
        ("https://a.example/x", "http://a.example/x", "failed"),
        ("https://a.example:8443/x", "https://a.example/x", "failed"),
        ("https://a.example/x", "https://[", "failed"),
        ("https://a.example/" + "x" * 9000, "https://a.example/" + "x" * 9000, "failed"),
        ("https://a.example:port/x", "https://a.example:port/x", "failed"),
    ],
)
def test_htu_is_compared_as_urls_are(htu: str, given: str, expected: str):
    report = HONEST["dpop-proof"].report(claims={"htu": htu}, expect={"htu": given})
    assert outcome(report, "profile.htu") == expected


def test_what_the_request_had_is_not_in_the_representation_of_expectations():
    secret: dict[str, Any] = {name: f"secret {name}" for name in ("nonce", "access_token", "code", "state", "htu")}
    assert "secret" not in repr(Expectations(**secret))


def test_no_sentence_tells_the_access_token_or_the_code():
    secret = {"access_token": "SECRET-ACCESS", "code": "SECRET-CODE"}
    report = HONEST["id-token"].report(expect=secret)
    assert not [one.because for one in report.checks if "SECRET" in one.because]


@pytest.mark.parametrize("value", [None, True, 0, -1, 1.5, "", "\u202e", "a" * 300, [], ["a", 1], {}, {"a": {}}, 10**400], ids=repr)
def test_no_value_is_too_odd_for_a_rule(value: Any):
    for profile in profiles.known().values():
        names = {name for rule in profile.rules for name in (rule.about, *rule.claims, *rule.path)} | {"sub", "cnf", "exp", "iat"}
        given: dict[str, Any] = dict.fromkeys(("nonce", "access_token", "code", "state", "htm", "htu"), "https://a/?")
        expect = Expectations(profile=profile.id, **given)
        text = make(json.dumps({"alg": "HS256", "typ": value, "jwk": value, "kid": value}), json.dumps(dict.fromkeys(names, value)))
        for options in ({"expect": expect}, {}):
            for one in check(text, **options).checks:
                assert one.because.endswith((".", "?"))
                assert len(one.because) < 1000
                one.because.encode()
