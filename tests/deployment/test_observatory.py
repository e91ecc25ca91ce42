"""The grade of the MDN HTTP Observatory, from what every route really answers over TLS behind the shipped nginx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.web.security import DATA_POLICY, HEADERS, PAGE_POLICY, TRANSPORT
from tests.deployment.observatory import MOST_OF_A_PAGE, MOST_OF_DATA, Answer, score
from tests.deployment.observing import everything, look, site
from tests.deployment.running import NAME, Front


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with site() as front:
        yield front


def test_every_route_has_the_highest_grade_and_every_point_there_is(front: Front):
    seen = {route.name: look(front, route) for route in everything()}
    assert len(seen) > 50
    for name, answer in seen.items():
        graded = score(answer)
        assert graded.grade == "A+", (name, graded)
        has_script = answer.one("content-type").startswith("text/html") and "<script" in answer.text
        # The one cookie, which is Secure and SameSite=Strict, is worth five more.
        most = (MOST_OF_A_PAGE if has_script else MOST_OF_DATA) + (5 if "set-cookie" in answer.headers else 0)
        assert graded.points == most, (name, graded)
    assert "<script" in seen["GET /"].text
    assert score(seen["GET /"]).points == MOST_OF_A_PAGE


GOOD = Answer(
    {name.lower(): [value] for name, value in HEADERS.items()}
    | {
        "content-security-policy": [PAGE_POLICY],
        "strict-transport-security": [TRANSPORT],
        "content-type": ["text/html; charset=utf-8"],
    },
    '<script src="/x.js" integrity="sha384-x" defer></script>',
    f"https://{NAME}/",
    NAME,
)


def changed(**headers: str | None) -> Answer:
    made = dict(GOOD.headers)
    for name, value in headers.items():
        made.pop(name.replace("_", "-"), None)
        if value is not None:
            made[name.replace("_", "-")] = [value]
    return replace(GOOD, headers=made)


@pytest.mark.parametrize(
    ("answer", "points", "grade"),
    [
        pytest.param(GOOD, 155, "A+", id="as it is"),
        pytest.param(changed(content_security_policy=DATA_POLICY, content_type="application/json"), 150, "A+", id="data"),
        pytest.param(replace(GOOD, text='<script src="/x.js"></script>'), 150, "A+", id="no integrity"),
        pytest.param(replace(GOOD, text='<script src="//cdn.example/x.js"></script>'), 50, "C", id="a script from elsewhere"),
        pytest.param(changed(strict_transport_security=None), 80, "B+", id="no HSTS"),
        pytest.param(changed(strict_transport_security="max-age=300"), 145, "A+", id="HSTS for five minutes"),
        pytest.param(changed(content_security_policy=None), 75, "B", id="no policy"),
        pytest.param(changed(content_security_policy="script-src 'self' 'unsafe-inline'"), 80, "B+", id="inline script"),
        pytest.param(changed(content_security_policy=PAGE_POLICY.replace("'none'", "'self'", 1)), 150, "A+", id="default-src self"),
        pytest.param(changed(x_content_type_options=None), 150, "A+", id="no nosniff"),
        pytest.param(changed(referrer_policy="unsafe-url"), 145, "A+", id="an unsafe referrer"),
        pytest.param(changed(cross_origin_opener_policy=None), 145, "A+", id="no COOP"),
        pytest.param(changed(cross_origin_embedder_policy=None), 145, "A+", id="no COEP"),
        pytest.param(changed(cross_origin_resource_policy=None), 145, "A+", id="no CORP"),
        pytest.param(changed(set_cookie="theme=dark; SameSite=Strict"), 150, "A+", id="a cookie without Secure"),
        pytest.param(changed(set_cookie="theme=dark; Secure; SameSite=Strict"), 160, "A+", id="a good cookie"),
        pytest.param(
            changed(access_control_allow_origin="*", access_control_allow_credentials="true"), 50, "C", id="credentials for everybody"
        ),
        pytest.param(replace(GOOD, redirected=""), 80, "B+", id="plain http is answered"),
        pytest.param(replace(GOOD, redirected="https://elsewhere.example/"), 150, "A+", id="sent to another host"),
    ],
)
def test_the_scores_are_those_of_the_scanner(answer: Answer, points: int, grade: str):
    graded = score(answer)
    assert (graded.points, graded.grade) == (points, grade), graded
