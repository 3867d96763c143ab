"""What `inkstream up` prints, from records that a consumer gives it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.errors import BrokerError, ConfigurationError, DocumentsFailed
from streams.messages.codec import encode
from streams.messages.page_records import failed_page_text
from streams.messages.records import DocumentRecord
from streams.service.console import Console
from streams.service.supervisor import UpOptions, run_up
from streams.settings import Settings
from tests.unit.test_codec import TASK


@dataclass
class Message:
    value: bytes
    topic: str = "page-text"
    partition: int = 0
    offset: int = 0


class Consumer:
    """Yields its messages; then the broker is gone."""

    def __init__(self, *messages: Message) -> None:
        self._messages = messages

    async def __aiter__(self) -> AsyncIterator[Message]:
        for message in self._messages:
            yield message
        raise KafkaConnectionError("gone")


async def test_a_console_that_can_read_no_more_fails_after_what_it_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console(Settings(), json_lines=False)
    record = failed_page_text(TASK, "read_pages: CorruptFile: no page")
    with pytest.raises(BrokerError, match="can no longer be read"):
        await console.print_all(Consumer(Message(encode(record)), Message(b"nobody's record")))
    console.summarise()
    printed = capsys.readouterr().out.splitlines()
    assert "✗ read_pages: CorruptFile: no page" in printed[0]
    assert printed[1].startswith("0 documents, 1 pages, ")
    assert printed[1].endswith("0 documents and 1 pages failed")


def test_documents_that_failed_are_named_in_one_sentence_with_an_exit_code_of_their_own() -> None:
    console = Console(Settings(), json_lines=False)
    done = DocumentRecord(
        document_id="a", path="file:///inbox/a.pdf", reference="r", total_pages=3, pages_read=3, pages_failed=0,
        status="done", started="s", finished="f",
    )  # fmt: skip
    console._count_document(done)
    console.raise_for_failed()
    some = {"document_id": "b", "path": "file:///b.pdf", "status": "partial", "pages_failed": 1}
    console._count_document(done.model_copy(update=some))
    console._count_document(done.model_copy(update={"document_id": "c", "path": "c.pdf", "status": "failed"}))
    with pytest.raises(
        DocumentsFailed, match=r"^2 of 3 documents failed: b\.pdf \(1 of 3 pages\), c\.pdf;"
    ) as error:
        console.raise_for_failed()
    assert error.value.exit_code == 4


async def test_samples_that_are_not_there_are_one_sentence(tmp_path: Path) -> None:
    options = UpOptions(samples=tmp_path / "none", until_idle=True, json_lines=False)
    with pytest.raises(ConfigurationError, match="leave out --samples"):
        await run_up(Settings(inbox=tmp_path / "inbox"), options)
