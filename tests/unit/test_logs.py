"""What is logged of what libraries log."""

from __future__ import annotations

import logging

from streams.monitoring.logs import OncePerMinute


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
