"""The image that deploy/Dockerfile makes: what is in it, and that deploy/compose.yaml's services run in it.

`make test-image`, as root; 3 to 9 minutes; IMAGE=folder takes what `build.sh folder` built. Containers cannot be
started everywhere: the services run in the image's root file system, on this machine's network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from streams.broker.embedded import EmbeddedKafka
from streams.settings import Settings
from tests.integration.harness import Topics, eventually
from tests.integration.test_probes import a_free_port

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "deploy" / "samples" / "documents"
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))[
    "services"
]
WRITABLE = (
    "/tmp/",
    "/var/lib/inkstream",
    "/var/cache/inkstream",
    "/proc",
    "/sys",
    "/dev",
    "/inbox",
    "/run",
)

pytestmark = pytest.mark.timeout(1800)


class Image:
    """What was built, with a container of it that commands run in."""

    def __init__(self, folder: Path) -> None:
        self.buildah = folder / "buildah"
        self.container = self.run("from", "--pull=never", "localhost/inkstream").strip()
        self.root = Path(self.run("mount", self.container).strip())

    def run(self, *arguments: str) -> str:
        return subprocess.run([self.buildah, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    def command(self, command: list[str], volumes: dict[Path, str], environment: dict[str, str]) -> list[str]:
        options = [word for here, there in volumes.items() for word in ("-v", f"{here}:{there}")]
        options += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        return [str(self.buildah), "run", *options, self.container, "--", *command]

    def config(self) -> dict[str, Any]:
        inspected: dict[str, Any] = json.loads(self.run("inspect", "--type", "image", "localhost/inkstream"))
        return dict(inspected["Docker"]["config"])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    if built := os.environ.get("IMAGE"):
        return Image(Path(built))
    folder = tmp_path_factory.mktemp("image")
    subprocess.run([ROOT / "tests" / "image" / "build.sh", folder], check=True)
    return Image(folder)


def test_the_image_runs_as_nobody_in_particular_and_has_no_build_tools(image: Image) -> None:
    config = image.config()
    assert config["User"] == "1000:1000"
    assert (config["Entrypoint"], config["Cmd"]) == (["inkstream"], ["worker"])
    assert "org.opencontainers.image.licenses" in config["Labels"]
    assert config["Healthcheck"]["Test"][:2] == ["CMD", "python"]
    tools = ("gcc", "cc", "make", "git", "pip")
    found = subprocess.run(
        image.command(["sh", "-c", f"command -v {' '.join(tools)}"], {}, {}), capture_output=True
    )
    assert [Path(line).name for line in found.stdout.decode().split()] in (
        [],
        ["pip"],
    )  # Debian's own, see build.sh
    no_pip = subprocess.run(image.command(["python3", "-c", "import pip"], {}, {}), capture_output=True, text=True)
    assert "No module named 'pip'" in no_pip.stderr


def test_a_document_is_read(image: Image) -> None:
    command = image.command(["inkstream", "read", "/samples/report.pdf"], {SAMPLES: "/samples:ro"}, {})
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Harbour Office, Annual Report" in ran.stdout


class Started:
    """A service of compose.yaml that runs in the image's file system."""

    def __init__(self, process: subprocess.Popen[bytes], probe_port: int, log: Path) -> None:
        self.process, self.probe_port, self.log = process, probe_port, log

    def inkstream(self) -> psutil.Process:
        children = psutil.Process(self.process.pid).children(recursive=True)
        program = ["/opt/inkstream/bin/python", "/opt/inkstream/bin/inkstream"]
        return next(child for child in children if child.cmdline()[:2] == program)

    def stop(self) -> int:
        self.inkstream().send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def started(image: Image, name: str, settings: Settings, folder: Path) -> Iterator[Started]:
    service, probe_port = SERVICES[name], a_free_port()
    environment = {
        key: str(value) for key, value in service["environment"].items() if not str(value).startswith("${")
    }
    environment |= {
        "INKSTREAM_BROKER": str(settings.broker), "INKSTREAM_TOPIC_PREFIX": settings.topic_prefix,
        "INKSTREAM_PROBE_PORT": str(probe_port), "INKSTREAM_API_PORT": str(a_free_port()),
    }  # fmt: skip
    data = folder / name
    data.mkdir()
    os.chown(data, 1000, 1000)
    command = ["inkstream", *service["command"].split()]
    volumes = {data: "/var/lib/inkstream", folder / "inbox": "/inbox"}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            image.command(command, volumes, environment), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield Started(process, probe_port, folder / f"{name}.log")
    finally:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
        process.wait(30)


async def test_the_services_of_compose_read_a_file_in_the_inbox_and_end_in_order(
    image: Image, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with EmbeddedKafka(tmp_path / "kafka") as kafka, ExitStack() as stack:
        settings = Settings(broker=kafka.bootstrap, data_dir=tmp_path)
        topics, begun = Topics(settings), time.time()
        services = {
            name: stack.enter_context(started(image, name, settings, tmp_path)) for name in ("web", "read", "watch")
        }

        async def answers(path: str) -> list[int]:
            async with httpx.AsyncClient() as client:
                ports = [services[name].probe_port for name in ("web", "read")]
                return [(await client.get(f"http://127.0.0.1:{port}{path}")).status_code for port in ports]

        async def ready() -> bool:
            try:
                return await answers("/readyz") == [200, 200]
            except httpx.TransportError:
                return False

        await eventually(ready, 120, services["read"].log)
        (inbox / "report.pdf").write_bytes((SAMPLES / "report.pdf").read_bytes())

        async def read() -> bool:
            return any("Harbour Office" in page.text for page in (await topics.pages()).values())

        await eventually(read, 120, services["watch"].log)
        assert await answers("/livez") == [200, 200]
        assert {name: service.stop() for name, service in services.items()} == dict.fromkeys(services, 0)
        changed = [f"/{file.relative_to(image.root).as_posix()}" for file in _changed(image.root, begun)]
        written = [path for path in changed if not path.startswith(WRITABLE)]
        assert written == [], "the image is to run on a read-only root file system"


def _changed(root: Path, since_s: float) -> Iterator[Path]:
    """Yield the files of a root file system that were made or written since then."""
    disk = root.stat().st_dev
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if (Path(folder) / name).lstat().st_dev == disk]
        yield from (path for path in map(Path(folder).joinpath, files) if path.lstat().st_mtime > since_s)
