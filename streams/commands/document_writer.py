"""Writes the documents that `inkstream read` reads, in its format; what is wrong with one is printed."""

from __future__ import annotations

from collections.abc import Iterator

from models.errors import InkstreamError, OptionsError, UnsupportedFile
from models.export.drawing import DrawOptions
from models.export.registry import export
from models.export.types import ExportedDocument
from streams.commands.destinations import Destination
from streams.commands.inputs import Input
from streams.commands.page_steps import Opened, Step, Task
from streams.messages.page_ranges import format_ranges
from streams.messages.page_records import failed_page_text, page_text
from streams.messages.records import PageTask, PageText, now
from streams.terminal import PageProgress


class DocumentWriter:
    """Documents as they are written; `failures` counts those, and pages, that could not be read."""

    def __init__(
        self,
        output: str,
        destination: Destination,
        progress: PageProgress,
        *,
        several: bool,
        drawing: DrawOptions | None,
    ) -> None:
        self._output, self._destination, self._progress = output, destination, progress
        self._several = several
        self._drawing = drawing
        self._written = 0
        self.failures = 0

    def passes_over(self, document: Input) -> bool:
        """Return whether a document's file is there already."""
        return self._destination.is_there(document)

    def write(self, opened: Opened, found: Iterator[Step], task: Task) -> None:
        """Write a document; what is wrong with it is printed, and the next may come."""
        document = opened.document
        try:
            if opened.error is not None:
                raise opened.error
            place = self._written if self._several else None
            password = opened.options.password if opened.options else None
            asked = ExportedDocument(
                document.name,
                opened.pagenums,
                self._records(opened, found),
                document.file,
                password,
                place,
                self._drawing,
            )
            self._destination.write(document, export(self._output, asked))
            self._written += 1
            _check_all_there(opened, task)
        except BrokenPipeError:
            raise
        except (InkstreamError, OSError) as error:
            if isinstance(error, UnsupportedFile) and document.is_from_folder:
                self._progress.print(f"passed over: {document.name}: {error.message}")
            else:
                self.failures += 1
                reason = error.summary if isinstance(error, InkstreamError) else error.strerror
                self._progress.print(f"error: {document.name}: {reason}")
        self._progress.document_done()

    def _records(self, opened: Opened, found: Iterator[Step]) -> Iterator[PageText]:
        warned: set[str] = set()
        for step in found:
            if step.pagenum is None:
                continue
            record = _record(opened, step)
            yield record
            self._progress.page_done(len(opened.pagenums))
            for warning in filter(lambda one: one not in warned, record.warnings):
                warned.add(warning)
                self._progress.print(f"warning: {opened.document.name}, page {record.pagenum + 1}: {warning}")
            if record.exception is not None:
                self.failures += 1
                self._progress.print(
                    f"error: {opened.document.name}, page {record.pagenum + 1}: {record.exception}"
                )


def _record(opened: Opened, step: Step) -> PageText:
    """Return the record of a page, as a worker would send it; also of one that cannot be read."""
    document, info, digest, options = opened.document, opened.info, opened.digest, opened.options
    assert info is not None and digest is not None and options is not None and step.pagenum is not None
    task = PageTask(
        document_id=document.document_id or digest.document_id, pagenum=step.pagenum,
        total_pages=info.total_pages, path=document.path, warnings=list(opened.warnings),
        reference=document.path, sha256=digest.sha256, options=options, started=now(),
    )  # fmt: skip
    try:
        return page_text(task, step.read())
    except InkstreamError as error:
        return failed_page_text(task, f"read: {error.summary}")


def _check_all_there(opened: Opened, task: Task) -> None:
    """Raise OptionsError where a document has not all of the pages that are asked for."""
    total = opened.info.total_pages if opened.info else 0
    missing = {page for page in task.page_numbers or () if page > total}
    if missing:
        raise OptionsError(f"it has {total} pages, and no page {format_ranges(missing)}")
