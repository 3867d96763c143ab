from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streams.agents.retention import RetentionWatch
from streams.monitoring.metrics import Metrics


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def gauge(metrics: Metrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(f"inkstream_{name}", {"stage": "split_files"})


def test_a_file_that_has_waited_for_long_is_warned_of_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    watch = RetentionWatch(metrics, "split_files", retention_h=10)
    watch.note(ago(7))
    assert not caplog.records
    watch.note(ago(8.4))
    watch.note(ago(8.6))
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "files have waited 8 h to be read, and raw-files holds more than those of the last 10 h"
    ]
    assert gauge(metrics, "retention_used") == pytest.approx(0.86, abs=0.001)
    assert gauge(metrics, "file_waited_seconds") == pytest.approx(8.6 * 3600, abs=9)


@pytest.mark.parametrize("sent", [None, "", "yesterday", "2999-01-01T00:00:00.000Z"])
def test_a_time_that_is_none_costs_nothing(sent: str | None, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    RetentionWatch(metrics, "split_files", retention_h=1).note(sent)
    assert gauge(metrics, "file_waited_seconds") == 0
    assert not caplog.records


def test_a_time_without_a_zone_is_taken_as_utc() -> None:
    metrics = Metrics()
    RetentionWatch(metrics, "split_files", retention_h=1).note(ago(1).removesuffix("+00:00"))
    assert gauge(metrics, "retention_used") == pytest.approx(1, abs=0.01)


def test_without_a_retention_nothing_is_a_fraction_of_it(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    RetentionWatch(metrics, "split_files", retention_h=0).note(ago(1000))
    assert gauge(metrics, "file_waited_seconds") == pytest.approx(3_600_000, abs=9)
    assert not caplog.records
