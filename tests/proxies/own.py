"""The shared table for a gateway that judges by itself: one process of it, with a port for each policy."""

from __future__ import annotations

import json
import secrets
import socket
from typing import NamedTuple

from app.gateway import Decision, Policy, decide, read_policy, read_request
from app.gateway.exports import GATEWAYS, Export
from app.tokens import read_keys
from tests.gateway.gate import NOW
from tests.gateway.table import ROWS, Row
from tests.proxies.harness import Reply, request, send

_PORTS = range(12_000, 32_000)


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
    """So many free ports below those that the system gives to clients, so that none is taken until the gateway has started."""
    found: list[int] = []
    first = _PORTS.start + secrets.randbelow(len(_PORTS))
    for port in (*range(first, _PORTS.stop), *range(_PORTS.start, first)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("there are not enough free ports")


def ask(door: Door, row: Row) -> Reply:
    head, _, body = row.request().partition("\n\n")
    line, *headers = head.split("\n")
    return send(door.port, request(line, *headers, body=body.encode()))


def decided(row: Row, policy: Policy, at: int = NOW) -> Decision:
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    return decide(policy, read_request(row.request()), keys, at)
