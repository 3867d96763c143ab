"""Somebody else's SQL on our connection: it reads, for a bounded time, and nothing else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from streams.errors import QueryError

_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_DENIED_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
_READS = re.compile(r"(\s|--[^\n]*(\n|$)|/\*.*?\*/)*(SELECT|WITH|VALUES|EXPLAIN)\b", re.IGNORECASE | re.DOTALL)
_STEPS_PER_CHECK = 20_000  # of SQLite's machine: well under a millisecond


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query; `truncated` where there were more than the limit."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool
    elapsed_ms: float


def run_query(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any], timeout_s: float, max_rows: int
) -> QueryResult:
    """Run one read-only statement. Raises QueryError with SQLite's words where it does not run."""
    if not _READS.match(sql):
        raise QueryError(
            "only one SELECT is allowed here"
        )  # VACUUM, say, would reset the schema before it is refused
    started = monotonic()
    with _guarded(connection, started + timeout_s):
        try:
            cursor = connection.execute(sql, parameters)
            rows = cursor.fetchmany(max_rows + 1)
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise QueryError(
                    f"the query took longer than {timeout_s:g} s; narrow it down or add LIMIT"
                ) from error
            raise QueryError(str(error)) from error
        except sqlite3.DatabaseError as error:  # not authorized, too big, …
            word = "only SELECT is allowed here" if "not authorized" in str(error) else str(error)
            raise QueryError(word) from error
        except (sqlite3.Warning, ValueError, OverflowError, TypeError) as error:
            raise QueryError(str(error)) from error
    columns = [column[0] for column in cursor.description or ()]
    if not columns:
        raise QueryError("only SELECT is allowed here")
    elapsed_ms = round((monotonic() - started) * 1000, 2)
    return QueryResult(
        columns, [list(map(_plain, row)) for row in rows[:max_rows]], len(rows) > max_rows, elapsed_ms
    )


@contextmanager
def _guarded(connection: sqlite3.Connection, deadline: float) -> Iterator[None]:
    connection.set_authorizer(_authorise)
    connection.set_progress_handler(lambda: monotonic() > deadline, _STEPS_PER_CHECK)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
        connection.set_authorizer(None)


def _authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second not in _DENIED_FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version":  # FTS5 asks for it
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
