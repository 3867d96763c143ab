"""What a query is allowed while SQLite compiles it: to read, and to search by MATCH."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from streams.errors import QueryError
from streams.table.search_patterns import NO_SEARCH, SEARCHED_TABLE, column_reads
from streams.table.sql_functions import Value

_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
# what reaches outside, what is FTS3's and R-tree's own, and what takes the product of two lengths: json_patch, and
# FTS5's snippet, for which there is another (`snippets`)
_DENIED_FUNCTIONS = {
    "load_extension", "readfile", "writefile", "edit", "sqlite_log", "fts3_tokenizer", "optimize", "matchinfo",
    "offsets", "snippet", "rtreecheck", "rtreedepth", "rtreenode", "json_patch", "jsonb_patch",
}  # fmt: skip


@contextmanager
def guarded(connection: sqlite3.Connection, sql: str, parameters: Sequence[Value]) -> Iterator[None]:
    """Let a query that is compiled in the block do nothing but read, and search by MATCH alone.

    Raises:
        QueryError: It searches in another way.
    """
    try:
        if SEARCHED_TABLE in sql.lower():
            _check_column_reads(connection, sql, parameters)
        connection.set_authorizer(_authorise)
        yield
    finally:
        connection.set_authorizer(None)


def _check_column_reads(connection: sqlite3.Connection, sql: str, parameters: Sequence[Value]) -> None:
    """Compile a query, and raise QueryError where it reads the column that is searched more often than it shows.

    Not while it runs: to sort by rank, FTS5 compiles a query of its own.
    """
    left = column_reads(sql)

    def authorise(action: int, first: str | None, second: str | None, *more: str | None) -> int:
        nonlocal left
        left -= action == sqlite3.SQLITE_READ and first == second == SEARCHED_TABLE
        return _authorise(action, first, second, *more) if left >= 0 else sqlite3.SQLITE_DENY

    is_explained = sql.lstrip()[:7].upper() == "EXPLAIN"
    connection.set_authorizer(authorise)
    try:
        connection.execute(sql if is_explained else f"EXPLAIN {sql}", parameters).close()
    except sqlite3.DatabaseError as error:
        if left < 0:
            raise QueryError(NO_SEARCH) from error
        raise


def _authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second not in _DENIED_FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version":  # FTS5 asks for it
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
