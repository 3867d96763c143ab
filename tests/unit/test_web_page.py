"""The page as a browser is given it: escaped, with nothing from outside, behind the token where there is one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from streams.web.page.filters import duration, moment, paragraphs_of
from streams.web.page.marks import lines_with, match_expression, snippet_parts, words_of
from streams.web.page.rendering import assets
from streams.web.sessions import COOKIE, SESSION_S, Sessions
from tests.unit.test_api import DOCUMENT, PAGE, FilledTable, Outbox, client_of, settings_in

VENDOR = Path(__file__).resolve().parents[2] / "streams/web/page/assets/vendor"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
HTML = {"accept": "text/html"}
VIEWS = ("/", "/view/d", "/view/nothing", "/login", "/search?q=invoice", "/sql", "/status")


class Tags(HTMLParser):
    """Collects the attributes of all tags, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.inline = ""
        self._runs = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(dict(attrs))
        self._runs = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._runs = False

    def handle_data(self, data: str) -> None:
        self.inline += data.strip() if self._runs else ""


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    await table.fill()
    region = PAGE.regions[0].model_copy(update={"text": HOSTILE})
    page = PAGE.model_copy(update={"document_id": "h", "path": HOSTILE, "text": HOSTILE, "regions": [region],
                                   "warnings": [HOSTILE], "models": {"printed": HOSTILE}})  # fmt: skip
    document = DOCUMENT.model_copy(update={"document_id": "h", "path": HOSTILE, "exception": HOSTILE,
                                           "status": "failed"})  # fmt: skip
    await table.ask(lambda t: t.apply([("h/0", page)], [("h", document)]))
    async with client_of(settings, table, Outbox(settings)) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/view/h", "/view/h?q=script", "/search?path=alert"])
async def test_hostile_text_is_escaped(client: httpx.AsyncClient, path: str) -> None:
    shown = (await client.get(path)).text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown and "<img src=x" not in shown


@pytest.mark.parametrize("path", VIEWS)
async def test_nothing_in_it_is_inline_or_from_outside(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    tags = Tags()
    tags.feed(answer.text)
    assert not [one for one in tags.found if "style" in one or any(name.startswith("on") for name in one)]
    assert not tags.inline
    loaded = [one[name] or "" for one in tags.found for name in ("src", "href", "action", "hx-get") if name in one]
    assert loaded and all(one.startswith(("/", "?", "#")) and not one.startswith("//") for one in loaded)
    for one in loaded:
        if one.startswith("/assets/"):
            assert (await client.get(one)).headers["cache-control"].startswith("public"), one


async def test_a_document_shows_its_text_its_regions_and_what_read_it(client: httpx.AsyncClient) -> None:
    shown = (await client.get("/view/d?q=INVOICE")).text
    assert '<polygon points="0.0,0.0 9.0,0.0 9.0,5.0 0.0,5.0" class="printed found"' in shown
    assert 'data-line="0">an invoice</span>' in shown
    assert "/documents/d/text" in shown and "/documents/d/file" in shown


async def test_a_search_shows_what_it_finds_where_it_stands_and_keeps_to_its_filters(
    client: httpx.AsyncClient,
) -> None:
    found = (await client.get("/search?q=inv*")).text
    assert "<mark>invoice</mark>" in found and "/view/d?page=1&amp;q=inv%2A" in found
    marked = (await client.get("/search?q=invoice")).text
    assert '<polygon class="found" points="0.0,0.0 9.0,0.0' in marked
    for fits in ("path=LEASE", "kind=printed", "confidence=%3E%3D0.9", "since=2026-11-20", "until=2026-11-20"):
        assert "lease.pdf</a>" in (await client.get(f"/search?q=invoice&{fits}")).text, fits
    for other in ("path=x", "kind=signature", "confidence=%3C0.9", "since=2026-11-21", "until=2026-11-19"):
        assert "No page has all of this" in (await client.get(f"/search?q=invoice&{other}")).text, other
    for wrong in ("since=yesterday", "kind=x", "confidence=1;DROP", "start=-1"):
        assert (await client.get(f"/search?q=a&{wrong}")).status_code == 422, wrong
    assert (await client.get('/search?q=")(*')).status_code == 200


async def test_sql_is_a_table_a_refusal_or_a_file(client: httpx.AsyncClient) -> None:
    own = {"origin": "http://inkstream", "hx-request": "true"}
    rows = await client.post("/sql/rows", data={"sql": "SELECT path AS p, NULL FROM documents"}, headers=own)
    assert '<th scope="col">p</th>' in rows.text and "&lt;script&gt;" in rows.text and "<script>" not in rows.text
    refused = await client.post("/sql/rows", data={"sql": "DELETE FROM documents"}, headers=own)
    assert refused.status_code == 400 and 'role="alert"' in refused.text and "<html" not in refused.text
    file = await client.post("/sql/rows.csv", data={"sql": "SELECT 1 AS a, 'b' AS b"}, headers=own)
    assert (file.text, file.headers["content-disposition"]) == ("a,b\r\n1,b\r\n", "attachment; filename=rows.csv")
    lines = await client.post("/sql/rows.jsonl", data={"sql": "SELECT 1 AS a"}, headers=own)
    assert lines.text == '{"a":1}\n'


async def test_the_status_counts_documents_pages_and_failures(client: httpx.AsyncClient) -> None:
    shown = (await client.get("/status/figures")).text
    assert "1 failed" in shown and "1 done" in shown and "1 with warnings" in shown
    assert "failed" in (await client.get("/?status=failed")).text


async def test_an_empty_service_has_every_view(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as client:
        for path in ("/", "/search", "/search?path=x", "/sql", "/status"):
            assert (await client.get(path)).status_code == 200, path


async def test_a_service_without_failures_has_a_status(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    await table.fill()
    async with client_of(settings, table, Outbox(settings)) as client:
        assert "1 done" in (await client.get("/status")).text


async def test_what_is_not_there_is_a_page_for_people_and_a_piece_for_htmx(client: httpx.AsyncClient) -> None:
    whole = await client.get("/view/nothing")
    piece = await client.get("/view/nothing", headers={"hx-request": "true"})
    assert (whole.status_code, piece.status_code) == (404, 404)
    assert "<!doctype html>" in whole.text and "<html" not in piece.text and "no document nothing" in piece.text
    assert (await client.get("/view/d?page=0")).status_code == 422
    assert (await client.get("/?after=x")).status_code == 200
    assert (await client.get("/inbox/documents?after=x")).status_code == 422


@pytest.mark.parametrize("name", ["..%2froutes.py", "vendor", "vendor/none.js", ""])
async def test_nothing_but_assets_is_an_asset(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/assets/{assets().version}/{name}")).status_code == 404
    assert (await client.get("/assets/0/inkstream.css")).status_code == 404


def test_vendored_files_are_those_of_their_packages() -> None:
    locked = dict(line.split("  ")[::-1] for line in (VENDOR / "hashes.lock").read_text().splitlines())
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.js")}
    assert found == locked


async def test_signing_in_keeps_the_token_out_of_addresses_and_cookies(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, api_token="schlüssel")
    table = FilledTable(settings)
    await table.fill()
    async with client_of(settings, table, Outbox(settings)) as client:
        asked = await client.get("/view/d?page=1", headers=HTML)
        assert (asked.status_code, asked.headers["location"]) == (303, "/login?to=%2Fview%2Fd%3Fpage%3D1")
        assert (await client.get("/view/d")).status_code == 401
        wrong = await client.post("/login", data={"token": "other"})
        assert wrong.status_code == 403 and "set-cookie" not in wrong.headers
        right = await client.post("/login", data={"token": "schlüssel", "to": "/view/d?page=1"})
        assert (right.status_code, right.headers["location"]) == (303, "/view/d?page=1")
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "schl" not in cookie
        assert (await client.get("/view/d", headers=HTML)).status_code == 200
        assert (await client.post("/query", json={"sql": "SELECT 1"})).status_code == 403
        own, other = {"origin": "http://inkstream"}, {"origin": "http://evil.example"}
        assert (await client.post("/query", json={"sql": "SELECT 1"}, headers=own)).status_code == 200
        assert (await client.post("/query", json={"sql": "SELECT 1"}, headers=other)).status_code == 403
        await client.post("/logout", headers=own)
        assert (await client.get("/view/d")).status_code == 401


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\nx", "x"])
async def test_signing_in_leads_to_no_other_site(tmp_path: Path, to: str) -> None:
    settings = settings_in(tmp_path, api_token="secret")
    async with client_of(settings, FilledTable(settings), Outbox(settings)) as client:
        assert (await client.post("/login", data={"token": "secret", "to": to})).headers["location"] == "/"


def test_a_session_ends_with_its_time_and_with_the_token_and_cannot_be_forged() -> None:
    time_s = 1000.0
    sessions = Sessions(b"token", lambda: time_s)
    cookie = f"{COOKIE}={sessions.opened()}"
    assert sessions.holds(f"a=b; {cookie}")
    assert not Sessions(b"other", lambda: time_s).holds(cookie)
    expires, _, signature = cookie.partition("=")[2].partition(".")
    for forged in (f"{int(expires) + 1}.{signature}", f"{expires}.", "", ".", "²." + signature, f"{expires}.é"):
        assert not sessions.holds(f"{COOKIE}={forged}"), forged
    time_s += SESSION_S + 1
    assert not sessions.holds(cookie)


@pytest.mark.parametrize(
    ("search", "expression"),
    [
        ("lease agreement", '"lease" "agreement"'), ('"rye bread" cake', '"rye bread" "cake"'), ("inv*", '"inv"*'),
        ("a AND (b", '"a" "AND" "(b"'), ('"', ""), ("e-mail", '"e-mail"'), ("- ( )", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_search_has_no_operators(search: str, expression: str) -> None:
    assert match_expression(search) == expression


def test_the_lines_of_a_search_are_found_as_the_table_finds_them() -> None:
    region = PAGE.regions[0]
    page = PAGE.model_copy(
        update={"regions": [region, *(region.model_copy(update={"text": t}) for t in ("Invoices", "ÉTÉ invoice"))]}
    )
    assert lines_with(words_of("été"), page) == {2}
    assert lines_with(words_of('"INVOICE"'), page) == {0, 2}
    assert lines_with(words_of(""), page) == frozenset()


def test_a_snippet_is_taken_apart_at_its_marks() -> None:
    assert snippet_parts("a \2b\3 c\2d\3", "\2", "\3") == [("a ", False), ("b", True), (" c", False), ("d", True)]
    assert snippet_parts("no \2end", "\2", "\3") == [("no ", False), ("end", False)]


def test_values_are_shown_for_people() -> None:
    assert [duration(ms) for ms in (0.4, 68, 2100, 90_000)] == ["0 ms", "68 ms", "2.1 s", "1.5 min"]
    assert moment("2026-11-20T19:30:00.123Z") == "20 Nov 2026 19:30:00"
    assert (moment("s"), moment(None)) == ("s", "–")
    assert [len(one) for one in paragraphs_of([PAGE.regions[0], PAGE.regions[0]])] == [2]
