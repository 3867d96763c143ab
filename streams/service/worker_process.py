"""The worker as a child process that is kept running."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from time import monotonic

from streams.errors import BrokerError, ConfigurationError
from streams.service.worker_spec import WorkerSpec
from streams.settings import Settings

logger = logging.getLogger(__name__)

# A worker that was killed keeps its partitions until its session ends, and its successor waits for them. The
# default of 30 s is for many machines on a busy network; here the broker is next door.
_SESSION_TIMEOUT_S = 6.0
_STOP_TIMEOUT_S = 5.0
_RESTART_DELAY_S = 1.0
_MAX_DEATHS_PER_MINUTE = 5  # more, and it does not start at all


def supervised(settings: Settings) -> WorkerSpec:
    """Return the spec of a worker of all roles that ends with this process, and logs nothing but warnings.

    It may fetch from the inbox: the folder watcher sends large files by reference.
    """
    folders = (*settings.content_ref_folders, str(settings.inbox.absolute()))
    changes: dict[str, object] = {"content_ref_folders": folders}
    if "session_timeout_s" not in settings.model_fields_set:
        changes["session_timeout_s"] = _SESSION_TIMEOUT_S
    if settings.log_level == "INFO":
        changes["log_level"] = "WARNING"
    return WorkerSpec(settings=settings.model_copy(update=changes), parent_pid=os.getpid())


async def keep_running(spec: WorkerSpec) -> None:
    """Run a worker as a child process and start it again when it dies; cancel to stop it.

    Raises:
        BrokerError: It does not stay up.
    """
    deaths: list[float] = []
    while True:
        code = await _run_once(spec)
        deaths = [moment for moment in deaths if monotonic() - moment < 60] + [monotonic()]
        if len(deaths) >= _MAX_DEATHS_PER_MINUTE or code == ConfigurationError.exit_code:
            raise BrokerError(f"the worker does not stay up (exit code {code}); its log is above")
        logger.error("the worker ended with exit code %s and starts again", code)
        await asyncio.sleep(_RESTART_DELAY_S)


async def _run_once(spec: WorkerSpec) -> int | None:
    """Run a worker until it ends and return its exit code; end it when cancelled."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.service.worker_main", stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C on a terminal asks the supervisor alone, which stops its parts in order
    )  # fmt: skip
    try:
        await child.communicate(pickle.dumps(spec))
        return child.returncode
    finally:
        if child.returncode is None:
            await _end(child)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Stop it in an orderly way, by force after a while."""
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), timeout=_STOP_TIMEOUT_S)
    except TimeoutError:
        child.kill()
        await child.wait()
