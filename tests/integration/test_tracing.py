"""Traces through a real Kafka, to a server that takes OTLP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from streams.kafka.follower import topic_consumer
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from tests.integration.harness import WorkerProcess, eventually, produce, text_pdf

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@contextmanager
def a_collector() -> Iterator[tuple[str, list[bytes]]]:
    """Yield the address of a server, and the bodies that are posted to it."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()


async def test_a_record_carries_its_producers_trace_and_every_stage_reports_to_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, traced = TopicNames.of(settings), settings.model_copy(update={"tracing": True})
    with a_collector() as (url, bodies):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        headers = {"path": b"a.pdf", "traceparent": f"00-{TRACE}-{SPAN}-01".encode()}
        await produce(settings, names.raw_files, text_pdf(1), headers=headers)
        with WorkerProcess(traced, roles=("split", "read")) as worker:
            async with topic_consumer(settings, [names.page_text], from_beginning=True) as consumer:
                record = await consumer.getone()

            async def both_reported() -> bool:
                sent = b"".join(bodies)
                return all(part in sent for part in (bytes.fromhex(TRACE), b"split_files", b"read_pages"))

            await eventually(both_reported, 30, worker.log)
    assert dict(record.headers)["traceparent"].decode().split("-")[1] == TRACE
