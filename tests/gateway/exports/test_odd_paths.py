"""Paths beyond ASCII: what an export refuses is not said to pass, and what it lets through is not said to be refused."""

from __future__ import annotations

import pytest

from app.gateway import decide, read_request
from app.gateway.exports import GATEWAYS, Answer
from tests.gateway.exports.rich import read
from tests.gateway.gate import NOW, document

OPEN = document([{"prefix": "/admin", "roles": {"all": ["admin"]}}, {"prefix": "/", "access": "anyone"}])
REFUSED = {"haproxy": 400, "nginx-plus": 400, "apache": 403}
FULL_WIDTH = "/x%EF%BC%A1"


def answered(name: str, target: str) -> Answer | None:
    policy, request = read(OPEN), read_request(f"GET {target}\nHost: api\n\n")
    return GATEWAYS[name].answer(policy, request, decide(policy, request, {}, NOW))


@pytest.mark.parametrize(("name", "status"), REFUSED.items())
def test_what_the_export_refuses_is_said_though_the_policy_takes_it(name: str, status: int):
    found = answered(name, FULL_WIDTH)
    assert found
    assert found.status == status


@pytest.mark.parametrize(
    ("name", "target", "status"),
    [
        ("haproxy", "/x%E2%80%A6", 400),
        ("nginx-plus", "/x%E2%80%A6", 400),
        ("apache", "/x%E2%80%A6", 200),
        ("haproxy", "/x%25", 200),
        ("nginx-plus", "/x%25", 200),
        ("apache", "/x%25", 403),
        ("haproxy", "/caf%C3%A9", 200),
        ("nginx-plus", "/%E6%97%A5%E6%9C%AC", 200),
        ("apache", "/%E6%97%A5%E6%9C%AC", 200),
    ],
)
def test_each_refuses_letters_of_its_own(name: str, target: str, status: int):
    found = answered(name, target)
    assert found
    assert found.status == status


@pytest.mark.parametrize("target", ["/x%25", FULL_WIDTH])
def test_apisix_refuses_behind_its_plugin_and_nothing_is_said_of_it(target: str):
    policy = read(document())
    request = read_request(f"GET {target}\nHost: api\n\n")
    assert GATEWAYS["apisix"].answer(policy, request, decide(policy, request, {}, NOW)) is None


@pytest.mark.parametrize("name", ["haproxy", "nginx-plus", "apache", "apisix", "envoy"])
def test_look_alikes_of_another_route_are_a_gap_and_have_no_answer(name: str):
    assert answered(name, "/%E2%93%90dmin/x") is None
    told = [gap.because for gap in GATEWAYS[name].export(read(OPEN)).gaps if gap.path == "routes"]
    assert any("\u24d0dmin" in one and "more than this policy" in one for one in told), told
