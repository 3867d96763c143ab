"""deploy/k8s: what kubectl makes of each overlay is what Kubernetes, KEDA and inkstream itself take."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from starlette.routing import Route

from streams.commands.worker import _roles
from streams.kafka.topics import TopicNames, consumer_group
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.settings import ENV_PREFIX, Settings
from streams.web.probes import create_probes

K8S = Path(__file__).resolve().parents[2] / "deploy" / "k8s"
KEDA = json.loads(Path(__file__).with_name("schemas").joinpath("keda-v2.21.0.json").read_text(encoding="utf-8"))
KUBERNETES = "1.35"
OVERLAYS = ("dev", "prod", "gpu")
WORKERS = {"split", "read", "track", "web"}

Manifest = dict[str, Any]


@cache
def manifests(overlay: str) -> tuple[Manifest, ...]:
    program = shutil.which("kubectl", path=Path(sys.executable).parent) or "kubectl"
    ran = subprocess.run(
        [program, "kustomize", str(K8S / "overlays" / overlay)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return tuple(yaml.safe_load_all(ran.stdout))


def one(overlay: str, kind: str, name: str) -> Manifest:
    found = [m for m in manifests(overlay) if m["kind"] == kind and m["metadata"]["name"].startswith(name)]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    """The name and the pod of each workload of ours."""
    for manifest in manifests(overlay):
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job") and manifest["metadata"]["name"] != "kafka":
            yield manifest["metadata"]["name"], manifest["spec"]["template"]


def probe_paths() -> set[str]:
    routes = create_probes(Health(60), Metrics(), lambda: True).routes
    return {route.path for route in routes if isinstance(route, Route)}


def strict(schema: Any) -> Any:
    """The schema, in which an object may have no fields but its own: Kubernetes drops others without a word."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(part) for name, part in schema.items()}
    if "properties" in closed and not closed.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed


def check(manifest: Manifest) -> None:
    if manifest["apiVersion"].startswith("keda.sh/"):
        schema = strict(KEDA[manifest["kind"]])
        schema["properties"]["metadata"] = {"type": "object"}
        jsonschema.validate(manifest, schema)
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_is_one_that_kubernetes_and_keda_take(overlay: str) -> None:
    for manifest in manifests(overlay):
        check(manifest)
    assert {name for name, _ in pods(overlay)} == {*WORKERS, "watch", "topics"}


def test_a_misspelt_field_is_found() -> None:
    for kind, part in (("Deployment", "spec"), ("ScaledObject", "spec")):
        manifest = json.loads(json.dumps(one("prod", kind, "read")))
        manifest[part]["replicaCount"] = 1
        with pytest.raises((kubernetes_validate.ValidationError, jsonschema.ValidationError), match="replicaCount"):
            check(manifest)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_restricted_and_bounded(overlay: str) -> None:
    for name, template in pods(overlay):
        pod, (container,) = template["spec"], template["spec"]["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        claimed = {"data"} if name == "watch" else set()
        assert mounted == {volume["name"] for volume in pod["volumes"]} | claimed, name
        assert len({mount["mountPath"] for mount in container["volumeMounts"]}) == len(mounted), name
    assert one(overlay, "Namespace", "")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def settings_of(overlay: str, template: Manifest, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that a pod starts with; secrets are those of dev, or placeholders."""
    (container,) = template["spec"]["containers"]
    variables = dict(one(overlay, "ConfigMap", "inkstream-settings")["data"])
    if variables.get("INKSTREAM_SECURITY_PROTOCOL") == "SASL_SSL":
        variables |= {"INKSTREAM_SASL_USERNAME": "somebody", "INKSTREAM_SASL_PASSWORD": "p" * 32}
    variables |= {entry["name"]: entry["value"] for entry in container.get("env", ())}
    with monkeypatch.context() as patch:
        for name, value in variables.items():
            assert name.startswith(ENV_PREFIX)
            patch.setenv(name, value)
        return Settings()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_starts_with_settings_and_arguments_that_inkstream_has(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, template in pods(overlay):
        settings = settings_of(overlay, template, monkeypatch)
        pod, (container,) = template["spec"], template["spec"]["containers"]
        # Kubernetes would set INKSTREAM_PORT for the service `inkstream`, which is no setting
        assert pod["enableServiceLinks"] is False
        if name in WORKERS:
            assert container["args"] == ["worker", "--role", name]
            assert _roles([name]) == ((), True) if name == "web" else ((name,), False)
            limit_mb = int(container["resources"]["limits"]["memory"].removesuffix("Gi")) * 1024
            assert name == "track" or limit_mb > settings.processes * settings.process_memory_mb
            mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
            assert set(settings.content_ref_folders) <= mounts or name == "track"
            assert settings.models_dir.is_relative_to("/var/cache/inkstream")
            assert str(settings.data_dir) in mounts


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_probe_asks_for_a_path_that_is_answered_on_that_port(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = probe_paths()
    for name, template in pods(overlay):
        (container,) = template["spec"]["containers"]
        probes = {kind: container[kind]["httpGet"] for kind in container if kind.endswith("Probe")}
        assert set(probes) == ({"startupProbe", "livenessProbe", "readinessProbe"} if name in WORKERS else set())
        settings = settings_of(overlay, template, monkeypatch)
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
        assert ports.get("probes", settings.probe_port) == settings.probe_port
        assert ports.get("http", settings.api_port) == settings.api_port
        for kind, asked in probes.items():
            assert asked["path"] in paths and asked["port"] in ports
            assert asked["path"] == ("/livez" if kind == "livenessProbe" else "/readyz")


@pytest.mark.parametrize("overlay", ["prod", "gpu"])
def test_readers_follow_the_lag_of_the_topic_and_group_that_they_have(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaled, deployment = one(overlay, "ScaledObject", "read")["spec"], one(overlay, "Deployment", "read")
    settings = settings_of(overlay, deployment["spec"]["template"], monkeypatch)
    ((trigger),) = scaled["triggers"]
    asked = trigger["metadata"]
    assert (asked["topic"], asked["consumerGroup"]) == (
        TopicNames.of(settings).pages,
        consumer_group(settings, "read"),
    )
    assert asked["bootstrapServers"] == settings.broker
    assert asked["sasl"].replace("_", "-").replace("sha", "sha-") == settings.sasl_mechanism.lower()
    assert (scaled["minReplicaCount"], scaled["scaleTargetRef"]) == (0, {"name": "read"})
    assert scaled["maxReplicaCount"] <= settings.pages_partitions
    assert "replicas" not in deployment["spec"]
    one(overlay, "TriggerAuthentication", trigger["authenticationRef"]["name"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_selector_selects_pods_that_are_there(overlay: str) -> None:
    labels = [
        m["spec"]["template"]["metadata"]["labels"] for m in manifests(overlay) if "template" in m.get("spec", {})
    ]
    for manifest in manifests(overlay):
        spec = manifest.get("spec", {})
        selector = spec.get("selector") or spec.get("podSelector")
        if selector:
            wanted = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
            assert any(wanted.items() <= has.items() for has in labels), manifest["metadata"]["name"]


def test_a_gpu_is_owned_by_one_reader_process(monkeypatch: pytest.MonkeyPatch) -> None:
    template = one("gpu", "Deployment", "read")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert container["image"].startswith("inkstream-gpu:")
    assert settings_of("gpu", template, monkeypatch).processes == 1
