"""One trace from a document's producer to its pages' records, by W3C's header `traceparent` on every message.

`faust.contrib.opentelemetry` is not used: its span ends when the stream asks for the next message, which here is
when work on this one begins, and it puts no header on what is sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from streams.errors import ConfigurationError
from streams.messages.incoming import Incoming
from streams.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

Headers = tuple[tuple[str, bytes], ...]
TRACE_HEADERS = ("traceparent", "tracestate")


class Tracing(Protocol):
    """Makes a span of each message's way through a stage. Lives on one event loop."""

    def span(self, stage: str, message: Incoming) -> AbstractContextManager[Headers]:
        """Run a block as a span of the trace that the message names, or of a new one; what it raises is noted.

        Yields:
            What messages that are sent in the block have to carry.
        """

    def close(self) -> None:
        """Send what is not sent yet. Blocks, for 10 seconds at most."""


class NoTracing:
    """Tracing that is switched off."""

    @contextmanager
    def span(self, stage: str, message: Incoming) -> Iterator[Headers]:
        """Run a block as it is."""
        yield ()

    def close(self) -> None:
        """Do nothing."""


class OpenTelemetry:
    """Tracing by OpenTelemetry's SDK, which its own variables configure (OTEL_EXPORTER_OTLP_ENDPOINT, …)."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("inkstream")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, stage: str, message: Incoming) -> Iterator[Headers]:
        """Run a block as a span; see Tracing."""
        from opentelemetry.trace import SpanKind

        came_with = {
            name: value.decode(errors="replace")
            for name, value in reversed(message.headers)  # the first of a name counts
            if value is not None and name in TRACE_HEADERS
        }
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": message.topic,
            "messaging.destination.partition.id": str(message.partition),
            "messaging.kafka.offset": message.offset,
        }
        parent = self._propagator.extract(came_with)
        with self._tracer.start_as_current_span(stage, parent, SpanKind.CONSUMER, attributes):
            carried: dict[str, str] = {}
            self._propagator.inject(carried)
            yield tuple((name, value.encode()) for name, value in carried.items())

    def close(self) -> None:
        """Send what is not sent yet."""
        self._provider.shutdown()


def open_tracing(settings: Settings) -> Tracing:
    """Return what the settings ask for.

    Raises:
        ConfigurationError: They ask for tracing, and OpenTelemetry is not installed.
    """
    if not settings.tracing:
        return NoTracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError(
            f"tracing needs OpenTelemetry ({error}); install it: "
            "pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
        ) from error
    name = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "inkstream"}
    provider = TracerProvider(resource=Resource.create(name))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetry(provider)


def with_trace(headers: Sequence[tuple[str, bytes]], trace: Headers) -> Headers:
    """Return a message's headers with those of a trace in place of any it had."""
    return (*(header for header in headers if header[0] not in TRACE_HEADERS), *trace) if trace else tuple(headers)
