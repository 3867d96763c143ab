"""Every registered output format under one contract, and what each writes."""

from __future__ import annotations

import io
import json

import pytest

from streams.formats.registry import FORMATS, create_writer
from streams.messages.records import PageText, failed_page_text
from tests.unit.test_codec import TASK


def page(pagenum: int, text: str) -> PageText:
    failed = failed_page_text(TASK.model_copy(update={"pagenum": pagenum}), "read: CorruptFile: no page")
    return failed.model_copy(update={"text": text, "exception": None})


def written(name: str, *documents: tuple[str, list[PageText]]) -> bytes:
    stream = io.BytesIO()
    writer = create_writer(name, stream, several=len(documents) > 1)
    for document, pages in documents:
        writer.begin(document)
        for record in pages:
            writer.page(record)
        writer.end()
    assert not stream.closed
    return stream.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_writes_utf_8_and_every_page(name: str) -> None:
    found = written(name, ("a.pdf", [page(0, "Größe"), page(1, "縦書き")])).decode()
    assert "Größe" in found and "縦書き" in found
    assert FORMATS[name].description


@pytest.mark.parametrize("name", FORMATS)
def test_a_page_is_on_its_way_before_the_next_comes(name: str) -> None:
    class Pipe(io.BytesIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed = self.tell()

    pipe = Pipe()
    writer = create_writer(name, pipe, several=False)
    writer.begin("a.pdf")
    writer.page(page(0, "first"))
    assert b"first" in pipe.getvalue()[: pipe.flushed]


@pytest.mark.parametrize("name", FORMATS)
def test_a_failed_page_and_a_name_that_is_no_unicode_break_nothing(name: str) -> None:
    failed = failed_page_text(TASK, "read: CorruptFile: no page")
    written(name, ("caf\udce9.pdf", [failed, page(1, "")]), ("b.pdf", [page(0, "text")])).decode()


def test_text_of_one_document_is_its_pages() -> None:
    assert written("text", ("a.pdf", [page(0, "one"), page(1, "two")])) == b"one\n\ftwo\n"


def test_text_of_several_documents_has_headings() -> None:
    found = written("text", ("a.pdf", [page(0, "one"), page(1, "two")]), ("b c.pdf", [page(0, "three")]))
    assert found.decode() == "==> a.pdf <==\none\n\ftwo\n\n==> b c.pdf <==\nthree\n"


def test_json_lines_are_the_records_and_name_their_documents() -> None:
    records = [page(0, "one"), page(1, "two")]
    found = written("jsonl", ("a.pdf", records), ("b.pdf", [])).decode().splitlines()
    assert [PageText.model_validate(json.loads(line)) for line in found] == records
    assert all(json.loads(line)["path"] == TASK.path for line in found)
