"""What is logged of what libraries log."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest

from streams.monitoring.log_lines import JsonFormatter, log_about
from streams.monitoring.logs import OncePerMinute, configure_logging
from streams.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def passed(lines: OncePerMinute, name: str, text: str, *arguments: object) -> str | None:
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, text, arguments, None)
    return record.getMessage() if lines.filter(record) else None


def test_a_library_logs_a_line_once_a_minute_and_how_often_it_was_dropped() -> None:
    clock = Clock()
    lines = OncePerMinute(("aiokafka",), clock)
    assert passed(lines, "aiokafka", "Unable connect to node with id %s: %s", 1, "refused") is not None
    for port in range(1000):
        clock.now_s += 0.05
        assert passed(lines, "aiokafka", "Unable connect to node with id %s: %s", 1, port) is None
    assert passed(lines, "aiokafka.cluster", "Topic %s not found", "pages") == "Topic pages not found"
    clock.now_s = 61.0
    again = passed(lines, "aiokafka", "Unable connect to node with id %s: %s", 2, "refused")
    assert again == "Unable connect to node with id 2: refused (and 1000 more like it)"


def test_our_own_lines_all_pass() -> None:
    lines = OncePerMinute(("aiokafka",), Clock())
    assert [passed(lines, "streams.agents.step_runner", "%s: %s", number, "failed") for number in (1, 1)] == [
        "1: failed",
        "1: failed",
    ]


def a_line(text: str, *arguments: object, failure: BaseException | None = None) -> dict[str, object]:
    failed = None if failure is None else (type(failure), failure, failure.__traceback__)
    record = logging.LogRecord("streams.x", logging.WARNING, __file__, 1, text, arguments, failed)
    line: dict[str, object] = json.loads(JsonFormatter().format(record))
    return line


async def test_a_json_line_names_the_document_in_work_and_no_other_tasks() -> None:
    async def work(document_id: str) -> dict[str, object]:
        log_about(document_id, 3)
        await asyncio.sleep(0)
        return a_line("trying again: %s", "away")

    lines = await asyncio.gather(work("a"), work("b"))
    assert [(line["document_id"], line["pagenum"], line["message"]) for line in lines] == [
        ("a", 3, "trying again: away"),
        ("b", 3, "trying again: away"),
    ]
    assert set(a_line("worker ready")) == {"time", "level", "logger", "message"}


def test_a_json_line_is_one_line_without_secrets_whatever_is_in_it() -> None:
    line = a_line("%s\n%s", "s3://me:hunter2@host/x", "\x1b[31m\udcff", failure=ValueError("http://a:hunter2@b/"))
    assert "hunter2" not in json.dumps(line)
    assert "\x1b" not in str(line["message"])
    assert str(line["exception"]).startswith("ValueError: http://")


def test_lines_are_json_where_that_is_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    configure_logging("INFO", Settings(log_format="json").log_format)
    logging.getLogger("streams.service").info("worker ready: %s", "read")
    print(file=sys.stderr)
    assert json.loads(capsys.readouterr().err.splitlines()[0])["message"] == "worker ready: read"


def test_no_line_is_logged_for_each_record_unless_asked_for() -> None:
    assert Settings().log_records is False
