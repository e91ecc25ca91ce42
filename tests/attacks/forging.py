"""Tokens as the tools and labs of attackers forge them, against a service that verifies RS256 and one that verifies HS256."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.gateway import gate
from tests.tokens.keyring import SECRET, b64u, make, private, public_der, public_jwk, public_pem
from tests.tokens.test_verify import certificate_pem, openssh

ADMIN = gate.GOOD | {"sub": "admin", "admin": True, "realm_access": {"roles": ["admin"]}, "scope": "orders:read orders:write"}
ELSEWHERE = "https://attacker.example/jwks.json"
ATTACKER = private("RS256", 1)


@dataclass(frozen=True, slots=True)
class Victim:
    """A service: the algorithm that it verifies, its key as it has it, and a token of a user that the attacker holds."""

    alg: str
    key: str
    token: str

    @property
    def parts(self) -> list[str]:
        return self.token.split(".")


VICTIMS = {
    "RS256": Victim("RS256", public_pem(private("RS256")), gate.token()),
    "HS256": Victim("HS256", SECRET, gate.token("HS256")),
}
Forgery = Callable[[Victim], Iterator[str]]
FORGERIES: dict[str, Forgery] = {}


def forgery(*ids: str) -> Callable[[Forgery], Forgery]:
    """Name what a function forges by the rows of the ledger."""

    def named(forge: Forgery) -> Forgery:
        FORGERIES.update(dict.fromkeys(ids, forge))
        return forge

    return named


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any] = ADMIN, signature: str = "") -> str:
    return f"{b64u(json.dumps(dict(header)))}.{b64u(json.dumps(dict(claims)))}.{signature}"


def signed(header: Mapping[str, Any], alg: str, key: Any, claims: Mapping[str, Any] = ADMIN) -> str:
    """Signed for good with a key of the attacker's choice."""
    return make(dict(header), json.dumps(dict(claims)), alg=alg, key=key)


@forgery("jwt_tool -X a", "PortSwigger 2")
def none(victim: Victim) -> Iterator[str]:
    spellings: tuple[Any, ...] = ("none", "None", "NONE", "nOnE", "none ", " none", "none\0", "", None, [], {}, ["none"], 0, True)
    for alg in spellings:
        for signature in ("", victim.parts[2], "AA"):
            yield unsigned({"alg": alg, "typ": "JWT"}, signature=signature)


@forgery("jwt_tool -X n")
def null_signature(victim: Victim) -> Iterator[str]:
    for signature in ("", "AA", "A" * len(victim.parts[2]), b64u("null"), "null", " "):
        yield unsigned({"alg": victim.alg}, signature=signature)
        yield ".".join((*victim.parts[:2], signature))
    yield ".".join(victim.parts[:2])


@forgery("jwt_tool -X b")
def blank_password(victim: Victim) -> Iterator[str]:
    for secret in (b"", b"\0", b"\n", b" ", b"null", b"undefined", bytes(32)):
        yield signed({"alg": "HS256"}, "HS256", secret)


@forgery("jwt_tool -X s", "PortSwigger 5")
def key_set_elsewhere(victim: Victim) -> Iterator[str]:
    for name in ("jku", "x5u"):
        for url in (ELSEWHERE, "https://login.example@attacker.example/jwks.json", "http://127.0.0.1/jwks.json", "file:///etc/passwd"):
            yield signed({"alg": "RS256", "kid": "one", name: url}, "RS256", ATTACKER)


@forgery("jwt_tool -X k", "PortSwigger 7", "PortSwigger 8")
def confusion(victim: Victim) -> Iterator[str]:
    """Whoever has no public key recovers it from two signatures: it is the same key, in whatever form it is written."""
    public, pkcs1 = private("RS256"), public_pem(private("RS256")).replace("PUBLIC KEY", "RSA PUBLIC KEY")
    for text in (public_pem(public), public_pem(public).strip(), pkcs1, json.dumps(public_jwk(public)), victim.key.strip() + "\n"):
        if text.strip() != SECRET:
            yield signed({"alg": "HS256"}, "HS256", text.encode())
    for data in (public_der(public), base64.b64encode(public_der(public)), openssh("RS256"), certificate_pem()):
        for alg in ("HS256", "HS384", "HS512"):
            yield signed({"alg": alg}, alg, data)


@forgery("jwt_tool -X i", "PortSwigger 4", "T29")
def own_key_in_the_header(victim: Victim) -> Iterator[str]:
    yield signed({"alg": "RS256", "jwk": public_jwk(ATTACKER, kid="one")}, "RS256", ATTACKER)
    yield signed({"alg": "RS256", "kid": "one", "jwk": public_jwk(ATTACKER, kid="one")}, "RS256", ATTACKER)
    yield signed({"alg": "HS256", "jwk": {"kty": "oct", "k": b64u("x" * 32)}}, "HS256", "x" * 32)
    yield signed({"alg": "ES256", "jwk": public_jwk(private("ES256", 1))}, "ES256", private("ES256", 1))
    yield signed({"alg": "RS256", "x5c": [base64.b64encode(public_der(ATTACKER)).decode()]}, "RS256", ATTACKER)


@forgery("jwt_tool kid injection", "PortSwigger 6", "GHSA-869p-cjfg-cm3x")
def kid(victim: Victim) -> Iterator[str]:
    kids = ("../../../../../../dev/null", "/dev/null", "/proc/sys/kernel/randomize_va_space", "' UNION SELECT 'x' -- ", "one' OR '1'='1")
    for text in (*kids, "| sleep 9", "$(id)", "", None, ["one"], {"one": 1}, 1, "ONE", "one\0"):
        for secret in (b"", b"\0", b"2\n"):
            yield signed({"alg": "HS256", "kid": text}, "HS256", secret)
        yield signed({"alg": "RS256", "kid": text}, "RS256", ATTACKER)


@forgery("jwt_tool dictionary", "PortSwigger 3")
def guessed_secret(victim: Victim) -> Iterator[str]:
    for word in ("secret", "secret1", "password", "jwt", "changeme", "your-256-bit-secret", "a-string-secret-at-least-256-bits-long"):
        yield signed({"alg": "HS256"}, "HS256", word)


@forgery("jwt_tool claim injection", "PortSwigger 1")
def other_claims(victim: Victim) -> Iterator[str]:
    """The claims of an administrator under the signature of a user."""
    header, payload, signature = victim.parts
    was = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for name in ("sub", "admin", "scope", "realm_access"):
        yield f"{header}.{b64u(json.dumps(was | {name: ADMIN[name]}))}.{signature}"
    yield f"{header}.{b64u(json.dumps(ADMIN))}.{signature}"
    text = json.dumps(was)
    yield f"{header}.{b64u(text[:-1] + ',' + json.dumps(ADMIN)[1:])}.{signature}"


@forgery("jwt_tool timestamps", "CVE-2026-44459")
def other_times(victim: Victim) -> Iterator[str]:
    """An expired token with its time moved under the old signature, and times that are none with a good one."""
    header, _, signature = make({"alg": victim.alg}, json.dumps(gate.GOOD | {"exp": gate.NOW - 60}), alg=victim.alg).split(".")
    for exp in (gate.NOW + 600, 9999999999, None):
        yield f"{header}.{b64u(json.dumps(gate.GOOD | {'exp': exp}))}.{signature}"
    times: tuple[Any, ...] = ("9999999999", [], {}, True, [9999999999], float("nan"), float("inf"), gate.NOW - 1)
    for odd in times:
        yield make({"alg": victim.alg, "kid": "one"}, json.dumps(gate.GOOD | {"exp": odd}), alg=victim.alg)
    yield make({"alg": victim.alg, "kid": "one"}, json.dumps(gate.GOOD | {"nbf": gate.NOW + 60}), alg=victim.alg)


@forgery("jwt_tool error forcing")
def errors(victim: Victim) -> Iterator[str]:
    header, payload, signature = victim.parts
    yield from (f"{header}.{payload}.{signature}.", f".{header}.{payload}.{signature}", f"{header}..{payload}.{signature}")
    yield from ("..", "...", "a.b.c", "....", "eyJhbGciOiJSUzI1NiJ9", header, f"{payload}.{header}.{signature}")
    for broken in ('{"alg":"RS256"', "{'alg':'RS256'}", "[]", "null", '"RS256"', '{"alg":"RS256","alg":"none"}', "[" * 5000, "\0", "{}"):
        yield f"{b64u(broken)}.{payload}.{signature}"
        yield f"{header}.{b64u(broken)}.{signature}"
    for crit in ([], ["x"], "x", None, ["alg"], ["b64"], [1], ["exp", "exp"]):
        yield make({"alg": victim.alg, "kid": "one", "crit": crit}, json.dumps(ADMIN), alg=victim.alg)
    yield make({"alg": victim.alg, "kid": "one", "b64": False}, json.dumps(ADMIN), alg=victim.alg)


@forgery("jwt_tool playbook")
def playbook(victim: Victim) -> Iterator[str]:
    """What the tool runs one after the other: one of each."""
    for forge in dict.fromkeys(FORGERIES.values()):
        if forge is not playbook:
            yield next(forge(victim))


@forgery("jwt_tool external interaction")
def addresses_everywhere(victim: Victim) -> Iterator[str]:
    for name in ("jku", "x5u", "kid", "iss", "typ", "cty", "x5c", "jwk", "apu", "url", "crit"):
        yield signed({"alg": "RS256", name: ELSEWHERE}, "RS256", ATTACKER)
        yield signed({"alg": "RS256", "kid": "one"}, "RS256", ATTACKER, ADMIN | {name: ELSEWHERE})
