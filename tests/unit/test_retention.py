from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.options import ReadOptions
from streams.agents.retention import RetentionWatch
from streams.messages.records import PageTask
from streams.monitoring.metrics import Metrics


def task(started: str) -> PageTask:
    return PageTask(
        document_id="d", pagenum=0, total_pages=1, path="p", reference="kafka://raw-files/0/0", sha256="0" * 64,
        options=ReadOptions(), started=started,
    )  # fmt: skip


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def test_a_page_whose_file_is_about_to_go_is_warned_of_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    watch = RetentionWatch(metrics, retention_h=10)
    watch.note(task(ago(7)))
    assert not caplog.records
    watch.note(task(ago(8.4)))
    watch.note(task(ago(8.6)))
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "pages have waited 8 h to be read, and raw-files keeps their files for 10 h"
    ]
    assert metrics.registry.get_sample_value("inkstream_retention_used") == pytest.approx(0.86, abs=0.001)
    assert metrics.registry.get_sample_value("inkstream_page_waited_seconds") == pytest.approx(8.6 * 3600, abs=9)


@pytest.mark.parametrize("started", ["", "yesterday", "2999-01-01T00:00:00.000Z"])
def test_a_time_that_is_none_costs_nothing(started: str, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    RetentionWatch(metrics, retention_h=1).note(task(started))
    assert metrics.registry.get_sample_value("inkstream_page_waited_seconds") == 0
    assert not caplog.records


def test_a_time_without_a_zone_is_taken_as_utc() -> None:
    metrics = Metrics()
    RetentionWatch(metrics, retention_h=1).note(task(ago(1).removesuffix("+00:00")))
    assert metrics.registry.get_sample_value("inkstream_retention_used") == pytest.approx(1, abs=0.01)
