"""What the server writes down: which exception came from where, and nothing of what was sent."""

from __future__ import annotations

import logging
import sys
from types import TracebackType


class DiscreetLog(logging.Handler):
    """Write which exception came from where; its text and the path may hold a token."""

    def emit(self, record: logging.LogRecord) -> None:
        kind, _, trace = record.exc_info or (None, None, None)
        tell(kind, trace)


def tell(kind: type[BaseException] | None, trace: TracebackType | None) -> None:
    """Write the name of the exception *kind* and the place at the end of *trace*."""
    if kind is None:
        return
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    print(f"jwtlens: error: no answer could be made: {kind.__name__}{where}", file=sys.stderr, flush=True)


def discreet() -> None:
    """Let waitress log nothing but what DiscreetLog writes."""
    log = logging.getLogger("waitress")
    log.handlers, log.propagate = [DiscreetLog()], False
