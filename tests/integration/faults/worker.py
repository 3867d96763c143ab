"""A worker of all roles with parts replaced; it takes its settings from INKSTREAM_* variables alone."""

from __future__ import annotations

import asyncio

from streams.agents.hooks import Hooks
from streams.app import ROLES
from streams.monitoring.logs import configure_logging
from streams.service.worker import run_worker
from streams.settings import load_settings


def run(hooks: Hooks) -> None:
    """Run the worker until it is stopped, or dies of its fault."""
    settings = load_settings()
    configure_logging(settings.log_level)
    asyncio.run(run_worker(settings, ROLES, web=True, hooks=hooks))
