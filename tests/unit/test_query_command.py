"""`inkstream query`: what is written, and that a cut export is no success."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.commands import query


def asked(monkeypatch: pytest.MonkeyPatch, output: str, *, truncated: bool) -> tuple[int, str, str]:
    answer = {"columns": ["path", "n"], "rows": [["a", 1], ["b", 2]], "truncated": truncated, "elapsed_ms": 1.0}
    monkeypatch.setattr(query, "_answer", lambda *_: answer)
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
