from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.document import Barcode, PageReading, Region, Word
from models.options import ReadOptions
from streams.errors import UndecodableMessage
from streams.messages import records
from streams.messages.codec import decode, encode
from streams.messages.digests import ContentDigest
from streams.messages.page_parts import BarcodeRecord, WordRecord
from streams.messages.page_ranges import PageRanges, format_ranges, parse_ranges
from streams.messages.page_records import failed_page_text, page_text
from streams.messages.records import DeadLetter, DocumentRecord, PageTask, PageText, now, page_key

TASK = PageTask(
    document_id="d", pagenum=2, total_pages=3, path="file:///a.pdf", reference="kafka://raw-files/0/1",
    sha256="0" * 64, options=ReadOptions(languages="deu"), started=now(),
)  # fmt: skip
DOCUMENT = DocumentRecord(
    document_id="d", path="file:///a.pdf", reference="kafka://raw-files/0/1", total_pages=3, pages_read=2,
    pages_failed=1, status="done", started=now(), finished=now(), read="0-1", failed="2",
)  # fmt: skip


def test_a_page_that_was_read_carries_all_that_was_read() -> None:
    box = ((1.5, 2.0), (9.0, 2.0), (9.0, 8.0), (1.5, 8.0))
    reading = PageReading(
        pagenum=2, text="Größe", confidence=0.9, method="ocr", width=100, height=50, dpi=300, rotation=90.0,
        language="deu", regions=(Region(box, "Größe", 0.9, "tesseract"),), models={"printed": "tesseract"},
        timings_ms={"decode": 1.5},
    )  # fmt: skip
    record = page_text(TASK, reading)
    assert decode(PageText, encode(record)) == record
    assert (record.pagenum, record.total_pages, record.path, record.exception) == (2, 3, TASK.path, None)
    assert record.regions[0].polygon == list(box)


@pytest.mark.parametrize("asked", [True, False])
def test_words_are_in_the_record_where_they_are_asked_for(asked: bool) -> None:
    box = ((1.5, 2.0), (9.0, 2.0), (9.0, 8.0), (1.5, 8.0))
    region = Region(box, "Größe", 0.9, "tesseract", words=(Word("Größe", box, 0.8),))
    reading = PageReading(
        pagenum=2, text="Größe", confidence=0.9, method="ocr", width=100, height=50, dpi=300, rotation=90.0,
        language="deu", regions=(region, Region(box, "", None, "none", "signature")), models={}, timings_ms={},
    )  # fmt: skip
    task = TASK.model_copy(update={"options": ReadOptions(words=asked)})
    record = decode(PageText, encode(page_text(task, reading)))
    words = [WordRecord(text="Größe", polygon=list(box), confidence=0.8)]
    assert [one.words for one in record.regions] == ([words, []] if asked else [None, None])


def test_the_barcodes_of_a_page_are_in_its_record() -> None:
    box = ((1.5, 2.0), (9.0, 2.0), (9.0, 8.0), (1.5, 8.0))
    reading = PageReading(
        pagenum=2, text="", confidence=None, method="ocr", width=100, height=50, dpi=300, rotation=0.0,
        language="deu", regions=(), models={}, timings_ms={}, barcodes=(Barcode("a\0b\x1d", "QRCode", box),),
    )  # fmt: skip
    record = decode(PageText, encode(page_text(TASK, reading)))
    assert record.barcodes == [BarcodeRecord(text="a\0b\x1d", format="QRCode", polygon=list(box))]


def test_a_page_that_failed_names_the_reason_and_has_no_text() -> None:
    record = failed_page_text(TASK, "read_pages: CorruptFile: gone")
    assert decode(PageText, encode(record)) == record
    assert (record.text, record.method, record.confidence, record.language) == ("", None, None, "deu")
    assert record.exception == "read_pages: CorruptFile: gone"


def test_fields_of_a_newer_version_are_passed_over() -> None:
    newer = {**json.loads(encode(TASK)), "colour": "blue"}
    assert decode(PageTask, json.dumps(newer).encode()) == TASK


@pytest.mark.parametrize("number", [-1, 10**7, 2**63, 10**400])
@pytest.mark.parametrize(
    ("record", "name"),
    [
        (TASK, "pagenum"),
        (failed_page_text(TASK, "x"), "pagenum"),
        (failed_page_text(TASK, "x"), "total_pages"),
        (DOCUMENT, "total_pages"),
        (DOCUMENT, "pages_read"),
    ],
)
def test_no_number_of_pages_is_beyond_what_sql_and_memory_hold(
    record: PageTask | PageText | DocumentRecord, name: str, number: int
) -> None:
    value = json.dumps({**json.loads(encode(record)), name: number}).encode()
    with pytest.raises(UndecodableMessage, match=name):
        decode(type(record), value)


@pytest.mark.parametrize("name", ["width", "height", "dpi"])
def test_no_size_is_beyond_what_sql_holds(name: str) -> None:
    value = json.dumps({**json.loads(encode(failed_page_text(TASK, "x"))), name: 2**63}).encode()
    with pytest.raises(UndecodableMessage, match=name):
        decode(PageText, value)


@pytest.mark.parametrize("ranges", ["0-99999999", "1;2", "-3", "0-", "a", "1,"])
def test_ranges_that_are_none_are_undecodable(ranges: str) -> None:
    value = json.dumps({**json.loads(encode(DOCUMENT)), "read": ranges}).encode()
    with pytest.raises(UndecodableMessage, match="read"):
        decode(DocumentRecord, value)


def test_times_are_utc_to_the_millisecond() -> None:
    written = now()
    assert len(written) == len("2026-11-20T19:30:00.123Z")
    assert abs(datetime.fromisoformat(written) - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_dead_letter_needs_no_document() -> None:
    letter = DeadLetter(
        timestamp=now(), reason="undecodable-message", stage="read_pages", exception="x", traceback="",
        topic="pages", partition=0, offset=2**40, attempts=1, headers={"path": "a"},
    )  # fmt: skip
    assert decode(DeadLetter, encode(letter)) == letter


@given(st.text(), st.binary())
def test_a_document_is_known_by_its_path_and_its_content(path: str, content: bytes) -> None:
    digest = ContentDigest(path)
    digest.update(content)
    assert digest.document_id == hashlib.sha256(path.encode() + b"\0" + content).hexdigest()[:32]
    assert digest.sha256 == hashlib.sha256(content).hexdigest()


@given(st.lists(st.binary()), st.text())
def test_digests_do_not_depend_on_how_the_content_is_cut(pieces: list[bytes], path: str) -> None:
    cut, whole = ContentDigest(path), ContentDigest(path)
    for piece in pieces:
        cut.update(piece)
    whole.update(b"".join(pieces))
    assert (cut.document_id, cut.sha256, cut.size) == (whole.document_id, whole.sha256, whole.size)


def test_same_file_under_another_path_is_another_document() -> None:
    one, other = ContentDigest("a"), ContentDigest("b")
    assert one.sha256 == other.sha256
    assert one.document_id != other.document_id
    assert len(one.document_id) == 32


def test_keys_are_deterministic() -> None:
    assert page_key("abc", 4) == "abc/4"


@given(st.sets(st.integers(0, 300)))
def test_page_ranges_round_trip(pages: set[int]) -> None:
    written = format_ranges(pages)
    assert parse_ranges(written) == pages
    assert DOCUMENT.model_validate({**DOCUMENT.model_dump(), "read": written}).read == written


def test_page_ranges_read_as_a_person_writes_them() -> None:
    assert format_ranges({0, 1, 2, 4, 7, 8}) == "0-2,4,7-8"


def test_published_schema_is_that_of_the_record() -> None:
    published = Path(records.__file__).with_name("page_text.schema.json")
    schema = PageText.model_json_schema(mode="serialization")
    assert json.loads(published.read_text()) == schema, (
        f"write {published.name} again: json.dumps(PageText.model_json_schema(mode='serialization'), indent=1)"
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60), st.sets(st.integers(0, 20)))
def test_page_ranges_are_what_a_set_would_be(changes: list[tuple[bool, int]], others: set[int]) -> None:
    pages, expected = PageRanges(), set[int]()
    for put_in, page in changes:
        (pages.add if put_in else pages.discard)(page)
        (expected.add if put_in else expected.discard)(page)
    pages.update(PageRanges(others))
    expected |= others
    assert (len(pages), list(pages), str(pages)) == (len(expected), sorted(expected), format_ranges(expected))
    assert [page in pages for page in range(22)] == [page in expected for page in range(22)]
    assert PageRanges.parse(str(pages)) == pages


def test_a_forged_range_of_millions_of_pages_is_one_range() -> None:
    pages = PageRanges.parse(",".join(["0-9999998"] * 1000))
    pages.discard(5)
    assert (len(pages), len(list(pages.ranges())), str(pages)) == (9_999_998, 2, "0-4,6-9999998")
