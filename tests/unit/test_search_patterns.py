"""However a pattern gets into a query, a long one is refused before SQLite parses it; others work as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.errors import QueryError
from streams.settings import Settings
from streams.table.memory_table import MemoryTable
from streams.table.search_patterns import with_bounded_patterns
from tests.unit.test_memory_table import page

LONG = "replace(hex(zeroblob(60000)), '0', 'a ')"  # 120,000 words


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryTable]:
    made = MemoryTable(Settings(table_dir=tmp_path_factory.mktemp("table")))
    made.apply([("d/0", page("an invoice", 0)), ("d/1", page("a letter", 1))])
    yield made
    made.close()


@pytest.mark.parametrize(
    "condition",
    [
        f"result MATCH {LONG}",
        f"result MATCH/**/( {LONG} )",
        f"result MATCH 'b ' || {LONG}",
        f"result MATCH json_array({LONG}) ->> 0",
        f"result MATCH (SELECT {LONG})",
        f"result MATCH CASE WHEN 1 THEN {LONG} END",
        f"result MATCH -- and so on\n {LONG}",
        f'"result" match {LONG}',
        f"r.[result] MATCH {LONG}",
        f"text MATCH {LONG}",
        f"rank MATCH {LONG}",
        f"result MATCH 'a' AND text MATCH {LONG}",
        f"rowid IN (SELECT rowid FROM result WHERE result MATCH {LONG})",
        f"rowid IN (SELECT rowid FROM result({LONG}))",
        f"result = {LONG}",
        f"{LONG} = (result)",
        f"(result, 1) = ({LONG}, 1)",
        f"result IN (SELECT {LONG})",
        f"EXISTS (SELECT 1 FROM (SELECT result AS q FROM result) WHERE q = {LONG})",
    ],
)
def test_a_pattern_of_endless_words_is_refused(table: MemoryTable, condition: str) -> None:
    with pytest.raises(QueryError) as refused:
        table.query(f"SELECT path FROM result AS r WHERE {condition}")
    assert "longer than" not in str(refused.value)


def test_a_parameter_of_endless_words_is_refused(table: MemoryTable) -> None:
    with pytest.raises(QueryError, match="a search has at most 100000 characters"):
        table.query("SELECT path FROM result WHERE result MATCH ?", ["a " * 60_000])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pagenum FROM result WHERE result MATCH 'invoice' ORDER BY rank",
        "SELECT pagenum FROM result WHERE result MATCH ?1 ORDER BY bm25(result)",
        "SELECT pagenum FROM result WHERE result MATCH ? COLLATE NOCASE",
        "SELECT pagenum FROM result('invoice')",
        "SELECT pagenum FROM result WHERE text MATCH 'inv' || 'oice'",
        "SELECT pagenum FROM result WHERE result.result MATCH lower('INVOICE')",
        "SELECT pagenum, highlight(result, 0, '', ''), snippet(result, 0, '', '', '', 3) FROM result"
        " WHERE result MATCH (SELECT 'invoice')",
        "SELECT pagenum FROM result WHERE pagenum = 0 AND path NOT LIKE '%MATCH%'",
        "WITH w(word) AS (VALUES ('invoice')) SELECT pagenum FROM w, result WHERE result MATCH w.word",
        "SELECT r.pagenum FROM result AS r JOIN result USING (document_id, pagenum) WHERE r.text MATCH 'invoice'",
    ],
)
def test_other_searches_find_what_they_found(table: MemoryTable, sql: str) -> None:
    parameters = ["invoice"] * sql.count("?")
    assert [row[0] for row in table.query(sql, parameters).rows] == [0]


@pytest.mark.parametrize("sql", ["SELECT 1 WHERE x MATCH", "SELECT x MATCH )", "SELECT 'MATCH' MATCH *", "(" * 999])
def test_what_is_no_query_is_refused_as_one(table: MemoryTable, sql: str) -> None:
    with pytest.raises(QueryError):
        table.query(sql)


def test_what_is_quoted_is_no_match() -> None:
    sql = "SELECT 'a MATCH b', \"MATCH\" -- MATCH c\n/* MATCH d */"
    assert with_bounded_patterns(sql) == sql
