"""The entry of a worker process: of `inkstream worker`, and of the worker that a supervisor starts.

`python -m streams.service.worker_main` takes a pickled WorkerSpec on stdin. So every setting arrives as the
supervisor has it, wherever it came from, and no secret stands on a command line or in an environment.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import sys

from models.errors import InkstreamError
from streams.agents.hooks import Hooks
from streams.monitoring.logs import configure_logging
from streams.paths import PRIVATE_UMASK, private_data_dir
from streams.service.worker import run_worker
from streams.service.worker_spec import WorkerSpec
from streams.signals import die_with

_OPEN_FILES = 16_384


def start_worker(spec: WorkerSpec, hooks: Hooks | None = None) -> None:
    """Run a worker in this process until SIGTERM or SIGINT. Raises what `run_worker` does."""
    configure_logging(spec.settings.log_level, spec.settings.log_format)
    os.umask(PRIVATE_UMASK)  # all that a worker writes is documents, or about them
    private_data_dir(spec.settings.data_dir)
    if spec.parent_pid is not None:
        die_with(spec.parent_pid)
    _raise_open_files()
    asyncio.run(run_worker(spec, hooks))


def _raise_open_files() -> None:
    """Allow as many open files as the system lets this process have: the default of 1,024 is soon spent."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def main() -> None:
    """Run the worker whose spec is on stdin; an InkstreamError becomes one sentence on stderr and its exit code."""
    try:
        spec = pickle.load(sys.stdin.buffer)  # from the process that started this one, and nobody else
        if not isinstance(spec, WorkerSpec):
            raise TypeError(f"expected a WorkerSpec on stdin, got {type(spec).__name__}")
        start_worker(spec)
    except InkstreamError as error:
        print(f"error: {error.message}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
