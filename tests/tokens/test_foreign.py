"""What is no token is named: other sorts of token, keys, tokens in another encoding. Nothing of it is judged."""

from __future__ import annotations

import base64
import gzip
import zlib

import pytest

from app.tokens import decode
from tests.tokens.keyring import CLAIMS, b64u, codes, oct_jwk, private, public_pem, read_out, token

GOOD = token("HS256")
MACAROON = base64.b64encode(b"0021location http://a.example/\n0015identifier keyid\n").decode()
SAML = '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"></samlp:Response>'


def base62(data: bytes) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return text


BRANCA = base62(b"\xba" + (1_700_000_000).to_bytes(4, "big") + bytes(range(24)) + b"\x05" * 30)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("v4.public.eyJkYXRhIjoidGVzdCJ9xxxx", "PASETO, version 4, public", id="PASETO v4 public"),
        pytest.param("v4.local.AAAAAAAAAAAAAAAA", "PASETO, version 4, local", id="PASETO v4 local"),
        pytest.param("v2.local.AAAA.Zm9v", "PASETO, version 2, local", id="PASETO with a footer"),
        pytest.param("v1.public.AAAA", "PASETO, version 1", id="PASETO v1"),
        pytest.param("gAAAAABZ" + "A" * 92 + "==", "Fernet", id="Fernet"),
        pytest.param(MACAROON, "macaroon", id="macaroon"),
        pytest.param(base64.b64encode(b"\x02\x01\x05a.com\x02\x03key").decode(), "macaroon", id="macaroon, version 2"),
        pytest.param(BRANCA, "Branca", id="Branca"),
        pytest.param(base64.b64encode(SAML.encode()).decode(), "SAML", id="SAML"),
        pytest.param(base64.b64encode(b'<?xml version="1.0"?>' + SAML.encode()).decode(), "SAML", id="SAML with a declaration"),
        pytest.param(base64.b64encode(raw_deflate(SAML.encode())).decode(), "SAML message, deflated", id="SAML, deflated"),
        pytest.param("-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----", "OpenPGP", id="PGP"),
        pytest.param(base64.b64encode(bytes.fromhex("d28443a10126a0")).decode(), "CWT", id="CWT"),
        pytest.param(("d28443a10126a0" * 4), "CWT", id="CWT in hex"),
        pytest.param("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "introspection", id="UUID"),
        pytest.param("ya29.a0AfH6SMBx_abcdefghijklmnop", "Google access token", id="Google"),
        pytest.param("www.example.com", "host name", id="a host"),
        pytest.param(" api.example.co.uk\n", "host name", id="a host of four names"),
        pytest.param("foo.bar.baz", "name with dots", id="a name"),
        pytest.param("1.2.3", "version", id="a version"),
        pytest.param("v1.12.0-rc.1", "version", id="a version of a candidate"),
        pytest.param("10.0.0.1", "IP address", id="an address"),
        pytest.param("sk_live.4eC39HqLyjWDarjtT1zdp7dc", "opaque reference token", id="two parts"),
        pytest.param("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "GitHub", id="GitHub"),
    ],
)
def test_another_sort_of_token_is_named(text: str, told: str):
    decoded = decode(text)
    read_out(decoded)
    assert (decoded.kind, decoded.header, decoded.payload) == ("unknown", None, None)
    (finding,) = decoded.findings
    assert finding.code == "not_a_token"
    assert told in finding.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("e30.e30.abcd", id="empty objects in small letters"),
        pytest.param("e30.abcd", id="an empty object and no signature"),
        pytest.param(GOOD.lower(), id="small letters"),
        pytest.param(GOOD.rpartition(".")[0].lower(), id="small letters and no signature"),
        pytest.param("x" + GOOD.rpartition(".")[0], id="a letter in front of the header"),
        pytest.param("AAAA.AAAA.AAAA", id="three parts of something"),
    ],
)
def test_what_was_meant_as_a_token_is_read_as_one(text: str):
    decoded = decode(text)
    assert decoded.kind == "JWS"
    assert "not_a_token" not in codes(decoded.findings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(public_pem(private("ES256")), "key in PEM", id="a public key"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----", "private key in PEM", id="a private key"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", "certificate in PEM", id="a certificate"),
        pytest.param("subject=/CN=a.b.example\n-----BEGIN CERTIFICATE-----\nAA==", "certificate in PEM", id="a certificate with words"),
        pytest.param(oct_jwk(), "JWK", id="a JWK"),
        pytest.param('{"kty":"oct","k":"AAAA","kid":"a.b.c"}', "JWK", id="a JWK with dots"),
        pytest.param('{"keys":[]}', "JWK Set", id="a JWK Set"),
        pytest.param("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me@host.example.com", "OpenSSH", id="OpenSSH"),
    ],
)
def test_a_key_is_sent_to_the_key_box(text: str, told: str):
    decoded = decode(text)
    (finding,) = decoded.findings
    assert finding.code == "not_a_token"
    assert told in finding.message
    assert "it belongs in the key box" in finding.message
    (repair,) = finding.repairs
    assert (repair.field, repair.text, repair.length) == ("key", text.strip(), None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD.encode().hex(), id="hex"),
        pytest.param(GOOD.encode().hex().upper(), id="HEX"),
        pytest.param(GOOD.encode().hex(" "), id="hex dump"),
        pytest.param("0x" + GOOD.encode().hex(), id="0x"),
        pytest.param("\\x" + GOOD.encode().hex("|").replace("|", "\\x"), id="escaped bytes"),
        pytest.param(b64u(GOOD), id="base64url of a token"),
        pytest.param(base64.b64encode(GOOD.encode()).decode(), id="base64 of a token"),
        pytest.param(base64.b64encode(GOOD.encode() + b"\n").decode(), id="base64 with a line break"),
        pytest.param(base64.encodebytes(GOOD.encode()).decode(), id="MIME lines"),
        pytest.param(base64.b64encode(gzip.compress(GOOD.encode())).decode(), id="gzip"),
        pytest.param(base64.b64encode(zlib.compress(GOOD.encode())).decode(), id="zlib"),
        pytest.param(gzip.compress(GOOD.encode()).hex(), id="gzip in hex"),
    ],
)
def test_a_token_in_another_encoding_can_be_read_out(text: str):
    (finding,) = decode(text).findings
    (mend,) = finding.repairs
    assert (mend.field, mend.text, mend.length) == ("token", GOOD, None)
    assert decode(mend.text).payload_text == CLAIMS


def test_a_bomb_is_not_inflated():
    decoded = decode(base64.b64encode(gzip.compress(b"0" * 20_000_000)).decode())
    assert codes(decoded.findings) == ["not_a_token"]


@pytest.mark.parametrize(
    ("change", "told"), [pytest.param(str.upper, "capital", id="QR code"), pytest.param(str.lower, "small", id="lower case")]
)
def test_lost_capitals_cannot_be_brought_back(change: object, told: str):
    text = change(GOOD)  # type: ignore[operator]
    decoded = decode(text)
    (finding,) = [one for one in decoded.findings if one.code == "case_lost"]
    assert (finding.level, finding.repairs, finding.spec) == ("error", (), "RFC 4648 §5")
    assert f"all in {told} letters" in finding.message


def test_a_token_with_both_cases_has_lost_none():
    assert "case_lost" not in codes(decode(GOOD).findings)


def test_a_megabyte_is_not_read():
    decoded = decode("a." * 600_000)
    (finding,) = decoded.findings
    assert finding.code == "input_too_long"
    assert "1,200,000 characters" in finding.message
    assert decoded.kind == "unknown"
