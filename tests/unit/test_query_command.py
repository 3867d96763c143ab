"""`inkstream query`: what is written, and that a cut export is no success."""

from __future__ import annotations

import httpx
import pytest
from typer.testing import CliRunner

from models.errors import InkstreamError
from streams.cli import app
from streams.commands import query
from streams.commands.query_shell import QueryShell
from streams.errors import BrokerError, ConfigurationError, QueryError


def asked(monkeypatch: pytest.MonkeyPatch, output: str, *, truncated: bool) -> tuple[int, str, str]:
    answer = {"columns": ["path", "n"], "rows": [["a", 1], ["b", 2]], "truncated": truncated, "elapsed_ms": 1.0}
    monkeypatch.setattr(query, "answer_of", lambda *_: answer)
    result = CliRunner().invoke(app, ["query", "SELECT 1", "--url", "http://localhost:1", "--format", output])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("output", "written"),
    [("csv", "path,n\na,1\nb,2\n"), ("jsonl", '{"path": "a", "n": 1}\n{"path": "b", "n": 2}\n')],
)
@pytest.mark.parametrize("truncated", [True, False])
def test_a_cut_export_is_an_error(
    monkeypatch: pytest.MonkeyPatch, output: str, written: str, truncated: bool
) -> None:
    code, stdout, stderr = asked(monkeypatch, output, truncated=truncated)
    assert stdout == written
    assert (code, "cut after 2 rows" in stderr) == ((1, True) if truncated else (0, False))


def test_a_cut_table_shows_that_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    code, stdout, _ = asked(monkeypatch, "table", truncated=True)
    assert code == 0
    assert "2 rows in 1 ms, more left out" in stdout


ANSWER = {"columns": ["path", "text"], "rows": [["a", "one\ntwo"]], "truncated": False, "elapsed_ms": 1.0}


def test_a_shell_takes_statements_to_the_semicolon_and_goes_on_after_a_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []

    def ask(sql: str) -> dict[str, object]:
        asked.append(sql)
        if "selct" in sql:
            raise QueryError("did you mean SELECT?")
        return ANSWER

    shell = QueryShell(ask, "table")
    lines = [
        "selct 1;",
        "SELECT path,",
        "",
        "text FROM result;",
        ".format vertical",
        "SELECT 1;",
        ".tables",
        ".schema documents",
    ]
    assert [shell.onecmd(line) for line in lines] == [False] * len(lines)
    assert asked == ["selct 1", "SELECT path,\n\ntext FROM result", "SELECT 1"]
    out, err = capsys.readouterr()
    assert err == "error: did you mean SELECT?\n"
    assert "path  a\ntext  one\n      two\n" in out
    assert "regions    a line a row" in out
    assert "  pages_failed   how many" in out
    assert [shell.onecmd(line) for line in (".quit", "EOF")] == [True, True]


def test_a_shell_completes_tables_columns_and_commands() -> None:
    shell = QueryShell(lambda _: ANSWER, "table")
    assert shell.completedefault("doc") == ["documents", "document_id"]
    assert shell.completenames(".s") == [".schema"]


@pytest.mark.parametrize(
    ("status", "body", "error", "exit_code"),
    [
        (400, {"error": "query", "message": "no such table"}, QueryError, 1),
        (401, {"error": "unauthorized", "message": "a token is needed"}, ConfigurationError, 2),
        (503, {"error": "table-busy", "message": "busy"}, BrokerError, 3),
        (404, {"detail": "Not Found"}, BrokerError, 3),
    ],
)
def test_the_exit_code_is_that_of_who_has_to_do_something(
    monkeypatch: pytest.MonkeyPatch, status: int, body: dict[str, str], error: type[InkstreamError], exit_code: int
) -> None:
    monkeypatch.setattr(httpx, "post", lambda *_, **__: httpx.Response(status, json=body))
    result = CliRunner().invoke(app, ["query", "SELECT 1", "--url", "http://localhost:1"])
    assert isinstance(result.exception, error)
    assert error.exit_code == exit_code


def test_sql_is_taken_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(_: str, sql: str, __: str | None) -> dict[str, object]:
        asked.append(sql)
        return ANSWER

    monkeypatch.setattr(query, "answer_of", answer)
    result = CliRunner().invoke(app, ["query", "--url", "http://localhost:1"], input="SELECT 1")
    assert (result.exit_code, asked) == (0, ["SELECT 1"])
