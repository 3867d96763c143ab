"""What a platform asks of a worker of any role: /livez, /readyz, /healthz and /metrics, on a port of their own.

They ask for no token and name no document: the port is for the platform's network alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from streams.addresses import listening_socket
from streams.monitoring.health import Health, HealthReport
from streams.monitoring.metrics import Metrics
from streams.settings import Settings
from streams.web.listening import served


def scraped(metrics: Metrics) -> Response:
    """Return all metrics in Prometheus' text format."""
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def create_probes(health: Health, metrics: Metrics, ready: Callable[[], bool]) -> Starlette:
    """Return the application that answers probes.

    Args:
        ready: Whether all roles of the worker run.
    """

    def answer(report: HealthReport) -> Response:
        return JSONResponse(asdict(report), 200 if report.healthy else 503)

    async def livez(_: Request) -> Response:
        return answer(health.report_for_restarts())

    async def healthz(_: Request) -> Response:
        return answer(health.report())

    async def readyz(_: Request) -> Response:
        return JSONResponse({"ready": ready()}, 200 if ready() else 503)

    async def metrics_text(_: Request) -> Response:
        return scraped(metrics)

    endpoints = {"/livez": livez, "/readyz": readyz, "/healthz": healthz, "/metrics": metrics_text}
    return Starlette(routes=[Route(path, endpoint) for path, endpoint in endpoints.items()])


@asynccontextmanager
async def probed(
    settings: Settings, health: Health, metrics: Metrics, ready: Callable[[], bool]
) -> AsyncIterator[None]:
    """Answer probes for the length of the block, where `probe_port` is set.

    Raises:
        ConfigurationError: The port is taken.
    """
    if settings.probe_port is None:
        yield
        return
    listening = listening_socket(settings.probe_host, settings.probe_port, "probe_port")
    async with served(create_probes(health, metrics, ready), listening, "probes are answered", health):
        yield
