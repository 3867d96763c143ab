"""One Chromium for all tests here, and a service on a real Kafka; whatever a page does wrong fails its test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from tests.integration import conftest
from tests.integration.harness import ROOT, Service, scanned_pdf, text_pdf

kafka = conftest.kafka
service = conftest.service

HOSTILE = "<img src=x onerror=alert(1)>"
SAMPLES = ROOT / "deploy/samples/documents"


class Site(NamedTuple):
    """A service with documents that are read: ids by name."""

    url: str
    documents: dict[str, str]


@pytest.fixture(scope="module")
def site(service: Service) -> Site:
    async def filled() -> Site:
        async with service.client() as client:
            contents = {
                "lease.pdf": text_pdf(3, "lease"), "scan.pdf": scanned_pdf(["A scanned agreement"]),
                f"{HOSTILE}.pdf": text_pdf(1, f"{HOSTILE} hostile"),
            }  # fmt: skip
            read = {name: await service.read(client, content, name) for name, content in contents.items()}
            return Site(str(client.base_url).rstrip("/"), read)

    return asyncio.run(filled())


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """Debian's Chromium, once the site is there: it runs an event loop. A missing one fails the tests."""
    found = shutil.which("chromium")
    assert found is not None, "deploy/setup.sh test installs Chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])  # the sandbox refuses root


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page whose errors, dialogs, refused scripts and requests to other hosts fail the test."""
    context = browser.new_context(base_url=site.url, accept_downloads=True)
    made, wrong = context.new_page(), list[str]()

    def dismissed(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    made.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    made.on("console", lambda one: wrong.append(f"console: {one.text}") if _is_wrong(one.type, one.text) else None)
    made.on("dialog", dismissed)
    made.on("request", lambda one: None if one.url.startswith((site.url, "blob:")) else wrong.append(one.url))
    yield made
    context.close()
    assert not wrong, "\n".join(wrong)


def _is_wrong(kind: str, text: str) -> bool:
    """Return whether a line of the console is a defect; that an answer was 4xx stands there too."""
    return kind in ("error", "warning") and not text.startswith("Failed to load resource")
