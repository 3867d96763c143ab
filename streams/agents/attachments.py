"""Attached files become documents of their own: messages on raw-files, as if somebody had sent them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from models.document import AttachedFile
from streams.agents.outgoing import Addressing, Outgoing
from streams.messages.codec import Headers

MARK = "#attachment="
_MAX_DEPTH = 2  # a portfolio in a portfolio; deeper ones are no documents of people
_MAX_PATH_CHARACTERS = 4096
_AS_PARENT = ("options", "again")  # headers


def may_have_attachments(path: str) -> bool:
    """Return whether what is attached to a document becomes documents: not for those that lie too deep."""
    return path.count(MARK) < _MAX_DEPTH


def attachment_id(parent: str, name: str) -> str:
    """Return the id of an attached file: the same whenever its parent's id and its name are."""
    return hashlib.sha256(f"{parent}\0attachment\0{name}".encode()).hexdigest()[:32]


def attachment_path(path: str, name: str) -> str:
    """Return what records call an attached file."""
    return f"{path}{MARK}{quote(name)}"


def parent_paths(path: str) -> Iterator[str]:
    """Yield the paths of the documents that a file is attached to, the innermost last; none for other files."""
    end = path.find(MARK)
    while end >= 0:
        yield path[:end]
        end = path.find(MARK, end + 1)


def attachment_messages(
    parent: str, path: str, files: Sequence[AttachedFile], headers: Headers, supersedes: Sequence[str],
    addressing: Addressing,
) -> Iterator[Outgoing]:  # fmt: skip
    """Yield the message of each attached file: its parent's path and a mark, and how its parent is to be read."""
    as_parent = tuple((name, value) for name, value in headers if name in _AS_PARENT and value is not None)
    for file in files:
        where = attachment_path(path, file.name)
        if len(where) > _MAX_PATH_CHARACTERS:
            where = attachment_path(f"attachment:{parent}", file.name)
        own = (("path", where.encode()), *as_parent)
        if supersedes:
            earlier = "/".join(attachment_id(one, file.name) for one in supersedes)
            own = (*own, ("supersedes", earlier.encode()))
        yield addressing.file(attachment_id(parent, file.name), file.content, own)
