"""The shared table for a gateway that judges by itself: one process of it, with a port for each policy."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from typing import NamedTuple

from app.gateway import Decision, Policy, decide, read_policy, read_request
from app.gateway.exports import GATEWAYS, Export
from app.tokens import read_keys
from tests.gateway.gate import NOW
from tests.gateway.table import ROWS, Row
from tests.proxies.harness import Reply, request, send


class Door(NamedTuple):
    """Where one policy is asked, by its place among them; *row* is the first that has it."""

    number: int
    port: int
    row: Row
    policy: Policy
    export: Export


def kind(row: Row) -> str:
    """What decides the configuration: the policy, and the keys that it names."""
    return json.dumps([row.policy, row.keys], sort_keys=True)


def doors(gateway: str) -> dict[str, Door]:
    """A port for each policy of the table, with the export for *gateway*."""
    rows = {kind(row): row for row in reversed(ROWS.values())}
    found = {}
    for number, (name, port) in enumerate(zip(rows, free_ports(len(rows)), strict=True)):
        policy = read_policy(json.dumps(rows[name].policy))
        found[name] = Door(number, port, rows[name], policy, GATEWAYS[gateway].export(policy))
    return found


def free_ports(count: int) -> list[int]:
    """So many at once, that none is given twice."""
    with ExitStack() as opened:
        probes = [opened.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def ask(door: Door, row: Row) -> Reply:
    head, _, body = row.request().partition("\n\n")
    line, *headers = head.split("\n")
    return send(door.port, request(line, *headers, body=body.encode()))


def decided(row: Row, policy: Policy, at: int = NOW) -> Decision:
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    return decide(policy, read_request(row.request()), keys, at)
