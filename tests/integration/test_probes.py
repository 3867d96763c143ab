"""What a platform asks of a worker that has no API."""

from __future__ import annotations

import socket

import httpx

from streams.settings import Settings
from tests.integration.harness import WorkerProcess, eventually


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_a_worker_without_the_role_web_answers_probes_on_a_port_of_their_own(settings: Settings) -> None:
    probed = settings.model_copy(update={"probe_port": a_free_port()})
    url = f"http://127.0.0.1:{probed.probe_port}"
    with WorkerProcess(probed, roles=("split",)) as worker:
        async with httpx.AsyncClient(base_url=url, transport=httpx.AsyncHTTPTransport(retries=20)) as client:

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await eventually(ready, 30, worker.log)
            assert (await client.get("/healthz")).json()["detail"] == "idle"
            text = (await client.get("/metrics")).text
            assert 'inkstream_oldest_message_seconds{stage="split_files"} 0.0' in text
            assert "inkstream_healthy 1.0" in text
            assert (await client.get("/query")).status_code == 404
