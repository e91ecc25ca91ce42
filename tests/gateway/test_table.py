"""The shared table, decided by the room itself; the page and the API are asked the same in tests/web/test_gateway_table.py."""

import json

import pytest

from app.gateway import decide, read_policy, read_request
from app.tokens import read_keys
from tests.gateway.gate import NOW, denied_by
from tests.gateway.table import ROWS


def test_the_table_is_long_and_meets_every_answer():
    assert len(ROWS) >= 150
    assert {(row.must.status, row.must.error) for row in ROWS.values()} == {
        (200, ""),
        (400, "invalid_request"),
        (401, ""),
        (401, "invalid_token"),
        (403, ""),
        (403, "insufficient_scope"),
        (503, ""),
    }


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_room_decides_as_the_table_says(row):
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    decision = decide(read_policy(json.dumps(row.policy)), read_request(row.request()), keys, NOW)
    assert (decision.status, decision.error, denied_by(decision)) == row.must[:3]
    assert dict(decision.upstream) == dict(row.must.upstream)
    assert decision.removed == row.must.removed
