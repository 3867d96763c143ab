"""One forged record on a topic costs itself alone: the table follows on, and holds what came beside it."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from streams.kafka.topics import TopicNames
from streams.monitoring.health import Health
from streams.settings import Settings
from streams.table.table_follower import TableFollower

PAGE: dict[str, Any] = {
    "timestamp": "2026-11-20T19:30:00.123Z", "pagenum": 0, "path": "file:///lease.pdf", "text": "an invoice",
    "document_id": "d", "total_pages": 1, "confidence": 0.9, "method": "ocr", "width": 10, "height": 10, "dpi": 300,
    "rotation": 0.0, "language": "eng", "models": {"printed": "x"}, "reference": "r", "exception": None,
    "timings_ms": {"read": 1.5}, "dropped": 0,
    "regions": [{"polygon": [[0, 0], [9, 0], [9, 5]], "kind": "printed", "text": "an invoice", "confidence": 0.9,
                 "recogniser": "tesseract", "paragraph": 0}],
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "document_id": "d", "path": "p", "reference": "r", "total_pages": 1, "pages_read": 1, "pages_failed": 0,
    "status": "done", "started": "s", "finished": None, "exception": None, "read": "0", "failed": "",
}  # fmt: skip
_TOPICS = TopicNames.of(Settings())


def message(topic: str, key: bytes | None, value: bytes | None, partition: int = 0) -> ConsumerRecord[Any, Any]:
    sizes = (len(key or b""), len(value or b""))
    return ConsumerRecord(topic, partition, 0, 0, 0, key, value, None, *sizes, ())


def page(number: int, **changes: Any) -> ConsumerRecord[Any, Any]:
    record = {**PAGE, "pagenum": number, **changes}
    return message(_TOPICS.page_text, f"d/{number}".encode(), json.dumps(record).encode())


@pytest.fixture
async def follower(tmp_path: Path) -> Any:
    made = TableFollower(Settings(table_dir=tmp_path))
    yield made
    made.close()


async def pagenums(follower: TableFollower) -> list[int]:
    found = await follower.ask(lambda table: table.query("SELECT pagenum FROM result ORDER BY pagenum"))
    return [int(row[0] or 0) for row in found.rows]


async def test_a_paragraph_beyond_64_bits_costs_its_record_alone(follower: TableFollower) -> None:
    forged = page(1, regions=[{**PAGE["regions"][0], "paragraph": 10**20}])
    assert follower.apply([page(0), forged, page(2)]) == 1
    assert await pagenums(follower) == [0, 2]


@pytest.mark.parametrize("key", [None, b"", b"d/1", b"\xff", b"e/0"])
async def test_a_record_under_the_key_of_another_is_passed_over(follower: TableFollower, key: bytes | None) -> None:
    forged = message(_TOPICS.page_text, key, json.dumps({**PAGE, "text": "forged"}).encode())
    assert follower.apply([page(0), forged, page(2)]) == 1
    assert await pagenums(follower) == [0, 2]


async def test_a_record_that_no_row_holds_is_passed_over(tmp_path: Path) -> None:
    follower = TableFollower(Settings(table_dir=tmp_path, max_message_bytes=2**20, inline_limit=0))
    assert follower.apply([page(0), page(1, paragraphs=["x" * 2**20]), page(2)]) == 1
    assert await pagenums(follower) == [0, 2]
    follower.close()


_ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.floats(), st.just([]), st.just({}),
    st.sampled_from([-1, 2**31, 2**63, 2**64, 10**20, -(10**30), 1e308, "\ud800", "\x00", "x" * 100_000, [[]],
                     {"": None}, [10**20, 10**20], "0-9999998", "0" * 5000]),
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield container and key of everything in a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield value, key
        yield from places(child)


@st.composite
def forged(draw: st.DrawFn) -> ConsumerRecord[Any, Any]:
    """A record of either topic with up to three of its fields changed, or bytes that are none."""
    topic, original = draw(st.sampled_from([(_TOPICS.page_text, PAGE), (_TOPICS.documents, DOCUMENT)]))
    record = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(places(record))))
        if isinstance(container, dict) and draw(st.integers(0, 4)) == 0:
            del container[key]
        else:
            container[key] = copy.deepcopy(draw(_ODD))  # it may be changed in its turn
    value = json.dumps(record).encode()
    value = draw(st.sampled_from([value, value, value, value, value[:-3], b"\xff" + value, b"[" * 10_000]))
    key = draw(st.sampled_from([b"d/0", b"d", b"x/0", None]))
    return message(topic, key, value, draw(st.sampled_from([0, 1, 77])))


@hypothesis_settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(forged(), min_size=20, max_size=30))
def test_ten_thousand_forged_records_cost_themselves_alone(
    tmp_path_factory: pytest.TempPathFactory, records: list[ConsumerRecord[Any, Any]]
) -> None:
    async def check() -> None:
        follower = TableFollower(Settings(table_dir=tmp_path_factory.getbasetemp()))
        try:
            passed_over = follower.apply([page(7), *records, page(8)])
            assert passed_over <= len(records)
            assert {7, 8} <= set(await pagenums(follower))
            await follower.ask(lambda table: (table.page("d", 0), table.document("d")))
            await follower.ask(lambda table: table.query("SELECT * FROM regions"))
        finally:
            follower.close()

    asyncio.run(check())


async def test_a_follower_that_ends_is_no_longer_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = TableFollower(Settings(table_dir=tmp_path))
    follower._caught_up.set()

    async def end(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(follower, "_follow", end)
    with pytest.raises(ZeroDivisionError):
        await follower.run()
    assert not follower.ready


def test_a_part_that_broke_makes_the_worker_unhealthy() -> None:
    health = Health(60)
    health.broken = "the SQL table follows its topics no longer"
    assert (health.report().healthy, health.report().detail) == (False, health.broken)
