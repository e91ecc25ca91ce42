"""The image's user, file system and network, tried with bubblewrap."""

from __future__ import annotations

from tests.deployment.test_sandbox import USER, inside
from tests.stress.rows import Row, at_most, exactly


def in_a_sandbox() -> list[Row]:
    """Every door, as nobody, on a file system that cannot be written, without a network."""
    seen = inside()
    status = seen["status"]
    wrong = {name: answer for name, answer in seen["answers"].items() if answer != (413 if name == "too large" else 200)}
    return [
        exactly("in a sandbox: user, and what it may as one", (status["Uid"].split()[0], status["CapEff"]), (USER, "0" * 16)),
        exactly("in a sandbox: doors that do not work", wrong, {}),
        exactly("in a sandbox: places that can be written", seen["written"], []),
        exactly("in a sandbox: reaches the network", seen["outside"], False),
        at_most("in a sandbox: stopped after", seen["seconds_to_stop"], 1, "s"),
    ]
