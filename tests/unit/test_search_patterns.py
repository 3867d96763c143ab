"""However a pattern gets into a query, a long one is refused before SQLite parses it; others work as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.errors import QueryError
from streams.settings import Settings
from streams.table.memory_table import MemoryTable
from streams.table.search_patterns import most_words, with_bounded_patterns
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


MANY = "replace(hex(zeroblob(35)), '0', 'a ')"  # 70 words


@pytest.mark.parametrize(
    "condition",
    [
        f"result MATCH {MANY} ORDER BY rank",
        f"result MATCH '\"' || {MANY} || '\"' ORDER BY bm25(result)",
        f"result MATCH 'NEAR(' || {MANY} || ', 5)'",
        f"result MATCH '{{path text}} : (' || {MANY} || ')'",
        f"rowid IN (SELECT rowid FROM result({MANY}))",
        f"result MATCH CAST({MANY} AS BLOB)",
        "result MATCH 'a + ^b" + " OR a" * 70 + "'",
        "result MATCH '" + "a* " * 17 + "'",
        "result MATCH 'text : " + '"a" * ' * 17 + "'",
        "result MATCH '" + "é-é_" * 40 + "'",
        "result MATCH '" + "\ue000 " * 70 + "'",
        "result MATCH '" + "\U0001e900 " * 70 + "'",  # a letter since Unicode 9
        "result MATCH 'a' AND " + " AND ".join(["text MATCH 'b c d'"] * 40),
        "result MATCH 'b' AND " + " AND ".join(["text MATCH 'a*'"] * 16),
    ],
)
def test_a_search_for_many_words_is_refused(table: MemoryTable, condition: str) -> None:
    with pytest.raises(QueryError, match="have at most 64 words together, 16 of them with"):
        table.query(f"SELECT path FROM result WHERE {condition}")


def test_a_parameter_of_many_words_is_refused(table: MemoryTable) -> None:
    for pattern in ("a " * 65, b"a " * 65, "a* " * 17):
        with pytest.raises(QueryError, match="at most 64 words"):
            table.query("SELECT path FROM result WHERE result MATCH ?", [pattern])


def test_the_weights_of_ranking_are_no_words(table: MemoryTable) -> None:
    weights = ", ".join(["1.5"] * 29)
    sql = f"SELECT pagenum FROM result WHERE result MATCH 'invoice' AND rank MATCH 'bm25({weights})' ORDER BY rank"
    assert table.query(sql).rows == [[0]]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("", 0), ("one two", 2), ("Übergröße", 1), ("a_b-c", 3), ("12.50 €", 2), ("東京大学", 1), ("a OR NOT(b)", 4)],
)
def test_words_are_counted_as_fts5_splits_them(pattern: str, words: int) -> None:
    assert most_words(pattern) == words


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
