"""`inkstream read`: the same reading, without Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from models.export.registry import FORMATS
from streams.commands.options import Detector, Models, Password, Reader, handwritten_by, one_of

if TYPE_CHECKING:
    from models.document import DocumentInfo
    from models.options import ReadOptions
    from models.pipeline import PagePipeline
    from streams.commands.inputs import Input
    from streams.messages.records import PageText
    from streams.settings import Settings


def read(
    files: Annotated[list[Path], typer.Argument(help="Documents, folders of them, or - for standard input.")],
    output: Annotated[
        str,
        typer.Option(
            "--format",
            help="; ".join(f"{name}: {found.description}" for name, found in FORMATS.items()),
            callback=one_of("format", *FORMATS),
        ),
    ] = "text",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file instead.")] = None,
    reader: Reader = None,
    detector: Detector = None,
    models: Models = None,
    languages: Annotated[str | None, typer.Option(help="Languages, as eng+deu; auto finds each page's.")] = None,
    dpi: Annotated[int | None, typer.Option(help="Resolution at which PDF pages are drawn.")] = None,
    psm: Annotated[int | None, typer.Option(help="Tesseract page segmentation mode.")] = None,
    force_ocr: Annotated[bool | None, typer.Option("--force-ocr", help="Ignore text layers.")] = None,
    words: Annotated[bool | None, typer.Option("--words", help="Give lines their words, in jsonl.")] = None,
    password: Password = None,
    given: Annotated[str | None, typer.Option("--options", help="Any read option, as JSON.")] = None,
    pages: Annotated[str | None, typer.Option(help="Only these pages, 1-based, as 1-3,7.")] = None,
) -> None:
    """Read documents here and now, and print their text: to try one, or in a pipe.

    Of folders, what is no document is passed over and named on standard error.

    Example: inkstream read scan.pdf --format jsonl | jq .text
    """
    import sys
    import tempfile

    from streams.commands.inputs import inputs
    from streams.messages.codec import merge_options, parse_options
    from streams.settings import load_settings

    settings = load_settings(
        reader=reader, detector=detector, languages=languages, dpi=dpi, psm=psm, force_ocr=force_ocr,
        words=words, handwritten=handwritten_by(models),
    )  # fmt: skip
    fields = parse_options(given, f"--options {given}") if given else {}
    options = merge_options(settings.read_options(), fields)
    if FORMATS[output].needs_words:
        options = options.model_copy(update={"words": True})
    if password is not None:
        options = options.model_copy(update={"password": password})
    task = _Task(settings, options, _page_numbers(pages))
    with (
        tempfile.TemporaryDirectory(prefix="inkstream-read-") as folder,
        nullcontext(sys.stdout.buffer) if out is None else _opened(out) as stream,
    ):
        found = inputs(files, Path(folder))
        try:
            failures = _read(found, task, output, stream, Path(folder))
        except BrokenPipeError:  # whoever read along has left, as `head` does
            raise _end_of_pipe() from None
    if failures:
        raise typer.Exit(1)


def _end_of_pipe() -> typer.Exit:
    """Return how to end as other tools do whose pipe is closed: without a word, with the code of SIGPIPE."""
    import os
    import signal
    import sys

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else closing it fails once more
    return typer.Exit(128 + signal.SIGPIPE)


def _opened(out: Path) -> BinaryIO:
    from streams.errors import ConfigurationError

    try:
        return out.open("wb")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class _Task:
    """What is read of each file, and how."""

    settings: Settings
    options: ReadOptions
    page_numbers: set[int] | None  # 1-based; None: all

    @property
    def passwords(self) -> list[str]:
        """What an encrypted document is tried with, in that order."""
        own = [self.options.password] if self.options.password else []
        return own + [secret.get_secret_value() for secret in self.settings.passwords]


def _read(found: list[Input], task: _Task, output: str, stream: BinaryIO, spool: Path) -> int:
    """Read the documents one after the other, each with what is attached to it behind it.

    Returns how many of them and of their pages had errors.
    """
    import os
    import sys

    os.environ["OMP_THREAD_LIMIT"] = "1"  # Tesseract's threads cost more than they bring; before it is loaded
    from models.errors import InkstreamError, UnsupportedFile
    from models.export.registry import export
    from models.export.types import ExportedDocument
    from models.pipeline import PagePipeline

    pipeline = PagePipeline(task.settings.tesseract_api, task.settings.models_dir)
    failures = 0
    waiting, written = list(reversed(found)), 0
    while waiting:
        document = waiting.pop()
        try:
            attached, warnings = _attached(document, task, spool)
            waiting += reversed(attached)
            info, numbers = _wanted(document, task)
            pages = _Reported(_records(pipeline, document, task, info, numbers, warnings), document.name)
            place = written if len(found) > 1 else None
            asked = ExportedDocument(document.name, numbers, pages, document.file, info.password, place)
            for piece in export(output, asked).pieces:
                stream.write(piece)
                stream.flush()
            failures, written = failures + pages.failures, written + 1
            _check_all_there(info, task)
        except BrokenPipeError:
            raise
        except (InkstreamError, OSError) as error:
            if isinstance(error, UnsupportedFile) and document.is_from_folder:
                print(f"passed over: {document.name}: {error.message}", file=sys.stderr)
                continue
            failures += 1
            reason = error.summary if isinstance(error, InkstreamError) else error.strerror
            print(f"error: {document.name}: {reason}", file=sys.stderr)
    return failures


def _attached(document: Input, task: _Task, spool: Path) -> tuple[list[Input], tuple[str, ...]]:
    """Return what is attached to a document, written into `spool`, and warnings of what is and cannot be read."""
    import tempfile

    from models.documents.attachments import attached_files
    from streams.agents.attachments import attachment_id, attachment_path, may_have_attachments
    from streams.commands.inputs import Input
    from streams.documents.cache import digest_of

    if task.page_numbers is not None or not may_have_attachments(document.path):
        return [], ()  # --pages means the documents that were named
    found = attached_files(document.file, task.passwords, task.options.attachments, task.settings.inline_limit)
    parent = document.document_id or (digest_of(document.file, document.path).document_id if found.files else "")
    inside: list[Input] = []
    for one in found.files:
        path, child = attachment_path(document.path, one.name), attachment_id(parent, one.name)
        with tempfile.NamedTemporaryFile(dir=spool, delete=False) as file:
            file.write(one.content)
        inside.append(Input(Path(file.name), f"{document.name}#{one.name}", path, document_id=child))
    return inside, found.warnings


class _Reported:
    """Pages as they pass; errors of theirs are printed, and counted in `failures`."""

    def __init__(self, pages: Iterable[PageText], name: str) -> None:
        self._pages, self._name = pages, name
        self.failures = 0

    def __iter__(self) -> Iterator[PageText]:
        import sys

        for record in self._pages:
            yield record
            if record.exception is not None:
                self.failures += 1
                print(f"error: {self._name}, page {record.pagenum + 1}: {record.exception}", file=sys.stderr)


def _wanted(document: Input, task: _Task) -> tuple[DocumentInfo, list[int]]:
    """Return what a document is, and the numbers of its pages that are asked for. Raises InkstreamError."""
    from models.documents.files import inspect

    info, wanted = inspect(document.file, task.passwords), task.page_numbers
    return info, [page for page in range(info.total_pages) if wanted is None or page + 1 in wanted]


def _check_all_there(info: DocumentInfo, task: _Task) -> None:
    """Raise OptionsError where a document has not all of the pages that are asked for."""
    from models.errors import OptionsError
    from streams.messages.page_ranges import format_ranges

    missing = {page for page in task.page_numbers or () if page > info.total_pages}
    if missing:
        raise OptionsError(f"it has {info.total_pages} pages, and no page {format_ranges(missing)}")


def _records(
    pipeline: PagePipeline, document: Input, task: _Task, info: DocumentInfo, pages: list[int],
    warnings: Sequence[str],
) -> Iterator[PageText]:  # fmt: skip
    """Yield the record of each page of a file, as a worker would send it; also of one that cannot be read.

    The first page's has the warnings.
    """
    from models.errors import InkstreamError
    from streams.documents.cache import digest_of
    from streams.messages.records import PageTask, failed_page_text, now, page_text

    file, path = document.file, document.path
    digest = digest_of(file, path)
    options = task.options.model_copy(update={"password": info.password})
    for pagenum in _with_progress_bar(pages, document.name):
        page_task = PageTask(
            document_id=document.document_id or digest.document_id,
            pagenum=pagenum, total_pages=info.total_pages, path=path,
            warnings=list(warnings),
            reference=path, sha256=digest.sha256, options=options, started=now(),
        )  # fmt: skip
        try:
            record = page_text(page_task, pipeline.transcribe(file, pagenum, options))
        except InkstreamError as error:
            record = failed_page_text(page_task, f"read: {error.summary}")
        yield record


def _with_progress_bar(pages: list[int], name: str) -> Iterable[int]:
    """Return the pages, with a bar on stderr where somebody watches and the text goes elsewhere."""
    import sys

    from rich.console import Console
    from rich.progress import track

    watched = len(pages) > 1 and sys.stderr.isatty() and not sys.stdout.isatty()
    return track(pages, name, console=Console(stderr=True), transient=True, disable=not watched)


def _page_numbers(ranges: str | None) -> set[int] | None:
    from streams.errors import ConfigurationError
    from streams.messages.page_ranges import parse_ranges

    if ranges is None:
        return None
    try:
        return parse_ranges(ranges)
    except ValueError as error:
        raise ConfigurationError(f"--pages {ranges}: write it as 1-3,7") from error
