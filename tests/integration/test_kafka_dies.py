"""The embedded Kafka stops, or is killed, under `inkstream up`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.integration.harness import ROOT, text_pdf

pytestmark = pytest.mark.timeout(180)


class Up:
    """`inkstream up` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "up.log"
        settings = {
            "INKSTREAM_API_PORT": "0",
            "INKSTREAM_PROCESSES": "1",
            "INKSTREAM_KAFKA_PORT": "0",
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "up"],
                cwd=folder, env={**os.environ, **settings}, stdout=log, stderr=log,
            )  # fmt: skip
        self.until(lambda: (folder / ".inkstream" / "api").exists() and self.get("/readyz").status_code == 200)

    def kafka(self) -> psutil.Process:
        """The Java process that runs now."""
        return next(child for child in psutil.Process(self.process.pid).children() if child.name() == "java")

    def get(self, path: str) -> httpx.Response:
        return httpx.get((self.folder / ".inkstream" / "api").read_text().strip() + path, timeout=20)

    def upload(self) -> httpx.Response:
        files = {"file": ("two.pdf", text_pdf(2))}
        return httpx.post(
            (self.folder / ".inkstream" / "api").read_text().strip() + "/files", files=files, timeout=30
        )

    def until(self, condition: Callable[[], bool], timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            time.sleep(0.1)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_a_kafka_that_stops_is_reported_refused_and_outlived_one_that_is_killed_starts_again(up: Up) -> None:
    stopped = up.kafka()
    stopped.send_signal(signal.SIGSTOP)
    assert up.upload().status_code == 503  # within its time limit, before anybody knows that Kafka is away
    up.until(lambda: up.get("/healthz").status_code == 503)
    assert "Kafka has not answered" in up.get("/healthz").json()["detail"]
    assert up.upload().json()["detail"] == "Kafka does not answer now"
    stopped.send_signal(signal.SIGCONT)
    up.until(lambda: up.get("/healthz").status_code == 200)

    stopped.kill()  # it may be back before anybody misses it
    up.until(lambda: "Kafka is back" in up.log.read_text())
    up.until(lambda: up.get("/healthz").status_code == 200)
    assert up.kafka().pid != stopped.pid
    up.until(lambda: up.upload().status_code == 202)
    up.until(lambda: "two.pdf" in up.log.read_text())

    data = up.folder / ".inkstream"
    assert [path for path in (data, *data.rglob("*")) if path.lstat().st_mode & 0o077] == []

    up.kafka().kill()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(20) == 0
    assert len(up.log.read_text().splitlines()) < 60
    assert not (up.folder / ".inkstream" / "broker").exists()


def test_nothing_is_left_in_shared_memory_of_a_service_that_is_killed(up: Up) -> None:
    # locks of the reader pool, which starts when it is needed
    up.until(lambda: bool(_shared_memory(up, _family(up))))
    family = _family(up)
    shared = _shared_memory(up, family)
    up.process.kill()
    up.until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))
    up.until(lambda: not any(file.exists() for file in shared))


def _family(up: Up) -> list[psutil.Process]:
    """Return the processes of a service."""
    return [psutil.Process(up.process.pid), *psutil.Process(up.process.pid).children(recursive=True)]


def _shared_memory(up: Up, family: list[psutil.Process]) -> set[Path]:
    """Return the files in /dev/shm that processes have mapped, and still have a name: none of the data folder."""
    lines = [line for one in family for line in Path(f"/proc/{one.pid}/maps").read_text().splitlines()]
    files = {Path(line.split()[5]) for line in lines if "/dev/shm/" in line and not line.endswith("(deleted)")}
    return {file for file in files if not file.is_relative_to(up.folder)}
