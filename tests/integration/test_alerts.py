"""Alert rules and dashboard: promtool takes them, and each alert fires when it is to, and not otherwise."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from deploy.grafana.dashboard import FILE, ROWS, dashboard_json, metrics_in
from streams.monitoring.metrics import Metrics

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yaml"
ALERTS = {rule["alert"]: rule for rule in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]}


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """deploy/setup.sh puts it beside Python."""
    program = shutil.which("promtool", path=Path(sys.executable).parent) or "promtool"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


class Case(NamedTuple):
    """Series a minute apart, by PromQL's notation, and what fires after so many minutes: labels of one alert."""

    alert: str
    minutes: int
    series: dict[str, str]
    fires: dict[str, str] | None


LAG, DONE = 'inkstream_lag{stage="read_pages"}', 'inkstream_processed{stage="read_pages"}'
SPLIT_LAG, SPLIT_DONE = 'inkstream_lag{stage="split_files"}', 'inkstream_processed{stage="split_files"}'
READ, SPLIT = {"stage": "read_pages"}, {"stage": "split_files"}
FAILED, PAGES = 'inkstream_failed_total{stage="read_pages",reason="corrupt-file"}', "inkstream_pages_read_total"
WORKER = {"instance": "read-0"}
CASES = (
    Case("InkstreamLagGrowing", 100, {LAG: "0+100x120", DONE: "0+9x120"}, READ),
    Case("InkstreamLagGrowing", 100, {LAG: "100000-100x120", DONE: "0+9x120"}, None),
    Case("InkstreamLagGrowing", 100, {LAG: "0+9x120", DONE: "0+9x120"}, None),
    Case("InkstreamNothingMoves", 20, {LAG: "7x30", DONE: "500x30"}, READ),
    Case("InkstreamNothingMoves", 20, {LAG: "0x30", DONE: "500x30"}, None),
    Case("InkstreamNothingMoves", 20, {LAG: "7x30", DONE: "500+1x30"}, None),
    # split_files pauses while 20,000 pages wait and are being read
    Case(
        "InkstreamNothingMoves", 20, {SPLIT_LAG: "7x30", SPLIT_DONE: "5x30", LAG: "20000x30", DONE: "5+1x30"}, None
    ),
    Case("InkstreamNothingMoves", 20, {SPLIT_LAG: "7x30", SPLIT_DONE: "5x30", LAG: "0x30", DONE: "5x30"}, SPLIT),
    Case("InkstreamOldMessages", 90, {'inkstream_oldest_message_seconds{stage="read_pages"}': "0+60x90"}, READ),
    Case("InkstreamOldMessages", 60, {'inkstream_oldest_message_seconds{stage="read_pages"}': "0+50x90"}, None),
    Case("InkstreamDeadLetters", 30, {FAILED: "0+5x30"}, {}),
    Case("InkstreamDeadLetters", 30, {FAILED: "0+5x30", PAGES: "0+20x30"}, {}),
    Case("InkstreamDeadLetters", 30, {FAILED: "0+5x30", PAGES: "0+200x30"}, None),
    Case("InkstreamDeadLetters", 30, {FAILED: "0+1x30"}, None),
    Case("InkstreamRawFilesNearTheirEnd", 20, {'inkstream_retention_used{stage="read_pages"}': "0.85x20"}, READ),
    Case("InkstreamRawFilesNearTheirEnd", 20, {'inkstream_retention_used{stage="read_pages"}': "0.75x20"}, None),
    Case(
        "InkstreamDiskNearlyFull",
        20,
        {
            'inkstream_disk_free_bytes{instance="read-0"}': "9x20",
            'inkstream_disk_size_bytes{instance="read-0"}': "100x20",
        },
        WORKER,
    ),
    Case("InkstreamReaderDeaths", 20, {'inkstream_reader_deaths_total{instance="read-0"}': "0+1x20"}, WORKER),
    Case("InkstreamReaderDeaths", 20, {'inkstream_reader_deaths_total{instance="read-0"}': "3x20"}, None),
    Case("InkstreamKafkaAway", 5, {'inkstream_kafka_away_seconds{instance="read-0"}': "0 8+60x5"}, WORKER),
    Case("InkstreamWorkerUnhealthy", 5, {'inkstream_healthy{instance="read-0"}': "0x5"}, WORKER),
    Case(
        "InkstreamWorkerUnhealthy",
        5,
        {
            'inkstream_healthy{instance="read-0"}': "0x5",
            'inkstream_kafka_away_seconds{instance="read-0"}': "8+60x5",
        },
        None,
    ),
    Case(
        "InkstreamWorkerGone", 10, {'up{job="inkstream",instance="read-0"}': "0x10"}, {"job": "inkstream", **WORKER}
    ),
    Case("InkstreamLagUnknown", 15, {'up{job="inkstream"}': "1x15"}, {}),
    Case("InkstreamLagUnknown", 15, {LAG: "0x15"}, None),
)


def as_promtool(case: Case) -> dict[str, Any]:
    rule, expected = ALERTS[case.alert], []
    if case.fires is not None:

        def filled(text: str) -> str:
            return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: (case.fires or {})[found[1]], text)

        annotations = {name: filled(text) for name, text in rule["annotations"].items()}
        expected = [{"exp_labels": {**rule["labels"], **case.fires}, "exp_annotations": annotations}]
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "alert_rule_test": [
            {"eval_time": f"{case.minutes}m", "alertname": case.alert, "exp_alerts": expected},
        ],
    }


def test_each_alert_fires_when_it_is_to_and_not_otherwise(tmp_path: Path) -> None:
    assert {case.alert for case in CASES if case.fires is not None} == set(ALERTS)
    file = tmp_path / "tests.yaml"
    tests = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": list(map(as_promtool, CASES))}
    file.write_text(yaml.safe_dump(tests), encoding="utf-8")
    ran = promtool("test", "rules", file)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_promtool_takes_the_configuration_and_every_query_of_the_dashboard(tmp_path: Path) -> None:
    ran = promtool("check", "config", DEPLOY / "prometheus" / "prometheus.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    queries = [query for panels in ROWS.values() for panel in panels for query in panel.queries.values()]
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries)
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    ran = promtool("check", "rules", file)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_dashboard_is_current_and_shows_every_metric() -> None:
    assert FILE.read_text(encoding="utf-8") == dashboard_json(), "make dashboard"
    declared = Metrics().declared
    queries = [
        target["expr"] for panel in json.loads(dashboard_json())["panels"] for target in panel.get("targets", ())
    ]
    assert {metric.name for query in queries for metric in metrics_in(query, declared)} == {
        m.name for m in declared
    }


def test_alerts_and_queries_name_metrics_that_workers_have() -> None:
    declared = Metrics().declared
    for rule in ALERTS.values():
        assert rule["expr"].startswith("up{") or list(metrics_in(rule["expr"], declared))
    with pytest.raises(LookupError, match="no worker has a metric inkstream_failed,"):
        list(metrics_in("rate(inkstream_failed[5m])", declared))


def test_every_alert_is_documented_with_its_meaning_and_what_to_do() -> None:
    rows = re.findall(r"^\| `(Inkstream\w+)` \| .{20,} \| .{20,} \|$", _operations(), re.M)
    assert sorted(rows) == sorted(ALERTS)


def _operations() -> str:
    return (DEPLOY / "docs" / "operations.md").read_text(encoding="utf-8")
