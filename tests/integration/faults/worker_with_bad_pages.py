"""A worker whose reader processes run faults.bad_pages."""

from __future__ import annotations

from streams.cli import main
from streams.processes import reader_process
from tests.integration.faults import bad_pages

if __name__ == "__main__":
    reader_process.read_page = bad_pages.read_page
    main()
