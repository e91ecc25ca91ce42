"""One connection: how long a client may take, what waitress refuses in our words, and a refused body read to its end."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from app.server.discretion import tell
from app.server.forwarded import believed
from app.server.strict import Request
from app.web.security import REFUSALS, render, with_headers

# For a whole request from its first byte, and for a whole answer. Waitress counts from the last byte: one byte now and then is enough for it.
REQUEST_SECONDS = 15.0
ANSWER_SECONDS = 60.0


class Whole(WSGITask):
    """An answer whose head leaves together with the body: waitress sends it alone, and whoever waits is woken twice."""

    channel: Any

    def write(self, data: bytes) -> None:
        channel, held = self.channel, bytearray()
        if not self.wrote_header:
            self.channel = _Held(channel, held)
        try:
            super().write(data)
        finally:
            self.channel = channel
        if held:
            channel.write_soon(bytes(held))


class _Held:
    """A channel that keeps what is written."""

    def __init__(self, channel: Any, held: bytearray) -> None:
        self.server, self.write_soon = channel.server, held.extend


class Answer(Whole):
    """The application's answer; a connection whose request was refused is not used again."""

    def build_response_header(self) -> Any:
        if self.status.startswith("4"):
            self.set_close_on_finish()
        return super().build_response_header()


class Refused(ErrorTask):
    """An answer that waitress makes itself, in our words and with our headers."""

    def execute(self) -> None:
        rows = {row.status.value: row for row in REFUSALS.values()}
        refusal = rows.get(self.request.error.code, REFUSALS["bad_request"])
        status, headers, body = render(refusal, as_json=self.request.path.startswith("/api/"))
        self.status = status
        said = self.request.headers.get("X_FORWARDED_PROTO", "")
        scheme = believed(said, self.channel.addr[0], self.channel.server.proxies)
        self.response_headers.extend(with_headers(headers, scheme))
        self.set_close_on_finish()
        self.channel.refused = True
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)


class Channel(HTTPChannel):
    """A connection that reads a refused body to its end: closed at once, it would be reset and our answer lost."""

    parser_class = Request
    task_class = Answer
    error_task_class = Refused
    refused = False
    lingering = False
    answering_since: float | None = None

    def handle_close(self) -> None:
        if not self.refused or self.lingering:
            super().handle_close()
            return
        # Bounded by channel_timeout: what arrives from now on does not count as activity.
        self.lingering, self.will_close = True, False
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def handle_read(self) -> None:
        if self.lingering:
            with suppress(OSError):
                self.recv(self.adj.recv_bytes)
        else:
            super().handle_read()

    def handle_error(self) -> None:
        """Tell of a fault in the loop itself: waitress would write its text, which may hold what was sent, where nobody reads it."""
        kind, _, trace = sys.exc_info()
        tell(kind, trace)
        self.cut()

    def is_busy(self) -> bool:
        """Say whether a request is here, or a part of one, or an answer."""
        # In this order: a thread appends its answer before it takes the request off the list.
        return self.request is not None or bool(self.requests) or self.total_outbufs_len > 0

    def is_late(self, now: float) -> bool:
        """Say whether the client takes too long over its request, or over our answer; to be asked about once a second."""
        if not self.total_outbufs_len:
            self.answering_since = None
        elif self.answering_since is None:
            self.answering_since = now
        elif now - self.answering_since > ANSWER_SECONDS:
            return True
        request = self.request
        return request is not None and not self.requests and now - request.began > REQUEST_SECONDS

    def cut(self) -> None:
        """Close at once, without an answer and without waiting for more."""
        self.refused = False
        self.handle_close()


def late(channels: list[Channel]) -> list[Channel]:
    """Return those of *channels* whose time is up."""
    now = time.monotonic()
    return [channel for channel in channels if channel.is_late(now)]
