"""deploy/Dockerfile and compose.yaml: hadolint and the compose schema take them, and inkstream what they pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.commands.worker import _roles
from streams.settings import ENV_PREFIX, Settings
from tests.integration.test_kubernetes import probe_paths

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "inkstream"}


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which(program, path=Path(sys.executable).parent) or program
    return subprocess.run([found, *arguments], capture_output=True, text=True, check=False)


def environment_of_the_image() -> dict[str, str]:
    words = DOCKERFILE.replace("\\\n", " ").split()
    return dict(word.split("=", 1) for word in words if word.startswith(ENV_PREFIX))


def test_hadolint_has_no_complaint() -> None:
    ran = run("hadolint", DEPLOY / "Dockerfile")
    assert ran.returncode == 0, ran.stdout


def test_the_compose_file_is_one_by_its_schema(tmp_path: Path) -> None:
    def check(file: Path) -> subprocess.CompletedProcess[str]:
        return run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)

    ran = check(DEPLOY / "compose.yaml")
    assert ran.returncode == 0, ran.stdout
    misspelt = tmp_path / "compose.yaml"
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    misspelt.write_text(text.replace("stop_grace_period", "stop_grace"), encoding="utf-8")
    assert "stop_grace" in check(misspelt).stdout


def test_every_service_of_ours_starts_with_settings_and_arguments_that_inkstream_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    roles = set()
    for service in OURS.values():
        with monkeypatch.context() as patch:
            for name, value in (environment_of_the_image() | service["environment"]).items():
                if not str(value).startswith("${"):  # from the caller's environment
                    patch.setenv(name, str(value))
            settings = Settings()
        assert settings.broker == "kafka:9092"
        command, *arguments = service["command"].split()
        if command == "worker":
            running, web = _roles([word for word in arguments if word != "--role"])
            roles |= {*running, *(["web"] if web else [])}
        else:
            assert (command, *arguments) == ("watch", "/inbox", "--create-topics")
            assert service["healthcheck"] == {"disable": True}
    assert roles == {"split", "read", "track", "web"}


def test_the_health_check_asks_for_a_path_that_is_answered_on_that_port() -> None:
    environment = environment_of_the_image()
    (asked,) = (line for line in DOCKERFILE.splitlines() if "urlopen" in line)
    assert any(f"http://127.0.0.1:{environment['INKSTREAM_PROBE_PORT']}{path}'" in asked for path in probe_paths())
    assert f"EXPOSE 8321 {environment['INKSTREAM_PROBE_PORT']}" in DOCKERFILE


def test_prometheus_asks_every_service_that_is_a_worker() -> None:
    configuration = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text(encoding="utf-8"))
    ((workers,),) = (job["dns_sd_configs"] for job in configuration["scrape_configs"])
    assert set(workers["names"]) == {n for n, s in OURS.items() if s["command"].startswith("worker")}
    assert str(workers["port"]) == environment_of_the_image()["INKSTREAM_PROBE_PORT"]


def test_every_file_that_a_service_is_given_is_there_and_every_port_is_this_machines() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), f"{name}: {source}"
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
        assert ":" in service["image"] or service["image"] == "inkstream", f"{name}: an image without a version"
