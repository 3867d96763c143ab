"""A worker whose reader processes run faults.bad_pages."""

from __future__ import annotations

from streams.agents.hooks import Hooks
from tests.integration.faults import bad_pages
from tests.integration.faults.worker import run

if __name__ == "__main__":
    run(Hooks(read_page=bad_pages.read_page))
