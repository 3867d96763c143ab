"""A worker of all roles with parts replaced; it takes its settings from INKSTREAM_* variables alone."""

from __future__ import annotations

from streams.agents.hooks import Hooks
from streams.service.worker_main import start_worker
from streams.service.worker_spec import WorkerSpec
from streams.settings import load_settings


def run(hooks: Hooks) -> None:
    """Run the worker until it is stopped, or dies of its fault."""
    start_worker(WorkerSpec(settings=load_settings()), hooks)
