"""The contract of an output format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from streams.messages.records import PageText


class DocumentWriter(Protocol):
    """Writes the pages of documents, one document after the other, to one stream of bytes.

    It lives in the process of a command, is called from one thread, and may block on the stream. What it writes is
    flushed after each page, so that a pipe has it; a format whose files are whole only at their end writes in
    `end`. A failed page is a record like any other: its text is empty and `exception` has the reason. Writers raise
    nothing but the stream's own OSError.
    """

    def begin(self, name: str) -> None:
        """Begin a document.

        Args:
            name: As the person gave it; it may hold what is no Unicode (surrogates).
        """

    def page(self, record: PageText) -> None:
        """Write a page, in ascending order of page numbers."""

    def end(self) -> None:
        """End the document."""


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """One format.

    Attributes:
        description: What it is, for `--help`: a few words.
        writer: `module:callable` that takes the stream and whether several documents follow each other, and returns
            a DocumentWriter.
        needs_words: Whether its records must have words, whatever the options and settings say.
    """

    description: str
    writer: str
    needs_words: bool = False


WriterMaker = Callable[[BinaryIO, bool], DocumentWriter]
