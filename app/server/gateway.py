"""The forward-auth server: processes that share their sockets, and what signals do to them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

from app.forwardauth import LOOPBACK, CannotLoad, Metrics, Options, Service, Worker
from app.forwardauth.service import place
from app.server import discreet, listeners
from app.server.connections import ProxyServer
from app.server.memory import keep, leave_no_core
from app.server.workers import Care, hear, hold, supervise

__all__ = ["LOOPBACK", "CannotLoad", "Options", "Service", "serve"]

# Beside those of every server.
OPTIONS: dict[str, Any] = {
    # Above what a policy reads of a request, so that its own words refuse one that is a little too large.
    "max_request_header_size": 49_152,
    # A proxy keeps its connections for a minute; closed first on this side, a request could run into the closing.
    "channel_timeout": 75,
    # The application reads the lines of a request as they came, and believes none of these headers.
    "clear_untrusted_proxy_headers": False,
}
_BACKLOG = 1024


def serve(service: Service, workers: int, announce: Callable[[int], None]) -> None:
    """Listen, tell *announce* the port, and answer until SIGTERM or Ctrl-C; raises CannotServe and CannotLoad."""
    leave_no_core()
    discreet()
    service.read()
    bound = listeners(service.settings.host, service.settings.port)
    for listener in bound:
        listener.listen(_BACKLOG)
    metrics = Metrics(workers + 1)
    keep()
    hold()
    announce(bound[0].getsockname()[1])

    def work(number: int) -> None:
        _run(Worker(service, metrics, number, is_alone=workers == 1), bound, is_alone=workers == 1)

    first = metrics.tally(workers)

    def renewed() -> bool:
        is_taken = service.renew()
        first.count("reloaded" if is_taken else "not_reloaded")
        return is_taken

    def started() -> None:
        first.count("workers_started")

    def ended(status: int) -> None:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        service.tell("warning", f"a worker ended with {how}, and another takes its place")

    if workers == 1:
        started()
        work(0)
    else:
        supervise(workers, Care(work, renewed, started, ended, lambda error: service.tell("error", f"a worker ends: {place(error)}")))


def _run(worker: Worker, bound: list[Any], *, is_alone: bool) -> None:
    server = ProxyServer(worker.app, bound, **OPTIONS)
    signal.signal(signal.SIGTERM, server.stop)
    if is_alone:
        signal.signal(signal.SIGINT, server.stop)
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=worker.reload, daemon=True).start())
    worker.start()
    hear()
    try:
        server.run()
    finally:
        worker.stop()
