"""The service fetches from the internet only: however an address is written, resolved or redirected to."""

from __future__ import annotations

import ipaddress
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import pytest

from streams.documents.http_source import HttpLimits, Resolve, fetch_http, post_http
from streams.documents.public_addresses import Address, is_public
from streams.errors import SourceForbidden
from tests.unit.test_api import refusal
from tests.unit.test_http_source import LIMITS, serving, status
from tests.unit.test_sending import api

METADATA = "169.254.169.254"
FORBIDDEN = (403, "source-forbidden")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("192.168.1.1", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("198.18.0.1", False),
        ("::", False), ("::1", False), ("fe80::1", False), ("fe80::1%lo", False), ("fc00::1", False),
        ("fec0::1", False), ("ff0e::1", False), ("100::1", False), ("4000::1", False), ("2001:db8::1", False),
        # an IPv4 address inside: mapped, compatible, translated, 6to4, Teredo, NAT64, NAT64 of one's own
        ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("::127.0.0.1", False), ("::8.8.8.8", False),
        ("::ffff:0:127.0.0.1", False), ("2002:7f00:1::", False), ("2002:808:808::", True),
        ("2001:0:808:808::80ff:fffe", False), ("64:ff9b::7f00:1", False), ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::808:808", True), ("64:ff9b:1::808:808", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def changing(*answers: str) -> tuple[Resolve, list[str]]:
    """Return a resolver whose answer for any name changes each time, and the names that it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ipaddress.ip_address(answers[min(len(asked), len(answers)) - 1])]

    return resolve, asked


def named(url: str) -> str:
    return url.replace("127.0.0.1", "rebound.example")


@pytest.mark.parametrize("address", ["10.0.0.7", "127.0.0.1", METADATA, "::1", "::ffff:10.0.0.7", "fec0::7"])
async def test_a_name_with_a_private_address_among_others_is_refused(tmp_path: Path, address: str) -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        return [ipaddress.ip_address("93.184.215.14"), ipaddress.ip_address(address)]

    with pytest.raises(SourceForbidden, match="content_ref_private_hosts"):
        await fetch_http("http://rebound.example/a.pdf", tmp_path / "copy", HttpLimits(1000, 2.0), resolve)


async def test_a_name_that_changes_after_the_check_leads_to_the_address_that_was_checked(tmp_path: Path) -> None:
    requests: list[bytes] = []
    resolve, asked = changing("127.0.0.1", METADATA)
    async with serving(status("200 OK", body=b"%PDF"), requests) as url:
        await fetch_http(named(url), tmp_path / "copy", LIMITS, resolve)
        resolve, asked_to_call = changing("127.0.0.1", METADATA)
        assert await post_http(named(url), b"{}", {}, LIMITS, resolve) == 200
    assert (tmp_path / "copy").read_bytes() == b"%PDF"
    assert asked == asked_to_call == ["rebound.example"]
    assert all(b"\r\nhost: rebound.example:" in request.lower() for request in requests)


async def test_a_name_that_changes_before_it_redirects_to_itself_is_checked_again(tmp_path: Path) -> None:
    resolve, asked = changing("127.0.0.1", "127.0.0.1", METADATA)
    async with serving(status("302 Found", "location: /again")) as url:
        with pytest.raises(SourceForbidden, match=METADATA):
            await fetch_http(named(url), tmp_path / "copy", LIMITS, resolve)
    assert len(asked) == 3


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
async def test_a_chain_of_redirects_ends(tmp_path: Path, hops: int, arrives: bool) -> None:
    resolve, _ = changing("127.0.0.1")
    async with AsyncExitStack() as servers:
        url = await servers.enter_async_context(serving(status("200 OK", body=b"%PDF")))
        for _ in range(hops):
            url = await servers.enter_async_context(serving(status("302 Found", f"location: {url}")))
        with nullcontext() if arrives else pytest.raises(SourceForbidden, match="more than 5 times"):
            await fetch_http(url, tmp_path / "copy", LIMITS, resolve)
    assert (tmp_path / "copy").exists() is arrives


URLS = [
    ("http://127.0.0.2/", FORBIDDEN), ("http://10.0.0.1/", FORBIDDEN),
    ("http://0.0.0.0/", FORBIDDEN), ("http://169.254.169.254/latest/meta-data", FORBIDDEN),
    # numbers that a system's resolver takes for 127.0.0.2: decimal, hexadecimal, short, other digits and stops
    ("http://2130706434/", FORBIDDEN), ("http://0x7f000002/", FORBIDDEN), ("http://0x7f.2/", FORBIDDEN),
    ("http://127.2/", FORBIDDEN), ("http://127。0。0。2/", FORBIDDEN),
    ("http://0177.0.0.2/", (422, "undecodable-message")),
    ("http://１２７.0.0.2/", (422, "undecodable-message")),
    ("http://[::1]/", FORBIDDEN), ("http://[::]/", FORBIDDEN), ("http://[::ffff:127.0.0.2]/", FORBIDDEN),
    ("http://[::FFFF:7F00:2]/", FORBIDDEN), ("http://[::127.0.0.2]/", FORBIDDEN),
    ("http://[2002:7f00:2::]/", FORBIDDEN), ("http://[64:ff9b::a9fe:a9fe]/latest/meta-data", FORBIDDEN),
    ("http://[64:ff9b:1::7f00:2]/", FORBIDDEN), ("http://[fec0::1]/", FORBIDDEN),
    ("http://[fe80::1%lo]/", FORBIDDEN), ("http://[fe80::1%25lo]/", (503, "source-unavailable")),
    # the host is what stands behind the user
    ("http://example.com@127.0.0.2/", FORBIDDEN), ("http://127.0.0.2#@example.com/", FORBIDDEN),
    ("file:///etc/passwd", (422, "malformed-request")), ("ftp://example.com/", (422, "malformed-request")),
    ("kafka://raw-files/0/0", (422, "malformed-request")), ("http://", FORBIDDEN),
    ("http://[::1", (422, "undecodable-message")), ("http://a" + "b" * 5000, (422, "malformed-request")),
]  # fmt: skip


async def test_addresses_that_are_not_public_are_refused(tmp_path: Path) -> None:
    async with api(tmp_path) as (client, outbox):
        for url, expected in URLS:
            assert refusal(await client.post("/urls", json={"urls": [url]})) == expected, url
    assert outbox.sent == []


async def test_a_redirect_to_an_address_that_is_not_public_is_refused(tmp_path: Path) -> None:
    async with api(tmp_path) as (client, outbox):
        for target in (
            "http://127.0.0.2/", "http://[::1]:80/", "http://[::127.0.0.2]/", f"http://{METADATA}/", "//127.0.0.2/",
            "file:///etc/passwd", "gopher://127.0.0.1/", "http://2130706434/",
        ):  # fmt: skip
            async with serving(status("302 Found", f"location: {target}")) as url:
                assert refusal(await client.post("/urls", json={"urls": [url]})) == FORBIDDEN, target
    assert outbox.sent == []


async def test_a_password_is_not_passed_on_to_where_a_server_redirects(tmp_path: Path) -> None:
    requests: list[bytes] = []
    resolve, _ = changing("127.0.0.1")
    async with (
        serving(status("200 OK", body=b"%PDF"), requests) as there,
        serving(status("302 Found", f"location: {there}")) as url,
    ):
        await fetch_http(url.replace("http://", "http://user:secret@"), tmp_path / "copy", LIMITS, resolve)
    assert len(requests) == 1 and b"authorization" not in requests[0].lower()
