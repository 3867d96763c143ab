"""Calls of webhooks: signed, kept until they are made, refused where content-refs are, and given up in the end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from models.errors import InkstreamError
from streams.documents.references import SourceFetcher
from streams.errors import ConfigurationError, SourceForbidden, SourceUnavailable, WebhookRefused
from streams.messages.codec import encode
from streams.messages.records import DocumentRecord
from streams.messages.seal import Seal
from streams.monitoring.metrics import Metrics
from streams.settings import Settings, load_settings
from streams.web.webhook_queue import Call, CallQueue
from streams.web.webhooks import Webhooks
from tests.unit.test_api import DOCUMENT, PDF, FilledTable, Outbox, client_of, refusal, settings_in
from tests.unit.test_http_source import serving, silent, status

SECRET = "s" * 32
CALL = Call("documents/0/7/0", "http://127.0.0.1/", "d", "p", b'{"type": "document.done"}', 1000.0)


@pytest.fixture
async def webhooks(tmp_path: Path) -> AsyncIterator[Webhooks]:
    settings = Settings(
        broker="localhost:1", data_dir=tmp_path, webhook_secret=SECRET, webhook_urls="https://example.com/hook",
        content_ref_private_hosts=("127.0.0.1",),
    )  # fmt: skip
    sources = SourceFetcher(settings)
    made = Webhooks(settings, Seal(["k" * 32]), sources, Metrics(), lambda: 1000.0)
    yield made
    made.queue.close()
    await sources.stop()


def message(record: DocumentRecord) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord("documents", 0, 7, 0, 0, b"d", encode(record), None, 1, 1, ())


async def test_a_call_is_signed_as_standard_webhooks_are(webhooks: Webhooks) -> None:
    requests: list[bytes] = []
    async with serving(status("204 No Content"), requests) as url:
        assert await webhooks.called(Call(CALL.id, url, "d", "p", CALL.body, 0)) is None
    first, *lines = requests[0].decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
    assert first.startswith("POST ")
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (CALL.id, "1000")
    assert headers["content-type"] == "application/json"
    signed = f"{CALL.id}.1000.".encode() + CALL.body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("500 Internal Server Error", SourceUnavailable), ("401 Unauthorized", SourceUnavailable),
        ("429 Too Many Requests", SourceUnavailable), ("404 Not Found", WebhookRefused),
        ("410 Gone", WebhookRefused), ("302 Found", SourceUnavailable),
    ],
)  # fmt: skip
async def test_another_answer_than_yes_is_a_failure(
    webhooks: Webhooks, line: str, error: type[InkstreamError]
) -> None:
    async with serving(status(line, "location: http://127.0.0.2/")) as url:
        assert type(await webhooks.called(Call(CALL.id, url, "d", "p", b"", 0))) is error


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/", "http://[::1]/", "http://169.254.169.254/", "http://10.0.0.1/"]
)
async def test_addresses_that_are_not_public_are_not_called(webhooks: Webhooks, url: str) -> None:
    assert isinstance(await webhooks.called(Call(CALL.id, url, "d", "p", b"", 0)), SourceForbidden)


async def test_a_finished_document_is_a_call_of_each_url(webhooks: Webhooks) -> None:
    seal = Seal(["k" * 32])
    own = DOCUMENT.model_copy(update={"webhook": seal.seal("https://example.org/own?token=secret")})
    calls = list(webhooks._calls_of(message(own)))
    assert [seal.open(call.url) for call in calls] == [
        "https://example.com/hook", "https://example.org/own?token=secret",
    ]  # fmt: skip
    assert [call.id for call in calls] == ["documents/0/7/0", "documents/0/7/1"]
    body = json.loads(calls[0].body)
    assert (body["type"], body["data"]["document_id"], "webhook" in body["data"]) == ("document.done", "d", False)
    for state in ("reading", "superseded"):
        assert not list(webhooks._calls_of(message(DOCUMENT.model_copy(update={"status": state}))))
    assert b"secret" not in b"".join(call.url.encode() + call.body for call in calls)


def test_calls_survive_a_restart_and_come_ever_less_often(tmp_path: Path) -> None:
    queue = CallQueue(tmp_path / "webhooks.db")
    queue.put([CALL, CALL])
    assert queue.due(999.0, 9) == [] and queue.due(1000.0, 9) == [CALL]
    waits, now_s = [], 1000.0
    for _ in range(8):
        (call,) = queue.due(now_s, 9)
        queue.again(call, now_s)
        queue.close()
        queue = CallQueue(tmp_path / "webhooks.db")
        before = now_s
        while not queue.due(now_s, 9):
            now_s += 5.0
        waits.append(now_s - before)
    assert waits == [5, 20, 80, 320, 1280, 3600, 3600, 3600]
    queue.put([CALL])  # delivered by Kafka again
    assert queue.due(now_s, 9)[0].attempts == 8
    queue.remove(call)
    assert queue.due(1e12, 9) == []
    queue.close()


@pytest.mark.parametrize(
    ("line", "outcome"),
    [("200 OK", "sent"), ("503 Service Unavailable", "retried"), ("410 Gone", "retried")],
)  # the letter of a call that is given up waits for Kafka, which is away here
async def test_what_becomes_of_each_call_is_counted(webhooks: Webhooks, line: str, outcome: str) -> None:
    async with serving(status(line)) as url:
        await webhooks._make(replace(CALL, url=url))
    registry = webhooks._metrics.registry
    assert registry.get_sample_value("inkstream_webhook_calls_total", {"outcome": outcome}) == 1
    assert registry.get_sample_value("inkstream_webhook_seconds_count") == 1


async def test_a_server_that_does_not_answer_is_not_waited_for(webhooks: Webhooks) -> None:
    async with serving(silent) as url:
        with pytest.raises(SourceUnavailable):
            await webhooks._sources.call_web(url, b"", {}, timeout_s=0.1)


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", "javascript:1", ""])
async def test_a_webhook_that_is_no_url_is_refused(tmp_path: Path, url: str) -> None:
    settings = settings_in(tmp_path, webhook_secret=SECRET)
    outbox = Outbox(settings)
    async with client_of(settings, FilledTable(settings), outbox) as client:
        form = {"options": json.dumps({"webhook": url})}
        assert refusal(await client.post("/files", files={"file": ("a", PDF)}, data=form)) == (422, "bad-options")
        form = {"options": json.dumps({"webhook": "https://example.com"})}
        assert (await client.post("/files", files={"file": ("a", PDF)}, data=form)).status_code == 202


async def test_without_a_key_to_sign_with_there_are_no_webhooks(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as client:
        form = {"options": json.dumps({"webhook": "https://example.com"})}
        answer = await client.post("/files", files={"file": ("a", PDF)}, data=form)
    assert refusal(answer) == (422, "bad-options")
    with pytest.raises(ConfigurationError, match="webhook_secret"):
        load_settings(webhook_urls=("https://example.com",))
    with pytest.raises(ConfigurationError, match="32 random characters"):
        load_settings(webhook_secret="short")
