"""A connection from a proxy that asks: the headers as they came, and nothing but a denial for what is no request."""

from __future__ import annotations

import time
from typing import Any

from waitress.task import ErrorTask, WSGITask

from app.server.channel import Channel
from app.server.strict import Request


class Asking(Request):
    """A request that keeps its lines: joined, two headers of one name look like one."""

    lines: tuple[tuple[str, str], ...] = ()
    came = 0.0

    def parse_header(self, header_plus: bytes) -> None:
        self.came = time.monotonic()
        super().parse_header(header_plus)
        self.lines = tuple(_pair(line) for line in header_plus.split(b"\r\n")[1:] if line)


class Asked(WSGITask):
    """The answer to a proxy. Its connection stays open behind a denial too: the request could be read, and the next one may be allowed."""

    def get_environment(self) -> Any:
        environ = super().get_environment()
        environ["jwtlens.headers"], environ["jwtlens.began"] = self.request.lines, self.request.came
        return environ


class Denied(ErrorTask):
    """What the application answers to something that is no request."""

    def execute(self) -> None:
        answer = self.channel.server.application.refused()
        self.status = answer.line
        self.response_headers.extend(answer.headers)
        self.set_close_on_finish()
        self.channel.refused = True
        self.content_length = 0
        self.write(b"")


class ProxyChannel(Channel):
    """A connection from a proxy."""

    parser_class = Asking
    task_class = Asked
    error_task_class = Denied


def _pair(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    return name.decode("latin-1"), value.strip(b" \t").decode("latin-1")
