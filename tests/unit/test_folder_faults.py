"""What goes wrong around a watched folder: pipes, unreadable files, links, changes at the worst moment."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pytest

from streams.errors import BrokerError, ConfigurationError, FileUnreadable
from streams.sources.clean import leave_to_archive, place_in_archive
from streams.sources.ledger import Ledger, Version
from streams.sources.producer import SentFile
from tests.unit.test_folder import WHOLE, Deliveries, scans, until, watched, whole_pdf


async def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0, watch_polling_s=0.05) as (inbox, deliveries, source):
        os.mkfifo(inbox / "pipe.pdf")
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"] and source.idle)
        await scans(source, 3)
        await until(lambda: source.idle)
    assert deliveries.names == ["a.pdf"]


async def test_the_archive_is_left_alone_whatever_is_ignored(tmp_path: Path) -> None:
    polled = watched(tmp_path, stable_s=0.05, clean="archive", ignore=(), watch_polling_s=0.05)
    async with polled as (inbox, deliveries, source):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: bool(deliveries.names) and source.idle)
        await scans(source, 3)
        await until(lambda: source.idle)
        assert deliveries.names == ["a.pdf"]
        assert (inbox / ".archive/a.pdf").is_file()


async def test_unreadable_files_hold_up_nobody_and_are_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Locked(Deliveries):
        locked = True

        async def __call__(
            self, file: Path, as_ref: Path, version: Version, supersedes: Sequence[str] = ()
        ) -> SentFile:
            if self.locked and file.name.startswith("locked"):
                raise FileUnreadable(f"{file} cannot be read: Permission denied")
            return await super().__call__(file, as_ref, version, supersedes)

    deliveries = Locked()
    async with watched(tmp_path, deliveries, stable_s=0.05, watch_polling_s=0.1) as (inbox, _, source):
        for number in range(12):  # more than are delivered at once
            (inbox / f"locked{number}.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: len(source.unreadable) == 12)
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"])
        deliveries.locked = False
        await until(lambda: len(deliveries.names) == 13)
        await until(lambda: not source.unreadable)
    assert sum("tried again until" in record.message for record in caplog.records) == 12


async def test_a_file_that_changed_since_it_was_found_whole_is_looked_at_again(tmp_path: Path) -> None:
    class Overtaken(Deliveries):
        async def __call__(
            self, file: Path, as_ref: Path, version: Version, supersedes: Sequence[str] = ()
        ) -> SentFile:
            if not self.attempts:
                file.write_bytes(whole_pdf("the second content"))
            self.attempts += 1
            if Version.of(file) != version:
                raise FileUnreadable("changed while it was read")
            return await super().__call__(file, as_ref, version, supersedes)

        attempts = 0

    deliveries = Overtaken()
    async with watched(tmp_path, deliveries, stable_s=0.05) as (inbox, _, source):
        (inbox / "a.pdf").write_bytes(whole_pdf("first"))
        await until(lambda: bool(deliveries.names) and source.idle)
        assert deliveries.contents == [("a.pdf", (inbox / "a.pdf").read_bytes())]
        assert not source.unreadable


async def test_files_wait_for_kafka(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Away(Deliveries):
        tries = 0

        async def __call__(
            self, file: Path, as_ref: Path, version: Version, supersedes: Sequence[str] = ()
        ) -> SentFile:
            self.tries += 1
            if self.tries < 3:
                raise BrokerError("Kafka is away")
            return await super().__call__(file, as_ref, version, supersedes)

    deliveries = Away()
    async with watched(tmp_path, deliveries, stable_s=0) as (inbox, _, source):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"] and source.idle)
    assert sum("Kafka is away" in record.message for record in caplog.records) == 1


async def test_a_file_is_looked_at_when_its_writer_closes_it(
    tmp_path: Path, looks: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    for wait in ("_FIRST_WAIT_S", "_MAX_WAIT_S"):
        monkeypatch.setattr(f"streams.sources.stability.{wait}", 3600)  # no look by the clock
    async with watched(tmp_path, stable_s=0, broken_after_s=3600) as (inbox, deliveries, _):
        with (inbox / "a.pdf").open("wb") as file:
            file.write(WHOLE["pdf"][:400])
            file.flush()
            await until(lambda: looks == [False])
            file.write(WHOLE["pdf"][400:])
        await until(lambda: bool(deliveries.names))
    assert looks == [False, True]


async def test_links_to_files_are_files_and_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.pdf").write_bytes(WHOLE["pdf"])
    polled = watched(tmp_path, stable_s=0.05, watch_polling_s=0.1, follow_links=True)
    async with polled as (inbox, deliveries, source):
        (inbox / "again").symlink_to(inbox)
        (inbox / "elsewhere").symlink_to(tmp_path / "elsewhere")
        (inbox / "nowhere.pdf").symlink_to(tmp_path / "nothing.pdf")
        (inbox / "linked.pdf").symlink_to("../elsewhere/a.pdf")
        await until(lambda: bool(deliveries.names) and source.idle)
        await scans(source, 3)
        await until(lambda: source.idle)
    assert deliveries.names == ["linked.pdf"]


async def test_a_link_out_of_the_folder_is_left_and_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret.pdf").write_bytes(WHOLE["pdf"])
    async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.1) as (inbox, deliveries, source):
        (inbox / ".kept").mkdir()
        (inbox / ".kept/own.pdf").write_bytes(WHOLE["pdf"])
        (inbox / "out.pdf").symlink_to(tmp_path / "secret.pdf")
        (inbox / "sideways.pdf").symlink_to("sub/../../secret.pdf")
        (inbox / "sub").mkdir()
        (inbox / "within.pdf").symlink_to(".kept/own.pdf")
        await until(lambda: bool(deliveries.names) and len(source.unreadable) == 2)
        await scans(source, 3)
        await until(lambda: source.idle)
    assert deliveries.names == ["within.pdf"]
    assert [record.message.count("leads out of the folder") for record in caplog.records] == [1, 1]


async def test_a_file_that_becomes_a_link_while_it_is_waited_for_is_left(tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_bytes(WHOLE["pdf"])
    async with watched(tmp_path, stable_s=0.3) as (inbox, deliveries, source):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"][:100])
        await until(lambda: not source.idle)
        (inbox / ".link").symlink_to(tmp_path / "secret.pdf")
        (inbox / ".link").rename(inbox / "a.pdf")
        await until(lambda: source.unreadable == {inbox / "a.pdf"})
    assert deliveries.names == []


async def test_what_is_no_file_is_left_and_odd_names_are_delivered(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.1) as (inbox, deliveries, source):
            os.mkfifo(inbox / "pipe.pdf")
            with chdir(inbox):
                listening.bind("socket.pdf")  # a path may have 108 bytes
            (inbox / "device.pdf").symlink_to("/dev/zero")
            names = ["two\nlines.pdf", "\x1b[31mred.pdf", "-rf.pdf", "%s%n.pdf", "a" * 251 + ".pdf"]
            for name in names:
                (inbox / name).write_bytes(WHOLE["pdf"])
            await until(lambda: len(deliveries.names) == len(names) and source.idle)
            await scans(source, 3)
            await until(lambda: source.idle)
    assert sorted(deliveries.names) == sorted(names)


@pytest.mark.parametrize("how", ["moved", "removed"])
async def test_a_folder_that_is_made_again_is_watched_again(tmp_path: Path, how: str) -> None:
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, source):
        if how == "moved":
            inbox.rename(tmp_path / "before")
        else:
            shutil.rmtree(inbox)
        inbox.mkdir()
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"])
        (inbox / "b.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf", "b.pdf"] and source.idle)


async def test_a_folder_that_is_away_for_a_while_is_watched_again(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, source):
        inbox.rename(tmp_path / "before")
        await asyncio.sleep(1.5)
        inbox.mkdir()
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"] and source.idle)
        assert source.unreadable == set()


async def test_thousands_of_files_at_once_are_all_delivered_once(tmp_path: Path) -> None:
    names = {f"{number}.png" for number in range(3000)}
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, source):
        await asyncio.to_thread(lambda: [(inbox / name).write_bytes(WHOLE["png"]) for name in names])
        await until(lambda: len(deliveries.names) >= len(names) and source.idle, 60)
    assert sorted(deliveries.names) == sorted(names)


async def test_names_in_no_encoding_are_delivered(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, source):
        (inbox / os.fsdecode(b"caf\xe9.pdf")).write_bytes(WHOLE["pdf"])
        await until(lambda: bool(deliveries.names) and source.idle)
    async with watched(tmp_path, stable_s=0.05) as (_, again, source):
        await until(lambda: source.idle)
    assert (len(deliveries.names), again.names) == (1, [])


def test_a_link_is_archived_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "there.pdf").write_bytes(WHOLE["pdf"])
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.pdf").symlink_to("../there.pdf")
    target = place_in_archive(inbox / "a.pdf", inbox)
    assert not target.is_symlink()
    assert target.read_bytes() == WHOLE["pdf"]


def test_a_file_that_is_sent_again_keeps_its_place_in_the_archive(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(WHOLE["pdf"])
    assert place_in_archive(tmp_path / "a.pdf", tmp_path) == place_in_archive(tmp_path / "a.pdf", tmp_path)


def test_a_file_that_changed_after_it_was_sent_is_not_cleaned_away(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"first")
    sent = Version.of(file)
    file.write_bytes(b"second, longer")
    assert not leave_to_archive(file, sent)
    assert file.exists()
    assert leave_to_archive(file, Version.of(file))


def test_a_broken_ledger_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigurationError, match=r"ledger\.db.*delete"):
        Ledger(tmp_path / "ledger.db")
