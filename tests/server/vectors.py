"""Requests that two servers in a row could read differently, or that tie one up: RFC 9112, and what is known of smuggling.

Each is sent as it stands, with a second request behind it. `status` is the one answer there may be.
"""

from __future__ import annotations

from dataclasses import dataclass

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Vector:
    """A request in bytes, and the status of its one answer; *section* is of RFC 9112 unless it says otherwise."""

    name: str
    sent: bytes
    status: int
    section: str

    @property
    def is_taken(self) -> bool:
        return self.status == 200


def _get(*headers: bytes, line: bytes = b"GET /first HTTP/1.1", host: bytes = b"Host: localhost") -> bytes:
    return b"\r\n".join([line, *([host] if host else []), *headers, b"", b""])


def _post(*headers: bytes, body: bytes = b"", line: bytes = b"POST /first HTTP/1.1") -> bytes:
    return _get(*headers, line=line) + body


_CHUNKED = b"Transfer-Encoding: chunked"
_EMPTY = b"0\r\n\r\n"

VECTORS = (
    # Where does the body end?
    Vector("CL beside TE", _post(b"Content-Length: 6", _CHUNKED, body=_EMPTY + b"G"), 400, "§6.1"),
    Vector("TE beside CL", _post(_CHUNKED, b"Content-Length: 4", body=b"5c\r\n"), 400, "§6.1"),
    Vector("TE twice", _post(_CHUNKED, _CHUNKED, body=_EMPTY), 400, "§6.1"),
    Vector("TE twice, one of them odd", _post(_CHUNKED, b"Transfer-Encoding: cow", body=_EMPTY), 400, "§6.1"),
    Vector("TE gzip, chunked", _post(b"Transfer-Encoding: gzip, chunked", body=_EMPTY), 501, "§6.1"),
    Vector("TE chunked, identity", _post(b"Transfer-Encoding: chunked, identity", body=_EMPTY), 501, "§6.1"),
    Vector("TE xchunked", _post(b"Transfer-Encoding: xchunked", body=_EMPTY), 501, "§6.1"),
    Vector("TE with a vertical tab", _post(b"Transfer-Encoding: \x0bchunked", body=_EMPTY), 400, "RFC 9110 §5.5"),
    Vector("TE with a space before the colon", _post(b"Transfer-Encoding : chunked", body=_EMPTY), 400, "§5.1"),
    Vector("TE in quotes", _post(b'Transfer-Encoding: "chunked"', body=_EMPTY), 501, "§6.1"),
    Vector("TE with an underscore", _post(b"Transfer_Encoding: chunked", body=_EMPTY), 400, "RFC 3875 §4.1.18"),
    Vector("TE in HTTP/1.0", _post(_CHUNKED, body=_EMPTY, line=b"POST /first HTTP/1.0"), 400, "§6.1"),
    Vector("TE chunked, sound", _post(_CHUNKED, body=b"3\r\nabc\r\n" + _EMPTY), 411, "§6.3"),
    Vector("a chunk of 0x3", _post(_CHUNKED, body=b"0x3\r\nabc\r\n" + _EMPTY), 411, "§7.1"),
    Vector("a chunk of +3", _post(_CHUNKED, body=b"+3\r\nabc\r\n" + _EMPTY), 411, "§7.1"),
    Vector("a chunk of -1", _post(_CHUNKED, body=b"-1\r\nabc\r\n" + _EMPTY), 411, "§7.1"),
    Vector("a chunk larger than any", _post(_CHUNKED, body=b"ffffffffffffffffff\r\nabc\r\n"), 411, "§7.1"),
    Vector("a chunk that ends in LF", _post(_CHUNKED, body=b"3\nabc\r\n" + _EMPTY), 411, "§7.1"),
    Vector("a trailer", _post(_CHUNKED, body=b"0\r\nHost: evil\r\n\r\n"), 411, "§7.1.2"),
    Vector("CL twice, the same", _post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), 400, "§6.3"),
    Vector("CL twice, different", _post(b"Content-Length: 3", b"Content-Length: 4", body=b"abc"), 400, "§6.3"),
    Vector("CL as a list", _post(b"Content-Length: 3, 3", body=b"abc"), 400, "§6.3"),
    Vector("CL negative", _post(b"Content-Length: -1"), 400, "§6.2"),
    Vector("CL with a plus", _post(b"Content-Length: +3", body=b"abc"), 400, "§6.2"),
    Vector("CL in hexadecimal", _post(b"Content-Length: 0x3", body=b"abc"), 400, "§6.2"),
    Vector("CL with a space inside", _post(b"Content-Length: 1 3", body=b"abc"), 400, "§6.2"),
    Vector("CL empty", _post(b"Content-Length:", body=b"abc"), 400, "§6.2"),
    Vector("CL in other digits", _post("Content-Length: ٣".encode(), body=b"abc"), 400, "§6.2"),
    Vector("CL of twenty digits", _post(b"Content-Length: 18446744073709551619", body=b"abc"), 400, "§6.2"),
    Vector("CL larger than is taken", _post(b"Content-Length: 999999999"), 413, "RFC 9110 §15.5.14"),
    Vector("CL with an underscore", _post(b"Content_Length: 3", body=b"abc"), 400, "RFC 3875 §4.1.2"),
    # Who is asked?
    Vector("no Host", _get(host=b""), 400, "§3.2"),
    Vector("Host twice", _get(b"Host: evil"), 400, "§3.2"),
    Vector("Host twice, the same", _get(b"Host: localhost"), 400, "§3.2"),
    Vector("Host with a list", _get(host=b"Host: localhost, evil"), 400, "§3.2"),
    Vector("Host with a path", _get(host=b"Host: localhost/evil"), 400, "§3.2"),
    Vector("Host with a user", _get(host=b"Host: localhost@evil"), 400, "§3.2"),
    Vector("Host with a space before the colon", _get(host=b"Host : localhost"), 400, "§5.1"),
    Vector("an address with another host", _get(line=b"GET http://evil/first HTTP/1.1"), 400, "§3.2.2"),
    Vector("an address with a user", _get(line=b"GET http://localhost@evil/first HTTP/1.1"), 400, "§3.2.2"),
    Vector("an address that is none", _get(line=b"GET http://[/first HTTP/1.1", host=b"Host: ["), 400, "RFC 3986 §3.2.2"),
    Vector("words in brackets", _get(line=b"GET http://[evil]/first HTTP/1.1", host=b"Host: [evil]"), 400, "RFC 3986 §3.2.2"),
    Vector("CONNECT", _get(line=b"CONNECT localhost:443 HTTP/1.1"), 400, "§3.2.3"),
    Vector("OPTIONS *", _get(line=b"OPTIONS * HTTP/1.1"), 400, "§3.2.4"),
    # What is a line?
    Vector("LF alone everywhere", b"GET /first HTTP/1.1\nHost: localhost\n\n", 400, "§2.2"),
    Vector("LF alone after a header", b"GET /first HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400, "§2.2"),
    Vector("CR alone in a header", _get(b"X: y\rTransfer-Encoding: chunked"), 400, "§2.2"),
    Vector("a header that goes on", _get(b"X: y", b" z"), 400, "§5.2"),
    Vector("TE that goes on", _post(b"Transfer-Encoding:", b" chunked", body=_EMPTY), 400, "§5.2"),
    Vector("the first header begins with a space", b"GET /first HTTP/1.1\r\n Host: localhost\r\n\r\n", 400, "§2.2"),
    Vector("a space before the method", b" " + _get(), 400, "§3"),
    Vector("nothing but empty lines", b"\r\n\r\n", 400, "§2.2"),
    Vector("two empty lines before the method", b"\r\n\r\n" + _get(), 400, "§2.2"),
    Vector("NUL in a header", _get(b"X: a\x00b"), 400, "RFC 9110 §5.5"),
    Vector("NUL in a name", _get(b"X\x00: a"), 400, "RFC 9110 §5.1"),
    Vector("NUL in the path", _get(line=b"GET /fi\x00rst HTTP/1.1"), 400, "§3.2"),
    Vector("DEL in a header", _get(b"X: a\x7fb"), 400, "RFC 9110 §5.5"),
    Vector("a header without a colon", _get(b"X"), 400, "§5"),
    Vector("a header without a name", _get(b": x"), 400, "§5"),
    Vector("a name with a space", _get(b"X Y: z"), 400, "§5.1"),
    # Which language is this?
    Vector("HTTP/9.9", _get(line=b"GET /first HTTP/9.9"), 400, "§2.3"),
    Vector("HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "RFC 9113 §3.4"),
    Vector("HTTP/0.9", b"GET /first\r\n\r\n", 400, "§2.3"),
    Vector("HTTP/1.10", _get(line=b"GET /first HTTP/1.10"), 400, "§2.3"),
    Vector("http/1.1", _get(line=b"GET /first http/1.1"), 400, "§2.3"),
    Vector("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "RFC 8446 §5.1"),
    Vector("a method in small letters", _get(line=b"get /first HTTP/1.1"), 400, "RFC 9110 §9.1"),
    Vector("two spaces", _get(line=b"GET  /first HTTP/1.1"), 400, "§3"),
    Vector("a tab for a space", _get(line=b"GET\t/first HTTP/1.1"), 400, "§3"),
    Vector("a space in the path", _get(line=b"GET /first /second HTTP/1.1"), 400, "§3.2"),
    Vector("a fragment", _get(line=b"GET /first#second HTTP/1.1"), 400, "§3.2.1"),
    Vector("a path in raw UTF-8", _get(line="GET /fürst HTTP/1.1".encode()), 400, "§3.2"),
    # How much is too much?
    Vector("a header of 300 kB", _get(b"X: " + b"x" * 300_000), 431, "RFC 6585 §5"),
    Vector("a path of 300 kB", _get(line=b"GET /" + b"x" * 300_000 + b" HTTP/1.1"), 431, "RFC 6585 §5"),
    Vector("101 headers", _get(*(b"X-%d: y" % number for number in range(100))), 400, "RFC 6585 §5"),
    Vector("Expect of too much", _post(b"Expect: 100-continue", b"Content-Length: 999999999"), 413, "RFC 9110 §10.1.1"),
    # What is said twice must not be decided by chance.
    Vector("Authorization twice", _get(b"Authorization: Bearer a", b"Authorization: Bearer b"), 400, "RFC 9110 §5.3"),
    Vector("Content-Type twice", _post(b"Content-Type: a/b", b"content-type: c/d", b"Content-Length: 0"), 400, "RFC 9110 §5.3"),
    Vector("X-Original-URI twice", _get(b"X-Original-URI: /public", b"X-Original-URI: /secret"), 400, "RFC 9110 §5.3"),
    # The same server takes what is sound.
    Vector("a plain request", _get(), 200, "§3"),
    Vector("one empty line before the method", b"\r\n" + _get(), 200, "§2.2"),
    Vector("an address with the same host", _get(line=b"GET http://LOCALHOST/first HTTP/1.1"), 200, "§3.2.2"),
    Vector("a body", _post(b"Content-Length: 3", body=b"abc"), 200, "§6.2"),
    Vector("a body that says how it ends in zeros", _post(b"Content-Length: 003", body=b"abc"), 200, "§6.2"),
    Vector("a hundred headers", _get(*(b"X-%d: y" % number for number in range(99))), 200, "§5"),
    Vector("UTF-8 in a header", _get("X: ü".encode()), 200, "RFC 9110 §5.5"),
    Vector("a header without a value", _get(b"X:"), 200, "RFC 9110 §5.5"),
    Vector("the same harmless header twice", _get(b"Via: a", b"Via: b"), 200, "RFC 9110 §5.3"),
)
