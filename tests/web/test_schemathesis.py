"""The API asked by schemathesis, a short while; `make fuzz` asks 50,000 times."""

import pytest

from tests.fuzz.requests import ask


@pytest.fixture(scope="module")
def summary():
    return ask(examples=40)


def test_every_answer_is_as_described(summary):
    assert not summary.faults, "\n\n".join(summary.faults[:3])


def test_no_answer_is_an_error_of_the_server(summary):
    assert summary.count > 800
    assert not [status for status in summary.statuses if status == 0 or status >= 500]


def test_much_of_what_is_asked_is_carried_out(summary):
    assert summary.statuses[200] > summary.count / 4
    assert summary.statuses[422] > 0


def test_the_checks_that_this_is_for_were_made(summary):
    wanted = {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
    }
    assert wanted <= {name for name, count in summary.checks.items() if count > 100}
