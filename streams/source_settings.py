"""The settings of what is read: the folder that is watched, and files that travel by reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from streams.kafka_settings import MIB


def split_words(value: object) -> object:
    """Return a variable's text as a list: JSON, or words between commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [word.strip() for word in value.split(",") if word.strip()]


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words)]


class SourceSettings(BaseModel):
    """Part of Settings. Sizes are bytes and times are seconds, unless the name ends in another unit."""

    inline_limit: int = Field(
        8 * MIB, ge=0, description="bytes; larger files travel by content-ref, not inside Kafka"
    )
    stable_s: float = Field(1.0, ge=0, description="seconds that a dropped file's size and mtime must not change")
    broken_after_s: float = Field(10.0, ge=0, description="seconds that an incomplete file is waited for")
    ignore: Words = Field(
        (".*", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.opdownload", "*.download", "*.!ut",
         "*.aria2", "*.tmp", "*.temp", "*.swp", "*~", "~$*", "@eaDir", "Thumbs.db", "desktop.ini"),
        description="file and folder names the watcher never picks up: what is still being written has such names",
    )  # fmt: skip
    watch_polling_s: float | None = Field(
        None, gt=0, description="seconds between looks at the folder (NFS, SMB); none: file system events"
    )
    clean: Literal["off", "archive", "delete"] = Field(
        "off", description="archive: delivered files; delete: once they are read whole"
    )
    follow_links: bool = Field(
        False, description="deliver links that lead out of the watched folder; large files need content_ref_folders"
    )
    latest_first: bool = Field(False, description="newest file first instead of oldest first")

    content_ref_schemes: Words = Field(
        ("file", "s3", "gs", "az", "abfs", "http", "https"), description="URI schemes that a content-ref may have"
    )
    content_ref_folders: Words = Field(
        (), description="folders that file:// content-refs may lie in, at any depth; `up` adds its inbox"
    )
    content_ref_private_hosts: Words = Field(
        (), description="hosts of http references that may be fetched from although their address is not public"
    )
    content_ref_ca_file: Path | None = Field(
        None, description="PEM file of authorities, beside the usual ones, that https references are trusted by"
    )
    content_ref_max_bytes: int = Field(
        2048 * MIB, ge=1, description="size of the largest file that a content-ref may name, in bytes"
    )
    content_ref_timeout_s: float = Field(300.0, gt=0, description="seconds that fetching a content-ref may take")
    source_retry_s: float = Field(600.0, ge=0, description="seconds that an unreachable source is retried")
