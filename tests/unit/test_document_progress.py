"""Which pages of a document are done, counted from page-text and kept in the documents records."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.document import PageReading
from streams.agents.document_progress import DocumentProgress, PartitionState
from streams.messages.codec import decode, encode
from streams.messages.page_records import failed_page_text, page_text
from streams.messages.records import DocumentRecord, PageText
from tests.unit.test_codec import TASK


def page(pagenum: int, *, of: int, failed: bool = False, sent: str | None = None) -> PageText:
    task = TASK.model_copy(update={"pagenum": pagenum, "total_pages": of, "sent": sent})
    if failed:
        return failed_page_text(task, "read_pages: CorruptFile: no page")
    reading = PageReading(
        pagenum=pagenum, text="", confidence=None, method="ocr", width=1, height=1, dpi=300, rotation=0.0,
        language="eng", regions=(), models={}, timings_ms={},
    )  # fmt: skip
    return page_text(task, reading)


@given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
def test_a_document_is_done_once_every_page_is_read_or_failed(order: list[int], failing: set[int]) -> None:
    state = PartitionState()
    for number, pagenum in enumerate(order):
        record = state.count(page(pagenum, of=5, failed=pagenum in failing)).record()
        if number < 4:
            assert record.status == "reading"
    assert record.status == ("done" if not failing else "failed" if len(failing) == 5 else "partial")
    assert (record.pages_read, record.pages_failed) == (5 - len(failing), len(failing))
    assert record.finished is not None
    assert record.exception == (f"{len(failing)} of its pages failed" if failing else None)


def test_a_page_counts_once_however_often_it_comes_and_by_its_last_reading() -> None:
    state = PartitionState()
    for failed in (True, True, False):
        record = state.count(page(0, of=2, failed=failed)).record()
    assert (record.status, record.read, record.failed) == ("reading", "0", "")


def test_counting_goes_on_from_what_stands_on_the_topic() -> None:
    before = PartitionState()
    written = encode(before.count(page(0, of=2)).record())
    after = PartitionState()
    after.put(TASK.document_id, written)
    record = after.count(page(1, of=2, failed=True)).record()
    assert (record.status, record.read, record.failed) == ("partial", "0", "1")
    assert record.started == decode(DocumentRecord, written).started


def test_a_record_names_the_documents_whose_place_it_takes() -> None:
    one = page(0, of=1, sent="2026-01-01T00:00:00.000Z").model_copy(update={"supersedes": ["earlier"]})
    assert PartitionState().count(one).record().supersedes == ["earlier"]


def test_a_document_that_was_deleted_starts_anew() -> None:
    state = PartitionState()
    state.put(TASK.document_id, encode(state.count(page(0, of=1)).record()))
    state.put(TASK.document_id, None)
    assert state.count(page(1, of=2)).record().read == "1"


def test_a_finished_document_keeps_the_time_it_was_first_finished() -> None:
    done = DocumentProgress.of(PartitionState().count(page(0, of=1)).record())
    first = done.record().finished
    done.count(page(0, of=1, failed=True))
    assert (done.record().finished, done.record().status) == (first, "failed")


EARLIER, LATER = "2026-11-20T19:30:00.123Z", "2026-11-20T19:30:00.124Z"


@given(st.permutations([*((n, EARLIER) for n in range(4)), *((n, LATER) for n in range(2))]))
def test_of_two_files_with_one_id_the_later_one_counts_in_whatever_order_pages_come(
    order: list[tuple[int, str]],
) -> None:
    state, on_page_text = PartitionState(), dict[int, str]()
    for number, sent in order:
        on_page_text[number] = sent
        progress = state.count(page(number, of=4 if sent == EARLIER else 2, sent=sent))
        record = progress.record()
        if progress.overwritten:
            on_page_text[number] = LATER
        for left in progress.take_left(1000):
            del on_page_text[left]
    assert (record.status, record.read, record.total_pages, record.sent) == ("done", "0-1", 2, LATER)
    assert on_page_text == {0: LATER, 1: LATER}


def test_pages_that_a_later_file_lacks_are_known_after_a_restart() -> None:
    before = PartitionState()
    for number in range(3):
        record = before.count(page(number, of=3, sent=EARLIER)).record()
    after = PartitionState()
    after.put(TASK.document_id, encode(record))
    after.put(TASK.document_id, encode(record.model_copy(update={"sent": LATER, "read": "", "status": "reading"})))
    progress = after.count(page(0, of=1, sent=LATER))
    assert (progress.take_left(1000), progress.take_left(1000)) == ([1, 2], [])
    assert progress.record().status == "done"


def test_pages_of_a_version_that_did_not_write_when_a_file_was_sent_count() -> None:
    state = PartitionState()
    assert state.count(page(0, of=2, sent=LATER)).record().read == "0"
    assert state.count(page(1, of=2)).record().status == "done"


def test_a_forged_number_of_pages_is_not_deleted_page_by_page() -> None:
    record = PartitionState().count(page(0, of=1, sent=EARLIER)).record()
    state = PartitionState()
    state.put(TASK.document_id, encode(record.model_copy(update={"read": "0-9999998", "total_pages": 9_999_999})))
    progress = state.count(page(0, of=2, sent=LATER))
    assert progress.take_left(5) == [2, 3, 4]
