"""What `inkstream up` does when a part of it ends."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from streams.errors import BrokerError, ConfigurationError, PartEnded
from streams.service.supervisor import UpOptions, _copy_new, _first_of, run_up
from streams.settings import Settings
from streams.sources.ledger import Version


async def test_a_part_that_ends_by_an_unexpected_error_is_named_in_one_sentence_and_ends_the_others() -> None:
    ended = asyncio.Event()

    async def watch() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    async def print_records() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(PartEnded, match=r"the folder watcher ended: OperationalError\('disk I/O error'\)"):
        await _first_of({"the folder watcher": watch(), "the console": print_records()})
    assert ended.is_set()


async def test_an_error_of_ours_is_raised_as_it_is() -> None:
    async def run() -> None:
        raise BrokerError("Kafka does not stay up")

    with pytest.raises(BrokerError, match="does not stay up"):
        await _first_of({"Kafka": run()})


def test_samples_are_copied_once_with_their_times(tmp_path: Path) -> None:
    samples, inbox = tmp_path / "samples", tmp_path / "inbox"
    samples.mkdir()
    inbox.mkdir()
    (samples / "a.pdf").write_bytes(b"a")
    os.utime(samples / "a.pdf", (1_000_000, 1_000_000))
    (inbox / "b.pdf").write_bytes(b"somebody's own")
    (samples / "b.pdf").write_bytes(b"b")
    for _ in range(2):
        _copy_new(samples, inbox)
    assert sorted(file.name for file in inbox.iterdir()) == ["a.pdf", "b.pdf"]
    assert Version.of(inbox / "a.pdf") == Version.of(samples / "a.pdf")  # the watcher knows it as delivered
    assert (inbox / "b.pdf").read_bytes() == b"somebody's own"


async def test_an_api_that_is_open_to_everybody_is_refused_before_anything_starts(tmp_path: Path) -> None:
    settings = Settings(api_host="0.0.0.0", api_port=0, data_dir=tmp_path / "data", inbox=tmp_path / "inbox")
    with pytest.raises(ConfigurationError, match="set api_token"):
        await run_up(settings, UpOptions(samples=None, until_idle=False, json_lines=False))
    assert list(tmp_path.iterdir()) == []
