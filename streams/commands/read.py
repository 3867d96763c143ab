"""`inkstream read`: the same reading, without Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from streams.commands.options import parsed_options
from streams.model_choice import MODELS_HELP, handwritten_by

if TYPE_CHECKING:
    from models.options import ReadOptions
    from models.pipeline import PagePipeline
    from streams.messages.records import PageText
    from streams.settings import Settings


def read(
    files: Annotated[list[Path], typer.Argument(help="Documents to read.")],
    output: Annotated[
        str, typer.Option("--format", help="text, or jsonl: one page-text record per line.")
    ] = "text",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file instead.")] = None,
    reader: Annotated[str | None, typer.Option(help="auto, tesseract or ppocr.")] = None,
    detector: Annotated[str | None, typer.Option(help="What finds lines: dbnet or craft.")] = None,
    models: Annotated[str | None, typer.Option(help=MODELS_HELP)] = None,
    languages: Annotated[str | None, typer.Option(help="Tesseract languages, as eng+deu.")] = None,
    dpi: Annotated[int | None, typer.Option(help="Resolution at which PDF pages are drawn.")] = None,
    psm: Annotated[int | None, typer.Option(help="Tesseract page segmentation mode.")] = None,
    force_ocr: Annotated[bool | None, typer.Option("--force-ocr", help="Ignore text layers.")] = None,
    password: Annotated[str | None, typer.Option(help="Opens encrypted documents.")] = None,
    given: Annotated[str | None, typer.Option("--options", help="Any read option, as JSON.")] = None,
    pages: Annotated[str | None, typer.Option(help="Only these pages, 1-based, as 1-3,7.")] = None,
) -> None:
    """Read documents here and now, and print their text: to try one, or in a pipe.

    Example: inkstream read scan.pdf --format jsonl | jq .text
    """
    import sys

    from streams.errors import ConfigurationError
    from streams.messages.codec import merge_options
    from streams.settings import load_settings

    if output not in ("text", "jsonl"):
        raise ConfigurationError(f"no format {output}: use text or jsonl")
    settings = load_settings(
        reader=reader, detector=detector, languages=languages, dpi=dpi, psm=psm, force_ocr=force_ocr,
        handwritten=handwritten_by(models),
    )  # fmt: skip
    options = merge_options(settings.read_options(), parsed_options(given) if given else {})
    if password is not None:
        options = options.model_copy(update={"password": password})
    wanted = _wanted(pages)
    if out is None:
        failures = _read(settings, files, options, wanted, output, sys.stdout)
    else:
        with out.open("w", encoding="utf-8") as stream:
            failures = _read(settings, files, options, wanted, output, stream)
    if failures:
        raise typer.Exit(1)


def _read(
    settings: Settings,
    files: list[Path],
    options: ReadOptions,
    wanted: set[int] | None,
    output: str,
    stream: TextIO,
) -> int:
    """Read the files one after the other; return how many had errors."""
    import os
    import sys

    os.environ["OMP_THREAD_LIMIT"] = "1"
    from models.errors import InkstreamError
    from models.pipeline import PagePipeline

    pipeline = PagePipeline(settings.tesseract_api, settings.models_dir)
    failures = 0
    for file in files:
        try:
            for record in _records(pipeline, file, options, wanted, settings):
                _write(record, output, stream)
        except (InkstreamError, OSError) as error:
            failures += 1
            said = error.summary if isinstance(error, InkstreamError) else error
            print(f"error: {file}: {said}", file=sys.stderr)
    return failures


def _records(
    pipeline: PagePipeline, file: Path, options: ReadOptions, wanted: set[int] | None, settings: Settings
) -> Iterator[PageText]:
    from models.documents.files import inspect
    from streams.documents.cache import digest_of
    from streams.messages.records import PageTask, now, page_text

    path = file.absolute().as_uri()
    digest = digest_of(file, path)
    passwords = [secret.get_secret_value() for secret in settings.passwords]
    info = inspect(file, [options.password, *passwords] if options.password else passwords)
    options = options.model_copy(update={"password": info.password})
    numbers = [number for number in range(info.total_pages) if wanted is None or number + 1 in wanted]
    for pagenum in _with_bar(numbers, file.name):
        task = PageTask(
            document_id=digest.document_id, pagenum=pagenum, total_pages=info.total_pages, path=path,
            reference=path, content_type=info.content_type, sha256=digest.sha256, size=digest.size,
            options=options, started=now(),
        )  # fmt: skip
        yield page_text(task, pipeline.read(file, pagenum, options))


def _with_bar(numbers: list[int], name: str) -> Iterable[int]:
    """Return the page numbers, shown as a bar on stderr where somebody watches and the text goes elsewhere."""
    import sys

    from rich.console import Console
    from rich.progress import track

    watched = len(numbers) > 1 and sys.stderr.isatty() and not sys.stdout.isatty()
    return track(numbers, name, console=Console(stderr=True), transient=True, disable=not watched)


def _write(record: PageText, output: str, stream: TextIO) -> None:
    if output == "jsonl":
        print(record.model_dump_json(), file=stream, flush=True)
    else:
        if record.pagenum:
            print("\f", end="", file=stream)  # a form feed between pages, as pdftotext and tesseract write
        print(record.text, file=stream, flush=True)


def _wanted(pages: str | None) -> set[int] | None:
    from streams.errors import ConfigurationError
    from streams.messages.page_ranges import parse_ranges

    if pages is None:
        return None
    try:
        return parse_ranges(pages)
    except ValueError as error:
        raise ConfigurationError(f"--pages {pages}: write it as 1-3,7") from error
