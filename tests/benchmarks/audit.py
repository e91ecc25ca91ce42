"""`jwtlens audit` from end to end: how many tokens a core reads and judges, in how much memory, and what a second core adds."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from app import tokens
from app.audit import inputs, lanes
from app.audit.brief import Brief
from app.audit.summary import Summary
from app.tokens import base64url, primitives
from tests.benchmarks.promises import Promise, promise
from tests.benchmarks.running import ROOT
from tests.benchmarks.samples import AUDIENCE, Sample, claims, sample
from tests.benchmarks.tables import Table
from tests.benchmarks.timing import compare

_TARGETS = {"HS256": 20_000, "ES256": 10_000}
_TOKENS = 12_000
_LINE = '10.0.0.{} - - [30/Nov/2026:13:55:36 +0000] "GET /api/v1/orders HTTP/1.1" 200 2326 "-" "{}"\n'
_FILLER = "an agent that tells much of itself " * 17
_LARGE = 2 * 10**9
_SCALING = 10**9
_MOST_MEMORY = 200 * 10**6
_SCALE = 1.8


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run of the command took: seconds by the clock and of CPU time, the most memory of any process and of all together."""

    tokens: int
    seconds: float
    cpu: float
    one: int
    all: int


def measure() -> tuple[list[Table], list[Promise]]:
    speed = Table("Audit on one core: tokens a second", ["algorithm", "end to end", "primitive alone", "whole verdict", "target"])
    promises: list[Promise] = []
    with tempfile.TemporaryDirectory() as folder:
        for algorithm in ("HS256", "RS256", "ES256", "EdDSA"):
            one = sample(algorithm)
            log = Path(folder) / f"{algorithm}.log"
            log.write_text("".join(_lines(one)))
            rate = max(_rate(one, log) for _ in range(3))
            raw, whole = _alone(one)
            speed.rows.append([algorithm, rate, raw, whole, _TARGETS.get(algorithm)])
            if algorithm in _TARGETS:
                said = f"{rate:,.0f}; the primitive alone {raw:,.0f}"
                promises.append(
                    promise(f"Audit of {algorithm}: {_TARGETS[algorithm]:,} tokens a second", rate >= _TARGETS[algorithm], said)
                )
        table, more = _at_large(Path(folder))
    speed.note = (
        "CPU time, the best of three. End to end: read, find, verify, judge expiry, issuer, audience, algorithm, write a line of JSON; all tokens"
        " are different. Whole verdict: tokens.verify with all checks and findings."
    )
    return [speed, table], promises + more


def _lines(one: Sample) -> list[str]:
    key = tokens.read_keys(one.private)
    made = []
    for number in range(_TOKENS):
        content = claims() | {"jti": f"f1c5a7be-5d0c-4a1e-9d55-{number:012d}"}
        made.append(_LINE.format(number % 256, f"Bearer {tokens.encode(one.header, content, key).token}"))
    return made


def _brief(one: Sample) -> Brief:
    return Brief(int(time.time()), one.public, expect=tokens.Expectations((one.algorithm,), "https://issuer.example", AUDIENCE))


def _rate(one: Sample, log: Path) -> float:
    """Tokens per second of CPU time, everything of the command but its start."""
    summary = Summary()
    start = time.process_time()
    with Path(os.devnull).open("wb") as out:
        for result in lanes.here(_brief(one), inputs.all_pieces(inputs.walk([str(log)]), None, summary.unread.append)):
            summary.add(result)
            out.write(result.lines)
    summary.facts()
    seconds = time.process_time() - start
    assert summary.counts["signature", "verified"] == _TOKENS
    return _TOKENS / seconds


def _alone(one: Sample) -> tuple[float, float]:
    """The rates of the primitive on bytes that are ready, and of the core's whole report."""
    keys, row = tokens.read_keys(one.public), tokens.ALGORITHMS[one.algorithm]
    signature = base64url.decode(one.token.rpartition(".")[2].encode()) or b""
    brief = _brief(one)

    def whole() -> object:
        report = tokens.verify(one.token, keys, at=brief.at, expect=brief.expect)
        return report.accepted, report.checks, report.findings

    timings = compare({"raw": lambda: primitives.verifies(row, keys.keys[0], one.signing_input, signature), "whole": whole})
    return timings["raw"].per_second, timings["whole"].per_second


def _at_large(folder: Path) -> tuple[Table, list[Promise]]:
    """The command on a file of 2 GB, and with one worker and two on a smaller one."""
    one = sample("HS256")
    block = "".join(line.replace('"-"', f'"{_FILLER}"') for line in _lines(one)).encode()
    (folder / "key").write_text(one.public)
    large, small = folder / "large.log", folder / "small.log"
    for path, size in ((large, _LARGE), (small, _SCALING)):
        with path.open("wb") as file:
            while file.tell() < size:
                file.write(block)
    table = Table(
        "The command on large files, HS256",
        ["file", "workers", "tokens", "seconds", "CPU seconds", "tokens/s", "MB, largest process", "MB, all"],
    )
    runs = {}
    for path, workers in ((small, 1), (small, 2), (large, 2)):
        run = runs[path, workers] = _run(path, folder / "key", workers)
        said = f"{path.stat().st_size / 1e9:.1f} GB"
        table.rows.append([said, workers, run.tokens, run.seconds, run.cpu, run.tokens / run.seconds, run.one / 1e6, run.all / 1e6])
    scale = runs[small, 1].seconds / runs[small, 2].seconds
    on_idle_cores = 2 * runs[small, 1].cpu / runs[small, 2].cpu
    table.note = f"Seconds from start to end; MB of all counts shared pages once. Two workers are {scale:.2f} times as fast as one, with {os.cpu_count()} cores and load {os.getloadavg()[0]:.1f}; by CPU time, as on idle cores, {on_idle_cores:.2f} times."
    memory = runs[large, 2].one
    return table, [
        promise("Audit of 2 GB: less than 200 MB", memory < _MOST_MEMORY, f"{memory / 1e6:.0f} MB in the largest process"),
        promise(
            f"Audit with two workers: {_SCALE} times as fast",
            scale >= _SCALE,
            f"{scale:.2f} times by the clock; by CPU time {on_idle_cores:.2f}",
        ),
    ]


def _run(path: Path, key: Path, workers: int) -> _Run:
    command = [sys.executable, "-m", "app", "audit", str(path), "--key-file", str(key), "--workers", str(workers)]
    start, before = time.monotonic(), _cpu()
    with subprocess.Popen([*command, "--out", str(path.with_suffix(".jsonl"))], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        one = whole = 0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            sizes, shares = _memory(watched)
            one, whole = max(one, sizes), max(whole, shares)
            time.sleep(0.2)
    seconds, cpu = time.monotonic() - start, _cpu() - before
    with path.with_suffix(".jsonl").open("rb") as file:
        file.seek(-4096, os.SEEK_END)
        summary = json.loads(file.read().splitlines()[-1])["summary"]
    assert process.returncode == 0, process.returncode
    return _Run(summary["tokens"], seconds, cpu, one, whole)


def _cpu() -> float:
    """CPU seconds of all processes that were waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _memory(watched: psutil.Process) -> tuple[int, int]:
    """Resident memory of the largest of the process and its workers, and of all, a shared page divided among those that share it."""
    largest = whole = 0
    try:
        for process in (watched, *watched.children(recursive=True)):
            held = process.memory_full_info()
            largest, whole = max(largest, held.rss), whole + held.pss
    except psutil.NoSuchProcess:  # one has just ended
        pass
    return largest, whole
