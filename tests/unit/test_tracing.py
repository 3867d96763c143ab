"""One trace from the producer's header to the record, by way of every stage; nothing of it where it is off."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from models.errors import CorruptFile
from streams.errors import ConfigurationError
from streams.messages.incoming import Incoming
from streams.monitoring.tracing import NoTracing, OpenTelemetry, open_tracing, with_trace
from streams.settings import Settings

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FROM_PRODUCER = (("path", b"a.pdf"), ("traceparent", f"00-{TRACE}-{SPAN}-01".encode()))


def message(topic: str, headers: Iterable[tuple[str, bytes | None]]) -> Incoming:
    return Incoming(topic, 2, 7, b"k", b"v", tuple(headers))


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> OpenTelemetry:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return OpenTelemetry(provider)


def test_each_stage_goes_on_with_the_producers_trace(tracing: OpenTelemetry, spans: InMemorySpanExporter) -> None:
    with tracing.span("split_files", message("raw-files", FROM_PRODUCER)) as sent:
        pass
    with tracing.span("read_pages", message("pages", with_trace((), sent))) as record:
        pass
    split, read = spans.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in (split, read) if span.context} == {TRACE}
    assert split.parent and f"{split.parent.span_id:016x}" == SPAN
    assert read.parent and split.context and read.parent.span_id == split.context.span_id
    assert (read.attributes or {})["messaging.destination.name"] == "pages"
    assert dict(record)["traceparent"].decode().split("-")[1] == TRACE


@pytest.mark.parametrize("headers", [(), (("traceparent", b"\xff"),), (("traceparent", None),)])
def test_a_message_without_a_trace_begins_one(
    tracing: OpenTelemetry, spans: InMemorySpanExporter, headers: tuple[tuple[str, bytes | None], ...]
) -> None:
    with tracing.span("split_files", message("raw-files", headers)) as sent:
        pass
    (span,) = spans.get_finished_spans()
    assert span.parent is None
    assert [name for name, _ in sent] == ["traceparent"]


def test_what_fails_is_noted_in_its_span(tracing: OpenTelemetry, spans: InMemorySpanExporter) -> None:
    with suppress(CorruptFile), tracing.span("split_files", message("raw-files", FROM_PRODUCER)):
        raise CorruptFile("no page")
    (span,) = spans.get_finished_spans()
    assert (span.status.status_code, span.events[0].name) == (StatusCode.ERROR, "exception")


def test_a_message_carries_one_trace() -> None:
    assert with_trace(FROM_PRODUCER, (("traceparent", b"new"),)) == (("path", b"a.pdf"), ("traceparent", b"new"))
    assert with_trace(FROM_PRODUCER, ()) == FROM_PRODUCER


def test_nothing_is_traced_unless_asked_for() -> None:
    assert isinstance(open_tracing(Settings()), NoTracing)
    with NoTracing().span("read_pages", message("pages", FROM_PRODUCER)) as sent:
        assert sent == ()


def test_tracing_without_its_packages_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(
        ConfigurationError, match="pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
    ):
        open_tracing(Settings(tracing=True))
