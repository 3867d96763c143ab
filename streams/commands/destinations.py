"""Where `inkstream read` writes: one stream for all documents, or a file for each in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from models.export.registry import FORMATS
from models.export.types import Export
from streams.commands.inputs import Input
from streams.errors import ConfigurationError


class Destination(Protocol):
    """Where exports go."""

    def is_there(self, document: Input) -> bool:
        """Return whether a document's file is there already, and is not to be written again."""

    def write(self, document: Input, made: Export) -> None:
        """Write an export. Raises what its pieces raise, and OSError."""


@dataclass(frozen=True, slots=True)
class OneStream:
    """All documents one after the other, each piece as it comes."""

    stream: BinaryIO

    def is_there(self, document: Input) -> bool:
        return False

    def write(self, document: Input, made: Export) -> None:
        for piece in made.pieces:
            self.stream.write(piece)
            self.stream.flush()


class OutputFolder:
    """A file for each document, whole once it is there, placed as the documents are below their common folder."""

    def __init__(self, folder: Path, output: str, found: Sequence[Input], *, force: bool, resume: bool) -> None:
        """Plan the files.

        Raises:
            ConfigurationError: One of them is there already, and neither `force` nor `resume` is given.
        """
        self._folder, self._resume, self._force = folder, resume, force
        suffix = FORMATS[output].suffix
        self._suffixes = (suffix, f"{suffix}.zip") if FORMATS[output].is_of_one_page else (suffix,)
        roots = [_absolute(one.root) for one in found if one.root is not None]
        self._common = Path(os.path.commonpath(roots)) if roots else Path()
        refuse_documents((path for one in found for path in self._files_of(one)), found)
        there = [path for one in found for path in self._files_of(one) if path.exists()]
        if there and not force and not resume:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            raise ConfigurationError(f"{there[0]}{more} would be overwritten: --force does so, --resume keeps them")

    def is_there(self, document: Input) -> bool:
        return not self._force and any(path.exists() for path in self._files_of(document))

    def write(self, document: Input, made: Export) -> None:
        target = self._stem(document, made.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _replaced_when_whole(target) as stream:
            for piece in made.pieces:
                stream.write(piece)

    def _files_of(self, document: Input) -> list[Path]:
        return [self._stem(document, suffix) for suffix in self._suffixes]

    def _stem(self, document: Input, suffix: str) -> Path:
        if document.root is None:
            return self._folder / f"stdin{document.name.removeprefix('-')}{suffix}"
        inside = _absolute(Path(document.name)).relative_to(self._common)
        return self._folder / inside.with_name(inside.name + suffix)


def refuse_documents(outputs: Iterable[Path], found: Sequence[Input]) -> None:
    """Raise ConfigurationError where one of the documents would be written over, under whatever name."""
    documents = {_identity(one.file): one.name for one in found}
    for output in outputs:
        identity = _identity(output)
        name = documents.get(identity)
        if identity is not None and name is not None:
            raise ConfigurationError(f"{output} is the document {name}, and would be lost: choose another file")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what all names of a file have in common; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _absolute(path: Path) -> Path:
    """Return an absolute path without `..`, which would lead out of the folder."""
    return Path(os.path.normpath(path.absolute()))


@contextmanager
def _replaced_when_whole(target: Path) -> Iterator[BinaryIO]:
    """Yield a stream of a file that has its name once the block ends without an error."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
