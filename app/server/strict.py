"""What counts as a request: RFC 9112 without its old liberties.

Waitress as released takes two Hosts, a length beside a transfer encoding, folded headers and HTTP/9.9: each is a way for two servers
in a row to read one text as different requests. No setting of it changes that. So its parser is asked only about what passes here.
"""

from __future__ import annotations

import re
import time
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.utilities import BadRequest, RequestEntityTooLarge

from app.web.security import MAX_BODY

MOST_HEADERS = 100

_LINE = re.compile(rb"[A-Z]{1,20} (?:(?i:https?)://(?P<authority>[^/?#\s]+))?(?P<path>/[!-\"$-~]*)? HTTP/1\.(?P<minor>[01])")
_NAME = re.compile(rb"[!#$%&'*+.^`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2 without "_": CGI makes it a "-"
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
# Never in a head: other control characters than tab and CR LF, an LF alone, a CR alone, a line that goes on (RFC 9112 §5.2).
_NEVER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?=[^\n])|\r\n[ \t]")
_END = b"\r\n\r\n"
_BEFORE = b"\r\n"

# Each decides something: where it is twice, two readers may decide differently. The last seven are those of a gateway.
ONCE = frozenset(
    (
        b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization", b"expect", b"origin", b"sec-fetch-site",
        b"x-original-uri", b"x-original-url", b"x-original-method", b"x-forwarded-uri", b"x-forwarded-method", b"x-forwarded-host",
        b"x-forwarded-proto",
    )
)  # fmt: skip


class LengthRequired(BadRequest):
    """A body that does not say how long it is (RFC 9112 §6.3): no chunk is ever decoded."""

    code = 411
    reason = "Length Required"


class Request(HTTPRequestParser):
    """Waitress's reader of a request behind a strict one; after the first fault it reads nothing more."""

    # Waitress names them in its log even for what never got as far.
    command = path = ""
    empty: bool

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take *data*; say how much of it belongs to this request."""
        if not self.headers_finished and not self.completed and self._is_unfit(data):
            self._refuse(BadRequest(""))
            return len(data)
        taken = int(super().received(data))
        if self.empty:
            # One empty line before a request is an old habit (RFC 9112 §2.2); nothing but empty lines is a way to stay.
            self.empty = False
            self._refuse(BadRequest(""))
        if self.error:
            # Where a request ends that cannot be read is not known: the rest is no next request.
            self._refuse(self.error)
            return len(data)
        if self.body_rcv is None:
            self.expect_continue = False
        return taken

    def _is_unfit(self, data: bytes) -> bool:
        # Judged as it comes, so that a client that never sends CR LF CR LF does not wait for its answer.
        start = max(0, len(self.header_plus) - 3)
        head = self.header_plus + data
        end = head.find(_END, start)
        head = head if end < 0 else head[: end + 2]
        return bool(_NEVER.search(head, start)) or not _begins(head)

    def _refuse(self, error: BadRequest) -> None:
        self.error = error
        self.completed = True
        self.expect_continue = False

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head; waitress gives one of its own where the real one is too large."""
        lines = header_plus.removesuffix(_END).split(b"\r\n")
        fields = _fields(lines[1:])
        self._judge_line(lines[0], fields)
        try:
            super().parse_header(header_plus)
        except ValueError:
            # Brackets in the address, and no address of IPv6 in them.
            raise ParsingError("") from None
        if b"transfer-encoding" in fields:
            self.chunked, self.body_rcv = False, None
            self._refuse(LengthRequired(""))
        elif self.expect_continue and self.content_length > MAX_BODY:
            # Who asks first is not told to go on with what is refused then (RFC 9110 §10.1.1).
            self._refuse(RequestEntityTooLarge(""))

    def _judge_line(self, line: bytes, fields: dict[bytes, bytes]) -> None:
        match = _LINE.fullmatch(line.rstrip(b"\r\n"))
        host = fields.get(b"host")
        if not match or (not match["authority"] and not match["path"]):
            raise ParsingError("")
        if host is None and match["minor"] == b"1":
            raise ParsingError("")
        # RFC 9112 §3.2.2 lets the address win over Host: two hosts in one request are one too many.
        if match["authority"] and match["authority"].lower() != (host or b"").lower():
            raise ParsingError("")
        if b"transfer-encoding" in fields:
            if b"content-length" in fields or match["minor"] == b"0":
                raise ParsingError("")
            if fields[b"transfer-encoding"].lower() != b"chunked":
                raise TransferEncodingNotImplemented("")


def _begins(head: bytes) -> bool:
    """Say whether *head* may still become a request: a capital letter, after at most one empty line."""
    text = head.removeprefix(_BEFORE)
    return not text or text == b"\r" or text[:1].isupper()


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    """Return the headers by name, or refuse what two readers could take differently."""
    lines = [line for line in lines if line]
    if len(lines) > MOST_HEADERS:
        raise ParsingError("")
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        key = name.lower()
        if not colon or not _NAME.fullmatch(name) or (key in ONCE and key in found):
            raise ParsingError("")
        found[key] = value.strip(b" \t")
    if not _HOST.fullmatch(found.get(b"host", b"")) or not _LENGTH.fullmatch(found.get(b"content-length", b"0")):
        raise ParsingError("")
    return found
