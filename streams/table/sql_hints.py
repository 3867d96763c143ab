"""What is wrong with somebody's SQL, and what to write instead: SQLite's own words are short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from streams.table.columns import ROWS, TABLES
from streams.table.sql_functions import Value

_BEGINNINGS = ("SELECT", "WITH", "VALUES", "EXPLAIN")
_WRITES = {
    "INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "TRUNCATE", "ATTACH", "DETACH", "VACUUM",
    "REINDEX", "ANALYZE", "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE",
}  # fmt: skip
_CATALOGUE = {"SHOW", "DESCRIBE", "DESC", "PRAGMA", "HELP", "TABLES", "SCHEMA"}
_KEYWORDS = (
    "FROM", "WHERE", "ORDER", "GROUP", "BY", "LIMIT", "OFFSET", "HAVING", "JOIN", "LEFT", "ON", "AS", "AND", "OR",
    "NOT", "MATCH", "LIKE", "DISTINCT", "UNION", "BETWEEN", "DESC", "ASC", "SELECT", "USING", "CASE", "WHEN",
    "THEN", "END",
)  # fmt: skip
_FUNCTIONS = (
    "abs", "avg", "bm25", "coalesce", "count", "date", "datetime", "format", "group_concat", "hex", "highlight",
    "ifnull", "iif", "instr", "json_array_length", "json_each", "json_extract", "julianday", "length", "lower",
    "ltrim", "max", "min", "nullif", "printf", "replace", "round", "rtrim", "snippet", "strftime", "substr", "sum",
    "total", "trim", "typeof", "upper",
)  # fmt: skip
# possessive: they are applied to whatever somebody sends
_LITERAL = re.compile(r"'(?:[^']|'')*+'")
_SEARCHED = re.compile(r"\bMATCH\s*+\(?\s*+'((?:[^']|'')*+)'", re.IGNORECASE)
_MAX_CHARACTERS = 10_000  # longer SQL no person wrote
_SHOWN_CHARACTERS = 60  # of what somebody wrote, in a message
_WHERE_MATCH_IS = (
    "MATCH searches result, its text or its path, and stands beside other conditions with AND, not OR; "
    "elsewhere use LIKE '%word%'"
)
_QUOTING = "full-text search takes punctuation as operators: put it in double quotes"


def table_names() -> str:
    """Return the tables that there are, as a clause."""
    return "the tables are " + ", ".join(f"{name} ({rows})" for name, rows in ROWS.items())


def no_query(sql: str, first_word: str) -> str:
    """Return why SQL that is no query is refused.

    Args:
        sql: The statement.
        first_word: Of the statement, behind comments; empty where it begins with something else.
    """
    word = first_word.upper()[:_SHOWN_CHARACTERS]
    if not sql.strip(" \t\r\n;"):
        return "there is no SQL; write SELECT path, pagenum, text FROM result LIMIT 10"
    if word in _WRITES:
        return (
            "only one SELECT is allowed here: the tables are a view of Kafka's topics, and are not written with SQL"
        )
    if word in _CATALOGUE or sql.lstrip().startswith((".", "\\")):
        shown = sql.split()[0][:_SHOWN_CHARACTERS]
        return f"{shown} is no query; {table_names()}. `inkstream query` without SQL is a shell with .schema"
    meant = get_close_matches(word, _BEGINNINGS, n=1)
    advice = f"did you mean {meant[0]}?" if meant else table_names()
    begins = first_word[:_SHOWN_CHARACTERS] or sql.strip()[:1]
    return f"only one SELECT is allowed here, and this begins with {begins!r}; {advice}"


def explained(message: str, sql: str, parameters: Sequence[Value]) -> str:
    """Return SQLite's message about a query, with what to write instead where that is known."""
    if "not authorized" in message or "authorization denied" in message:
        return f"only SELECT is allowed here; {table_names()}"
    if len(sql) <= _MAX_CHARACTERS and (advice := _advice(message, sql, parameters)):
        return f"{message.rstrip('.')}; {advice}"
    return message


def _advice(message: str, sql: str, parameters: Sequence[Value]) -> str | None:
    if message.startswith("no such table: "):
        return _like(message.partition(": ")[2], TABLES) + table_names()
    if message.startswith("no such column: "):
        return _about_column(message.partition(": ")[2], sql, parameters)
    if message.startswith(("fts5: ", "unterminated string", "unknown special query")):
        return _about_search(sql, parameters)
    if "MATCH in the requested context" in message:
        return _WHERE_MATCH_IS
    if found := re.match(r'near "(\w+)": syntax error', message):
        return _about_word(found[1], sql)
    if message.startswith("no such function: "):
        return _like(message.partition(": ")[2], _FUNCTIONS).rstrip(" ") or None
    if message.startswith("unrecognized token") and sql.count("'") % 2:
        return "a single quote has no other; within text, write it twice: 'don''t'"
    if message.startswith("You can only execute one statement"):
        return "leave out what is behind the semicolon"
    if message.startswith("Incorrect number of bindings"):
        return "over HTTP, `parameters` has a value for each ?"
    return None


def _about_column(name: str, sql: str, parameters: Sequence[Value]) -> str:
    bare = _LITERAL.sub("''", sql)
    if re.search(rf"\bMATCH\s+{re.escape(name)}", bare, re.IGNORECASE):
        return f"text stands in single quotes: MATCH '{name}'"
    if name in TABLES:
        return _WHERE_MATCH_IS
    if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", bare):  # it is in the text that is searched for
        return _about_search(sql, parameters)
    used = [table for table in TABLES if re.search(rf"\b{table}\b", bare, re.IGNORECASE)] or list(TABLES)
    known = {column: None for table in used for column in TABLES[table]}
    meant = _like(name.rpartition(".")[2], known)
    columns = "; ".join(f"{table} has {', '.join(TABLES[table])}" for table in used)
    return f"{meant}{columns}. Text stands in single quotes"


def _about_search(sql: str, parameters: Sequence[Value]) -> str:
    patterns = [found[1] for found in _SEARCHED.finditer(sql)]
    patterns += [value.replace("'", "''") for value in parameters if isinstance(value, str)]
    if len(patterns) != 1:
        return f"""{_QUOTING}, as MATCH '"e-mail"'"""
    pattern = patterns[0].replace('"', "").strip(" *")[:_SHOWN_CHARACTERS]
    return f"""{_QUOTING}, as MATCH '"{pattern}"'""" if pattern else "it is empty: name a word"


def _about_word(word: str, sql: str) -> str | None:
    if re.search(rf",\s*{word}\b", sql, re.IGNORECASE):
        return f"there is a comma before {word}"
    meant = get_close_matches(word.upper()[:_SHOWN_CHARACTERS], _KEYWORDS, n=1, cutoff=0.7)
    return f"did you mean {meant[0]}?" if meant and meant[0] != word.upper() else None


def _like(name: str, known: Iterable[str]) -> str:
    found = get_close_matches(name.lower()[:_SHOWN_CHARACTERS], list(known), n=1)
    return f"did you mean {found[0]}? " if found else ""
