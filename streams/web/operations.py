"""How the service is: alive, ready, how fast, how far behind."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from streams.kafka.progress import Progress, as_spark, between
from streams.kafka.shared_lag import SharedLag
from streams.monitoring.health import Health, HealthReport
from streams.monitoring.metrics import Metrics
from streams.settings import Settings
from streams.table.table_follower import TableFollower
from streams.web.probes import scraped

_FRESH_S = 1.0  # so old may a look be that a rate is from: the page asks every second or two, in each tab


class Readiness(BaseModel):
    """Whether SQL answers from everything that stands on the topics."""

    ready: bool
    records_passed_over: int = Field(description="records on page-text and documents that are not inkstream's")


def operations_routes(
    settings: Settings, table: TableFollower, health: Health, metrics: Metrics, lags: SharedLag
) -> APIRouter:
    """Return the routes that watch the service."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/healthz", summary="Whether the worker moves", responses={503: {"model": HealthReport}})
    async def healthz(response: Response) -> HealthReport:
        report = health.report()
        response.status_code = 200 if report.healthy else 503
        return report

    @routes.get("/readyz", summary="Whether the memory table has caught up", responses={503: {"model": Readiness}})
    async def readyz(response: Response) -> Readiness:
        response.status_code = 200 if table.ready else 503
        return Readiness(ready=table.ready, records_passed_over=table.passed_over)

    @routes.get(
        "/metrics",
        summary="Prometheus metrics",
        response_class=PlainTextResponse,
        responses={200: {"description": "in Prometheus' text format"}},
    )
    async def scrape() -> Response:
        return scraped(metrics)

    @routes.get("/progress", summary="Rates, lag and time left of each stage")
    async def progress(
        interval_s: Annotated[float, Query(gt=0, le=60, description="between the two looks rates are from")] = 1.0,
    ) -> Progress:
        fresh_s = min(_FRESH_S, interval_s / 2)
        before = await lags.look(fresh_s)
        await asyncio.sleep(interval_s)
        after = await lags.look(fresh_s)
        stages = between(before.stages, after.stages, after.moment_s - before.moment_s)
        return as_spark(f"{settings.topic_prefix}inkstream", 0, stages)

    return routes
