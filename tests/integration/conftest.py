"""One real Kafka for all tests here; topics, groups and data of its own for each."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from tests.integration.harness import Service, Topics, WorkerProcess

# what commands print is looked at whole; where tests run side by side, they inherit a terminal of 80 columns
os.environ["COLUMNS"] = "400"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of a running broker. A broker that does not start fails the tests; it does not skip them."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap


@pytest.fixture
async def settings(kafka: str, tmp_path: Path) -> Settings:
    """Settings with topics that nobody else uses."""
    return await settings_with_topics(kafka, tmp_path)


async def settings_with_topics(kafka: str, tmp_path: Path, **more: Any) -> Settings:
    """Return settings whose topics exist; sessions end quickly, so that a kill is noticed quickly."""
    made = Settings(
        broker=kafka,
        topic_prefix=f"t{uuid.uuid4().hex[:8]}-",
        data_dir=tmp_path / "data",
        inbox=tmp_path / "inbox",
        processes=1,
        session_timeout_s=3,
        api_port=0,
        content_ref_folders=(str(tmp_path),),
        raw_files_partitions=2,
        pages_partitions=4,
        page_text_partitions=2,
        **more,
    )
    made.data_dir.mkdir()
    made.inbox.mkdir()
    await create_topics(made)
    return made


@pytest.fixture
def topics(settings: Settings) -> Topics:
    return Topics(settings)


@pytest.fixture(scope="module")
def service(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A worker of all roles, which the tests of a module share; it may fetch from 127.0.0.1 and nowhere else."""
    folder = tmp_path_factory.mktemp("service")
    more = {"content_ref_private_hosts": ("127.0.0.1",), "webhook_secret": "w" * 32}
    settings = asyncio.run(settings_with_topics(kafka, folder, **more))
    with WorkerProcess(settings) as worker:
        yield Service(settings, worker)
