"""What SECURITY.md says of limits and settings is what the code has."""

from __future__ import annotations

import re
from threading import BoundedSemaphore

import pytest

from app import keyfetch
from app.keyfetch import connection, key_set
from app.server import channel, loop
from app.settings import PREFIX, READERS
from app.tokens import compression, envelope, json_form, lossless_json, sd_jwt
from app.tokens.algorithms import ALGORITHMS
from app.tokens.decode import MAX_NESTED
from app.tokens.jwe import content, message, parameters
from app.tokens.keys import kinds, locked, rsa_parts
from app.tokens.keys import pem as pem_keys
from app.web import security, turns
from tests.attacks.ledger import ROOT

TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", TEXT.partition("## Limits")[2].partition("## What")[0], re.MULTILINE))
WORDS = {2: "two", 4: "four"}


def places(semaphore: BoundedSemaphore) -> int:
    """How many a semaphore lets in."""
    taken = 0
    while semaphore.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        semaphore.release()
    return taken


LIMITS = {
    "request body": f"{security.MAX_BODY // 1024} KiB, with a length; 411 without, 413 beyond",
    "a whole request, headers and body": f"{channel.REQUEST_SECONDS:.0f} seconds",
    "connections at once": f"{loop.OPTIONS['connection_limit']:,}",
    "text of a token": f"{envelope.MAX_CHARACTERS:,} characters",
    "JSON": f"{lossless_json.MAX_DEPTH} levels, {lossless_json.MAX_MEMBERS:,} members",
    "what a JWE or JWS inflates to": f"{content.MAX_INFLATED:,} bytes",
    "rounds of PBES2 and of a locked key": f"{parameters.MAX_ROUNDS:,}",
    "RSA modulus": f"{rsa_parts.MIN_BITS} to {rsa_parts.MAX_BITS:,} bits to try, {ALGORITHMS['RS256'].min_key_bits:,} at least to verify, {max(kinds.RSA_SIZES):,} at most to make",
    "key set": f"{pem_keys.MAX_KEYS} keys of {key_set.MAX_KEY_BYTES // 1024} KiB",
    "fetch": f"{connection.MAX_SECONDS:.0f} seconds in all, {connection.MAX_BYTES // 1024} KiB, no redirect, {WORDS[keyfetch._AT_ONCE]} at once",
    "keys made at once": f"{WORDS[places(turns._MAKERS)]}, {WORDS[places(turns._PLACES)]} wait, then 429",
    "nested tokens, signatures, recipients, disclosures": (
        f"{MAX_NESTED}, {json_form.MAX_SIGNATURES}, {message.MAX_RECIPIENTS}, {sd_jwt.MAX_DISCLOSURES:,}"
    ),
}


@pytest.mark.parametrize("what", LIMITS)
def test_a_limit_is_that_of_the_code(what: str):
    assert ROWS[what] == LIMITS[what]


def test_every_limit_is_compared():
    assert ROWS.keys() - {"what", "---"} == LIMITS.keys()
    assert (compression.MAX_INFLATED, locked.MAX_ROUNDS) == (content.MAX_INFLATED, parameters.MAX_ROUNDS)


def test_every_setting_that_it_names_is_one():
    named = set(re.findall(r"JWTLENS_\w+", TEXT))
    assert named
    assert named <= {PREFIX + name.upper() for name in READERS}


def test_what_it_says_of_the_memory_of_fetching_is_so():
    assert f"{keyfetch._MOST_KEPT} at most" in TEXT
    assert (keyfetch.KEPT_SECONDS, keyfetch.FAILURE_KEPT_SECONDS) == (300.0, 60.0)
    assert "used for five minutes (a failure for one)" in TEXT


def test_every_file_that_it_leads_to_is_there():
    for goal in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / goal).exists(), goal
