"""Where a document's bytes are, and how they get from there to a file: kafka://topic/partition/offset or fsspec."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import fsspec

from streams.documents.http_source import HttpLimits, fetch_http
from streams.errors import SourceForbidden, SourceGone, SourceTooLarge, SourceUnavailable, UndecodableMessage
from streams.kafka.record_reader import RecordReader
from streams.kafka.topics import TopicNames
from streams.settings import Settings

_PIECE_BYTES = 1024 * 1024
_KAFKA_REFERENCE = re.compile(r"kafka://(?P<topic>[^/]+)/(?P<partition>\d+)/(?P<offset>\d+)")


class SourceFetcher:
    """Fetches what references point at. One per event loop; Kafka records come through one consumer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._records = RecordReader(settings)
        self._raw_files = TopicNames.of(settings).raw_files
        self._http_limits = HttpLimits(
            settings.content_ref_max_bytes, settings.content_ref_timeout_s, settings.content_ref_private_hosts
        )

    def fetcher(self, reference: str) -> Callable[[Path], Awaitable[None]]:
        """Return a function that writes what the reference points at to the path it is given."""

        async def fetch(target: Path) -> None:
            await self.fetch(reference, target)

        return fetch

    async def fetch(self, reference: str, target: Path) -> None:
        """Write the bytes behind a reference to a file.

        Raises:
            SourceGone: There is nothing there, or no longer.
            SourceForbidden: It may not be fetched.
            SourceTooLarge: It is larger than settings.content_ref_max_bytes.
            SourceUnavailable: It cannot be reached now; trying later may help.
            UndecodableMessage: settings.content_ref_schemes or content_ref_folders do not allow it.
        """
        found = _KAFKA_REFERENCE.fullmatch(reference)
        if found is not None:
            if found["topic"] != self._raw_files:  # else a producer could have any topic read that this worker may
                raise SourceForbidden(
                    f"{reference} is not on {self._raw_files}: nothing else is fetched from Kafka"
                )
            record = await self._records.read(found["topic"], int(found["partition"]), int(found["offset"]))
            await asyncio.to_thread(target.write_bytes, record.value or b"")
        else:
            self._check_scheme(reference)
            if reference.startswith(("http://", "https://")):
                await fetch_http(reference, target, self._http_limits)
            else:
                await asyncio.to_thread(self._copy, reference, target)

    async def stop(self) -> None:
        """Close the connection to Kafka."""
        await self._records.close()

    def _check_scheme(self, reference: str) -> None:
        scheme = reference.partition("://")[0] if "://" in reference else ""
        if scheme not in self._settings.content_ref_schemes:
            allowed = ", ".join(self._settings.content_ref_schemes)
            raise UndecodableMessage(f"content-ref {reference!r} must be a URI of one of the schemes {allowed}")

    def _copy(self, reference: str, target: Path) -> None:
        local = _local_path(reference)
        folders = [Path(folder).resolve() for folder in self._settings.content_ref_folders]
        if local is not None and folders and not any(map(local.resolve().is_relative_to, folders)):
            allowed = ", ".join(map(str, folders))
            raise UndecodableMessage(f"content-ref {reference!r} is outside of content_ref_folders ({allowed})")
        _copy(reference, local, target, self._settings.content_ref_max_bytes)


def _local_path(reference: str) -> Path | None:
    """Return the file that a file:// URI means, percent-encoded or as people write it; None for other schemes.

    fsspec takes such a URI for a path as it is: no name with a space or an umlaut would be found.
    """
    if not reference.startswith("file://"):
        return None
    path = reference.removeprefix("file://").removeprefix("localhost")
    decoded = Path(os.fsdecode(unquote_to_bytes(path)))
    return decoded if decoded.exists() else Path(path)


def _copy(reference: str, local: Path | None, target: Path, max_bytes: int) -> None:
    try:
        if local is not None and local.exists() and not local.is_file():
            raise FileNotFoundError(errno.ENOENT, "not a regular file", str(local))  # opening a pipe would wait
        # fsspec takes a file:// URI for a path, see _local_path
        opened = local.open("rb") if local is not None else fsspec.open(reference, "rb")
        with opened as source, target.open("wb") as copy:
            size = 0
            while piece := source.read(_PIECE_BYTES):
                size += len(piece)
                if size > max_bytes:  # some files, of /proc for one, have no end
                    raise SourceTooLarge(f"{reference} is larger than content_ref_max_bytes ({max_bytes} bytes)")
                copy.write(piece)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:  # OSErrors that waiting does not mend
        raise SourceGone(f"{reference} cannot be read here: {error.strerror or error}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise  # our disk's, not the source's fault
        raise SourceUnavailable(f"{reference} cannot be fetched now: {error}") from error
    except (ImportError, ValueError) as error:
        raise UndecodableMessage(f"content-ref {reference!r}: {error}") from error
