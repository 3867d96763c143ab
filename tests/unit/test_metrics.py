"""Metrics: declared once, found under the names that queries use, and true of what they measure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from prometheus_client.parser import text_string_to_metric_families

import streams
from streams.documents.cache import DocumentCache
from streams.kafka.shared_lag import SharedLag
from streams.monitoring.health import Health
from streams.monitoring.lag_gauges import set_lag_gauges
from streams.monitoring.metrics import PAGE_BUCKETS_S, Metrics
from streams.settings import Settings
from streams.web.probes import create_probes
from tests.unit.test_document_cache import Fetch, sha
from tests.unit.test_logs import Clock
from tests.unit.test_shared_lag import Reader

_STREAMS = Path(streams.__file__).parent


async def get(metrics: Metrics, path: str, health: Health | None = None, ready: bool = True) -> tuple[int, str]:
    app = create_probes(health or Health(60), metrics, lambda: ready)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://probes") as client:
        answer = await client.get(path)
    return answer.status_code, answer.text


async def test_every_metric_is_scraped_under_the_names_it_is_declared_with(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.watch(Health(60))
    metrics.watch_disk(tmp_path)
    status, text = await get(metrics, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert status == 200
    assert len({metric.name for metric in metrics.declared}) == len(metrics.declared)
    for metric in metrics.declared:
        assert families[metric.name].type == metric.kind
        assert families[metric.name].documentation == metric.meaning
        assert re.fullmatch(r"inkstream_[a-z_]+", metric.name)
        if not metric.labels:
            assert set(metric.series) <= {sample.name for sample in families[metric.name].samples}
    free, size = (
        metrics.registry.get_sample_value(f"inkstream_disk_{name}_bytes") or 0 for name in ("free", "size")
    )
    assert 0 < free < size


def test_no_metric_is_declared_anywhere_else() -> None:
    declaring = [
        file.relative_to(_STREAMS).as_posix()
        for file in _STREAMS.rglob("*.py")
        if re.search(r"prometheus_client import .*\b(Counter|Gauge|Histogram)\b", file.read_text(encoding="utf-8"))
    ]
    assert declaring == ["monitoring/metrics.py"]


def test_the_bounds_of_page_times_reach_past_the_time_limit_of_a_page() -> None:
    assert list(PAGE_BUCKETS_S) == sorted(PAGE_BUCKETS_S)
    assert PAGE_BUCKETS_S[-2] == Settings().page_timeout_s


async def test_probes_answer_for_health_and_for_readiness_apart() -> None:
    health = Health(60)
    assert (await get(Metrics(), "/healthz", health))[0] == 200
    assert (await get(Metrics(), "/readyz", health, ready=False))[0] == 503
    health.broken = "the API is served no longer"
    assert await get(Metrics(), "/healthz", health) == (
        503,
        '{"healthy":false,"in_flight":0,"oldest_s":0.0,"detail":"the API is served no longer"}',
    )
    assert (await get(Metrics(), "/readyz", health))[0] == 200


async def test_a_worker_is_not_restarted_because_kafka_is_away() -> None:
    clock = Clock()
    health = Health(60, clock)
    health.kafka_answered()
    health.begin("pages/0/0")
    clock.now_s += 90
    assert [(await get(Metrics(), path, health))[0] for path in ("/healthz", "/livez")] == [503, 200]
    health.kafka_answered()
    assert [(await get(Metrics(), path, health))[0] for path in ("/healthz", "/livez")] == [503, 503]  # a stall
    health.end("pages/0/0")
    assert (await get(Metrics(), "/livez", health))[0] == 200
    health.broken = "a part has ended"
    assert (await get(Metrics(), "/livez", health))[0] == 503


async def test_health_is_a_metric_as_well() -> None:
    metrics, health = Metrics(), Health(60)
    metrics.watch(health)
    assert metrics.registry.get_sample_value("inkstream_healthy") == 1
    health.broken = "a part has ended"
    assert metrics.registry.get_sample_value("inkstream_healthy") == 0


@pytest.fixture
def clock() -> Clock:
    Reader.opened = Reader.looks = 0
    Reader.away = False
    return Clock()


async def test_the_lag_of_each_stage_is_set_and_gone_while_kafka_is_away(clock: Clock) -> None:
    metrics, lags = Metrics(), SharedLag(Settings(), Reader, clock)

    def values() -> list[float | None]:
        names = ("inkstream_lag", "inkstream_processed")
        return [metrics.registry.get_sample_value(name, {"stage": "split_files"}) for name in names]

    await set_lag_gauges(lags, metrics)
    assert values() == [8, 1]
    Reader.away = True
    clock.now_s += 60
    await set_lag_gauges(lags, metrics)
    assert values() == [None, None]


async def test_a_document_that_is_asked_for_twice_is_a_miss_and_a_hit(tmp_path: Path) -> None:
    lookups: list[bool] = []
    cache, fetch = DocumentCache(tmp_path, 1000, lookups.append), Fetch(b"abc")
    for _ in range(2):
        async with cache.document(sha(b"abc"), fetch):
            pass
    assert lookups == [False, True]
