"""The API as a client sees it, over ASGI: what it answers from is real, beside Kafka."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from streams.documents.cache import DocumentCache
from streams.documents.references import SourceFetcher
from streams.errors import RecordTooLarge
from streams.kafka.shared_lag import SharedLag
from streams.messages import records
from streams.messages.page_parts import RegionRecord
from streams.messages.records import DocumentRecord, PageText
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings
from streams.sources.producer import FileProducer, SentFile
from streams.table.memory_table import READERS, MemoryTable
from streams.table.table_follower import TableFollower
from streams.web.api import create_api
from streams.web.documents import FORMS
from streams.web.originals import Originals
from streams.web.parts import ApiParts
from streams.web.upload import upload_room
from tests.unit.test_logs import Clock

TOKEN = "schlüssel"
PDF = b"%PDF-1.7 x"
_MIB = 1024 * 1024

PAGE = PageText(
    timestamp="2026-11-20T19:30:00.123Z", pagenum=0, path="file:///lease.pdf", text="an invoice", document_id="d",
    total_pages=1, confidence=0.9, method="ocr", width=10, height=10, dpi=300, rotation=0.0, language="eng",
    models={}, reference="r", exception=None, timings_ms={},
    regions=[RegionRecord(polygon=[(0, 0), (9, 0), (9, 5), (0, 5)], kind="printed", text="an invoice",
                          confidence=0.9, recogniser="tesseract")],
)  # fmt: skip
DOCUMENT = DocumentRecord(
    document_id="d", path="file:///lease.pdf", reference="r", total_pages=1, pages_read=1, pages_failed=0,
    status="done", started="s", finished="f",
)  # fmt: skip


class FilledTable(TableFollower):
    """A table that has caught up with topics of one page."""

    ready = True

    async def fill(self) -> None:
        await self.ask(lambda table: table.apply([("d/0", PAGE)], [("d", DOCUMENT)]))


class Outbox(FileProducer):
    """Keeps what it is given to send, up to a size."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent: list[tuple[bytes, str, Mapping[str, object] | None]] = []

    async def send_bytes(
        self, content: bytes, path: str, options: Mapping[str, object] | None = None, *, again: bool = False
    ) -> SentFile:
        if len(path) > 1000:
            raise RecordTooLarge("too large with its headers")
        self.sent.append((content, path, options))
        self.again = again
        return SentFile("id", path, "raw-files", 0, 0, True)


class SlowOutbox(Outbox):
    """Takes a moment, and counts what it holds at a time."""

    held = most_held = 0

    async def send_bytes(
        self, content: bytes, path: str, options: Mapping[str, object] | None = None, *, again: bool = False
    ) -> SentFile:
        self.held += 1
        self.most_held = max(self.held, self.most_held)
        await asyncio.sleep(0)
        self.held -= 1
        return await super().send_bytes(content, path, options, again=again)


def settings_in(folder: Path, **more: Any) -> Settings:
    return Settings(table_dir=folder, broker="localhost:1", max_message_bytes=_MIB, inline_limit=0, **more)


@asynccontextmanager
async def parts_of(
    settings: Settings, table: TableFollower, producer: FileProducer, health: Health | None = None
) -> AsyncIterator[ApiParts]:
    """Yield what an API answers from; no process starts for it before a page's picture is asked for."""
    folder = settings.table_dir or settings.data_dir
    sources, pool = SourceFetcher(settings), ReaderPool(settings, 1)
    originals, lags = (
        Originals(settings, DocumentCache(folder / "documents", _MIB), sources, pool),
        SharedLag(settings),
    )
    try:
        yield ApiParts(
            settings=settings, table=table, producer=producer, originals=originals, health=health or Health(60),
            metrics=Metrics(), lags=lags, room=upload_room(settings),
        )  # fmt: skip
    finally:
        table.close()
        await lags.close()
        await sources.stop()
        await pool.stop()


@asynccontextmanager
async def client_of(
    settings: Settings, table: TableFollower, producer: FileProducer, health: Health | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    async with parts_of(settings, table, producer, health) as parts:
        transport = httpx.ASGITransport(create_api(parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://inkstream") as client:
            yield client


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(settings_in(tmp_path))


@pytest.fixture
async def client(tmp_path: Path, outbox: Outbox) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    await table.fill()
    async with client_of(settings, table, outbox) as made:
        yield made


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return status and slug, having checked that it is a refusal as they all are."""
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert set(found) == {"type", "title", "status", "detail"}
    assert found["status"] == answer.status_code and found["title"] and found["detail"]
    return answer.status_code, str(found["type"]).removeprefix("/problems/")


async def test_a_query_is_answered_with_columns_and_rows(client: httpx.AsyncClient) -> None:
    asked = {"sql": "SELECT path, confidence, x'00ff' FROM result WHERE result MATCH ?", "parameters": ["invoice"]}
    answer = (await client.post("/query", json=asked)).json()
    assert answer.pop("elapsed_ms") >= 0
    assert answer == {
        "columns": ["path", "confidence", "x'00ff'"],
        "rows": [["file:///lease.pdf", 0.9, "00ff"]],
        "truncated": False,
    }


async def test_a_page_is_its_record_and_a_document_its_state(client: httpx.AsyncClient) -> None:
    page = (await client.get("/pages/d/0")).json()
    assert page == PAGE.model_dump(mode="json")
    jsonschema.validate(page, json.loads(Path(records.__file__).with_name("page_text.schema.json").read_text()))
    assert (await client.get("/documents/d")).json() == DOCUMENT.model_dump(mode="json")


async def test_an_id_with_slashes_of_an_older_version_is_found(tmp_path: Path, outbox: Outbox) -> None:
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    page = PAGE.model_copy(update={"document_id": "2024/11/a"})
    document = DOCUMENT.model_copy(update={"document_id": "2024/11/a"})
    await table.ask(lambda t: t.apply([("2024/11/a/0", page)], [("2024/11/a", document)]))
    async with client_of(settings, table, outbox) as client:
        for name in ("2024/11/a", "2024%2F11%2Fa"):
            assert (await client.get(f"/pages/{name}/0")).json()["document_id"] == "2024/11/a"
            assert (await client.get(f"/documents/{name}")).json()["status"] == "done"


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/query", b'{"sql": "DROP TABLE result"}', (400, "query")),
        ("POST", "/query", b'{"sql": "SELECT txt FROM result"}', (400, "query")),
        ("POST", "/query", b'{"sql": "SELECT ?", "parameters": []}', (400, "query")),
        ("POST", "/query", b'{"sql": ', (422, "malformed-request")),
        ("POST", "/query", b"\xff\xfe", (422, "malformed-request")),
        ("POST", "/query", b'{"sql": 1}', (422, "malformed-request")),
        ("POST", "/query", b'{"query": "SELECT 1"}', (422, "malformed-request")),
        ("POST", "/query", b'{"sql": "SELECT 1", "parameters": [[1]]}', (422, "malformed-request")),
        ("POST", "/query", b" " * (_MIB + 1), (413, "too-large")),
        ("GET", "/query", b"", (405, "method-not-allowed")),
        ("GET", "/pages/d/7", b"", (404, "not-found")),
        ("GET", "/pages/d/-1", b"", (422, "malformed-request")),
        ("GET", "/pages/d/one", b"", (422, "malformed-request")),
        ("GET", "/documents/none", b"", (404, "not-found")),
        ("GET", "/nowhere", b"", (404, "not-found")),
        ("GET", "/progress?interval_s=0", b"", (422, "malformed-request")),
        ("POST", "/files", b"no form", (422, "malformed-request")),
    ],
)
async def test_every_refusal_has_a_slug_and_a_sentence(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, expected: tuple[int, str]
) -> None:
    headers = {"content-type": "application/json"}
    assert refusal(await client.request(method, path, content=body, headers=headers)) == expected


async def test_an_upload_is_sent_with_its_name_and_options(client: httpx.AsyncClient, outbox: Outbox) -> None:
    answer = await client.post("/files", files={"file": ("ä.pdf", PDF)}, data={"options": '{"dpi": 200}'})
    assert (answer.status_code, answer.json()["documents"][0]["path"]) == (202, "upload://ä.pdf")
    assert outbox.sent == [(PDF, "upload://ä.pdf", {"dpi": 200})]


async def test_an_upload_may_ask_to_be_read_again(client: httpx.AsyncClient, outbox: Outbox) -> None:
    for given, expected in (({}, False), ({"again": "true"}, True)):
        await client.post("/files", files={"file": ("a.pdf", PDF)}, data=given)
        assert outbox.again is expected
    answer = await client.post("/files", files={"file": ("a.pdf", PDF)}, data={"again": "perhaps"})
    assert refusal(answer) == (422, "malformed-request")


async def test_a_document_is_known_from_the_moment_it_was_accepted(client: httpx.AsyncClient) -> None:
    answer = await client.post("/files", files={"file": ("a.pdf", PDF)})
    assert answer.headers["location"] == "/documents/id"
    found = (await client.get(answer.headers["location"])).json()
    assert found.pop("accepted").endswith("Z")
    assert found == {
        "document_id": "id", "path": "upload://a.pdf", "reference": "kafka://raw-files/0/0", "status": "accepted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected", "message"),
    [
        (b"", (422, "empty-document"), "the file is empty"),
        (b"a letter in plain text", (415, "unsupported-file"), "this is plain text"),
        (b"PK\x03\x04" + bytes(40), (415, "unsupported-file"), "a ZIP archive or an Office document; unpack it"),
        (bytes(range(256)), (415, "unsupported-file"), "data of an unknown kind"),
    ],
)
async def test_what_no_reader_opens_is_refused_at_once(
    client: httpx.AsyncClient, outbox: Outbox, content: bytes, expected: tuple[int, str], message: str
) -> None:
    answer = await client.post("/files", files={"file": ("a.pdf", content)})
    assert refusal(answer) == expected
    assert message in answer.json()["detail"]
    assert outbox.sent == []


@pytest.mark.parametrize("languages", ["klingon", "deutch", "eng+../x", ""])
async def test_languages_that_do_not_exist_are_refused_at_once(
    client: httpx.AsyncClient, outbox: Outbox, languages: str
) -> None:
    options = {"options": json.dumps({"languages": languages})}
    answer = await client.post("/files", files={"file": ("a.pdf", PDF)}, data=options)
    assert refusal(answer) in ((422, "bad-options"), (422, "language-missing"))
    assert ("did you mean" in answer.json()["detail"]) == (languages == "deutch")
    assert outbox.sent == []
    english = await client.post(
        "/files", files={"file": ("a.pdf", PDF)}, data={"options": '{"languages": "english"}'}
    )
    assert english.status_code == 202


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([("file", ("a.pdf", PDF))] * 101, "there are 101 files"),
        ([("file", ("a.pdf", PDF)), ("file", (None, "b.pdf"))], "`file` is text"),
        ([("file", ("a.pdf", PDF)), ("languages", (None, "english"))], "there is no field 'languages'"),
        ([("file", (None, "a.pdf"))], "`file` is text, not a file"),
        ([("options", (None, "{}"))], "body.file: Field required"),
        ([("file", ("a.pdf", PDF)), ("options", (None, "{}")), ("options", (None, "{}"))], "2 fields `options`"),
        ([("file", ("a" * 4090, PDF))], "path: String should have at most 4096"),
    ],
)
async def test_a_form_of_which_a_part_would_be_ignored_is_refused(
    client: httpx.AsyncClient, outbox: Outbox, parts: list[tuple[str, Any]], message: str
) -> None:
    answer = await client.post("/files", files=parts)
    assert refusal(answer)[0] == 422
    assert message in answer.json()["detail"]
    assert outbox.sent == []


@pytest.mark.parametrize("options", ["{", "[]", "null", '"eng"', '{"dpy": 1}', '{"dpi": -1}', '{"dpi": "x"}', ""])
async def test_options_that_mean_nothing_are_refused(
    client: httpx.AsyncClient, outbox: Outbox, options: str
) -> None:
    answer = await client.post("/files", files={"file": ("a.pdf", PDF)}, data={"options": options})
    if options:
        assert refusal(answer) == (422, "bad-options")
    else:  # a form's empty field is one that was left out
        assert outbox.sent == [(PDF, "upload://a.pdf", {})]


@pytest.mark.parametrize("size", [_MIB - 64 * 1024 + 1, _MIB, 3 * _MIB])
async def test_a_file_that_no_message_holds_is_refused(
    client: httpx.AsyncClient, outbox: Outbox, size: int
) -> None:
    assert refusal(await client.post("/files", files={"file": ("a.pdf", b"x" * size)}))[0] == 413
    assert outbox.sent == []


async def test_a_message_that_is_too_large_with_its_headers_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/files", files={"file": ("a" * 2000, PDF)})
    assert refusal(answer) == (413, "record-too-large")


async def test_a_body_without_a_length_is_refused_while_it_comes(client: httpx.AsyncClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 64 * 1024
            yield b" " * 64 * 1024

    assert refusal(await client.post("/query", content=endless()))[0] == 413
    assert taken <= 2 * _MIB


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 401), ("Bearer wrong", 401), ("Bearer ", 401), ("Bearer schl", 401), (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}", 200), (f"bearer {TOKEN}", 200),
    ],
)  # fmt: skip
async def test_a_token_opens_the_api_whatever_its_letters(tmp_path: Path, given: str | None, status: int) -> None:
    settings = settings_in(tmp_path, api_token=TOKEN)
    table = FilledTable(settings)
    async with client_of(settings, table, Outbox(settings)) as client:
        headers = [(b"Authorization", given.encode())] if given else []
        answer = await client.post("/query", json={"sql": "SELECT 1"}, headers=headers)
        assert answer.status_code == status
        if status == 401:
            assert refusal(answer) == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200, path
        for path in ("/metrics", "/docs", "/openapi.json", "/", "/progress"):
            assert (await client.get(path)).status_code == 401, path
        for path in ("/pages/d/0", "/documents/d", "/progress"):
            assert refusal(await client.get(path)) == (401, "unauthorized")
        assert refusal(await client.post("/files", files={"file": ("a", PDF)})) == (401, "unauthorized")


@pytest.mark.timeout(20)
async def test_more_queries_than_run_at_a_time_are_asked_to_come_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, query_timeout_s=0.5)
    endless = {"sql": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"}
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as client:
        answers = await asyncio.gather(*(client.post("/query", json=endless) for _ in range(5 * READERS)))
        found = Counter(map(refusal, answers))
        assert set(found) == {(400, "query"), (503, "table-busy")}
        assert found[400, "query"] >= READERS
        assert (await client.post("/query", json={"sql": "SELECT 1"})).status_code == 200


async def test_what_is_asked_before_the_table_has_caught_up_is_to_be_asked_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with client_of(settings, TableFollower(settings), Outbox(settings)) as client:
        answer = await client.post("/query", json={"sql": "SELECT 1"})
        assert (refusal(answer), answer.headers["retry-after"]) == ((503, "table-behind"), "1")
        assert (await client.get("/readyz")).status_code == 503


async def test_kafka_that_is_away_is_a_refusal_too(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with client_of(settings, FilledTable(settings), FileProducer(settings)) as client:
        assert refusal(await client.post("/files", files={"file": ("a", PDF)})) == (503, "broker")
        assert refusal(await client.get("/progress")) == (503, "broker")


class BrokenTable(FilledTable):
    async def ask(self, question: Callable[[MemoryTable], Any]) -> Any:
        raise ZeroDivisionError


async def test_a_defect_is_reported_without_its_traceback(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with client_of(settings, BrokenTable(settings), Outbox(settings)) as client:
        assert refusal(await client.get("/documents/d")) == (500, "internal-server-error")


async def test_the_description_names_every_route_and_the_shape_of_every_answer(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    shapes = {
        (path, status): next(iter(response.get("content", {}).values()), dict[str, Any]()).get("schema", {})
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method != "delete"  # of a path that is there to be read as well
        for status, response in operation["responses"].items()
    }
    pages = "/documents/{document_id}/pages/{pagenum}"
    written = {
        "/events", "/documents/{document_id}/file", f"{pages}.png", f"{pages}.jpg", f"{pages}.svg",
        *(f"{of}/{name}" for name in FORMS for of in ("/documents/{document_id}", pages)),
    }  # fmt: skip
    assert {path for path, _ in shapes} == {
        "/query", "/pages/{document_id}/{pagenum}", "/documents/{document_id}", "/files", "/healthz", "/readyz",
        "/metrics", "/progress", "/problems/{slug}", "/documents", "/documents/{document_id}/pages/{pagenum}",
        "/urls", "/drawings", f"{pages}/corrections",
    } | written  # fmt: skip
    assert shapes["/query", "413"]["$ref"].endswith("/Problem")
    assert shapes["/files", "415"]["$ref"].endswith("/Problem")
    assert shapes["/pages/{document_id}/{pagenum}", "200"]["$ref"].endswith("/PageText")
    states = [one["$ref"].rpartition("/")[2] for one in shapes["/documents/{document_id}", "200"]["anyOf"]]
    assert states == ["DocumentRecord", "AcceptedDocument"]
    assert {path for (path, _), shape in shapes.items() if "$ref" not in shape and "anyOf" not in shape} == {
        "/metrics", *written,
    }  # fmt: skip
    location = described["paths"]["/files"]["post"]["responses"]["202"]["headers"]["Location"]
    assert location["schema"] == {"type": "string"}


async def test_uploads_at_the_same_time_are_in_memory_two_at_a_time(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    slow = SlowOutbox(settings)
    async with client_of(settings, FilledTable(settings), slow) as client:
        answers = await asyncio.gather(
            *(client.post("/files", files={"file": (f"{n}.pdf", PDF)}) for n in range(12))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert (len(slow.sent), slow.most_held) == (12, 2)


async def test_an_upload_is_refused_at_once_while_kafka_is_away(tmp_path: Path, outbox: Outbox) -> None:
    clock = Clock()
    health = Health(60, clock)
    health.kafka_answered()
    clock.now_s = 7.0
    settings = settings_in(tmp_path)
    async with client_of(settings, FilledTable(settings), outbox, health) as client:
        answer = await client.post("/files", files={"file": ("a.pdf", PDF)})
    assert refusal(answer) == (503, "kafka-away")
    assert answer.headers["retry-after"] == "5"
    assert outbox.sent == []


async def test_the_type_of_a_problem_can_be_looked_up(client: httpx.AsyncClient) -> None:
    refused = (await client.post("/query", json={"sql": "DROP TABLE result"})).json()
    found = (await client.get(refused["type"])).json()
    assert found == {name: refused[name] for name in ("type", "title", "status")}
    assert refusal(await client.get("/problems/none")) == (404, "not-found")
