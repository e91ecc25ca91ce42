"""A summary of tokens of every sort, as the reports get it."""

from __future__ import annotations

import pytest

from app import tokens
from app.audit import work
from app.audit.brief import Brief
from app.audit.inputs import Piece, Unread
from app.audit.summary import Summary
from tests.audit import logs

HOSTILE = "logs/<script>alert(1)</script> \"&'.log"


@pytest.fixture(scope="session")
def order() -> Brief:
    return logs.brief("HS256", expect=tokens.Expectations(issuer=logs.ISSUER, audience=logs.AUDIENCE))


@pytest.fixture(scope="session")
def all_sorts(order) -> Summary:
    summary = Summary()
    for name in ("logs/a.log", HOSTILE):
        summary.add(work.judged(order, Piece(name, 0, 1, 0, "\n".join(logs.all_sorts("HS256")).encode())))
    summary.unread.append(Unread("logs/old.gz", "its gz breaks off: what is there is read"))
    return summary
