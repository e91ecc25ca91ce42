"""One connection: what waitress refuses is said in our words, and a refused body is read to its end."""

from __future__ import annotations

import socket
from contextlib import suppress

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from app.web.security import REFUSALS, render, with_headers


class Refused(ErrorTask):
    """An answer that waitress makes itself, in our words and with our headers."""

    def execute(self) -> None:
        rows = {row.status.value: row for row in REFUSALS.values()}
        refusal = rows.get(self.request.error.code, REFUSALS["bad_request"])
        as_json = getattr(self.request, "path", "").startswith("/api/")
        self.status, headers, body = render(refusal, as_json=as_json)
        self.response_headers.extend(with_headers(headers, "http"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        self.write(body)


class Channel(HTTPChannel):
    """A connection that reads a refused body to its end: closed at once, it would be reset and our answer lost."""

    error_task_class = Refused
    refused = False
    lingering = False

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

    def is_busy(self) -> bool:
        # In this order: a thread appends its answer before it takes the request off the list.
        return bool(self.requests) or self.total_outbufs_len > 0
