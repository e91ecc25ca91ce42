"""Figures for Prometheus over all worker processes: each counts in its own row of one shared memory, and any of them adds up the rows.

The library's own way for several processes writes files. This memory belongs to no file; a worker that is replaced goes on in its row.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from mmap import mmap

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from app.forwardauth.answers import STATUSES

CONTENT_TYPE = CONTENT_TYPE_LATEST
RULES = (
    *("", "peer", "asked", "http", "fault", "late"),  # allowed; and what no decision is made of
    *("method", "path", "headers", "routes", "token", "form", "header", "algorithm", "key", "signature", "claims"),
    *("exp", "nbf", "iat", "iss", "aud", "typ", "life", "upstream", "scopes", "roles", "accepted", "required", "other"),
)
BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
MOST_SOURCES = 200
_COUNTS = ("log_dropped", "fetched", "not_fetched", "reloaded", "not_reloaded", "workers_started", "policy_at")
_DECISIONS = len(_COUNTS)
_LATENCY = _DECISIONS + len(STATUSES) * len(RULES)
_SUM = _LATENCY + len(BUCKETS) + 1
_SOURCES = _SUM + 1
_ROW = _SOURCES + MOST_SOURCES
_CELL = {(status, rule): _DECISIONS + n for n, (status, rule) in enumerate((status, rule) for status in STATUSES for rule in RULES)}
_PREFIX = "jwtlens_gateway"


def known(rule: str) -> str:
    """The label for *rule*; the names that a policy makes are few words here, or every claim would be a series of its own."""
    return rule if rule in RULES else "required" if rule.endswith(" is required") else "other"


class Tally:
    """The row of one process."""

    def __init__(self, row: memoryview[float]) -> None:
        self._row = row
        self._lock = threading.Lock()

    def decided(self, status: int, rule: str, seconds: float) -> None:
        with self._lock:
            self._row[_CELL[status, known(rule)]] += 1
            self._row[_LATENCY + bisect_left(BUCKETS, seconds)] += 1
            self._row[_SUM] += seconds

    def count(self, name: str) -> None:
        with self._lock:
            self._row[_COUNTS.index(name)] += 1

    def loaded(self) -> None:
        """Another policy is in use from now on, and its keys are not here yet."""
        self._row[_COUNTS.index("policy_at")] = time.time()
        self._row[_SOURCES:] = memoryview(bytes(8 * MOST_SOURCES)).cast("d")

    def fetched(self, source: int, at: float) -> None:
        if source < MOST_SOURCES:
            self._row[_SOURCES + source] = at


class Metrics(Collector):
    """A row for each of *rows* processes. Make it before they part."""

    def __init__(self, rows: int) -> None:
        self._cells = memoryview(mmap(-1, rows * _ROW * 8)).cast("d")
        self._rows = rows
        self.sources: Callable[[], Sequence[str]] = tuple
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def tally(self, row: int) -> Tally:
        return Tally(self._cells[row * _ROW : (row + 1) * _ROW])

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        decided = CounterMetricFamily(f"{_PREFIX}_decisions", "Answers, and the rule that denied.", labels=("status", "rule"))
        for (status, rule), cell in _CELL.items():
            if count := self._sum(cell):
                decided.add_metric((str(status), rule), count)
        yield decided
        counts = [self._sum(_LATENCY + n) for n in range(len(BUCKETS) + 1)]
        sums = [sum(counts[: n + 1]) for n in range(len(counts))]
        names = [*(str(bound) for bound in BUCKETS), "+Inf"]
        latency = HistogramMetricFamily(f"{_PREFIX}_latency_seconds", "From the request to its answer.")
        latency.add_metric((), list(zip(names, sums, strict=True)), self._sum(_SUM))
        yield latency
        for name, (outcomes, said) in _BY_OUTCOME.items():
            counter = CounterMetricFamily(f"{_PREFIX}_{name}", said, labels=("outcome",))
            for outcome, which in outcomes.items():
                counter.add_metric((outcome,), self._sum(_COUNTS.index(which)))
            yield counter
        for name, said in _PLAIN.items():
            yield CounterMetricFamily(f"{_PREFIX}_{name}", said, value=self._sum(_COUNTS.index(name)))
        yield self._policy()
        yield self._ages()

    def _policy(self) -> Metric:
        loaded = [at for row in range(self._rows) if (at := self._cells[row * _ROW + _COUNTS.index("policy_at")])]
        said = "When the policy in use was read; the oldest of the workers."
        return GaugeMetricFamily(f"{_PREFIX}_policy_loaded_timestamp_seconds", said, value=min(loaded, default=0.0))

    def _ages(self) -> Metric:
        said = "Since the key set was fetched; the oldest of the workers. A source without keys is not listed."
        ages = GaugeMetricFamily(f"{_PREFIX}_keys_age_seconds", said, labels=("source",))
        for number, source in enumerate(self.sources()[:MOST_SOURCES]):
            fetched = [at for row in range(self._rows) if (at := self._cells[row * _ROW + _SOURCES + number])]
            if fetched:
                ages.add_metric((source,), max(0.0, time.time() - min(fetched)))
        return ages

    def _sum(self, cell: int) -> float:
        return float(sum(self._cells[row * _ROW + cell] for row in range(self._rows)))


_BY_OUTCOME = {
    "key_fetches": ({"fetched": "fetched", "failed": "not_fetched"}, "Key sets that were asked for."),
    "reloads": ({"taken": "reloaded", "kept_old": "not_reloaded"}, "Policies that were read anew on SIGHUP."),
}
_PLAIN = {
    "workers_started": "Worker processes that were started, also in the place of one that ended.",
    "log_dropped": "Lines of the decision log that could not be written in time.",
}
