from __future__ import annotations

import math
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from streams.errors import ConfigurationError, QueryError
from streams.messages.page_parts import BarcodeRecord, ParagraphRecord, RegionRecord, WordRecord
from streams.messages.records import DocumentRecord, PageText
from streams.settings import Settings
from streams.table.memory_table import MemoryTable
from streams.table.private_database import memory_folder
from streams.table.sql_functions import Value, bound_functions


def page(text: str = "an invoice", pagenum: int = 0, document_id: str = "d") -> PageText:
    return PageText(
        timestamp="2026-11-20T19:30:00.123Z", pagenum=pagenum, path="file:///lease.pdf", text=text,
        document_id=document_id, total_pages=3, confidence=0.93, method="ocr", width=100, height=200, dpi=300,
        rotation=0.0, language="eng", models={}, reference="file:///lease.pdf", exception=None, timings_ms={},
        regions=[RegionRecord(polygon=[(1, 2), (9, 2), (9, 5), (1, 5)], kind="printed", text=text, confidence=0.9,
                              recogniser="tesseract")],
    )  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Iterator[MemoryTable]:
    made = MemoryTable(Settings(table_dir=tmp_path, query_timeout_s=0.3, query_max_rows=10))
    yield made
    made.close()


def test_full_text_search_is_written_as_people_write_it(table: MemoryTable) -> None:
    table.apply([("d/0", page("The Invoice of May")), ("d/1", page("a letter", 1))], [])
    found = table.query("SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice'")
    assert found.columns == ["path", "pagenum", "text"]
    assert found.rows == [["file:///lease.pdf", 0, "The Invoice of May"]]
    snippet = table.query("SELECT snippet(result, 3, '[', ']', '…', 8) FROM result WHERE result MATCH 'invoice'")
    assert snippet.rows == [["The [Invoice] of May"]]


def test_pages_are_found_by_the_text_of_a_barcode(table: MemoryTable) -> None:
    corners = [(1.0, 2.0), (9.0, 2.0), (9.0, 5.0), (1.0, 5.0)]
    codes = [BarcodeRecord(text=text, format="QRCode", polygon=corners) for text in ("INV-16", "INV-17")]
    table.apply([("d/0", page()), ("d/1", page(pagenum=1).model_copy(update={"barcodes": codes}))], [])
    found = table.query(
        "SELECT pagenum, json_extract(value, '$.format') FROM result, json_each(barcodes) "
        "WHERE json_extract(value, '$.text') = 'INV-17'"
    )
    assert found.rows == [[1, "QRCode"]]


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
    table.apply([], [("d", record), ("d", record.model_copy(update={"status": "done", "pages_read": 2}))])
    assert table.query("SELECT status, pages_read FROM documents").rows == [["done", 2]]
    found = table.document("d")
    assert found is not None and (found.status, found.pages_read) == ("done", 2)
    table.apply([], [("d", None)])
    assert table.document("d") is None


def sent_document(name: str, sent: str, *supersedes: str) -> tuple[str, DocumentRecord]:
    return name, DocumentRecord(
        document_id=name, path="p", reference="r", total_pages=1, pages_read=1, pages_failed=0, status="done",
        started="s", finished="f", sent=sent, supersedes=list(supersedes),
    )  # fmt: skip


def sent_page(name: str, sent: str) -> tuple[str, PageText]:
    return f"{name}/0", page(f"text of {name}", document_id=name).model_copy(update={"sent": sent})


CHANGES = [
    ([sent_page("old", "1")], []), ([], [sent_document("old", "1")]),
    ([sent_page("new", "2")], []), ([], [sent_document("new", "2", "old")]),
]  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_superseded_document_is_hidden_in_whatever_order_records_come(
    table: MemoryTable, order: tuple[int, ...]
) -> None:
    for number in order:
        table.apply(*CHANGES[number])
    assert table.query("SELECT document_id, status FROM documents").rows == [["new", "done"]]
    assert table.query("SELECT text FROM result WHERE result MATCH 'text'").rows == [["text of new"]]
    assert table.query("SELECT text FROM regions").rows == [["text of new"]]
    shown = table.query("SELECT document_id, status, superseded_by FROM all_documents ORDER BY 1").rows
    assert shown == [["new", "done", None], ["old", "superseded", "new"]]
    kept = table.query("SELECT text, json_extract(record, '$.regions[0].text') FROM superseded").rows
    assert kept == [["text of old", "text of old"]]
    found, old_page = table.document("old"), table.page("old", 0)
    assert found is not None and (found.status, found.superseded_by) == ("superseded", "new")
    assert old_page == sent_page("old", "1")[1]


def test_a_document_that_is_sent_again_is_current_again(table: MemoryTable) -> None:
    for change in CHANGES:
        table.apply(*change)
    table.apply([], [sent_document("old", "3", "new")])
    table.apply([sent_page("old", "3")], [])
    assert table.query("SELECT document_id FROM documents").rows == [["old"]]
    assert table.query("SELECT text FROM result").rows == [["text of old"]]
    assert table.query("SELECT text FROM superseded").rows == [["text of new"]]


def test_a_document_is_current_again_where_its_successor_is_deleted(table: MemoryTable) -> None:
    for change in CHANGES:
        table.apply(*change)
    table.apply([("new/0", None)], [("new", None)])
    assert table.query("SELECT document_id, status FROM all_documents").rows == [["old", "done"]]
    assert table.query("SELECT text FROM result").rows == [["text of old"]]
    assert table.query("SELECT count(*) FROM superseded").rows == [[0]]
    table.apply([("old/0", None)], [])
    assert table.query("SELECT count(*) FROM result").rows == [[0]]


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.text(max_size=20))), max_size=40))
def test_the_table_is_what_a_dict_would_be(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, str | None]]
) -> None:
    table, model = MemoryTable(Settings(table_dir=tmp_path_factory.mktemp("table"))), dict[str, str]()
    for number, text in changes:
        key = f"d/{number}"
        table.apply([(key, None if text is None else page(text, number))], [])
        if text is None:
            model.pop(key, None)
        else:
            model[key] = text
    assert {f"d/{n}": text for n, text in table.query("SELECT pagenum, text FROM result").rows} == model
    assert {f"d/{n}": text for n, text in table.query("SELECT pagenum, text FROM regions").rows} == model
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
        "WITH gone AS (SELECT 1) DELETE FROM result",
        "EXPLAIN DELETE FROM result",
        "REPLACE INTO documents (document_id) VALUES ('x')",
        "VACUUM",
        "/* a query? */ VACUUM",
        "SELECT * FROM pragma_table_info('result')",
        "SELECT fts3_tokenizer('x')",
        "DETACH main",
        "REINDEX",
        "ANALYZE",
        "SAVEPOINT s",
        "/**/" * 200 + "DELETE FROM result",
    ],
)
def test_nothing_but_reading_is_allowed(table: MemoryTable, sql: str) -> None:
    table.apply([("d/0", page())], [])
    with pytest.raises(QueryError):
        table.query(sql)
    assert table.query("SELECT count(*) FROM result").rows == [[1]]
    table.apply([("d/1", page(pagenum=1))], [])


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELEC 1", "SELECT nothing FROM result", "SELECT ?"])
def test_what_is_wrong_is_reported_in_sqlites_words(table: MemoryTable, sql: str) -> None:
    with pytest.raises(QueryError, match=r".{10}"):
        table.query(sql)


def test_a_query_without_end_is_ended(table: MemoryTable) -> None:
    with pytest.raises(QueryError, match=r"longer than 0\.3 s"):
        table.query("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")


def test_rows_beyond_the_limit_are_left_out_and_it_is_reported(table: MemoryTable) -> None:
    table.apply([(f"d/{n}", page(pagenum=n)) for n in range(11)], [])
    found = table.query("SELECT pagenum FROM result")
    assert (len(found.rows), found.truncated) == (10, True)


def test_a_value_without_measure_is_refused(table: MemoryTable) -> None:
    with pytest.raises(QueryError):
        table.query("SELECT hex(zeroblob(1000000000))")


@pytest.mark.parametrize(
    "sql",
    [
        "  -- what was read\n/* all of it */ SELECT text FROM result",
        "WITH a AS (SELECT text FROM result) SELECT text FROM a",
        "SELECT text FROM result WHERE path MATCH 'lease'",
        "SELECT highlight(result, 3, '', '') FROM result WHERE result MATCH 'invoice' ORDER BY bm25(result)",
        "SELECT text FROM regions, json_each(polygon) GROUP BY text HAVING count(*) = 4",
        "VALUES ('an invoice')",
    ],
)
def test_whatever_reads_is_allowed(table: MemoryTable, sql: str) -> None:
    table.apply([("d/0", page())])
    assert table.query(sql).rows == [["an invoice"]]


def test_parameters_are_values_and_never_sql(table: MemoryTable) -> None:
    table.apply([("d/0", page())])
    assert table.query("SELECT count(*) FROM result WHERE document_id = ?", ["d' OR 1=1 --"]).rows == [[0]]
    assert table.query("SELECT pagenum FROM result WHERE result MATCH ?", ["invoice"]).rows == [[0]]
    with pytest.raises(QueryError):
        table.query("SELECT ?", [2**64])


def test_a_result_is_bounded_by_its_size_too(tmp_path: Path) -> None:
    # its size ends it, not the time that it takes
    with closing(MemoryTable(Settings(table_dir=tmp_path, query_timeout_s=60, query_max_rows=10))) as table:
        table.apply([(f"d/{n}", page(pagenum=n)) for n in range(10)])
        found = table.query("SELECT pagenum, hex(zeroblob(8000000)) FROM result")
        assert (len(found.rows), found.truncated) == (3, True)


def test_a_page_is_the_record_that_was_applied(table: MemoryTable) -> None:
    full = page("second", 1).model_copy(
        update={
            "models": {"printed": "tesseract", "handwritten": None}, "timings_ms": {"decode": 3.5}, "dropped": 2,
            "paragraphs": [ParagraphRecord(text="sec „ond“")], "coverage": 0.5, "warnings": ["unread-text: a"],
        }
    )  # fmt: skip
    word = WordRecord(text="an", polygon=[(1, 2), (3, 2), (3, 5), (1, 5)], confidence=0.8)
    with_words = full.regions[0].model_copy(update={"words": [word]})
    full = full.model_copy(update={"regions": [*full.regions, with_words]})
    table.apply([("d/0", page()), ("d/1", full)])
    assert table.page("d", 1) == full
    assert table.page("d", 0) == page()
    assert table.page("d", 2) is None


def test_the_columns_of_result_and_documents_are_the_fields_of_their_records(table: MemoryTable) -> None:
    assert set(table.query("SELECT * FROM result").columns) == {*PageText.model_fields, "search_terms"} - {
        "regions"
    }
    assert table.query("SELECT * FROM documents").columns == list(DocumentRecord.model_fields)
    assert {*RegionRecord.model_fields} < set(table.query("SELECT * FROM regions").columns)


def test_a_slow_query_neither_holds_back_records_nor_other_queries(tmp_path: Path) -> None:
    table = MemoryTable(Settings(table_dir=tmp_path, query_timeout_s=20))
    ended: list[str] = []

    def ask_for_ever() -> None:
        try:
            table.query("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")
        except QueryError as error:
            ended.append(error.message)

    slow = [threading.Thread(target=ask_for_ever) for _ in range(3)]
    for thread in slow:
        thread.start()
    for number in range(20):
        table.apply([(f"d/{number}", page(pagenum=number))])
        assert table.query("SELECT count(*) FROM result").rows == [[number + 1]]
    assert all(thread.is_alive() for thread in slow)  # nobody waited until their time was over
    table.close()
    for thread in slow:
        thread.join(10)
    assert len(ended) == 3


def test_a_batch_that_fails_leaves_the_table_as_it_was(table: MemoryTable) -> None:
    table.apply([("d/0", page("first"))])

    def breaks() -> Iterator[tuple[str, PageText | None]]:
        yield "d/0", page("second")
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        table.apply(breaks())
    assert table.query("SELECT text FROM result").rows == [["first"]]
    table.apply([("d/0", page("third"))])
    assert table.query("SELECT text FROM result").rows == [["third"]]


def test_nothing_of_the_table_is_left_on_the_disk(table: MemoryTable, tmp_path: Path) -> None:
    table.apply([("d/0", page())])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_hold_the_table_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"file.* cannot hold the SQL table .*INKSTREAM_TABLE_DIR"):
        MemoryTable(Settings(table_dir=tmp_path / name))


def test_the_table_lies_in_shared_memory_where_that_has_room(tmp_path: Path) -> None:
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free >= 1024**3
    assert memory_folder(otherwise=tmp_path) == (shared if roomy else tmp_path)


_LONG = "replace(hex(zeroblob(4000000)), '0', 'a')"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT instr({_LONG}, {_LONG} || 'b')",
        f"SELECT replace({_LONG}, {_LONG} || 'b', '')",
        f"SELECT replace({_LONG}, 'a', {_LONG})",
        f"SELECT trim({_LONG}, {_LONG})",
        f"SELECT {_LONG} LIKE '%' || substr({_LONG}, 1, 900) || 'b'",
        f"SELECT {_LONG} GLOB '*' || substr({_LONG}, 1, 900) || 'b'",
        "SELECT json_patch('{}', '{}')",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(hex(zeroblob(9000000))) FROM n",
    ],
)
def test_no_function_outlives_the_time_limit(table: MemoryTable, sql: str) -> None:
    with pytest.raises(QueryError):  # else it would go on for hours
        table.query(sql)


# of a number with more than 15 digits the last one depends on SQLite's version
_numbers = st.integers(-(10**12), 10**12).map(lambda n: n / 1000) | st.sampled_from([1e20, -2.5e-7, math.inf, 0.0])
_values = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), _numbers, st.text("aäb 1.-e€", max_size=12))


@hypothesis_settings(max_examples=100, deadline=None)
@given(_values, _values, _values)
def test_bounded_functions_give_what_those_of_sqlite_give(one: Value, two: Value, three: Value) -> None:
    with closing(sqlite3.connect(":memory:")) as bounded, closing(sqlite3.connect(":memory:")) as plain:
        bound_functions(bounded, 1000)
        sql = "SELECT instr(?1, ?2), replace(?1, ?2, ?3), trim(?1, ?2), ltrim(?1, ?2), rtrim(?1, ?2), trim(?1)"
        assert (
            bounded.execute(sql, (one, two, three)).fetchall() == plain.execute(sql, (one, two, three)).fetchall()
        )


@pytest.mark.parametrize(
    "call",
    [
        "printf('%.2147483647c', 'x')", "format('%99999999d', 1)", "printf('%*d', 100000000, 1)", "printf('%p', 1)",
        "printf('" + "%s" * 300 + "', 1)", "format('%.99999999f', 1.5)",
    ],
)  # fmt: skip
def test_formats_that_take_as_long_as_somebody_likes_are_refused(table: MemoryTable, call: str) -> None:
    with pytest.raises(QueryError, match="format takes widths up to 1000"):
        table.query(f"SELECT {call}")


_flags = st.sets(st.sampled_from("-0+"), max_size=2).map("".join)
# digits enough for every number: where one is left over, SQLite rounds halves up and Python to even
_kinds = st.sampled_from(["d", "x", "s", "Q", ".2f", ".10e", "%"])
_sizes = st.integers(0, 30).map(lambda n: str(n) if n else "")


@hypothesis_settings(max_examples=200, deadline=None)
@given(_flags, _sizes, _kinds, st.integers(-(10**9), 10**9), st.text("ab' ", max_size=8))
def test_formats_are_those_of_sqlite(flags: str, width: str, kind: str, number: int, text: str) -> None:
    if kind == "%":
        flags = width = ""
    if kind == "x":
        flags, number = flags.replace("+", ""), abs(number)
    template = f"<%{flags}{width}{kind}>"
    value: Value = text if kind in "sQ" else number
    with closing(sqlite3.connect(":memory:")) as plain, closing(sqlite3.connect(":memory:")) as bounded:
        bound_functions(bounded, 1000)
        wanted = plain.execute("SELECT printf(?, ?)", (template, value)).fetchone()
        assert bounded.execute("SELECT printf(?, ?)", (template, value)).fetchone() == wanted


@pytest.mark.parametrize(
    "columns",
    [
        ",".join("x" * 60), ",".join(f"x || {n}" for n in range(60)),
        ",".join(f"zeroblob(15000000 + {n})" for n in range(90)),
    ],
)  # fmt: skip
def test_a_row_of_long_values_is_refused_before_it_fills_memory(tmp_path: Path, columns: str) -> None:
    with closing(MemoryTable(Settings(table_dir=tmp_path, query_timeout_s=30))) as table:
        sql = f"WITH t(x) AS MATERIALIZED (SELECT char(128512) || hex(zeroblob(7000000))) SELECT {columns} FROM t"
        with pytest.raises(QueryError, match="more memory than there is"):
            table.query(sql)
        table.apply([("d/0", page())], [])
        assert table.query("SELECT count(*) FROM result").rows == [[1]]


def read_as(text: str, *paragraphs: str) -> PageText:
    return page(text).model_copy(update={"paragraphs": [ParagraphRecord(text=one) for one in paragraphs]})


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("committee", True), ("commit", True), ("tee", True), ("größe", True), ("GROSSE", False),
        ("東京", True), ("京大", True), ("大学病院", True), ('"東京大学" AND "大学病院"', True), ("院", True),
        ("大阪", False), ("nothing", False),
    ],
)  # fmt: skip
def test_words_are_found_whole_and_in_parts_where_scripts_have_no_spaces(
    table: MemoryTable, searched: str, found: bool
) -> None:
    text = "by the commit-\ntee of Größe\n東京大学病\n院"
    table.apply([("d/0", read_as(text, "by the committee of Größe", "東京大学病院"))], [])
    rows = table.query("SELECT text FROM result WHERE result MATCH ?", [searched]).rows
    assert rows == ([[text]] if found else [])


def test_the_terms_of_a_huge_run_are_bounded(table: MemoryTable) -> None:
    table.apply([("d/0", page("漢字仮名" * 100_000))], [])
    ((terms,),) = table.query("SELECT length(search_terms) FROM result").rows
    assert isinstance(terms, int) and terms < 100
