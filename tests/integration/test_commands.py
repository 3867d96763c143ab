"""The commands that look into a running stream: topics, send, tail, progress, dead-letters."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.errors import CorruptFile
from models.options import ReadOptions
from streams.cli import app
from streams.errors import ConfigurationError
from streams.kafka.clients import open_consumer, open_producer
from streams.kafka.topics import TopicNames, topic_specs, topics_exist
from streams.messages.codec import encode
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.page_records import failed_page_text
from streams.messages.records import PageTask, page_key
from streams.settings import Settings
from tests.integration.harness import Topics, text_pdf

TASK = PageTask(
    document_id="d", pagenum=0, total_pages=2, path="file:///scans/a.pdf", reference="kafka://raw-files/0/0",
    sha256="0" * 64, options=ReadOptions(), started="now",
)  # fmt: skip


async def run(settings: Settings, *arguments: str | Path, exit_code: int = 0) -> str:
    """Return what a command prints to stdout."""
    command = [*map(str, arguments), "--broker", str(settings.broker), "--prefix", settings.topic_prefix]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert result.exit_code == exit_code, (result.output, result.exception)
    return result.stdout


async def produce_letter(settings: Settings) -> None:
    """Put the dead letter of one page on its topic."""
    names = TopicNames.of(settings)
    message = Incoming(names.pages, 1, 7, page_key("d", 0).encode(), encode(TASK))
    letter = dead_letter(
        "read_pages", CorruptFile("page 0 cannot be drawn"), message, attempts=1,
        path=TASK.path, document_id="d", pagenum=0,
    )  # fmt: skip
    async with open_producer(settings) as producer:
        await producer.send_and_wait(names.dead_letters, encode(letter))


async def test_topics_are_created_once_and_listed_with_their_records(settings: Settings, topics: Topics) -> None:
    created = await run(settings, "topics", "create")
    assert created.splitlines() == [f"{spec.name}: was there" for spec in topic_specs(settings)]
    await produce_letter(settings)
    table = (await run(settings, "topics", "list")).splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:4]] for line in table if line.startswith("│")]
    assert [row[0] for row in rows] == [spec.name for spec in topic_specs(settings)]
    letters = next(row for row in rows if row[0] == TopicNames.of(settings).dead_letters)
    assert letters[1:] == ["1", "1"]  # one partition, one record


async def test_sent_files_arrive_and_progress_counts_them(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(text_pdf(1))
    sent = await run(settings, "send", tmp_path, "--option", "dpi=200")
    assert sent.startswith(f"{tmp_path}/a.pdf → {settings.topic_prefix}raw-files/")
    found = json.loads(await run(settings, "progress", "--json", "--interval", "0.1"))
    assert [source["lag"] for source in found["sources"]] == [1, 0, 0]
    assert "split_files" in await run(settings, "progress", "--interval", "0.1")


async def test_topics_of_a_mistyped_prefix_are_not_created_unless_agreed_to(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.pdf").write_bytes(text_pdf(1))
    mistyped = settings.model_copy(update={"topic_prefix": f"x{settings.topic_prefix}"})
    command = ["send", str(tmp_path / "scans"), "--broker", str(settings.broker), "--prefix", mistyped.topic_prefix]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.message == (
        f"Kafka at {settings.broker} has no topic {mistyped.topic_prefix}raw-files; correct --prefix, or agree to "
        "new topics with --create-topics"
    )
    assert not await topics_exist(mistyped)
    assert "raw-files/" in await run(mistyped, "send", tmp_path / "scans", "--create-topics")


async def test_tail_prints_records_from_the_beginning_until_it_has_enough(settings: Settings) -> None:
    async with open_producer(settings) as producer:
        for number in range(3):
            record = failed_page_text(TASK, f"read_pages: CorruptFile: {number}")
            await producer.send_and_wait(TopicNames.of(settings).page_text, encode(record), key=b"d/0", partition=0)
    lines = (await run(settings, "tail", "--from-beginning", "-n", "2")).splitlines()
    assert ["CorruptFile: 0" in lines[0], "CorruptFile: 1" in lines[1], len(lines)] == [True, True, 2]
    (line,) = (await run(settings, "tail", "--from-beginning", "-n", "1", "--json")).splitlines()
    assert json.loads(line)["exception"] == "read_pages: CorruptFile: 0"


async def test_dead_letters_are_listed_shown_and_replayed(settings: Settings) -> None:
    await produce_letter(settings)
    assert "corrupt-file" in (listed := await run(settings, "dead-letters", "list"))
    assert listed.endswith("1 dead letters\n")
    assert "0 dead letters" in await run(settings, "dead-letters", "list", "--reason", "encrypted-file")
    assert "exception: CorruptFile: page 0 cannot be drawn" in await run(settings, "dead-letters", "show", "0")
    pages = TopicNames.of(settings).pages
    dry = await run(settings, "dead-letters", "replay", "--all", "--dry-run")
    assert dry == f"0: {pages}/1/7 (corrupt-file) would be replayed\n"
    assert (await run(settings, "dead-letters", "replay", "0")).startswith(f"0: {pages}/1/7 → {pages}/")
    async with open_consumer(settings, pages, auto_offset_reset="earliest") as consumer:
        replayed = await asyncio.wait_for(consumer.getone(), 20)
    assert (replayed.key, replayed.value) == (b"d/0", encode(TASK))
    assert replayed.headers == (("replay-of", f"{pages}/1/7".encode()),)


async def test_what_was_replayed_is_no_longer_listed(settings: Settings) -> None:
    await produce_letter(settings)
    await run(settings, "dead-letters", "replay", "--all")
    listed = await run(settings, "dead-letters", "list")
    assert listed.endswith("0 dead letters, and 1 that were replayed (--replayed)\n")
    assert "corrupt-file" not in listed
    assert "corrupt-file" in await run(settings, "dead-letters", "list", "--replayed")
    assert "\nreplayed: 20" in await run(settings, "dead-letters", "show", "0")
    assert await run(settings, "dead-letters", "replay", "--all") == "nothing to replay\n"
    assert "0: " in await run(settings, "dead-letters", "replay", "0")


@pytest.mark.parametrize("header", [b"0" * 5000, b"-1", b"\xff", b"7", None])
async def test_a_mark_of_no_letter_before_it_marks_nothing(settings: Settings, header: bytes | None) -> None:
    await produce_letter(settings)
    async with open_producer(settings) as producer:
        headers = [] if header is None else [("replayed", header)]
        await producer.send_and_wait(TopicNames.of(settings).dead_letters, key=b"x", headers=headers)
    assert (await run(settings, "dead-letters", "list")).endswith("1 dead letters\n")


async def test_a_dead_letter_that_is_not_there_is_an_error(settings: Settings) -> None:
    for arguments in (["show", "3"], ["replay", "3"], ["replay"]):
        command = ["dead-letters", *arguments, "--broker", str(settings.broker), "--prefix", settings.topic_prefix]
        result = await asyncio.to_thread(CliRunner().invoke, app, command)
        assert isinstance(result.exception, ConfigurationError)


async def test_replay_goes_on_after_letters_that_are_forged_or_broken(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    await produce_letter(settings)
    good = (await topics.dead_letters())[0]
    for forged in ({"topic": names.page_text}, {"payload_base64": "no base64!"}, {}):
        async with open_producer(settings) as producer:
            await producer.send_and_wait(names.dead_letters, encode(good.model_copy(update=forged)))
    replayed = await run(settings, "dead-letters", "replay", "1", "2", "3", exit_code=1)
    assert replayed.startswith(f"3: {names.pages}/1/7 → {names.pages}/")
    assert await topics.pages() == {}
    assert await topics.tasks_sent() == 1
