"""Where a document's bytes are, and how they get from there to a file: Kafka, http, files, object stores."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from models.errors import InkstreamError, shown_uri
from streams.documents.failures import Failures
from streams.documents.fetch_slots import FetchSlots
from streams.documents.file_source import FileSource, server_of
from streams.documents.http_source import HttpLimits, fetch_http, post_http, resolving_in, trusting
from streams.errors import SourceForbidden, SourceUnavailable, UndecodableMessage
from streams.kafka.record_reader import RecordReader, address_in
from streams.kafka.topics import TopicNames
from streams.settings import Settings

_LOCAL_COPIES = 4  # at a time, of file://
_FETCHES, _FETCHES_PER_SERVER = 16, 4  # at a time, of all others


class SourceFetcher:
    """Fetches what references point at. One per event loop; Kafka records come through one consumer."""

    def __init__(self, settings: Settings) -> None:
        self._schemes = settings.content_ref_schemes
        self._records = RecordReader(settings)
        self._raw_files = TopicNames.of(settings).raw_files
        self._failures = Failures(settings.source_retry_s)
        max_bytes, timeout_s = settings.content_ref_max_bytes, settings.content_ref_timeout_s
        # local files have slots of their own: no server, however slow, keeps them waiting
        self._files = FileSource(
            settings.content_ref_folders, max_bytes, timeout_s, FetchSlots(_LOCAL_COPIES, _LOCAL_COPIES)
        )
        self._slots = FetchSlots(_FETCHES, _FETCHES_PER_SERVER)
        self._stores = FileSource((), max_bytes, timeout_s, self._slots)
        self._lookups = ThreadPoolExecutor(_FETCHES, thread_name_prefix="resolve")
        self._resolve = resolving_in(self._lookups)
        trust = trusting(settings.content_ref_ca_file)
        self._http_limits = HttpLimits(max_bytes, timeout_s, settings.content_ref_private_hosts, trust)

    def fetcher(self, reference: str) -> Callable[[Path], Awaitable[None]]:
        """Return a function that writes what the reference points at to the path it is given."""

        async def fetch(target: Path) -> None:
            await self.fetch(reference, target)

        return fetch

    async def fetch(self, reference: str, target: Path) -> None:
        """Write the bytes behind a reference to a file; wait for a slot where too many others are fetched.

        Raises:
            SourceGone: There is nothing there, or no longer.
            SourceForbidden: It may not be fetched: by the settings, or by its server.
            SourceTooLarge: It is larger than settings.content_ref_max_bytes.
            SourceUnavailable: It cannot be reached now; trying later may help.
            SourceGivenUp: It could not be reached for settings.source_retry_s.
            SourceUnsupported: There is no client for it here.
            SourceFailed: Its server or client did what nobody expected.
            UndecodableMessage: It is no URI of settings.content_ref_schemes.
        """
        self._failures.check(reference)
        try:
            await self._fetch(reference, target)
        except InkstreamError as error:
            noted = self._failures.noted(reference, error)
            if noted is error:
                raise
            raise noted from error
        self._failures.forget(reference)

    async def fetch_web(self, url: str, target: Path, *, max_bytes: int, timeout_s: float) -> None:
        """Write what an http or https URL has to a file: guarded as `fetch` is, in bounds of its own, tried once.

        Raises:
            SourceGone, SourceForbidden, SourceTooLarge, SourceUnavailable, SourceFailed: As `fetch`.
            UndecodableMessage: It is no http or https URL, or settings.content_ref_schemes is without these.
        """
        self._check_scheme(url)
        if not url.startswith(("http://", "https://")):
            raise UndecodableMessage(f"{shown_uri(url)!r} is neither an http nor an https URL")
        limits = replace(self._http_limits, max_bytes=max_bytes, timeout_s=timeout_s)
        try:
            async with asyncio.timeout(timeout_s), self._slots.taken(server_of(url)):
                await fetch_http(url, target, limits, self._resolve)
        except TimeoutError as error:
            raise SourceUnavailable(f"{shown_uri(url)} was not fetched within {timeout_s:g} s") from error

    async def call_web(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> int:
        """Post JSON to an http or https URL, guarded as `fetch` is, and return the status of the answer.

        Raises:
            UndecodableMessage, SourceForbidden, SourceUnavailable: As post_http.
        """
        limits = replace(self._http_limits, timeout_s=timeout_s)
        async with self._slots.taken(server_of(url)):
            return await post_http(url, body, headers, limits, self._resolve)

    async def stop(self) -> None:
        """Close the connection to Kafka, and give up the copies that run."""
        self._files.stop()
        self._stores.stop()
        self._lookups.shutdown(wait=False, cancel_futures=True)
        await self._records.close()

    async def _fetch(self, reference: str, target: Path) -> None:
        address = address_in(reference)
        if address is not None:
            if address.topic != self._raw_files:  # else a producer could have any topic read that this worker may
                raise SourceForbidden(
                    f"{reference} is not on {self._raw_files}: nothing else is fetched from Kafka"
                )
            record = await self._records.read(*address)
            await asyncio.to_thread(target.write_bytes, record.value or b"")
            return
        self._check_scheme(reference)
        if reference.startswith("file://"):
            await self._files.fetch(reference, target)
        elif reference.startswith(("http://", "https://")):
            async with self._slots.taken(server_of(reference)):
                await fetch_http(reference, target, self._http_limits, self._resolve)
        else:
            await self._stores.fetch(reference, target)

    def _check_scheme(self, reference: str) -> None:
        scheme = reference.partition("://")[0] if "://" in reference else ""
        if scheme not in self._schemes:
            allowed = ", ".join(self._schemes)
            raise UndecodableMessage(
                f"content-ref {shown_uri(reference)!r} must be a URI of one of the schemes {allowed}"
            )
