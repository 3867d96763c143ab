"""What reaches a terminal of names and texts that others chose."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from streams.escapes import plain
from streams.messages.page_records import failed_page_text
from streams.messages.records import PageTask
from streams.monitoring.log_lines import PlainFormatter
from streams.terminal import format_record, print_table, printable
from tests.unit.test_records import TASK

TITLE = "\x1b]0;owned\x07\x9b2J\u202e.pdf"  # sets the window's title, clears the screen, turns what follows around


def test_control_characters_are_escaped_and_text_stays() -> None:
    assert plain("a\tb\nc é 東京 \U0001f642") == "a\tb\nc é 東京 \U0001f642"
    assert plain(TITLE) == r"\x1b]0;owned\x07\x9b2J\u202e.pdf"


def test_records_tables_names_and_log_lines_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    task: PageTask = TASK.model_copy(update={"path": f"upload://{TITLE}"})
    print(format_record(failed_page_text(task, f"CorruptFile: {TITLE}")))
    print_table(["path"], [[TITLE]])
    print(printable(Path(TITLE)))
    line = logging.LogRecord("streams", logging.WARNING, __file__, 1, "%s is broken", (TITLE,), None)
    print(PlainFormatter("%(message)s").format(line))
    printed = capsys.readouterr().out
    assert printed.count(r"\x1b]0;owned") == 5
    assert not set("\x1b\x07\x9b\u202e") & set(printed)
