"""The dashboard: what it shows, row by row. A panel's description has the metric's own meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from streams.monitoring.metrics import Declared, Metrics

FILE = Path(__file__).with_name("inkstream.json")
_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_COLUMNS = 24  # of a Grafana dashboard
_PANELS_PER_ROW = 3


class Shown(NamedTuple):
    """One panel. `queries` are expressions in PromQL by their legends."""

    title: str
    unit: str
    queries: dict[str, str]


def _per_second(counter: str, by: str = "") -> str:
    return f"sum {f'by ({by}) ' if by else ''}(rate({counter}[$__rate_interval]))"


def _quantile(share: float, histogram: str) -> str:
    return f"histogram_quantile({share}, {_per_second(f'{histogram}_bucket', 'le')})"


_LOOKUPS = "inkstream_document_cache_lookups_total"
_HITS = _per_second(_LOOKUPS + '{outcome="hit"}')
_STEPS, _PAGES = _per_second("inkstream_page_step_seconds_total", "step"), _per_second("inkstream_pages_read_total")

ROWS: dict[str, tuple[Shown, ...]] = {
    "Flow": (
        Shown("Waiting", "short", {"{{stage}}": "max by (stage) (inkstream_lag)"}),
        Shown("Processed", "cps", {"{{stage}}": "max by (stage) (deriv(inkstream_processed[$__rate_interval]))"}),
        Shown("Oldest unfinished", "s", {"{{stage}}": "max by (stage) (inkstream_oldest_message_seconds)"}),
        Shown(
            "Documents",
            "cps",
            {
                "split": _per_second("inkstream_documents_split_total"),
                "came again": _per_second("inkstream_documents_repeated_total"),
            },
        ),
        Shown("Pages read", "cps", {"{{method}}": _per_second("inkstream_pages_read_total", "method")}),
        Shown(
            "Dead letters", "cps", {"{{stage}}: {{reason}}": _per_second("inkstream_failed_total", "stage, reason")}
        ),
    ),
    "Pages": (
        Shown(
            "Time", "s", {f"{part:.0%}": _quantile(part, "inkstream_page_seconds") for part in (0.5, 0.95, 0.99)}
        ),
        Shown("Time by step", "s", {"{{step}}": f"{_STEPS} / on () group_left () {_PAGES}"}),
        Shown("Warnings", "cps", {"{{warning}}": _per_second("inkstream_page_warnings_total", "warning")}),
    ),
    "Workers": (
        Shown(
            "In work",
            "short",
            {
                "{{instance}}": "inkstream_in_flight",
                "{{instance}}, oldest, s": "inkstream_oldest_in_flight_seconds",
            },
        ),
        Shown(
            "Health",
            "short",
            {
                "{{instance}} healthy": "inkstream_healthy",
                "{{instance}}, Kafka away, s": "inkstream_kafka_away_seconds",
            },
        ),
        Shown(
            "Deaths of reader processes",
            "short",
            {"{{instance}}": "increase(inkstream_reader_deaths_total[$__rate_interval])"},
        ),
        Shown(
            "Loading of networks",
            "s",
            {"{{instance}}, mean": "inkstream_model_load_seconds_sum / inkstream_model_load_seconds_count"},
        ),
        Shown(
            "Documents found in the cache",
            "percentunit",
            {"hits": f"{_HITS} / {_per_second(_LOOKUPS)}"},
        ),
        Shown(
            "Webhooks",
            "cps",
            {
                "{{outcome}}": _per_second("inkstream_webhook_calls_total", "outcome"),
                "95% of answers, s": _quantile(0.95, "inkstream_webhook_seconds"),
            },
        ),
    ),
    "Files and disks": (
        Shown("Files have waited", "s", {"{{stage}}": "max by (stage) (inkstream_file_waited_seconds)"}),
        Shown(
            "Of the retention of raw-files",
            "percentunit",
            {"{{stage}}": "max by (stage) (inkstream_retention_used)"},
        ),
        Shown(
            "Messages on raw-files",
            "short",
            {
                "partition {{partition}}": "max by (partition) (inkstream_raw_files_kept)",
                "deleted": "sum(increase(inkstream_raw_files_trimmed_total[$__rate_interval]))",
            },
        ),
        Shown(
            "Free disk of data_dir",
            "percentunit",
            {"{{instance}}": "inkstream_disk_free_bytes / inkstream_disk_size_bytes"},
        ),
    ),
}


def metrics_in(expression: str, declared: list[Declared]) -> Iterator[Declared]:
    """Yield the metrics that an expression in PromQL names.

    Raises:
        LookupError: It names one that no worker has.
    """
    by_series = {series: metric for metric in declared for series in metric.series}
    for name in re.findall(r"\binkstream_\w+", expression):
        if name not in by_series:
            raise LookupError(f"no worker has a metric {name}, which {expression} asks for")
        yield by_series[name]


def dashboard_json() -> str:
    """Return the dashboard as Grafana loads it."""
    declared = Metrics().declared
    dashboard = Dashboard("inkstream").uid("inkstream").tags(["inkstream", "ocr", "kafka"]).refresh("30s")
    dashboard = dashboard.time("now-6h", "now").with_variable(DatasourceVariable("datasource").type("prometheus"))
    numbers = count(1)
    for title, panels in ROWS.items():
        dashboard = dashboard.with_row(Row(title).id(next(numbers)))
        for shown in panels:
            dashboard = dashboard.with_panel(_panel(shown, declared).id(next(numbers)))
    return str(JSONEncoder(sort_keys=True, indent=2).encode(dashboard.build())) + "\n"


def _panel(shown: Shown, declared: list[Declared]) -> Panel:
    named = dict.fromkeys(metric for query in shown.queries.values() for metric in metrics_in(query, declared))
    panel = Panel().title(shown.title).description("\n\n".join(f"{m.name}: {m.meaning}" for m in named))
    panel = panel.unit(shown.unit).min(0).datasource(_SOURCE).height(8).span(_COLUMNS // _PANELS_PER_ROW)
    legend_options = VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    panel = panel.legend(legend_options.placement(LegendPlacement.BOTTOM))
    panel = panel.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    for number, (legend, expression) in enumerate(shown.queries.items()):
        query = Dataquery().expr(expression).legend_format(legend).ref_id("ABC"[number])
        panel = panel.with_target(query)
    return panel
