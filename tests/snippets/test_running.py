"""The code runs: a part of `make snippets` that needs nothing but what the tests have, and what it wrote down is kept."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

from app.snippets import LANGUAGES, Snippet, libraries, results
from app.snippets.results import FILE
from tests.snippets.cases import Scheme
from tests.snippets.running import NAMES, Trial, digest
from tests.snippets.toolchains import Bench

HERE = Path(__file__).parent
BENCH = Bench(sys.executable)
AT_HAND = {"pyjwt": "jwt", "joserfc": "joserfc", "jwcrypto": "jwcrypto"}
FEW = ("HS256", "RS256", "ES256")


@pytest.mark.parametrize("algorithm", FEW)
@pytest.mark.parametrize("library_id", sorted(set(AT_HAND) & set(libraries())))
def test_the_code_accepts_what_is_good_and_refuses_the_rest(library_id: str, algorithm: str, tmp_path: Path):
    if importlib.util.find_spec(AT_HAND[library_id]) is None:
        pytest.skip(f"{library_id} is not there")
    trial = Trial(BENCH, tmp_path, libraries()[library_id], Scheme(algorithm))
    assert list(trial.usual()) == []


def test_the_trial_notices_code_that_accepts_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.snippets.running.render", lambda *_: Snippet("print('roles')\n", LANGUAGES["python"]))
    trial = Trial(BENCH, tmp_path, libraries()["pyjwt"], Scheme("HS256"))
    said = "\n".join(trial.usual())
    for case in ("tampered", "expired", "wrong audience", "wrong algorithm", "unsigned"):
        assert f"secret: {case}: accepted" in said
    assert "secret: signs" in said


def test_the_trial_notices_code_that_refuses_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.snippets.running.render", lambda *_: Snippet("raise SystemExit(1)\n", LANGUAGES["python"]))
    trial = Trial(BENCH, tmp_path, libraries()["pyjwt"], Scheme("HS256"))
    assert "secret: good: refused" in "\n".join(trial.usual())


def test_the_results_tell_of_every_library_and_algorithm():
    assert set(results()) == set(libraries())
    for name, result in results().items():
        assert tuple(result.algorithms) == NAMES
        for algorithm, outcome in result.algorithms.items():
            offered = algorithm in libraries()[name].algorithms
            assert (outcome != "refused") == offered
            assert (outcome == "ran") <= bool(result.version)
        assert set(result.encrypted) <= set(libraries()[name].encrypted)


def test_enough_libraries_ran_in_enough_languages():
    ran = [libraries()[name] for name, result in results().items() if result.version]
    assert len(ran) >= 12
    assert len({library.language for library in ran}) >= 7


@pytest.mark.parametrize("library_id", [name for name, result in results().items() if result.version])
def test_what_ran_is_the_code_that_is_shown(library_id: str):
    written = json.loads(FILE.read_text())[library_id]
    assert written["code"] == digest(libraries()[library_id]), f"run: make snippets LIBRARIES={library_id}"


def pins() -> dict[str, str]:
    """The versions that are installed to be run."""
    python = re.findall(r"^([a-z0-9-]+)==(\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    return dict(python) | {name.removeprefix("node_modules/"): entry["version"] for name, entry in packages.items() if name}


@pytest.mark.parametrize("library_id", [library.id for library in libraries().values() if library.source in ("pip", "npm")])
def test_what_ran_is_the_version_that_is_pinned(library_id: str):
    assert results()[library_id].version == pins()[libraries()[library_id].package]
