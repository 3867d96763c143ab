"""Every metric, declared and explained once. Scraped at GET /metrics; deploy/docs/metrics.md is made from here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.monitoring.health import Health

# A text layer takes 5 to 50 ms, an A4 page at 300 dpi 0.6 to 2.2 s, and none more than page_timeout_s (120) beside
# its wait for a process: three quarters of the bounds lie where pages do.
PAGE_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 120, 300)
# A server has 15 s to answer a call.
WEBHOOK_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
# The shipped networks load in about a second, TrOCR's in up to 20 s.
LOAD_BUCKETS_S = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 40, 120)

Kind = Literal["counter", "gauge", "histogram"]
_SERIES: dict[Kind, tuple[str, ...]] = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}


class Declared(NamedTuple):
    """One metric, as documentation and dashboards need it."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query finds it under."""
        return tuple(self.name + ending for ending in _SERIES[self.kind])


class Metrics:
    """The metrics of one worker process. Seconds and bytes are in the names of what is measured in them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.declared: list[Declared] = []
        self._declare_documents()
        self._declare_stages()
        self._declare_files()
        self._declare_processes()

    def _declare_documents(self) -> None:
        self.documents_split = self._counter(
            "inkstream_documents_split", "documents opened and split into page tasks"
        )
        self.documents_repeated = self._counter(
            "inkstream_documents_repeated", "files that came again, and were not read again"
        )
        self.pages_read = self._counter(
            "inkstream_pages_read", "pages read, by method (text_layer, ocr, mixed)", "method"
        )
        self.page_seconds = self._histogram(
            "inkstream_page_seconds",
            "seconds from taking up a page to having its text, waiting for a reader process included",
            PAGE_BUCKETS_S,
        )
        self.step_seconds = self._counter(
            "inkstream_page_step_seconds",
            "seconds of reader processes that pages took, by step (decode, recognise)",
            "step",
        )
        self.warnings = self._counter(
            "inkstream_page_warnings",
            "warnings in page records, by their slug (unread-text, incomplete-page)",
            "warning",
        )
        self.failed = self._counter(
            "inkstream_failed", "messages that ended as a dead letter, by stage and reason", "stage", "reason"
        )
        self.webhook_calls = self._counter(
            "inkstream_webhook_calls",
            "tries to call a webhook, by what became of the call (sent, retried, dead-lettered)",
            "outcome",
        )
        self.webhook_seconds = self._histogram(
            "inkstream_webhook_seconds",
            "seconds until the server of a webhook answered, or the try was given up",
            WEBHOOK_BUCKETS_S,
        )

    def _declare_stages(self) -> None:
        self.lag = self._gauge(
            "inkstream_lag", "messages that a stage has not processed yet, from Kafka (role web)", "stage"
        )
        self.processed = self._gauge(
            "inkstream_processed",
            "messages that a stage has processed since its topic was created, from Kafka (role web)",
            "stage",
        )
        self.oldest_message_s = self._gauge(
            "inkstream_oldest_message_seconds",
            "age, since Kafka took it, of the oldest message that this worker has taken up and not finished "
            "(split_files, read_pages)",
            "stage",
        )
        self.in_flight = self._gauge("inkstream_in_flight", "messages taken up and not finished")
        self.oldest_s = self._gauge(
            "inkstream_oldest_in_flight_seconds", "how long the oldest of them has been in work"
        )

    def _declare_files(self) -> None:
        self.file_waited_s = self._gauge(
            "inkstream_file_waited_seconds",
            "how long the file taken up last, or that of the page, had waited since Kafka took it, by stage",
            "stage",
        )
        self.retention_share = self._gauge(
            "inkstream_retention_used",
            "the same as a fraction of raw_files_retention_h: above 1, raw-files holds more than it asks for",
            "stage",
        )
        self.files_kept = self._gauge(
            "inkstream_raw_files_kept",
            "messages on raw-files, read or not, in each partition that this worker splits",
            "partition",
        )
        self.files_trimmed = self._counter(
            "inkstream_raw_files_trimmed", "messages deleted from raw-files because nobody needs them any more"
        )
        self.cache_lookups = self._counter(
            "inkstream_document_cache_lookups",
            "documents asked of the cache, by outcome: hit where they were there, miss where they were fetched",
            "outcome",
        )
        self.disk_free_bytes = self._gauge("inkstream_disk_free_bytes", "room on the disk of data_dir")
        self.disk_size_bytes = self._gauge("inkstream_disk_size_bytes", "size of the disk of data_dir")

    def _declare_processes(self) -> None:
        self.reader_deaths = self._counter(
            "inkstream_reader_deaths",
            "reader processes that died in the middle of a task (crashed, or killed for their memory)",
        )
        self.model_load_seconds = self._histogram(
            "inkstream_model_load_seconds",
            "seconds in which a reader process loaded the default reader's networks, when the worker started",
            LOAD_BUCKETS_S,
        )
        self.healthy = self._gauge("inkstream_healthy", "1 where /healthz is 200, else 0")
        self.kafka_away_s = self._gauge(
            "inkstream_kafka_away_seconds", "seconds since Kafka last answered, where they are too many; else 0"
        )

    def watch(self, health: Health) -> None:
        """Take the gauges from the worker's health whenever they are scraped."""
        self.in_flight.set_function(lambda: health.report().in_flight)
        self.oldest_s.set_function(lambda: health.report().oldest_s)
        self.healthy.set_function(lambda: health.report().healthy)
        self.kafka_away_s.set_function(lambda: health.kafka_away_s)

    def watch_disk(self, folder: Path) -> None:
        """Take the gauges of the disk that a folder is on whenever they are scraped."""
        self.disk_free_bytes.set_function(lambda: shutil.disk_usage(folder).free)
        self.disk_size_bytes.set_function(lambda: shutil.disk_usage(folder).total)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        self.declared.append(Declared(name, "counter", meaning, labels))
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        self.declared.append(Declared(name, "gauge", meaning, labels))
        return Gauge(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        self.declared.append(Declared(name, "histogram", meaning, ()))
        return Histogram(name, meaning, buckets=buckets, registry=self.registry)
