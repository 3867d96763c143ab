"""snippet() and highlight() give what FTS5's give, or more, and a page of hits holds up nobody for minutes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streams.errors import QueryError
from streams.settings import Settings
from streams.table.memory_table import MemoryTable
from streams.table.snippets import add_quick_snippets, with_quick_snippets
from tests.unit.test_memory_table import page

TEXT = (
    "The quick brown fox jumps over the lazy dog. Pack my box with five dozen liquor jugs, the Fox went; "
    "foxes ran. An end of it all comes here."
)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as made:
        add_quick_snippets(made, 1_000_000)
        made.execute("CREATE VIRTUAL TABLE r USING fts5(path, text)")
        made.execute("INSERT INTO r VALUES ('p', ?)", (TEXT,))
        yield made


@pytest.mark.parametrize("searched", ["fox", "dog", "the lazy", "quick OR jumps", "pack AND jugs"])
@pytest.mark.parametrize(
    "call", ["snippet(r, 1, '[', ']', '…', 8)", "SNIPPET /* , */ (r,1,'a)',lower('B('), ',', 3 + 5)"]
)
def test_a_snippet_is_what_fts5_makes(db: sqlite3.Connection, call: str, searched: str) -> None:
    sql = f"SELECT {call} FROM r WHERE r MATCH ?"
    assert (
        db.execute(with_quick_snippets(sql, 1), (searched,)).fetchall() == db.execute(sql, (searched,)).fetchall()
    )


def test_a_phrase_is_shown_whole_and_the_words_around_it(db: sqlite3.Connection) -> None:
    sql = """SELECT snippet(r, -1, '<b>', '</b>', ' ... ', 4) FROM r WHERE r MATCH '"lazy dog"'"""
    assert db.execute(with_quick_snippets(sql, 1)).fetchall() == [(" ... the <b>lazy dog</b>. Pack ... ",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'snippet(a,b,c,d,e,f)'", "SELECT 1 -- snippet(r,1,2,3,4,5)", "SELECT snippet(r, 1)",
        "SELECT highlight(r, 1)",
        "SELECT snippet(",
        'SELECT "snippet" FROM (SELECT 1 AS snippet)', "SELECT f(snippet, 1), (2)", "SELECT ')' || snippet",
    ],
)  # fmt: skip
def test_what_is_no_snippet_stays(sql: str) -> None:
    assert with_quick_snippets(sql, 1) == sql


def test_a_page_of_nothing_but_hits_is_answered(tmp_path: Path) -> None:
    with closing(MemoryTable(Settings(table_dir=tmp_path, query_timeout_s=60))) as table:
        table.apply([("d/0", page("a " * 100_000)), ("d/1", page("a lease"))], [])
        rows = table.query("SELECT snippet(result, 3, '[', ']', '…', 2) FROM result WHERE result MATCH 'a'").rows
        assert rows == [["[a] [a]…"], ["[a] lease"]]
        with pytest.raises(QueryError):
            table.query("SELECT snippet(result, 3) FROM result WHERE result MATCH 'a'")


@pytest.mark.parametrize("searched", ["fox", "the lazy", "none", "quick OR jumps"])
def test_a_highlight_is_what_fts5_makes(db: sqlite3.Connection, searched: str) -> None:
    sql = "SELECT HighLight (r, 1, '<b>', NULL), \"highlight\"(r, 0, ')', '(') FROM r WHERE r MATCH ?"
    written = with_quick_snippets(sql, 1)
    assert written.count("marked(highlight(") == 2
    assert db.execute(written, (searched,)).fetchall() == db.execute(sql, (searched,)).fetchall()


@pytest.mark.parametrize(
    "columns",
    [
        "highlight(result, 3, hex(zeroblob(1200)), '')",  # minutes
        ", ".join(f"highlight(result, 3, '{n}', '')" for n in range(90)),  # a minute
        ", ".join(f"snippet(result, 3, '{n}', '', '', 9)" for n in range(90)),
    ],
)
def test_a_highlight_ends_with_the_time_of_its_query(tmp_path: Path, columns: str) -> None:
    with closing(MemoryTable(Settings(table_dir=tmp_path, query_timeout_s=0.3))) as table:
        table.apply([("d/0", page("a " * 50_000))], [])
        with pytest.raises(QueryError, match=r"longer than 0\.3 s|no text that is too big"):
            table.query(f"SELECT {columns} FROM result WHERE result MATCH 'a'")


def test_a_page_with_more_words_than_any_page_is_cut_and_shows_it(tmp_path: Path) -> None:
    with closing(MemoryTable(Settings(table_dir=tmp_path))) as table:
        table.apply([("d/0", page("a " * 300_000)), ("d/1", page("a" * 500_000))], [])
        ((cut,), (whole,)) = table.query("SELECT text FROM result").rows
    assert isinstance(cut, str) and isinstance(whole, str)
    assert cut.startswith("a " * 49_999 + "a\n… (cut")
    assert len(whole) == 500_000
