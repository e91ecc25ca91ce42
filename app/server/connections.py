"""A connection from a proxy that asks: its headers as they came, answered in the loop, and nothing but a denial for what is no request.

Judging is work for the processor alone, so threads would only wait for each other: one after the other is quicker, and no request
overtakes. What may have to wait, for a key that is on its way, goes to a thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from waitress.task import ErrorTask, Task

from app.forwardauth import ForwardAuth
from app.forwardauth.answers import Answer
from app.forwardauth.asked import of_lines
from app.forwardauth.gate import WAIT_SECONDS
from app.forwardauth.keys import MOST_WAITING
from app.server.channel import Channel
from app.server.loop import Server
from app.server.strict import Request


class Asking(Request):
    """A request that keeps its lines: joined, two headers of one name look like one."""

    lines: tuple[tuple[str, str], ...] = ()
    came = 0.0
    answer: Answer | None = None

    def parse_header(self, header_plus: bytes) -> None:
        self.came = time.monotonic()
        super().parse_header(header_plus)
        self.lines = tuple(_pair(line) for line in header_plus.split(b"\r\n")[1:] if line)


class Asked(Task):
    """The answer to a proxy. Its connection stays open behind a denial too: the request could be read, and the next one may be allowed."""

    complete = True

    def execute(self) -> None:
        answer = self.request.answer
        self.status = answer.line
        self.response_headers.extend(answer.headers)
        if self.has_body:
            self.content_length = len(answer.body)
        self.write(b"" if self.request.command == "HEAD" else answer.body)


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

    def service(self) -> None:
        request = self.requests[0]
        if not request.error:
            request.answer = self._answer(request, None)
            if request.answer is None and self.server.task_dispatcher.later(self._wait):
                return
            request.answer = request.answer or self._answer(request, 0.0)
        super().service()

    def _wait(self) -> None:
        request = self.requests[0]
        request.answer = self._answer(request, WAIT_SECONDS)
        super().service()
        self.server.pull_trigger()

    def _answer(self, request: Asking, wait: float | None) -> Answer | None:
        application: ForwardAuth = self.server.application
        came = of_lines(request.command, request.request_uri, request.lines, self.addr[0])
        return application.hear(came, request.came, wait)


class Turns:
    """Instead of waitress's threads: what is to be done waits for its turn in the loop, and for a thread only if it must."""

    def __init__(self) -> None:
        self._tasks: deque[Any] = deque()
        self._pool = ThreadPoolExecutor(MOST_WAITING, "waiting")
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def add_task(self, task: Any) -> None:
        self._tasks.append(task)

    @property
    def are_left(self) -> bool:
        return bool(self._tasks)

    def run(self) -> None:
        """Do what has come since the last time; a connection with more requests has its next one then."""
        for _ in range(len(self._tasks)):
            self._tasks.popleft().service()

    def later(self, work: Any) -> bool:
        """Have *work* done by a thread, if one is free."""
        if not self._room.acquire(blocking=False):
            return False
        self._pool.submit(work).add_done_callback(lambda _: self._room.release())
        return True

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        self._pool.shutdown(wait=False)
        return True


class ProxyServer(Server):
    """A server for proxies."""

    def __init__(self, application: ForwardAuth, sockets: Any, **options: Any) -> None:
        self.turns = Turns()
        super().__init__(application, sockets=sockets, _dispatcher=self.turns, **options)
        for door in self.doors:
            door.channel_class = ProxyChannel

    def _is_busy(self) -> bool:
        # A request that has arrived and is not read yet would be lost with its connection.
        self._turn(0.0)
        return super()._is_busy()

    def _turn(self, seconds: float) -> None:
        super()._turn(0.0 if self.turns.are_left else seconds)
        self.turns.run()


def _pair(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    return name.decode("latin-1"), value.strip(b" \t").decode("latin-1")
