"""The further classes at the end of the catalogue of failures: each is told by name, at its place where it has one.

They were never run through other libraries, so there is no data file: each case is made here.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dh, dsa, ec, padding, x25519

from tests.tokens import keyring
from tests.tokens.keyring import CLAIMS, HALF, NOW, ORDER, SECRET, b64u, make, oct_jwk, private, public_jwk, public_pem, unb64u
from tests.tokens.telling import Says, judged, says, tells

TOKEN = keyring.token("HS256")
OTHER = make({"alg": "HS256", "kid": "2"}, '{"sub":"2","exp":1800000000}')


@dataclass
class Case:
    """What is pasted, what must be told, and whether the signature verifies all the same."""

    facts: tuple[Says, ...]
    token: str = TOKEN
    key: str = SECRET
    status: str = ""


def told(
    *words: str, token: str = TOKEN, key: str = SECRET, status: str = "", at: int | tuple[int, ...] = (), spec: str = "", **place: Any
) -> Case:
    return Case((says(*words, at=at, spec=spec, **place),), token, key, status)


def signed(claims: str | bytes, header: dict[str, Any] | None = None) -> str:
    return make({"alg": "HS256"} if header is None else header, claims)


def over(data: bytes, header: str = '{"alg":"HS256"}', claims: str = CLAIMS) -> str:
    """A token whose signature is over *data* instead of what it should be over."""
    return f"{b64u(header)}.{b64u(claims)}.{b64u(keyring.raw_signature('HS256', data))}"


def halves(alg: str, r: int, s: int) -> str:
    head = f"{b64u(json.dumps({'alg': alg}))}.{b64u(CLAIMS)}"
    return f"{head}.{b64u(r.to_bytes(HALF[alg], 'big') + s.to_bytes(HALF[alg], 'big'))}"


def numbers(alg: str) -> tuple[int, int]:
    raw = unb64u(keyring.token(alg).rpartition(".")[2])
    return int.from_bytes(raw[: HALF[alg]], "big"), int.from_bytes(raw[HALF[alg] :], "big")


HEAD, BODY, TAIL = TOKEN.split(".")
PEM = public_pem(private("RS256"))

ENVELOPE: dict[str, Callable[[], Case]] = {
    "header line": lambda: told("Authorization", "Bearer", token=f"Authorization: Bearer {TOKEN}", status="verified"),
    "curl line": lambda: told("(taken|found|read|set aside|left out)", token=f"curl -s https://a.example -H 'Authorization: Bearer {TOKEN}'", status="verified"),
    "cookie": lambda: told("cookie|session", token=f"Cookie: theme=dark; session={TOKEN}; a=b", status="verified"),
    "URL fragment": lambda: told("id_token", token=f"https://app.example/cb#state=1&id_token={TOKEN}&x=2", status="verified"),
    "URL query": lambda: told("token", token=f"https://app.example/cb?token={TOKEN}", status="verified"),
    "token response": lambda: told("access_token", token=json.dumps({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}), status="verified"),
    "token response with two": lambda: told("access_token|id_token|2 tokens|two tokens|another token", token=json.dumps({"access_token": TOKEN, "id_token": OTHER})),
    "escaped quotes": lambda: told("set aside|left out|removed", token=f'\\"{TOKEN}\\"', status="verified"),
    "HTML entities": lambda: told("set aside|left out|removed", token=f"&quot;{TOKEN}&quot;", status="verified"),
    "carriage return and line feed": lambda: told("(carriage return|line break|CRLF)", token=f"{HEAD}.\r\n{BODY}.{TAIL}", at=(len(HEAD) + 1, len(HEAD) + 2), status="invalid"),
    "NUL": lambda: told(r"U\+0000|NUL", token=f"{TOKEN}\0", at=len(TOKEN), status="invalid"),
    "two tokens": lambda: told("(2|two) tokens|another token|tokens", token=f"{TOKEN}\n{OTHER}"),
    "PASETO": lambda: told("PASETO", token="v4.public.eyJzdWIiOiIxIn1" + "A" * 80, status="not_checked"),
    "Fernet": lambda: told("Fernet", token=base64.urlsafe_b64encode(b"\x80" + (1_700_000_000).to_bytes(8, "big") + b"\1" * 64).decode(), status="not_checked"),
    "macaroon": lambda: told("macaroon", token=base64.urlsafe_b64encode(b"0021location http://a.example/\n0010identifier x\n").decode().rstrip("="), status="not_checked"),
    "SAML": lambda: told("SAML", token=base64.b64encode(b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="x">').decode(), status="not_checked"),
    "PGP": lambda: told("PGP", token="-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----", status="not_checked"),
    "PEM in the token box": lambda: told("PEM", "key box", token=PEM, status="not_checked"),
    "token in the key box": lambda: told("token", "key", key=OTHER),
    "gzip": lambda: told("gzip|compress", token=base64.b64encode(gzip.compress(TOKEN.encode(), mtime=0)).decode(), status="not_checked"),
    "hex dump": lambda: told("hex", token=TOKEN.encode().hex()),
    "QR code": lambda: told("upper|capital", token=TOKEN.upper(), status="not_checked"),
    "more than a megabyte": lambda: told("1,?1\\d\\d,?\\d{3}|1,048,576|too (long|large)", token="A" * 1_100_000, status="not_checked"),
}  # fmt: skip

BASE64: dict[str, Callable[[], Case]] = {
    "quoted-printable": lambda: told("(quoted.printable|=3D|\"=\")", token=f"{HEAD}.{BODY}=3D=3D.{TAIL}"),
    "MIME line breaks": lambda: told("line break", "(and \\d more|2)", token=f"{TOKEN[:40]}\r\n{TOKEN[40:80]}\r\n{TOKEN[80:]}", at=(40, 41), status="invalid"),
    "base64 of base64": lambda: told("(twice|base64)", token=signed(base64.b64encode(b'{"sub":"1"}'))),
    "loose bits in two segments": lambda: Case(
        (says("payload", "canonical"), says("signature", "canonical", spec="RFC 4648 §3.5")), f"{HEAD}.{BODY[:-1]}{chr(ord(BODY[-1]) + 1)}.{TAIL[:-1]}{_next(TAIL[-1])}"
    ),
    "padding in the signature only": lambda: told("signature", '"="', "padding", token=TOKEN + "=", at=len(TOKEN), status="invalid"),
}  # fmt: skip


def _next(character: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(character) + 1]


JSON_TEXTS: dict[str, Callable[[], Case]] = {
    "line comment": lambda: told("comment|//", token=signed('{"a":1 // x\n}'), line=1, column=8),
    "block comment": lambda: told("comment|/\\*", token=signed('{/* x */"a":1}'), line=1, column=2),
    "unquoted name": lambda: told("name", "double quotes", token=signed("{a:1}"), line=1, column=2),
    "two objects": lambda: told("behind|second", token=signed('{"a":1}{"b":2}'), line=1, column=8),
    "control character": lambda: told("control character", "escaped", token=signed('{"a":"x\ty"}'), line=1, column=8, spec="RFC 8259 §7"),
    "bad escape": lambda: told("escape", r"\\x", token=signed('{"a":"\\x41"}'), line=1, column=7, spec="RFC 8259 §7"),
    "short escape": lambda: told("escape", token=signed('{"a":"\\u12"}'), line=1, column=7, spec="RFC 8259 §7"),
    "plus sign": lambda: told(r"\+1", token=signed('{"a":+1}'), line=1, column=6),
    "no digit before the point": lambda: told(r"\.5", token=signed('{"a":.5}'), line=1, column=6),
    "minus zero": lambda: told("-0", token=signed('{"a":-0}'), line=1, column=6, status="verified"),
    "beyond double": lambda: told("1e400", token=signed('{"a":1e400}'), line=1, column=6, status="verified"),
    "empty name": lambda: told("without a name|empty name", token=signed('{"":1}'), line=1, column=2, status="verified"),
    "prototype": lambda: told("__proto__", token=signed('{"__proto__":{"admin":true}}'), line=1, column=2, status="verified"),
    "names that differ in case": lambda: told('"Sub"', '"sub"', token=signed('{"sub":"1","Sub":"2"}'), status="verified"),
    "names that differ in normal form": lambda: told("normal|compos|look", token=signed('{"\u00e9":1,"e\u0301":2}'), status="verified"),
    "escaped name hides a duplicate": lambda: told('"sub"', "(2 times|twice)", token=signed('{"sub":"1","\\u0073ub":"2"}')),
    "zlib payload": lambda: told("zlib|compressed|DEFLATE", token=signed(zlib.compress(b'{"sub":"1"}'))),
    "gzip payload": lambda: told("gzip", token=signed(gzip.compress(b'{"sub":"1"}', mtime=0))),
    "CBOR": lambda: told("CBOR|CWT|COSE", token=signed(bytes.fromhex("d28443a10126a0581a"))),
    "token in a claim": lambda: told('"inner"', "token", token=signed(json.dumps({"inner": TOKEN, "exp": NOW + 9})), status="verified"),
}  # fmt: skip

HEADERS: dict[str, Callable[[], Case]] = {
    "cty without a token": lambda: told("cty", "token", token=signed(CLAIMS, {"alg": "HS256", "cty": "JWT"}), spec="RFC 7519 §5.2"),
    "a token without cty": lambda: told("cty", "token", token=signed(TOKEN), spec="RFC 7519 §5.2"),
    "enc in a JWS": lambda: told("enc", "JWE", token=signed(CLAIMS, {"alg": "HS256", "enc": "A128GCM"})),
    "zip in a JWS": lambda: told("zip", token=signed(CLAIMS, {"alg": "HS256", "zip": "DEF"})),
    "epk in a JWS": lambda: told("epk", "JWE", token=signed(CLAIMS, {"alg": "HS256", "epk": {}})),
    "crit with a name twice": lambda: told("crit", '"exp"', "twice|2 times", token=signed(CLAIMS, {"alg": "HS256", "crit": ["exp", "exp"], "exp": 1}), status="invalid", spec="RFC 7515 §4.1.11"),
    "b64 true": lambda: told("b64", "default", token=signed(CLAIMS, {"alg": "HS256", "b64": True}), spec="RFC 7797 §3"),
    "nonce of Microsoft": lambda: told("nonce", token=signed('{"iss":"https://sts.windows.net/1/"}', {"alg": "HS256", "nonce": "x"}), within="header"),
    "issuer differs from the payload": lambda: told('"iss"', "header", "payload", '"a"', '"b"', token=signed('{"iss":"b"}', {"alg": "HS256", "iss": "a"})),
    "Alg for alg": lambda: told('"Alg"', '"alg"', token=signed(CLAIMS, {"Alg": "HS256"})),
    "typ JOSE": lambda: told("JOSE", token=signed(CLAIMS, {"alg": "HS256", "typ": "JOSE"})),
    "typ of a DPoP proof": lambda: told("DPoP", token=signed(CLAIMS, {"alg": "HS256", "typ": "dpop+jwt"})),
    "jku to localhost": lambda: told("jku", "localhost|own machine|private|internal", token=signed(CLAIMS, {"alg": "HS256", "jku": "https://localhost/jwks"})),
    "jku to the metadata service": lambda: told("169.254.169.254", "cloud|metadata|link-local|internal|private", token=signed(CLAIMS, {"alg": "HS256", "jku": "http://169.254.169.254/latest"})),
    "jku to a file": lambda: told("file:", token=signed(CLAIMS, {"alg": "HS256", "jku": "file:///etc/passwd"})),
    "jku with a name before @": lambda: told("@", token=signed(CLAIMS, {"alg": "HS256", "jku": "https://issuer.example@evil.example/jwks"})),
    "x5u": lambda: told("x5u", "never|fetch", token=signed(CLAIMS, {"alg": "HS256", "x5u": "https://issuer.example/cert.pem"})),
    "x5c is base64url": lambda: told("x5c", "standard base64|base64url|base64", token=signed(CLAIMS, {"alg": "HS256", "x5c": ["MIIB-_8"]})),
    "x5t of another certificate": lambda: told("x5t", token=signed(CLAIMS, {"alg": "HS256", "x5t": "AAAA"})),
}  # fmt: skip


def lengths(alg: str) -> str:
    """The halves of a good signature, each behind its length in four bytes, as SSH writes numbers."""
    r, s = (number.to_bytes(HALF[alg], "big") for number in numbers(alg))
    return f"{keyring.token(alg).rpartition('.')[0]}.{b64u(len(r).to_bytes(4, 'big') + r + len(s).to_bytes(4, 'big') + s)}"


def rsa_signed(alg: str, scheme: Any, digest: Any) -> str:
    head = f"{b64u(json.dumps({'alg': alg}))}.{b64u(CLAIMS)}"
    return f"{head}.{b64u(private('RS256').sign(head.encode(), scheme, digest))}"


SIGNATURES: dict[str, Callable[[], Case]] = {
    "over the decoded text": lambda: told("signature is over the decoded", "must be over the encoded", token=over(f'{{"alg":"HS256"}}.{CLAIMS}'.encode()), status="invalid"),
    "over the payload only": lambda: told("signature is over .*payload", "must be over the encoded", token=over(b64u(CLAIMS).encode()), status="invalid"),
    "over padded segments": lambda: told("signature is over .*padding", "must be over the encoded", token=over(_padded(), claims='{"sub":"123"}'), status="invalid"),
    "as hexadecimal digits": lambda: told("signature", "hex", token=f"{HEAD}.{BODY}.{unb64u(TAIL).hex()}", status="invalid"),
    "as hexadecimal digits in base64url": lambda: told("signature", "hex", token=f"{HEAD}.{BODY}.{b64u(unb64u(TAIL).hex())}", status="invalid"),
    "as base64 in base64url": lambda: told("signature", "base64", token=f"{HEAD}.{BODY}.{b64u(base64.b64encode(unb64u(TAIL)))}", status="invalid"),
    "halves with their lengths": lambda: told("length", token=lengths("ES256"), key=keyring.public_key("ES256"), status="invalid"),
    "high s": lambda: told(r"\bs\b", "(high|upper|half)", token=_high_s("ES256K"), key=keyring.public_key("ES256K"), status="verified"),
    "r beyond the order": lambda: told(r"\br\b", "too large|order", token=halves("ES256", ORDER["ES256"], 5), key=keyring.public_key("ES256"), status="invalid"),
    "s beyond the order": lambda: told(r"\bs\b", "too large|order", token=halves("ES384", 5, ORDER["ES384"] + 1), key=keyring.public_key("ES384"), status="invalid"),
    "salt of another length": lambda: told("salt", token=rsa_signed("PS256", padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH), hashes.SHA256()), key=PEM, status="invalid"),
    "MGF1 with SHA-1": lambda: told("MGF1|mask", "SHA-?1\\b", token=rsa_signed("PS256", padding.PSS(padding.MGF1(hashes.SHA1()), 32), hashes.SHA256()), key=PEM, status="invalid"),
    "the empty secret": lambda: told("empty", "match|signed", token=make({"alg": "HS256"}, key=b""), status="invalid"),
    "the kid as secret": lambda: told("kid", "match|signed", token=make({"alg": "HS256", "kid": "main-key"}, key="main-key"), status="invalid"),
    "the issuer as secret": lambda: told("iss", "match|signed", token=make({"alg": "HS256"}, '{"iss":"https://issuer.example"}', key="https://issuer.example"), status="invalid"),
    "null as secret": lambda: told('"null"', "match|signed", token=make({"alg": "HS256"}, key="null"), status="invalid"),
}  # fmt: skip


def _padded() -> bytes:
    return base64.urlsafe_b64encode(b'{"alg":"HS256"}') + b"." + base64.urlsafe_b64encode(b'{"sub":"123"}')


def _high_s(alg: str) -> str:
    head = keyring.token(alg).rpartition(".")[0]
    r, s = numbers(alg)
    s = max(s, ORDER[alg] - s)
    return f"{head}.{b64u(r.to_bytes(HALF[alg], 'big') + s.to_bytes(HALF[alg], 'big'))}"


def pem_of(key: Any) -> str:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def openssh() -> str:
    return private("RS256").public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def diffie_hellman() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, which is no reason not to name it
        return pem_of(dh.generate_parameters(2, 512).generate_private_key())


def altered(alg: str = "RS256", **members: Any) -> str:
    return json.dumps(public_jwk(private(alg)) | members)


def encrypted_pem() -> str:
    form = serialization.PrivateFormat.PKCS8
    return private("ES256").private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"x")).decode()


def key_set(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


def rs(*words: str, key: str, status: str = "", spec: str = "") -> Case:
    return told(*words, token=keyring.token("RS256"), key=key, status=status, spec=spec)


def es(*words: str, key: str, status: str = "", spec: str = "") -> Case:
    return told(*words, token=keyring.token("ES256"), key=key, status=status, spec=spec)


KEYS: dict[str, Callable[[], Case]] = {
    "encrypted PEM": lambda: es("encrypted|pass(word|phrase)", key=encrypted_pem(), status="not_checked"),
    "certificate request": lambda: rs("certificate request|CSR|signing request", key="-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"),
    "PGP key": lambda: rs("PGP", key="-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENB\n-----END PGP PUBLIC KEY BLOCK-----"),
    "PuTTY key": lambda: rs("PuTTY", key="PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"),
    "OpenSSH public key": lambda: Case((), keyring.token("RS256"), openssh(), "verified"),
    "secp224r1": lambda: es("P-224|secp224r1", key=pem_of(ec.generate_private_key(ec.SECP224R1()))),
    "X25519": lambda: told("X25519", "key agreement|ECDH|sign|encrypt", token=keyring.token("Ed25519"), key=pem_of(x25519.X25519PrivateKey.generate())),
    "DSA": lambda: rs("DSA", key=pem_of(dsa.generate_private_key(1024))),
    "DH": lambda: rs("Diffie|DH", key=diffie_hellman()),
    "two keys of one kid": lambda: rs('kid "a"', "2 times|twice", key=key_set(public_jwk(private("RS256"), kid="a"), public_jwk(private("RS256", 1), kid="a"))),
    "keys is no array": lambda: rs("keys", "array", key='{"keys":{}}'),
    "private key in a set": lambda: rs("private", key=key_set(keyring.private_jwk(private("RS256"), kid="a"), public_jwk(private("RS256", 1), kid="b"))),
    "secret in a set of public keys": lambda: rs("secret", "set", key=key_set(public_jwk(private("RS256")), json.loads(oct_jwk()))),
    "kty in small letters": lambda: rs('"rsa"', '"RSA"', key=altered(kty="rsa")),
    "curve by its other name": lambda: es("secp256r1|P-256", key=altered("ES256", crv="secp256r1")),
    "standard base64": lambda: es("base64url", key=_standard()),
    "exponent as a number": lambda: rs('"e"', "number", key=altered(e=65537)),
    "modulus with a leading zero": lambda: rs('"n"', "zero", key=altered(n=b64u(b"\0" + unb64u(public_jwk(private("RS256"))["n"])))),
    "even modulus": lambda: rs("even|factor|divisible", key=altered(n=b64u(unb64u(public_jwk(private("RS256"))["n"])[:-1] + b"\x10"))),
    "use and key_ops contradict": lambda: rs("use", "key_ops", key=altered(use="sig", key_ops=["encrypt"])),
    "key_ops twice": lambda: rs("key_ops", "twice|2 times|more than once", key=altered(key_ops=["verify", "verify"])),
    "alg of another family": lambda: rs("ES256", key=altered(alg="ES256")),
    "secret encoded twice": lambda: told("base64", key=oct_jwk(base64.b64encode(b"k" * 32)), token=make({"alg": "HS256"}, key=b"k" * 32)),
    "hex DER": lambda: Case((), keyring.token("RS256"), keyring.public_der(private("RS256")).hex(), "verified"),
    "EC PARAMETERS before the key": lambda: Case((), keyring.token("ES256"), f"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{keyring.private_pem(private('ES256'), serialization.PrivateFormat.TraditionalOpenSSL)}", "verified"),
}  # fmt: skip


def _standard() -> str:
    """The JWK of a key whose coordinates need `-` or `_`, in standard base64."""
    jwk = public_jwk(private("ES256"))
    return json.dumps(jwk | {name: base64.b64encode(unb64u(jwk[name])).decode() for name in ("x", "y")})


def claims(**members: Any) -> str:
    return signed(json.dumps({"iat": NOW - 60, "exp": NOW + 600} | members))


CLAIM_SETS: dict[str, Callable[[], Case]] = {
    "nbf after exp": lambda: told("nbf", "exp", token=claims(nbf=NOW + 900)),
    "exp before iat": lambda: told("exp", "iat", "before|earlier", token=claims(iat=NOW + 5, exp=NOW + 1)),
    "auth_time after iat": lambda: told("auth_time", "iat", token=claims(auth_time=NOW)),
    "ISO date": lambda: told("exp", "string", "14 Nov 2023|2023-11-14", "1700000000|1,700,000,000", token=claims(exp="2023-11-14T22:13:20Z")),
    "negative": lambda: told("exp", "negative|before 1970", token=claims(exp=-5)),
    "beyond 2038": lambda: told("2038", token=claims(exp=2**31 + 5)),
    "beyond the year 9999": lambda: told("9999", token=claims(exp=300_000_000_000)),
    "audience for aud": lambda: told('"audience"', '"aud"', token=claims(audience="a")),
    "numeric subject": lambda: told("sub", "a number", "string", token=claims(sub=7), spec="RFC 7519 §4.1.2"),
    "scope as an array": lambda: told("scope", "array", token=claims(scope=["a", "b"]), spec="RFC 8693 §4.2"),
    "password": lambda: told("password", "encrypt|anyone|read", token=claims(password="hunter2-Horse")),
    "issuer without TLS": lambda: told("iss", "http", token=claims(iss="http://issuer.example")),
    "very long life": lambda: told("lives|life", "year", token=claims(exp=NOW + 20 * 31_556_952)),
    "beyond a cookie": lambda: told("4,?096", token=claims(groups=["g" * 30] * 110)),
    "beyond a header": lambda: told("8 KB|8,?190|8,?192", token=claims(groups=["g" * 30] * 220)),
    "empty aud": lambda: told("aud", "empty", token=claims(aud=[])),
}  # fmt: skip


def jwe(header: dict[str, Any], *parts: bytes) -> str:
    return ".".join(map(b64u, [json.dumps(header).encode(), *parts]))


CBC, GCM = "A128CBC-HS256", "A128GCM"
ENCRYPTED: dict[str, Callable[[], Case]] = {
    "encrypted key for dir": lambda: told("encrypted key", "empty", token=jwe({"alg": "dir", "enc": GCM}, b"x" * 24, b"\0" * 12, b"x", b"\0" * 16), key=oct_jwk(b"k" * 16)),
    "encrypted key of the wrong size": lambda: told("encrypted key", "20 bytes", "24", token=jwe({"alg": "A128KW", "enc": GCM}, b"x" * 20, b"\0" * 12, b"x", b"\0" * 16), key=oct_jwk(b"k" * 16)),
    "RSA key of another size": lambda: told("encrypted key", "128 bytes", "256", token=jwe({"alg": "RSA-OAEP", "enc": GCM}, b"x" * 128, b"\0" * 12, b"x", b"\0" * 16), key=keyring.private_pem(private("RS256"))),
    "RSA1_5": lambda: told("RSA1_5", token=jwe({"alg": "RSA1_5", "enc": GCM}, b"x" * 256, b"\0" * 12, b"x", b"\0" * 16), key=keyring.private_pem(private("RS256"))),
    "no whole blocks": lambda: told("ciphertext", "17 bytes", "16", token=jwe({"alg": "dir", "enc": CBC}, b"", b"\0" * 16, b"x" * 17, b"\0" * 16), key=oct_jwk(b"k" * 32)),
    "tag of another size": lambda: told("tag", "24 bytes", "16", token=jwe({"alg": "dir", "enc": CBC}, b"", b"\0" * 16, b"x" * 16, b"\0" * 24), key=oct_jwk(b"k" * 32)),
    "unknown zip": lambda: told("zip", '"GZ"', '"DEF"', token=jwe({"alg": "dir", "enc": GCM, "zip": "GZ"}, b"", b"\0" * 12, b"x", b"\0" * 16), key=oct_jwk(b"k" * 16), spec="RFC 7516 §4.1.3"),
    "short salt": lambda: told("p2s", "4 bytes", "8", token=jwe({"alg": "PBES2-HS256+A128KW", "enc": GCM, "p2s": b64u(b"salt"), "p2c": 4096}, b"x" * 24, b"\0" * 12, b"x", b"\0" * 16), key="password"),
    "iv of the key wrap missing": lambda: told('"iv"', token=jwe({"alg": "A128GCMKW", "enc": GCM, "tag": b64u(b"\0" * 16)}, b"x" * 16, b"\0" * 12, b"x", b"\0" * 16), key=oct_jwk(b"k" * 16)),
    "epk on another curve": lambda: told("epk", "P-384", "P-256", token=jwe({"alg": "ECDH-ES", "enc": GCM, "epk": public_jwk(private("ES384"))}, b"", b"\0" * 12, b"x", b"\0" * 16), key=keyring.private_pem(private("ES256"))),
    "epk with its private part": lambda: told("epk", "private", token=jwe({"alg": "ECDH-ES", "enc": GCM, "epk": keyring.private_jwk(private("ES256", 1))}, b"", b"\0" * 12, b"x", b"\0" * 16), key=keyring.private_pem(private("ES256"))),
    "no epk": lambda: told("epk", token=jwe({"alg": "ECDH-ES", "enc": GCM}, b"", b"\0" * 12, b"x", b"\0" * 16), key=keyring.private_pem(private("ES256")), spec="RFC 7518 §4.6"),
}  # fmt: skip

ROOMS = {
    "envelope": ENVELOPE, "base64": BASE64, "json": JSON_TEXTS, "header": HEADERS,
    "signature": SIGNATURES, "key": KEYS, "claims": CLAIM_SETS, "jwe": ENCRYPTED,
}  # fmt: skip
CASES = {f"{room}/{name}": build for room, cases in ROOMS.items() for name, build in cases.items()}


@pytest.mark.parametrize("name", CASES)
def test_it_names(name: str):
    case = CASES[name]()
    given = {"token": case.token, "key": case.key, "at": NOW}
    report = judged(given)
    assert tells(report, given, *case.facts) == []
    if case.status:
        assert report.signature.status == case.status, report.signature.because


def test_no_case_raises_with_the_other_key():
    for build in CASES.values():
        case = build()
        for key in (SECRET, PEM, "", hashlib.sha256(b"").hexdigest()):
            assert judged({"token": case.token, "key": key, "at": NOW}).checks
