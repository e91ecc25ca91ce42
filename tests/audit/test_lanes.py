"""One process, several, or a cluster of Dask: the same lines in the same order, whoever is killed on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from distributed import LocalCluster

from app.audit import inputs, lanes
from app.audit.inputs import Piece
from app.audit.work import judged
from app.cli import main
from tests.audit import logs

PIECES = 12
TOKENS = 300


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    texts = ["\n".join(logs.token("ES256", jti=f"{piece}-{number}") for number in range(TOKENS)).encode() for piece in range(PIECES)]
    return [Piece("a.log", 1000 * number, number + 1, number, text) for number, text in enumerate(texts)]


@pytest.fixture(scope="module")
def alone(pieces) -> list[bytes]:
    """What one process makes of the pieces."""
    return told(lanes.here(logs.brief("ES256"), pieces))


def told(results):
    return [result.lines for result in results]


def test_several_processes_give_the_same_in_the_same_order(pieces, alone):
    assert sum(lines.count(b"\n") for lines in alone) == PIECES * TOKENS
    assert told(lanes.several(2)(logs.brief("ES256"), pieces)) == alone


def killing_first(results, pids) -> Iterator[bytes]:
    """The results; when the first is there, a worker is killed while it has more to do."""
    for number, result in enumerate(results):
        if number == 0:
            os.kill(pids()[0], signal.SIGKILL)
        yield result.lines


def test_a_killed_process_loses_nothing(pieces, alone):
    pool = lanes._Pool(2, logs.brief("ES256"))
    assert list(killing_first(pool.results(pieces), lambda: list(pool.pool._processes))) == alone


def _dies_while_it_hands_over(brief, piece):
    """As a worker that is killed in the middle of its first result; the frame that asks is the pool's own."""
    marker = Path(os.environ["JWTLENS_TEST_MARKER"])
    if not marker.exists():
        marker.touch()
        queue = sys._getframe(1).f_locals["result_queue"]
        queue._wlock.acquire()
        queue._writer._send(b"\0\0\1\0half")
        os.kill(os.getpid(), signal.SIGKILL)
    return judged(brief, piece)


def test_a_process_that_is_killed_while_it_hands_over_loses_nothing(pieces, alone, monkeypatch, tmp_path):
    monkeypatch.setenv("JWTLENS_TEST_MARKER", str(tmp_path / "died"))
    monkeypatch.setattr("app.audit.work.judged", _dies_while_it_hands_over)
    monkeypatch.setattr(lanes, "_LOOK", 0.2)
    assert told(lanes.several(2)(logs.brief("ES256"), pieces[:4])) == alone[:4]
    assert (tmp_path / "died").exists()


def test_a_file_that_is_rotated_away_is_judged_all_the_same(tmp_path):
    path = tmp_path / "a.log"
    path.write_text(logs.token())
    pieces = list(inputs.all_pieces(inputs.walk([str(path)]), None, lambda one: pytest.fail(one.why)))
    path.unlink()
    (result,) = lanes.several(1)(logs.brief(), pieces)
    assert (result.tokens, result.counts["signature", "verified"]) == (1, 1)


def _die() -> None:
    os._exit(1)


def test_workers_that_always_die_are_given_up(monkeypatch, pieces):
    pool = lanes._Pool(1, logs.brief("ES256"))

    def begun():
        return ProcessPoolExecutor(1, get_context("spawn"), _die)

    monkeypatch.setattr(pool, "begun", begun)
    pool.pool.shutdown()
    pool.pool = begun()
    with pytest.raises(lanes.LostWorkers):
        list(pool.results(pieces[:1]))


def test_no_more_pieces_are_taken_than_the_workers_can_hold(pieces):
    taken = 0

    def counting():
        nonlocal taken
        for piece in pieces:
            taken += 1
            yield piece

    results = lanes.several(1)(logs.brief("ES256"), counting())
    next(results)
    assert taken <= lanes.AHEAD
    assert len(list(results)) == PIECES - 1


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers in processes of their own, on loopback."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as running:
        yield running


def test_a_dask_cluster_gives_the_same_in_the_same_order(cluster, pieces, alone):
    assert told(lanes.cluster(cluster.scheduler_address)(logs.brief("ES256"), pieces)) == alone


def test_a_killed_worker_of_dask_loses_nothing(cluster, pieces, alone):
    pids = [worker.pid for worker in cluster.workers.values()]
    results = lanes.cluster(cluster.scheduler_address)(logs.brief("ES256"), pieces)
    assert list(killing_first(results, lambda: pids)) == alone
    assert pids[0] not in {worker.pid for worker in cluster.workers.values()}


def test_a_cluster_that_goes_away_is_told(pieces, monkeypatch):
    monkeypatch.setattr(lanes, "_PATIENCE", 1)
    with LocalCluster(n_workers=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50) as running:
        results = lanes.cluster(running.scheduler_address)(logs.brief("ES256"), pieces)
        next(results)
    with pytest.raises(lanes.LostWorkers):
        list(results)


def test_the_command_runs_over_the_cluster(cluster, tmp_path, capfdbinary, monkeypatch):
    monkeypatch.setenv("CANARY_KEY", logs.SECRET)
    (tmp_path / "a.log").write_text("\n".join(logs.token(jti=str(number)) for number in range(20)))
    asked = ["audit", str(tmp_path), "--key-env", "CANARY_KEY", "--at", str(logs.AT)]
    told = []
    for more in ([], ["--dask", cluster.scheduler_address]):
        assert main([*asked, *more]) == 0
        told.append(capfdbinary.readouterr())
    assert told[0] == told[1]
    assert told[0].out.count(b'"signature":"verified"') == 20


def test_where_no_scheduler_is_it_is_said(monkeypatch):
    monkeypatch.setattr(lanes, "_PATIENCE", 1)
    with pytest.raises(OSError, match="Timed out"):
        lanes.cluster("tcp://127.0.0.1:1")
