"""`inkstream read`: the same reading, without Kafka."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from models.export.registry import FORMATS
from streams.commands.options import (
    Detector,
    Models,
    Option,
    OptionsAsJson,
    Password,
    Reader,
    given_options,
    handwritten_by,
    one_of,
)

if TYPE_CHECKING:
    from streams.commands.destinations import Destination
    from streams.commands.inputs import Input


def read(
    files: Annotated[list[Path], typer.Argument(help="Documents, folders, patterns, or - for standard input.")],
    output: Annotated[
        str,
        typer.Option(
            "--format",
            help="; ".join(f"{name}: {found.description}" for name, found in FORMATS.items()),
            callback=one_of("format", *FORMATS),
        ),
    ] = "text",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file instead.")] = None,
    out_dir: Annotated[
        Path | None, typer.Option(help="Write a file for each document into this folder, none over another.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files in --out-dir.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Pass over documents whose file is in --out-dir.")
    ] = False,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Processes; default: all cores.")] = None,
    reader: Reader = None,
    detector: Detector = None,
    models: Models = None,
    languages: Annotated[str | None, typer.Option(help="Languages, as eng+deu; auto finds each page's.")] = None,
    dpi: Annotated[int | None, typer.Option(help="Resolution at which PDF pages are drawn.")] = None,
    psm: Annotated[int | None, typer.Option(help="Tesseract page segmentation mode.")] = None,
    force_ocr: Annotated[bool | None, typer.Option("--force-ocr", help="Ignore text layers.")] = None,
    words: Annotated[bool | None, typer.Option("--words", help="Give lines their words, in jsonl.")] = None,
    password: Password = None,
    option: Option = None,
    given: OptionsAsJson = None,
    draw: Annotated[
        list[str] | None,
        typer.Option(help="How png, jpg and svg show regions, as regions=lines,words or labels=1. Repeat it."),
    ] = None,
    pages: Annotated[str | None, typer.Option(help="Only these pages, 1-based, as 1-3,7.")] = None,
) -> None:
    """Read documents here and now, and print their text: to try one, or in a pipe.

    Of folders, what is no document is passed over and named on standard error, as are documents and pages that
    cannot be read.

    Exit codes: 0 all was read; 1 some of it was not, the rest is written; 2 nothing was read, for the arguments are
    wrong; 130 interrupted; 141 whoever read along has left.

    Examples: inkstream read scan.pdf --format jsonl | jq .text;
    inkstream read scans --format pdf --out-dir searchable --resume
    """
    import os
    import sys
    import tempfile
    from contextlib import ExitStack

    # threads of Tesseract and of numpy cost more than they bring; before they are loaded
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OMP_NUM_THREADS"] = "1"
    from streams.commands.destinations import OneStream, OutputFolder
    from streams.commands.document_writer import DocumentWriter
    from streams.commands.drawing import drawing_options
    from streams.commands.inputs import inputs
    from streams.commands.page_steps import Task, read_ahead, steps
    from streams.errors import ConfigurationError
    from streams.messages.codec import merge_options
    from streams.settings import load_settings
    from streams.terminal import PageProgress

    settings = load_settings(
        reader=reader, detector=detector, languages=languages, dpi=dpi, psm=psm, force_ocr=force_ocr,
        words=words, handwritten=handwritten_by(models),
    )  # fmt: skip
    options = merge_options(settings.read_options(), given_options(option, given))
    if FORMATS[output].needs_words:
        options = options.model_copy(update={"words": True})
    if password is not None:
        options = options.model_copy(update={"password": password})
    chosen = FORMATS[output]
    drawing = drawing_options(draw or [], output)
    if drawing is not None and "words" in drawing.regions:
        options = options.model_copy(update={"words": True})
    if (out_dir is None and (force or resume)) or (force and resume) or (out is not None and out_dir is not None):
        raise ConfigurationError("give --out-dir or --out, and with --out-dir either --force or --resume")
    with_attachments = chosen.joins or out_dir is not None
    task = Task(settings, options, _page_numbers(pages), with_attachments)
    with tempfile.TemporaryDirectory(prefix="inkstream-read-") as folder, ExitStack() as stack:
        found = inputs(files, Path(folder))
        if len(found) > 1 and not with_attachments:
            raise ConfigurationError(f"{len(found)} documents cannot be one {output} file: use --out-dir")
        destination: Destination
        if out_dir is not None:
            destination = OutputFolder(out_dir, output, found, force=force, resume=resume)
        else:
            stream = sys.stdout.buffer if out is None else stack.enter_context(_opened(out, found))
            destination = OneStream(stream)
        watched = sys.stderr.isatty() and (out_dir is not None or out is not None or not sys.stdout.isatty())
        progress = stack.enter_context(PageProgress(len(found), shown=watched))
        run = DocumentWriter(
            output, destination, progress, several=len(found) > 1 and out_dir is None, drawing=drawing
        )
        try:
            planned = steps(found, task, Path(folder), run.passes_over)
            with read_ahead(planned, settings, jobs or settings.processes) as ahead:
                for opened, pages_of in groupby(ahead, key=lambda step: step.opened):
                    run.write(opened, pages_of, task)
        except BrokenPipeError:  # whoever read along has left, as `head` does
            raise _end_of_pipe() from None
    if run.failures:
        raise typer.Exit(1)


def _end_of_pipe() -> typer.Exit:
    """Return how to end as other tools do whose pipe is closed: without a word, with the code of SIGPIPE."""
    import os
    import signal
    import sys

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else closing it fails once more
    return typer.Exit(128 + signal.SIGPIPE)


@contextmanager
def _opened(out: Path, found: Sequence[Input]) -> Iterator[BinaryIO]:
    """Yield a file to write to. Raises ConfigurationError where it cannot be written, or is a document."""
    from streams.commands.destinations import refuse_documents
    from streams.errors import ConfigurationError

    refuse_documents([out], found)
    try:
        stream = out.open("wb")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from error
    try:
        yield stream
    finally:
        try:
            stream.close()
        except OSError as error:
            raise ConfigurationError(f"{out} is not whole: {error.strerror}") from error


def _page_numbers(ranges: str | None) -> set[int] | None:
    """Return the pages that are asked for, from 1. Raises ConfigurationError."""
    from streams.errors import ConfigurationError
    from streams.messages.page_ranges import parse_ranges

    if ranges is None:
        return None
    spans = [re.fullmatch(r"([1-9]\d{0,5})(?:-([1-9]\d{0,5}))?", part.strip()) for part in ranges.split(",")]
    if not all(span and int(span[1]) <= int(span[2] or span[1]) for span in spans):
        raise ConfigurationError(f"--pages {ranges}: write it as 1-3,7; pages are counted from 1")
    return parse_ranges(ranges.replace(" ", ""))
