"""audit: every token in logs, HARs and dumps, judged; lines for programs, a table for people, reports in HTML and SARIF."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO

import click

from app import tokens
from app.audit import inputs, interrupts, lanes, page, sarif
from app.audit.brief import MONTH, Brief
from app.audit.inputs import Source, Unread
from app.audit.summary import Summary
from app.cli import audit_telling, options, screen, sources, voice
from app.cli.voice import Refused, examples
from app.tokens import keys as of_keys
from app.tokens.times import Seconds

_EXAMPLES = (
    "jwtlens audit access.log",
    "jwtlens audit /var/log/app --jwks keys.json --issuer https://login.example.com --out tokens.jsonl --html report.html",
    "zcat old/*.gz | jwtlens audit - --key-file public.pem --alg ES256 --sarif audit.sarif > tokens.jsonl",
    "jwtlens audit dump.zst --workers 0 --max-life 3600",
)
CLEAN, AGAINST, NOT_READ = 0, 1, 2
_LEFT = "its rest and what follows it are not judged"
_OUTPUT = click.Path(readable=False)


@click.command(short_help="Judge every token in logs and dumps.", epilog=examples(*_EXAMPLES))
@click.argument("paths", metavar="PATH... | -", type=options.FILE, nargs=-1)
@options.key_set
@options.expectations
@click.option(
    "--max-life", metavar="SECONDS", type=options.Number(), default=str(MONTH), help="How long a token may live; 31 days if not said."
)
@click.option("--out", metavar="FILE", type=_OUTPUT, help="Write a line of JSON for each token there, not to standard output.")
@click.option("--html", metavar="FILE", type=_OUTPUT, help="Write a report with charts, one file without scripts.")
@click.option(
    "--sarif", "sarif_path", metavar="FILE", type=_OUTPUT, help="Write the findings as SARIF 2.1.0, for code scanners and editors."
)
@click.option("--workers", metavar="N", type=click.IntRange(0, 256), help="How many processes judge; 0 for one on each core.")
@click.option("--dask", metavar="ADDRESS", help="Judge on the Dask cluster of this scheduler; the keys travel to its workers.")
@options.colour
def audit(
    paths: tuple[str, ...],
    keys: tokens.Keys,
    expect: tokens.Expectations,
    at: Seconds,
    leeway: Seconds,
    max_life: Seconds,
    out: str | None,
    html: str | None,
    sarif_path: str | None,
    workers: int | None,
    dask: str | None,
    colours: bool | None,
) -> int:
    """Find every compact token in files, folders and standard input, and judge each one.

    Files may be of any size, plain, gz, zst or UTF-16. A token may stand in a header, a URL, a cookie, a string of JSON, a
    base64 body of a HAR, or be base64 a second time as in a Secret of Kubernetes. Not looked into: other archives, tokens in
    JSON serialization, the content of encrypted ones. A link to a folder is not followed, and no file is read twice.

    No token is written anywhere: a line has its place, the first digits of its SHA-256, and what is against it. The lines
    go to standard output unless that is a terminal, which gets the summary alone.

    \b
    exit status   0  nothing grave is against any token
                  1  something grave is against one
                  2  something could not be read, and nothing grave was found
                130  Ctrl-C stopped it; what was found until then is told
    """
    if not paths and sources.is_piped():
        paths = (inputs.STDIN,)
    if not paths:
        raise Refused("there is nothing to audit", "name files or folders, or - for a pipe")
    if keys.keys == () and not keys.is_empty:
        raise Refused(f"the key cannot be used: {voice.voice(keys.problem)}", "check the key with jwtlens keys thumbprint")
    written = [Path(one) for one in (out, html, sarif_path) if one is not None]
    _refuse_to_overwrite(paths, written)
    brief = Brief(at, *_as_given(keys), expect, leeway, max_life)
    lane = _lane(workers, dask)
    summary = Summary()
    with ExitStack() as stack:
        lines, *reports = [stack.enter_context(_created(one)) if one is not None else None for one in (out, html, sarif_path)]
        found = list(inputs.walk(paths, written))
        pieces = inputs.all_pieces(found, _standard_input(paths), summary.unread.append)
        ended_by = _run(lane(brief, pieces), found, summary, lines)
        for file, written_by in zip(reports, (page.html, sarif.text), strict=True):
            if file is not None:
                file.write(written_by(summary, brief).encode())
        _tell(summary, brief, lines, colours)
    if ended_by is not None:
        raise ended_by
    return AGAINST if summary.has_errors else NOT_READ if summary.unread else CLEAN


def _as_given(keys: tokens.Keys) -> tuple[str, str]:
    """The text of the keys, which other processes read again; of a key that was locked, the public half."""
    return (keys.text, keys.encoding) if keys.text or not keys.keys else (of_keys.public_pem(keys.keys[0]), "auto")


def _lane(workers: int | None, dask: str | None) -> lanes.Lane:
    if dask is None:
        count = (os.cpu_count() or 1) if workers == 0 else workers or 1
        return lanes.here if count == 1 else lanes.several(count)
    if workers is not None:
        raise Refused("workers of this machine and a cluster are asked for", "give one of --workers and --dask")
    try:
        return lanes.cluster(dask)
    except ImportError:
        raise Refused("Dask is not installed", 'install jwtlens with its extra: pip install "jwtlens[dask]"') from None
    except (OSError, ValueError):
        raise Refused("no scheduler of Dask answers at that address", "check it; it looks like tcp://127.0.0.1:8786") from None


def _run(
    results: lanes.Results, found: list[Source | Unread], summary: Summary, lines: BinaryIO | None
) -> Refused | KeyboardInterrupt | None:
    """Take the results as they come: write their lines, count them, show how far it is; return what ended it too early.

    What was found until then is told all the same.
    """
    readable = [one for one in found if isinstance(one, Source)]
    told_here = lines is None and not screen.is_shown()
    last = readable[0].name if readable else ""
    with audit_telling.progress(sum(one.size for one in readable), summary) as advance:
        try:
            with closing(results):
                for result in results:
                    with interrupts.held():
                        last = result.name
                        summary.add(result)
                        if lines is not None:
                            lines.write(result.lines)
                        elif told_here:
                            screen.write_bytes(result.lines)
                        advance(result.done)
        except KeyboardInterrupt as interrupt:
            summary.unread.append(Unread(last, f"stopped here by Ctrl-C: {_LEFT}"))
            return interrupt
        except lanes.LostWorkers:
            summary.unread.append(Unread(last, f"the workers were lost here: {_LEFT}"))
            return Refused("the workers are lost, and what they were judging", "give them more memory, or do without them")
    return None


def _tell(summary: Summary, brief: Brief, lines: BinaryIO | None, colours: bool | None) -> None:
    """The summary: to people on the stream that has no lines of JSON, to programs as the last of these lines."""
    for sentence in audit_telling.unread(summary):
        voice.note("warning", sentence)
    if not brief.key_text and summary.tokens:
        voice.note("hint", "no key is given, so no signature is verified; --jwks FILE or --key-file FILE gives one")
    if lines is not None:
        lines.write(audit_telling.last_line(summary))
    elif not screen.is_shown():
        screen.write_bytes(audit_telling.last_line(summary))
    to_stderr = lines is None and not screen.is_shown()
    here = screen.here(False if to_stderr and colours is None else colours)
    screen.write("\n".join(audit_telling.summary(summary, brief, here)), err=to_stderr, colours=here.colours)


def _standard_input(paths: tuple[str, ...]) -> BinaryIO | None:
    if inputs.STDIN not in paths:
        return None
    if paths.count(inputs.STDIN) > 1:
        raise Refused("standard input is asked for twice", "name it once")
    sources.take_stdin()
    return sys.stdin.buffer if sys.stdin else None


def _refuse_to_overwrite(paths: tuple[str, ...], written: list[Path]) -> None:
    for one in written:
        for path in paths:
            if path != inputs.STDIN and one.exists() and Path(path).exists() and one.samefile(path):
                raise Refused("a file to write is one of those to read", "name another one")
    if len({one.absolute() for one in written}) < len(written):
        raise Refused("two reports would go to the same file", "name one file for each")


def _created(path: str) -> BinaryIO:
    try:
        return Path(path).open("wb")
    except (OSError, ValueError):
        raise Refused("a file to write cannot be written", "check the folder and its permissions") from None
