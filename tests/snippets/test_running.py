"""The code runs: a part of `make snippets` that needs nothing but what the tests have, and what it wrote down is kept."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from app.snippets import libraries, results
from tests.snippets.cases import Scheme
from tests.snippets.running import NAMES, Trial
from tests.snippets.toolchains import Bench

BENCH = Bench(sys.executable)
HERE = {"pyjwt": "jwt", "joserfc": "joserfc", "jwcrypto": "jwcrypto"}
FEW = ("HS256", "RS256", "ES256", "EdDSA")


@pytest.mark.parametrize("algorithm", FEW)
@pytest.mark.parametrize("library_id", sorted(set(HERE) & set(libraries())))
def test_the_code_accepts_what_is_good_and_refuses_the_rest(library_id: str, algorithm: str, tmp_path: Path):
    if importlib.util.find_spec(HERE[library_id]) is None:
        pytest.skip(f"{library_id} is not there")
    trial = Trial(BENCH, tmp_path, libraries()[library_id], Scheme(algorithm, "Ed25519" if algorithm == "EdDSA" else ""))
    assert list(trial.usual()) == []


def test_the_trial_notices_code_that_accepts_everything(tmp_path: Path):
    trial = Trial(BENCH, tmp_path, libraries()["pyjwt"], Scheme("HS256"))
    file = trial.program("verify", "print('roles')")
    assert isinstance(file, Path)
    assert trial.run(file, "secret", "a.b.c")[0]


def test_the_results_tell_of_every_library_and_algorithm():
    assert set(results()) == set(libraries())
    for name, result in results().items():
        assert tuple(result.algorithms) == NAMES
        for algorithm, outcome in result.algorithms.items():
            offered = algorithm in libraries()[name].algorithms
            assert (outcome != "refused") == offered
            assert (outcome == "ran") <= bool(result.version)
