"""What is shipped for systemd, Kubernetes and Compose: valid, and as closed as the image is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.server.loop import DRAIN_SECONDS
from app.settings import PREFIX, from_environment
from tests.deployment.running import DEPLOY, NAME, ROOT

UNIT = DEPLOY / "jwtlens@.service"
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())


def run(*command: object, check: bool = True) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# systemd ----------------------------------------------------------------------------------------------------------

DIRECTIVES = [line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")]
CLOSED = {
    "DynamicUser": "yes",
    "UMask": "0077",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "IPAddressDeny": "any",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
}


def test_the_unit_may_do_nothing_that_it_need_not():
    said: dict[str, str] = dict(DIRECTIVES)
    assert said | CLOSED == said
    assert int(said["TimeoutStopSec"].removesuffix("s")) > DRAIN_SECONDS
    assert said["ExecStart"].split()[1:] == ["serve"]


def test_the_settings_of_the_unit_are_settings():
    words = [word for name, value in DIRECTIVES if name == "Environment" for word in value.replace("%i", "8080").split()]
    given = dict(word.split("=", 1) for word in words if word.startswith(PREFIX))
    assert from_environment(given).port == 8080
    assert from_environment(given).is_for_one


systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there; the directives are tested")


@systemd
def test_systemd_understands_every_line(tmp_path: Path):
    # The program is elsewhere here; every other complaint is one.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/jwtlens/bin/jwtlens", sys.executable))
    said = run("systemd-analyze", "verify", "--man=no", unit, check=False)
    assert not [line for line in said.splitlines() if "jwtlens" in line], said


@systemd
def test_systemd_finds_little_that_is_exposed():
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", UNIT)
    assert "OK" in said


# Kubernetes -------------------------------------------------------------------------------------------------------


def kind(name: str) -> Any:
    (found,) = [one for one in MANIFESTS if one["kind"] == name]
    return found


POD = kind("Deployment")["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


def test_the_manifests_are_of_the_schema_with_nothing_more():
    run(Path(sys.executable).with_name("kubernetes-validate"), "--strict", DEPLOY / "kubernetes.yaml")


def test_a_pod_may_do_nothing_that_it_need_not():
    assert POD["automountServiceAccountToken"] is False
    assert POD["securityContext"]["runAsNonRoot"]
    assert POD["securityContext"]["runAsUser"] == 65532
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    own = CONTAINER["securityContext"]
    assert own["readOnlyRootFilesystem"]
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert CONTAINER["resources"]["limits"].keys() == {"cpu", "memory"}


def test_the_settings_of_a_pod_are_settings_and_no_service_adds_others():
    settings = from_environment({row["name"]: row["value"] for row in CONTAINER["env"]})
    assert settings.port == CONTAINER["ports"][0]["containerPort"]
    assert settings.allowed_hosts == (NAME,)
    assert not settings.fetch
    # A service of this name would set JWTLENS_PORT to tcp://…, and JWTLENS_SERVICE_HOST, which is refused.
    assert POD["enableServiceLinks"] is False


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_probe_asks_by_a_name_that_is_answered(probe: str, site_of_a_pod: Any):
    asked = CONTAINER[probe]["httpGet"]
    assert asked["port"] == CONTAINER["ports"][0]["name"]
    headers = {row["name"]: row["value"] for row in asked["httpHeaders"]}
    assert site_of_a_pod.get(asked["path"], headers=headers).status_code == 200
    assert site_of_a_pod.get(asked["path"], headers={"Host": "10.1.2.3:8080"}).status_code == 421


@pytest.fixture
def site_of_a_pod() -> Any:
    from app.web import create_app

    return create_app(from_environment({row["name"]: row["value"] for row in CONTAINER["env"]})).test_client()


def test_a_pod_drains_before_it_is_killed():
    waits = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] > waits + DRAIN_SECONDS


def test_the_parts_name_each_other():
    labels = kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert kind("Deployment")["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert kind("Service")["spec"]["selector"].items() <= labels.items()
    for name in ("PodDisruptionBudget", "NetworkPolicy"):
        selector = kind(name)["spec"].get("selector") or kind(name)["spec"]["podSelector"]
        assert selector["matchLabels"].items() <= labels.items()
    assert kind("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == kind("Deployment")["metadata"]["name"]
    backend = kind("Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == kind("Service")["metadata"]["name"]
    assert backend["port"]["name"] in {port["name"] for port in kind("Service")["spec"]["ports"]}


def test_there_is_more_than_one_copy_at_any_time():
    scaler = kind("HorizontalPodAutoscaler")["spec"]
    assert 1 < scaler["minReplicas"] < scaler["maxReplicas"]
    assert kind("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_nothing_leaves_the_pod():
    policy = kind("NetworkPolicy")["spec"]
    assert policy["egress"] == []
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}


# Compose ----------------------------------------------------------------------------------------------------------


def test_compose_runs_the_image_read_only_without_privileges_on_loopback():
    service = COMPOSE["services"]["jwtlens"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert not {"privileged", "cap_add", "volumes", "network_mode", "user", "pid"} & service.keys()


def test_the_settings_of_compose_are_settings():
    given = COMPOSE["services"]["jwtlens"]["environment"]
    # ${NAME:-default}: what Compose puts in when nothing is set.
    values = {name: value.partition(":-")[2].removesuffix("}") if value.startswith("${") else value for name, value in given.items()}
    assert from_environment(values).allowed_hosts == ()
