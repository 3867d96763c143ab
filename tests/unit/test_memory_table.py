from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from streams.errors import QueryError
from streams.records import DocumentRecord, PageText, RegionRecord
from streams.settings import Settings
from streams.sinks.memory_table import MemoryTable


def page(text: str = "an invoice", pagenum: int = 0, document_id: str = "d") -> PageText:
    return PageText(
        timestamp="2026-11-20T19:30:00.123Z", pagenum=pagenum, path="file:///lease.pdf", text=text,
        document_id=document_id, total_pages=3, confidence=0.93, method="ocr", width=100, height=200, dpi=300,
        rotation=0.0, language="eng", models={}, reference="file:///lease.pdf", exception=None, timings_ms={},
        regions=[RegionRecord(polygon=[(1, 2), (9, 2), (9, 5), (1, 5)], kind="printed", text=text, confidence=0.9,
                              recogniser="tesseract")],
    )  # fmt: skip


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable(Settings(query_timeout_s=0.3, query_max_rows=10))


def test_full_text_search_is_written_as_people_write_it(table: MemoryTable) -> None:
    table.apply([("d/0", page("The Invoice of May")), ("d/1", page("a letter", 1))], [])
    found = table.query("SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice'")
    assert found.columns == ["path", "pagenum", "text"]
    assert found.rows == [["file:///lease.pdf", 0, "The Invoice of May"]]
    snippet = table.query("SELECT snippet(result, 3, '[', ']', '…', 8) FROM result WHERE result MATCH 'invoice'")
    assert snippet.rows == [["The [Invoice] of May"]]


def test_numbers_are_numbers(table: MemoryTable) -> None:
    table.apply([(f"d/{n}", page(pagenum=n)) for n in (2, 10, 1)], [])
    assert table.query("SELECT pagenum FROM result WHERE confidence > 0.5 ORDER BY pagenum").rows == [
        [1],
        [2],
        [10],
    ]


def test_a_page_read_again_replaces_itself_and_a_tombstone_removes_it(table: MemoryTable) -> None:
    table.apply([("d/0", page("old words")), ("d/0", page("new words"))], [])
    assert table.query("SELECT text FROM result").rows == [["new words"]]
    assert table.query("SELECT count(*) FROM result WHERE result MATCH 'old'").rows == [[0]]
    assert table.query("SELECT text, x0, y1 FROM regions").rows == [["new words", 1.0, 5.0]]
    table.apply([("d/0", None)], [])
    assert table.query("SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM regions)").rows == [[0, 0]]


def test_documents_hold_the_latest_record(table: MemoryTable) -> None:
    record = DocumentRecord(
        document_id="d", path="p", reference="r", total_pages=2, pages_read=0, pages_failed=0, status="reading",
        started="s", finished=None,
    )  # fmt: skip
    table.apply([], [record, record.model_copy(update={"status": "done", "pages_read": 2})])
    assert table.query("SELECT status, pages_read FROM documents").rows == [["done", 2]]


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.text(max_size=20))), max_size=40))
def test_the_table_is_what_a_dict_would_be(changes: list[tuple[int, str | None]]) -> None:
    table, model = MemoryTable(Settings()), dict[str, str]()
    for number, text in changes:
        key = f"d/{number}"
        table.apply([(key, None if text is None else page(text, number))], [])
        if text is None:
            model.pop(key, None)
        else:
            model[key] = text
    assert {f"d/{n}": text for n, text in table.query("SELECT pagenum, text FROM result").rows} == model
    table.close()


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM result",
        "INSERT INTO documents VALUES (1)",
        "UPDATE regions SET text = ''",
        "DROP TABLE result",
        "CREATE TABLE x (y)",
        "ATTACH 'file.db' AS other",
        "PRAGMA writable_schema = 1",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
        "INSERT INTO result(result) VALUES ('rebuild')",
        "BEGIN",
        "",
    ],
)
def test_nothing_but_reading_is_allowed(table: MemoryTable, sql: str) -> None:
    table.apply([("d/0", page())], [])
    with pytest.raises(QueryError):
        table.query(sql)
    assert table.query("SELECT count(*) FROM result").rows == [[1]]
    table.apply([("d/1", page(pagenum=1))], [])


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELEC 1", "SELECT nothing FROM result", "SELECT ?"])
def test_what_is_wrong_is_said_in_sqlites_words(table: MemoryTable, sql: str) -> None:
    with pytest.raises(QueryError, match=r".{10}"):
        table.query(sql)


def test_a_query_without_end_is_ended(table: MemoryTable) -> None:
    with pytest.raises(QueryError, match=r"longer than 0\.3 s"):
        table.query("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")


def test_rows_beyond_the_limit_are_left_out_and_it_is_said(table: MemoryTable) -> None:
    table.apply([(f"d/{n}", page(pagenum=n)) for n in range(11)], [])
    found = table.query("SELECT pagenum FROM result")
    assert (len(found.rows), found.truncated) == (10, True)


def test_a_value_without_measure_is_refused(table: MemoryTable) -> None:
    with pytest.raises(QueryError):
        table.query("SELECT hex(zeroblob(1000000000))")
