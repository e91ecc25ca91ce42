"""The page about the server names every option, metric and member of the log, and what it shows is read as it says."""

from __future__ import annotations

import json
import re
import subprocess

import click

from app.cli.gateway import gateway
from app.forwardauth import SOURCES, Metrics
from app.forwardauth.log import line
from app.gateway import decide, read_policy, read_request
from app.gateway.request import Header

PATH = "/learn/forward-auth"


def test_every_option_is_on_the_page(client):
    text = client.get(PATH).text
    names = {one.opts[0] for one in gateway.params if isinstance(one, click.Option)} - {"--host", "--port"}
    assert not [name for name in names if name not in text]
    for source, family in SOURCES.items():
        assert f"<code>{source}</code>" in text
        assert all(name in text for name in family or ())


def test_every_metric_is_on_the_page_and_no_other(client):
    there = set(re.findall(r"jwtlens_gateway_\w+", client.get(PATH).text))
    made = {f"{one.name}_total" if one.type == "counter" else one.name for one in Metrics(1).collect()}
    assert there == made


def test_the_line_of_the_log_has_the_members_that_a_line_has(client):
    (shown,) = (
        json.loads("".join(block.itertext())) for block in client.get(PATH).dom.tag("pre") if "latency_ms" in "".join(block.itertext())
    )
    assert list(shown) == list(json.loads(line(None, "exp", 401, "GET", 0.0, 0.0)))


def _blocks(client):
    return ["".join(block.itertext()) for block in client.get(PATH).dom.tag("pre")]


def test_the_policy_on_the_page_is_one(client):
    policy = read_policy(_blocks(client)[0])
    assert policy.references == ("https://login.example.com",)
    assert Header("X-User", "sub") == (policy.upstream[0][0], ".".join(policy.upstream[0][1]))


def test_the_request_on_the_page_lacks_what_it_says(client):
    policy, asked = _blocks(client)[0], next(block for block in _blocks(client) if block.startswith("GET "))
    decision = decide(read_policy(policy), read_request(asked), {}, 0)
    assert decision.route is not None
    assert (decision.status, decision.route.name, decision.denials[0].name) == (401, "/orders", "token")


def test_nginx_takes_what_the_page_shows(client, tmp_path):
    shown = [block for block in _blocks(client) if block.startswith("upstream ")]
    assert len(shown) == 2
    for number, block in enumerate(shown):
        file = tmp_path / f"{number}.conf"
        file.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {block} }}")
        done = subprocess.run(["nginx", "-t", "-e", "stderr", "-c", str(file)], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
