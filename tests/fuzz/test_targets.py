"""Each target, a short while: its seeds, the same changes to them in every run, and what hypothesis writes. `make fuzz` goes on for longer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutating import corpus, mutations
from tests.fuzz.targets import TARGETS, Broken, Taking, mutated, promise

MUTATIONS = {"envelope": 800, "linear": 20, "der": 800, "keys": 800, "jws": 400, "jwe": 600, "sd-jwt": 600}
USUAL = 4000


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_target_holds_for_its_seeds_and_for_changes_to_them(target):
    for data in mutations(target, MUTATIONS.get(target.name, USUAL)):
        target.hold(data)


@pytest.mark.parametrize("target", [one for name, one in TARGETS.items() if name != "linear"], ids=lambda one: one.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_target_holds_for_what_hypothesis_writes(target, data):
    seed = data.draw(st.sampled_from([b"", *corpus(target)]))
    cut = data.draw(st.integers(0, len(seed)))
    target.hold(seed[:cut] + data.draw(st.binary(max_size=80)) + seed[cut:])


# The targets can fail ---------------------------------------------------------------------------------------------


def test_a_broken_promise_is_told():
    with pytest.raises(Broken, match="it rains"):
        promise(False, "it rains")


@pytest.mark.parametrize(
    ("name", "place", "wrong"),
    [
        ("base64url", "app.tokens.base64url.decode", lambda segment: b"x"),
        ("json", "app.tokens.lossless_json.compact", lambda text: text.replace("1", "2")),
        ("jws", "tests.fuzz.targets.verify", None),
        ("policy", "app.gateway.read_policy", None),
    ],
)
def test_a_target_notices_when_its_promise_is_broken(monkeypatch, name, place, wrong):
    def gives_up(*_args, **_more):
        raise ValueError("given up")

    monkeypatch.setattr(place, wrong or gives_up)
    with pytest.raises((Broken, ValueError)):
        _hold_all(TARGETS[name])


def _hold_all(target):
    for data in corpus(target):
        target.hold(data)


def test_every_target_has_something_to_begin_with():
    assert all(len(corpus(target)) >= 3 for target in TARGETS.values())


def test_a_change_is_one_character():
    assert [mutated("abc", 1, "X", how) for how in range(3)] == ["aXc", "ac", "aXbc"]


def test_bytes_are_taken_from_the_front():
    taking = Taking(b"\0\5\0\1rest")
    assert (taking.number(4), taking.choice(("a", "b")), taking.text()) == (1, "b", "rest")
