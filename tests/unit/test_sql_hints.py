"""What somebody is answered whose SQL is wrong: what to write instead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.errors import QueryError
from streams.settings import Settings
from streams.table.columns import TABLES, meaning
from streams.table.memory_table import MemoryTable
from tests.unit.test_memory_table import page


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryTable]:
    made = MemoryTable(Settings(table_dir=tmp_path_factory.mktemp("table")))
    made.apply([("d/0", page("an e-mail of 12.50"))])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        ("selct 1", "did you mean SELECT?"),
        (
            ".tables",
            "the tables are result (a page a row, with full-text search), regions (a line a row), documents",
        ),
        ("\\d", "the tables are result"),
        ("SHOW TABLES", "the tables are result"),
        ("PRAGMA table_info(result)", "`inkstream query` without SQL is a shell with .schema"),
        ("", "write SELECT path, pagenum, text FROM result LIMIT 10"),
        ("-- nothing", "this begins with '-'"),
        ("DELETE FROM result", "only one SELECT is allowed here: the tables are a view of Kafka's topics"),
        ("/* a */ update result SET text = 1", "only one SELECT is allowed here: the tables are a view"),
        ("SELECT * FROM pragma_table_info('result')", "only SELECT is allowed here; the tables are result"),
        ("SELECT * FROM results", "no such table: results; did you mean result?"),
        ("SELECT pth FROM result", "no such column: pth; did you mean path? result has timestamp, path, pagenum"),
        ("SELECT r.confidense FROM regions r", "did you mean confidence? regions has page, document_id"),
        ("SELECT status FROM regions", "regions has page, document_id"),
        ("SELECT * FORM result", "did you mean FROM?"),
        ("SELECT path, FROM result", "there is a comma before FROM"),
        ("SELECT lenght(text) FROM result", "did you mean length?"),
        ("SELECT 'abc", "a single quote has no other"),
        ("SELECT 1; SELECT 2", "leave out what is behind the semicolon"),
        ("SELECT ?", "`parameters` has a value for each ?"),
        ("SELECT text FROM result WHERE result MATCH 'e-mail'", """as MATCH '"e-mail"'"""),
        ("SELECT text FROM result WHERE result MATCH '12.50'", """as MATCH '"12.50"'"""),
        ("SELECT text FROM result WHERE result MATCH 'don''t'", """as MATCH '"don''t"'"""),
        ("SELECT text FROM result WHERE result MATCH '\"open'", """as MATCH '"open"'"""),
        ("SELECT text FROM result WHERE result MATCH ''", "it is empty: name a word"),
        ("SELECT text FROM result WHERE result MATCH invoice", "text stands in single quotes: MATCH 'invoice'"),
        ("SELECT text FROM regions WHERE text MATCH 'x'", "elsewhere use LIKE '%word%'"),
        ("SELECT text FROM regions WHERE regions MATCH 'x'", "MATCH searches result"),
        ("SELECT text FROM result WHERE text MATCH 'x' OR pagenum = 1", "with AND, not OR"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write_instead(table: MemoryTable, sql: str, advice: str) -> None:
    with pytest.raises(QueryError) as refused:
        table.query(sql)
    assert advice in refused.value.message


@pytest.mark.parametrize("pattern", ["e-mail", "12.50"])
def test_what_is_advised_for_full_text_search_finds_the_page(table: MemoryTable, pattern: str) -> None:
    with pytest.raises(QueryError, match="full-text search takes punctuation as operators") as refused:
        table.query("SELECT pagenum FROM result WHERE result MATCH ?", [pattern])
    advised = refused.value.message.rpartition("MATCH ")[2]
    assert table.query(f"SELECT pagenum FROM result WHERE result MATCH {advised}").rows == [[0]]


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "sql",
    [
        "x" * 1_000_000,
        "SELECT " + "x" * 9_000,
        "SELECT '" + "''" * 4_000,
        "SELECT 1 WHERE " + "MATCH " * 1_600,
        "SELECT pth FROM result WHERE result MATCH" + " " * 9_000,
        "SELECT pth" + ", " * 4_000 + "FROM result",
        "SELECT '" + "''" * 400_000,
    ],
)
def test_advice_on_whatever_is_asked_is_short_and_quick(table: MemoryTable, sql: str) -> None:
    with pytest.raises(QueryError) as refused:
        table.query(sql)
    assert len(refused.value.message) < 20_000


def test_every_table_and_column_is_there_and_has_a_meaning(table: MemoryTable) -> None:
    for name, columns in TABLES.items():
        assert tuple(table.query(f"SELECT * FROM {name}").columns) == columns
        assert [column for column in columns if not meaning(name, column)] == []
