"""Every metric, declared and explained once. Scraped at GET /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.monitoring.health import Health

_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The metrics of one worker process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.documents_split = Counter(
            "inkstream_documents_split", "documents opened and split into page tasks", registry=self.registry
        )
        self.documents_repeated = Counter(
            "inkstream_documents_repeated",
            "files that came again, and were not read again",
            registry=self.registry,
        )
        self.pages_read = Counter(
            "inkstream_pages_read",
            "pages read, by method (text_layer, ocr, mixed)",
            ["method"],
            registry=self.registry,
        )
        self.warnings = Counter(
            "inkstream_page_warnings",
            "warnings in page records, by their slug (unread-text, incomplete-page)",
            ["warning"],
            registry=self.registry,
        )
        self.failed = Counter(
            "inkstream_failed",
            "messages that ended as a dead letter, by stage and reason",
            ["stage", "reason"],
            registry=self.registry,
        )
        self.page_seconds = Histogram(
            "inkstream_page_seconds",
            "seconds from taking up a page to having its text, waiting for a reader process included",
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.reader_deaths = Counter(
            "inkstream_reader_deaths",
            "reader processes that died in the middle of a task (crashed, or killed for their memory)",
            registry=self.registry,
        )
        self.file_waited_s = Gauge(
            "inkstream_file_waited_seconds",
            "how long the file taken up last, or that of the page, had waited since Kafka took it, by stage",
            ["stage"],
            registry=self.registry,
        )
        self.retention_share = Gauge(
            "inkstream_retention_used",
            "the same as a fraction of raw_files_retention_h: above 1, raw-files holds more than it asks for",
            ["stage"],
            registry=self.registry,
        )
        self.files_kept = Gauge(
            "inkstream_raw_files_kept",
            "messages on raw-files, read or not, in each partition that this worker splits",
            ["partition"],
            registry=self.registry,
        )
        self.files_trimmed = Counter(
            "inkstream_raw_files_trimmed",
            "messages deleted from raw-files because nobody needs them any more",
            registry=self.registry,
        )
        self.webhook_calls = Counter(
            "inkstream_webhook_calls",
            "tries to call a webhook, by what became of the call (sent, retried, dead-lettered)",
            ["outcome"],
            registry=self.registry,
        )
        self.webhook_seconds = Histogram(
            "inkstream_webhook_seconds",
            "seconds until the server of a webhook answered, or the try was given up",
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.in_flight = Gauge("inkstream_in_flight", "messages taken up and not finished", registry=self.registry)
        self.oldest_s = Gauge(
            "inkstream_oldest_in_flight_seconds", "age of the oldest of them", registry=self.registry
        )

    def watch(self, health: Health) -> None:
        """Take the gauges from the worker's health whenever they are scraped."""
        self.in_flight.set_function(lambda: health.report().in_flight)
        self.oldest_s.set_function(lambda: health.report().oldest_s)
