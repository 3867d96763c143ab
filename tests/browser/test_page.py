"""The page in a real browser, on the real service: what people do with it, and what it must not do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.conftest import HOSTILE, SAMPLES, Site
from tests.integration.harness import text_pdf

pytestmark = pytest.mark.timeout(120)

READ_MS = 30_000
VIEWS = ("/", "/view/{}", "/view/{}?q=lease", "/search?q=number", "/sql", "/status", "/login", "/view/nothing")
_DROP = """([name, bytes, kind]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name));
    const event = kind === "paste" ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true})
        : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
    document.body.dispatchEvent(event);
}"""


def card(page: Page, name: str) -> Any:
    return page.locator("article.document").filter(has=page.get_by_role("link", name=name, exact=True))


def test_files_that_are_chosen_appear_and_fill_with_pictures(page: Page) -> None:
    page.goto("/")
    document = FilePayload(name="one.pdf", mimeType="", buffer=text_pdf(2, "one"))
    other = FilePayload(name="note.txt", mimeType="", buffer=b"no document")
    page.set_input_files("#files", [document, other])
    expect(card(page, "one.pdf").locator(".status")).to_have_text("done", timeout=READ_MS)
    expect(page.locator("#refused")).to_contain_text("note.txt: ")
    pictures = card(page, "one.pdf").locator("li.read img")
    expect(pictures).to_have_count(2)
    pictures.last.scroll_into_view_if_needed()
    page.wait_for_function("one => one.complete && one.naturalWidth === 144", arg=pictures.last.element_handle())


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_files_that_are_dropped_or_pasted_are_read(page: Page, kind: str) -> None:
    page.goto("/")
    page.evaluate(_DROP, [f"{kind}.pdf", list(text_pdf(1, kind)), kind])
    expect(card(page, f"{kind}.pdf").locator(".status")).to_have_text("done", timeout=READ_MS)


def test_a_failure_has_its_reason_and_is_replayed(page: Page) -> None:
    page.goto("/")
    page.set_input_files("#files", SAMPLES / "broken.pdf")
    failed = card(page, "broken.pdf")
    expect(failed.locator(".status")).to_have_text("failed", timeout=READ_MS)
    expect(failed.locator(".reason")).to_contain_text("damaged beyond repair")
    with page.expect_response(re.compile(r"/replay$")) as answer:
        failed.get_by_role("button", name="Replay").click()
    assert answer.value.status == 200 and "1 message sent again" in answer.value.text()


def test_an_address_that_may_not_be_fetched_is_refused_with_a_reason(page: Page) -> None:
    page.goto("/")
    page.fill("#url", "http://169.254.169.254/latest/x.pdf")
    page.press("#url", "Enter")
    expect(page.locator("#refused li")).to_contain_text("http://169.254.169.254/latest/x.pdf: ", timeout=READ_MS)


def test_a_sketch_is_drawn_undone_and_read(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sketchpad").click()
    box = page.locator("#pad").bounding_box()
    assert box is not None
    for x in (60, 120, 180):
        page.mouse.move(box["x"] + x, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + x, box["y"] + 160, steps=8)
        page.mouse.up()
    drawn = page.evaluate("document.getElementById('pad').toDataURL()")
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate("document.getElementById('pad').toDataURL()") != drawn
    page.get_by_role("button", name="Read", exact=True).last.click()
    expect(page.locator("#sketch-text")).to_have_text(re.compile("[^… ]"), timeout=READ_MS)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Read", exact=True).last.click()
    expect(page.locator("#sketch-text")).to_have_text("Write something first.")


def test_a_line_and_its_region_light_each_other(page: Page, site: Site) -> None:
    page.goto(f"/view/{site.documents['scan.pdf']}")
    line, region = page.locator("span[data-line='0']"), page.locator("polygon[data-line='0']")
    expect(line).to_have_text("A scanned agreement")
    line.hover()
    expect(region).to_have_class(re.compile(r"\blit\b"))
    region.hover()
    expect(line).to_have_class(re.compile(r"\blit\b"))
    sheet = page.locator("#sheet").bounding_box()
    over = region.bounding_box()
    assert sheet is not None and over is not None
    assert sheet["x"] < over["x"] and over["x"] + over["width"] < sheet["x"] + sheet["width"]


def test_keys_turn_pages_zoom_and_hide_regions(page: Page, site: Site) -> None:
    page.goto(f"/view/{site.documents['lease.pdf']}")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#lines")).to_have_text(re.compile("This is lease number 1."))
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#lines")).to_have_text(re.compile("This is lease number 0."))
    before = page.locator("#sheet").bounding_box()
    page.keyboard.press("+")
    after = page.locator("#sheet").bounding_box()
    assert before is not None and after is not None and after["width"] > before["width"]
    page.keyboard.press("r")
    expect(page.locator("#overlay")).to_be_hidden()


def test_a_document_is_downloaded(page: Page, site: Site) -> None:
    page.goto(f"/view/{site.documents['lease.pdf']}")
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^text")).click()
    assert "This is lease number 2." in Path(download.value.path()).read_text()


def test_a_search_leads_to_the_marked_place(page: Page) -> None:
    page.goto("/search")
    page.fill("#q", "scanned AGREEMENT")
    page.press("#q", "Enter")
    expect(page.locator(".hit mark")).to_have_text(["scanned", "agreement"])
    page.locator(".hit h2 a").click()
    expect(page.locator("polygon.found")).to_have_count(1)
    expect(page.locator("span.found")).to_have_text("A scanned agreement")


def test_sql_answers_with_rows_refusals_and_files(page: Page) -> None:
    page.goto("/sql")
    page.fill("#sql", "SELECT path, text FROM result WHERE text LIKE '%hostile%'")
    page.press("#sql", "Control+Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows tbody")).to_contain_text(f"{HOSTILE} hostile")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "rows.csv"
    assert f"{HOSTILE} hostile" in Path(download.value.path()).read_text()
    page.fill("#sql", "SELECT txt FROM result")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#rows [role=alert]")).to_contain_text("no such column")


def test_the_status_is_live(page: Page) -> None:
    page.goto("/status")
    expect(page.locator("#stages tbody tr")).to_have_count(3, timeout=READ_MS)
    expect(page.locator("#chart .line")).to_have_attribute("d", re.compile("^M.*L"), timeout=READ_MS)
    expect(page.locator("#eta")).not_to_be_empty()


def test_hostile_names_and_texts_are_shown_and_do_nothing(page: Page, site: Site) -> None:
    document = site.documents[f"{HOSTILE}.pdf"]
    for path in ("/", f"/view/{document}", "/search?q=hostile"):
        page.goto(path)
        expect(page.locator("main")).to_contain_text(HOSTILE)
        assert page.locator("main img[src=x]").count() == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_views_are_accessible_and_never_wider_than_the_screen(
    browser: Browser, site: Site, scheme: Any, width: int
) -> None:
    context = browser.new_context(base_url=site.url, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    for path in VIEWS:
        page.goto(path.format(site.documents["scan.pdf"]))
        found = Axe().run(page).response["violations"]
        assert not found, f"{path}: " + "\n".join(f"{one['id']}: {one['nodes'][0]['html']}" for one in found)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()
