"""What clients of object stores raise becomes an error with a policy, and costs its own message alone."""

from __future__ import annotations

import asyncio
import errno
import io
import threading
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
from fsspec.spec import AbstractFileSystem

from models.errors import InkstreamError
from streams.documents.failures import Failures
from streams.documents.fetch_slots import FetchSlots
from streams.documents.references import SourceFetcher
from streams.documents.source_errors import error_of
from streams.errors import (
    SourceFailed,
    SourceForbidden,
    SourceGivenUp,
    SourceGone,
    SourceUnavailable,
    SourceUnsupported,
    UndecodableMessage,
)
from streams.settings import Settings


def of_client(name: str, text: str = "", **fields: object) -> Exception:
    """Return an exception of a client that is not installed here, as it looks."""
    module, _, kind = name.rpartition(".")
    error: Exception = type(kind, (Exception,), {"__module__": module})(text)
    for field, value in fields.items():
        setattr(error, field, value)
    return error


def of_botocore(status: int) -> Exception:
    return of_client("botocore.exceptions.ClientError", response={"ResponseMetadata": {"HTTPStatusCode": status}})


def wrapped(failure: OSError, cause: Exception) -> OSError:
    failure.__cause__ = cause
    return failure


# as s3fs 2026.9, gcsfs 2026.10 and adlfs 2026.8 raised them against a server that misbehaves
FAILURES: list[tuple[BaseException, type[InkstreamError]]] = [
    (FileNotFoundError(errno.ENOENT, "No such file"), SourceGone),
    (FileNotFoundError("bucket/a.pdf"), SourceGone),
    (OSError(errno.EINVAL, "Bad Request"), SourceGone),
    (PermissionError("Forbidden"), SourceForbidden),
    (wrapped(OSError(errno.EIO, "An error occurred (401)"), of_botocore(401)), SourceForbidden),
    (OSError(errno.EREMOTEIO, "Internal Server Error"), SourceUnavailable),
    (OSError(errno.EBUSY, "Service Unavailable"), SourceUnavailable),
    (TimeoutError("timed out"), SourceUnavailable),
    (ConnectionResetError(errno.ECONNRESET, "reset"), SourceUnavailable),
    (of_botocore(404), SourceGone),
    (of_botocore(503), SourceUnavailable),
    (of_client("gcsfs.retry.HttpError", code=403), SourceForbidden),
    (of_client("gcsfs.retry.HttpError", code="503"), SourceUnavailable),
    (of_client("azure.core.exceptions.ResourceNotFoundError", status_code=404), SourceGone),
    (of_client("botocore.exceptions.NoCredentialsError"), SourceForbidden),
    (of_client("azure.core.exceptions.ClientAuthenticationError", "no\n" * 1000), SourceForbidden),
    (of_client("botocore.exceptions.HTTPClientError"), SourceUnavailable),
    (of_client("aiohttp.client_exceptions.ClientError"), SourceUnavailable),
    (ImportError("Install s3fs to access S3"), SourceUnsupported),
    (ValueError("unable to connect to account"), SourceFailed),
    (KeyError("Contents"), SourceFailed),
]


@pytest.mark.parametrize(("failure", "expected"), FAILURES)
def test_each_failure_of_a_client_has_a_policy(failure: BaseException, expected: type[InkstreamError]) -> None:
    error = error_of(failure, "s3://bucket/a.pdf")
    assert type(error) is expected
    assert error.message.startswith("s3://bucket/a.pdf")
    assert len(error.message) < 600


def test_our_own_full_disk_is_no_failure_of_the_source() -> None:
    with pytest.raises(OSError, match="No space left"):
        error_of(OSError(errno.ENOSPC, "No space left"), "s3://bucket/a.pdf")


class Store(AbstractFileSystem):
    """An object store whose files do what the test wants when they are opened."""

    cachable = False
    opens: Callable[[], io.BytesIO]

    def _open(self, path: str, mode: str = "rb", **_: object) -> io.BytesIO:
        return Store.opens()


fsspec.register_implementation("store", Store)


@pytest.fixture
async def fetcher(tmp_path: Path) -> SourceFetcher:
    return SourceFetcher(
        Settings(
            content_ref_timeout_s=0.2,
            content_ref_schemes=("file", "store", "gs"),
            content_ref_folders=(str(tmp_path),),
        )
    )


async def test_a_store_s_file_is_fetched_and_its_failure_typed(tmp_path: Path, fetcher: SourceFetcher) -> None:
    Store.opens = lambda: io.BytesIO(b"%PDF")
    await fetcher.fetch("store://bucket/a.pdf", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"%PDF"

    def fails() -> io.BytesIO:
        raise of_client("botocore.exceptions.ParamValidationError")

    Store.opens = fails
    with pytest.raises(SourceFailed):
        await fetcher.fetch("store://bucket/b.pdf", tmp_path / "copy")
    with pytest.raises(UndecodableMessage, match="more than one place"):
        await fetcher.fetch("store://bucket/x::file:///etc/hostname", tmp_path / "copy")
    with pytest.raises(SourceUnsupported, match="not installed"):
        await fetcher.fetch("gs://bucket/x", tmp_path / "copy")


async def test_a_store_that_hangs_is_given_up_and_holds_up_no_file(tmp_path: Path, fetcher: SourceFetcher) -> None:
    released = threading.Event()

    def hangs() -> io.BytesIO:
        released.wait(60)
        return io.BytesIO()

    Store.opens = hangs
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    hanging = [asyncio.create_task(fetcher.fetch(f"store://{n}/x", tmp_path / "x")) for n in range(40)]
    try:
        await asyncio.wait(hanging, timeout=0.1)
        assert not any(task.done() for task in hanging)
        await fetcher.fetch((tmp_path / "a.pdf").as_uri(), tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"%PDF"
        done, _ = await asyncio.wait(hanging, return_when=asyncio.FIRST_COMPLETED)
        assert {type(task.exception()) for task in done} == {SourceUnavailable}
    finally:
        released.set()
        await asyncio.gather(*hanging, return_exceptions=True)
        await fetcher.stop()


async def test_one_server_has_some_of_the_slots_and_others_the_rest() -> None:
    slots = FetchSlots(3, 2)
    slow = [await slots.take("slow"), await slots.take("slow")]
    waiting = asyncio.create_task(slots.take("slow"))
    async with slots.taken("quick"):
        assert not waiting.done()
    slow.pop()()
    slow.append(await waiting)
    for give_back in slow:
        give_back()
    async with slots.taken("a"), slots.taken("b"), slots.taken("c"):
        pass


def test_a_reference_is_tried_for_as_long_as_it_may_be_and_its_pages_share_that() -> None:
    now = 1000.0
    failures = Failures(60.0, lambda: now)
    failures.check("http://a")
    assert type(failures.noted("http://a", SourceUnavailable("away"))) is SourceUnavailable
    with pytest.raises(SourceUnavailable, match="away"):
        failures.check("http://a")
    failures.check("http://b")
    now += 30
    failures.check("http://a")
    assert type(failures.noted("http://a", SourceUnavailable("away"))) is SourceUnavailable
    now += 31
    assert type(failures.noted("http://a", SourceUnavailable("away"))) is SourceGivenUp
    with pytest.raises(SourceGivenUp):
        failures.check("http://a")
    now += 400
    assert type(failures.noted("http://a", SourceUnavailable("away"))) is SourceUnavailable, "another outage"
    failures.forget("http://a")
    failures.check("http://a")
