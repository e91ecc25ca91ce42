"""The exports to gateways that ask: what stands in them, what cannot, and that the real programs read them."""

import os
import subprocess
from pathlib import Path

import pytest

from app.gateway import Policy, read_policy
from app.gateway.exports import GATEWAYS, Export
from app.web import presets
from tests.gateway.gate import policy

ASKING = [name for name, row in GATEWAYS.items() if row.asks]
PRESETS = [read_policy(presets.policy(row)) for row in presets.PRESETS.values()]
FULL = policy(upstream={"X-User": "sub", "X-Realm-Roles": "realm_access.roles"}, token={"header": "X-Token"}, forward_token=False)


def export(name: str, rules: Policy = FULL) -> Export:
    return GATEWAYS[name].export(rules)


def text(name: str, rules: Policy = FULL) -> str:
    return "\n".join(file.text for file in export(name, rules).files)


# The real programs -------------------------------------------------------------------------------------------------


def read_by_nginx(folder: Path) -> list[str]:
    include = f"pid {folder}/nginx.pid; error_log stderr; events {{}} http {{ access_log off; include {folder}/jwtlens.conf; }}"
    (folder / "nginx.conf").write_text(include)
    return ["nginx", "-t", "-q", "-e", "stderr", "-c", f"{folder}/nginx.conf"]


CHECKS = {
    "nginx": read_by_nginx,
    "caddy": lambda folder: ["caddy", "validate", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"],
    "haproxy-lua": lambda folder: ["haproxy", "-c", "-q", "-f", f"{folder}/haproxy.cfg"],
}


def check(name: str, rules: Policy, folder: Path) -> None:
    """Let the gateway itself read its export."""
    for file in export(name, rules).files:
        (folder / file.name).write_text(file.text)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    read = subprocess.run(CHECKS[name](folder), cwd=folder, env=os.environ | home, capture_output=True, text=True, timeout=30)
    assert read.returncode == 0, read.stderr
    assert "[emerg]" not in read.stderr
    assert "[warn]" not in read.stderr.replace('[warn] the "user"', "")


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("rules", [*PRESETS, FULL, policy()], ids=[*presets.PRESETS, "full", "plain"])
def test_the_real_program_reads_it(name, rules, tmp_path):
    check(name, rules, tmp_path)
