"""Many pieces judged at once, their results in order: in this process, in several, or on a Dask cluster.

No more pieces are under way than keep the workers busy, so that memory stays bounded. When a worker dies, what it
had not handed over is judged again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as ended
from typing import Any

from app.audit import interrupts, work
from app.audit.brief import Brief
from app.audit.inputs import Piece
from app.audit.work import Result

AHEAD = 3
"""How many pieces wait for each worker or are at work there."""
_MOST_DEATHS = 3
_LOOK = 2.0
"""Seconds after which a worker is looked after."""
_PATIENCE = 10
"""Seconds in which a scheduler must answer."""

Results = Generator[Result, None, None]
"""In the order of the pieces; whoever takes no more closes it, which ends the workers."""
Lane = Callable[[Brief, Iterable[Piece]], Results]


class LostWorkers(Exception):
    """Workers died again and again over the same pieces, or the scheduler did."""


def here(brief: Brief, pieces: Iterable[Piece]) -> Results:
    """One piece after the other in this process."""
    for piece in pieces:
        yield work.judged(brief, piece)


def several(workers: int) -> Lane:
    """A lane of *workers* processes of this machine."""
    return lambda brief, pieces: _Pool(workers, brief).results(pieces)


class _Pool:
    """Processes that are begun anew when one of them is killed."""

    def __init__(self, workers: int, brief: Brief) -> None:
        self.workers = workers
        self.brief = brief
        self.under_way: deque[tuple[Piece, Future[Result]]] = deque()
        self.pool = self.begun()

    def begun(self) -> ProcessPoolExecutor:
        # Begun from nothing: a fork would copy threads and locks of whoever calls.
        return ProcessPoolExecutor(self.workers, get_context("spawn"), _end_with_parent)

    def results(self, pieces: Iterable[Piece]) -> Results:
        try:
            for piece in pieces:
                self.under_way.append((piece, self.submitted(piece)))
                if len(self.under_way) >= AHEAD * self.workers:
                    yield self.next()
            while self.under_way:
                yield self.next()
        finally:
            self.pool.shutdown(wait=True, cancel_futures=True)

    def submitted(self, piece: Piece) -> Future[Result]:
        try:
            with interrupts.unheard():  # it begins a process if none is idle
                return self.pool.submit(work.judged, self.brief, piece.light())
        except BrokenProcessPool as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def next(self) -> Result:
        for _ in range(_MOST_DEATHS):
            try:
                result = self.awaited(self.under_way[0][1])
            except BrokenProcessPool:
                self.pool.shutdown(wait=True, cancel_futures=True)
                self.pool = self.begun()
                self.under_way = deque((piece, self.kept(piece, future)) for piece, future in self.under_way)
            except OSError:  # the file was rotated away meanwhile; its bytes are still here
                return work.judged(self.brief, self.under_way.popleft()[0])
            else:
                self.under_way.popleft()
                return result
        raise LostWorkers

    def awaited(self, future: Future[Result]) -> Result:
        """What comes of *future*.

        A worker that is killed while it hands over a result leaves the pool waiting for the rest of it, for this process could
        write it too: the pool is told that none will come.
        """
        while not wait([future], _LOOK).done:
            if self.has_lost_one() and not wait([future], _LOOK).done:
                pool: Any = self.pool
                for process in pool._processes.values():
                    process.kill()
                pool._result_queue._writer.close()
                break
        return future.result()

    def has_lost_one(self) -> bool:
        pool: Any = self.pool
        return bool(ended([process.sentinel for process in list((pool._processes or {}).values())], 0))

    def kept(self, piece: Piece, future: Future[Result]) -> Future[Result]:
        """What came of the piece if it was finished; else it is judged again."""
        is_finished = future.done() and not future.cancelled() and future.exception() is None
        return future if is_finished else self.submitted(piece)


def _end_with_parent() -> None:
    """A worker whose process was killed would wait for ever, with the keys."""
    parent = parent_process()
    assert parent

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def cluster(address: str) -> Lane:
    """A lane over the Dask cluster whose scheduler is at *address*; raises OSError when none answers."""
    from distributed import Client, KilledWorker

    class Quiet(Client):
        """A client that never found its scheduler is not closed when it is forgotten, which would take 20 seconds."""

        def __del__(self) -> None:
            pass

    client: Any = Quiet(address, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]

    def results(brief: Brief, pieces: Iterable[Piece]) -> Results:
        under_way: deque[Any] = deque()
        try:
            ahead = AHEAD * max(1, sum(client.nthreads().values()))
            for piece in pieces:
                under_way.append(client.submit(work.judged, brief, piece, pure=False, retries=_MOST_DEATHS))
                if len(under_way) >= ahead:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except (KilledWorker, CancelledError, OSError):
            raise LostWorkers from None
        finally:
            client.close()

    return results
