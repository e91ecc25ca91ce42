"""make fuzz itself: it runs, and what it finds cannot be overlooked."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.requests import Summary
from tests.fuzz.running import Run, run, spelt
from tests.fuzz.targets import TARGETS


@pytest.mark.slow
def test_a_target_runs_under_libfuzzer():
    done = run(TARGETS["base64url"], seconds=1, seed=1)
    assert done.broken is None, done.because
    assert done.runs > 500
    assert done.features > 50


@pytest.fixture
def outcome(monkeypatch):
    """What the command returns when a target and the API came out as given."""

    def call(made, *statuses, faults=()):
        summary = Summary()
        summary.statuses.update(statuses)
        summary.faults += faults
        monkeypatch.setattr(command, "run", lambda target, seconds, seed: made)
        monkeypatch.setattr(command, "ProcessPoolExecutor", ThreadPoolExecutor)
        monkeypatch.setattr(command, "_WORKERS", 1)
        monkeypatch.setattr(command, "ask", lambda examples, seed, corners: summary)
        return command.main(["json", "--requests", "1"])

    return call


HOLDS = Run("json", 1000, 10)


def test_all_that_holds_is_a_success(outcome, capsys):
    assert outcome(HOLDS, 200, 422) == 0
    told = capsys.readouterr().out
    assert "2 requests, 0 errors of the server" in told
    assert "json       holds" in told


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(Run("json", 10, 10, b"\xff{", "Broken: a number is not shown as it was written"), id="a promise was broken"),
        pytest.param(Run("json", 0, 0), id="it never ran"),
        pytest.param(Run("json", 0, 0, b"", "ImportError"), id="it could not begin"),
    ],
)
def test_a_target_that_does_not_hold_fails_the_whole(outcome, capsys, made):
    assert outcome(made, 200) == 1
    assert made.because in capsys.readouterr().out


def test_the_input_that_broke_it_is_shown(outcome, capsys):
    outcome(Run("json", 10, 10, b"\xff{", "Broken"), 200)
    assert base64.b64encode(b"\xff{").decode() in capsys.readouterr().out
    assert base64.b64decode(spelt(b"\xff{").split('"')[1]) == b"\xff{"


@pytest.mark.parametrize(("statuses", "faults"), [((200, 500), ()), ((200, 0), ()), ((200,), ("not as described",))])
def test_one_bad_answer_of_the_api_fails_the_whole(outcome, statuses, faults):
    assert outcome(HOLDS, *statuses, faults=faults) == 1


def test_an_unknown_target_is_refused():
    with pytest.raises(SystemExit):
        command.main(["nowhere"])
