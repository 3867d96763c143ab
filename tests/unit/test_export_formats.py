"""Every registered export format under one contract, and what the plain ones write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest

from models.export.registry import FORMATS, export
from models.export.types import ExportedDocument
from streams.messages.page_parts import RegionRecord
from streams.messages.page_records import failed_page_text
from streams.messages.records import PageText
from tests.unit.test_codec import TASK


def page(pagenum: int, text: str) -> PageText:
    failed = failed_page_text(TASK.model_copy(update={"pagenum": pagenum}), "read: CorruptFile: no page")
    polygon = [(10.0, 10.0), (90.0, 10.0), (90.0, 30.0), (10.0, 30.0)]
    line = RegionRecord(polygon=polygon, kind="printed", text=text, confidence=0.9, recogniser="tesseract")
    return failed.model_copy(update={"text": text, "exception": None, "regions": [line] if text else []})


def written(name: str, *documents: tuple[str, list[PageText]], pagenums: Iterable[int] | None = None) -> bytes:
    """Return documents in a format: those pages of them, or the ones that are given."""
    out = b""
    for number, (document, pages) in enumerate(documents):
        asked = list(pagenums or [one.pagenum for one in pages])
        place = number if len(documents) > 1 else None
        out += b"".join(export(name, ExportedDocument(document, asked, pages, place=place)).pieces)
    return out


PLAIN = [name for name, one in FORMATS.items() if not one.needs_file and not one.is_of_one_page]


@pytest.mark.parametrize("name", PLAIN)
def test_a_format_writes_utf_8_and_every_page(name: str) -> None:
    found = written(name, ("a.pdf", [page(0, "Größe"), page(1, "縦書き")])).decode()
    assert "Größe" in found and "縦書き" in found
    assert FORMATS[name].description and FORMATS[name].suffix.startswith(".")


@pytest.mark.parametrize("name", PLAIN)
def test_a_page_is_on_its_way_before_the_next_comes(name: str) -> None:
    def pages() -> Iterator[PageText]:
        yield page(0, "first")
        assert "first" in taken
        yield page(1, "second")

    taken = ""
    for piece in export(name, ExportedDocument("a.pdf", range(2), pages())).pieces:
        taken += piece.decode()
    assert "second" in taken


@pytest.mark.parametrize("name", PLAIN)
def test_pages_that_failed_or_are_missing_and_a_name_that_is_no_unicode_break_nothing(name: str) -> None:
    failed = failed_page_text(TASK.model_copy(update={"pagenum": 1}), "read: CorruptFile: no page")
    written(name, ("caf\udce9.pdf", [failed, page(3, "")]), pagenums=range(5)).decode()


def test_a_document_gives_each_of_its_pages_or_that_it_is_missing() -> None:
    two = page(2, ""), page(5, "")
    document = ExportedDocument("a.pdf", [0, 2, 4, 5, 7], two)
    assert list(document.every_page()) == [(0, None), (2, two[0]), (4, None), (5, two[1]), (7, None)]


def test_text_of_one_document_is_its_pages() -> None:
    assert written("text", ("a.pdf", [page(0, "one"), page(1, "two")])) == b"one\n\ftwo\n"


def test_form_feeds_count_pages_that_are_missing() -> None:
    assert written("text", ("a.pdf", [page(1, "two")]), pagenums=range(3)) == b"\n\ftwo\n\f\n"


def test_text_of_several_documents_has_headings() -> None:
    found = written("text", ("a.pdf", [page(0, "one"), page(1, "two")]), ("b c.pdf", [page(0, "three")]))
    assert found.decode() == "==> a.pdf <==\none\n\ftwo\n\n==> b c.pdf <==\nthree\n"


def test_json_lines_are_the_records_and_name_their_documents() -> None:
    records = [page(0, "one"), page(1, "two")]
    found = written("jsonl", ("a.pdf", records), ("b.pdf", [])).decode().splitlines()
    assert [PageText.model_validate(json.loads(line)) for line in found] == records
    assert all(json.loads(line)["path"] == TASK.path for line in found)
