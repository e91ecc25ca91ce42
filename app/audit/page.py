"""The report for people in one HTML file: no script, nothing loaded, its style allowed by its own digest."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import jinja2

from app.audit.brief import Brief
from app.audit.rules import TONES
from app.audit.summary import Summary
from app.tokens import times

_APP = Path(__file__).resolve().parent.parent
_LISTED = 20
_SIGNATURES = {"verified": "good", "invalid": "bad", "unsecured": "bad", "not_checked": "idle"}
_WIDTH = 280
"""Of the longest bar of a chart."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a chart."""

    name: str
    count: int
    width: int
    tone: str


def html(summary: Summary, brief: Brief) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_folder()), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = environment.get_template("report.css").render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        verdict=summary.verdict,
        facts=summary.facts(),
        keys=len(brief.keys().keys),
        at=times.utc(brief.at),
        findings=summary.findings,
        places={code: places[:_LISTED] for code, places in summary.places.items()},
        charts=_charts(summary),
        size=summary.searched,
    )


def _charts(summary: Summary) -> dict[str, list[Bar]]:
    signatures = summary.of("signature")
    charts = {
        "What is against them": [(rule.title, count, TONES[rule.level]) for rule, count in summary.findings],
        "Signatures": [(name.replace("_", " "), signatures[name], tone) for name, tone in _SIGNATURES.items() if name in signatures],
        "Algorithms": [(name, count, "info") for name, count in summary.of("alg").items()],
        "Expiry": [(name, count, "info") for name, count in summary.expiries.items()],
    }
    return {title: _bars(rows) for title, rows in charts.items() if rows}


def _bars(rows: list[tuple[str, int, str]]) -> list[Bar]:
    most = max(count for _, count, _ in rows)
    return [Bar(name, count, max(2, round(_WIDTH * count / most)), tone) for name, count, tone in rows]


def _folder() -> Path:
    """A wheel carries the templates inside the package; a checkout has them beside it."""
    folders = (_APP / "templates" / "audit", _APP.parent / "templates" / "audit")
    return next(folder for folder in folders if (folder / "report.html").exists())
