"""`inkstream evaluate`: how well pages are read, against ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.options import one_of

if TYPE_CHECKING:
    from models.evaluation.items import Dataset
    from models.evaluation.measure import ItemResult
    from models.evaluation.readers.registry import ReaderSpec
    from streams.commands.evaluate_tables import Run


def evaluate(
    folders: Annotated[list[Path], typer.Argument(help="Folders with documents and their ground truth.")],
    reader: Annotated[
        list[str] | None,
        typer.Option(help="ours, tesseract, rapidocr; on single lines ppocr-line, rapidocr-line; may be repeated."),
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option(help="Read options of ours, as JSON; given again, ours is measured again.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder of the ground truth, if not beside the documents.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Which part of sets that have parts. Default: not train.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many items of each set, always the same.")
    ] = None,
    holdout: Annotated[
        Path | None, typer.Option(help="Names of items, one a line, that nobody looks at: they are left out.")
    ] = None,
    only_holdout: Annotated[
        bool, typer.Option("--only-holdout", help="Measure those that --holdout names, and no others.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="An earlier run, as --format json or figures wrote it: print what moved.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Read so many documents at a time.")] = 1,
    errors: Annotated[int, typer.Option(min=0, help="Show what is wrong in the worst so many items.")] = 0,
    output: Annotated[
        str,
        typer.Option(
            "--format",
            help="text; json: the figures and every item; figures: JSON without items.",
            callback=one_of("format", "text", "json", "figures"),
        ),
    ] = "text",
) -> None:
    """Measure how well documents are read, against ground truth: texts, boxes, kinds and confidences.

    CER and WER are edits per character and word of the truth; word F1 forgives any order, as forms need it.

    Line CER compares line by line. Coverage: lines with half of their area in regions (R), and the reverse (P).

    With the option words, ECE is of the words' own confidences, and word IoU of those that are read right.

    A document that cannot be read counts as failed, and as read empty.

    Example: inkstream evaluate scans/ --reader ours --options '{}' --options '{"detector": "craft"}'
    """
    import os
    import sys

    from models.evaluation.comparison import compare, read_run
    from models.evaluation.datasets import held_out, load_datasets, sample
    from models.evaluation.summary import to_json
    from streams.commands.evaluate_tables import print_comparison, print_errors, print_json, print_runs

    earlier = read_run(against) if against else None
    # threads of Tesseract and of numpy cost more than they bring; children inherit it
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OMP_NUM_THREADS"] = "1"
    specs = _specs(reader or ["ours"], options or [])
    sets = [found for folder in folders for found in load_datasets(folder, truth, split)]
    sets = [sample(found, limit) for found in held_out(sets, holdout, only=only_holdout)]
    for note in (note for dataset in sets for note in dataset.notes):
        print(f"note: {note}", file=sys.stderr)
    _check_lines(sets, specs)
    runs = [_run(dataset, spec, processes) for dataset in sets for spec in specs]
    if output != "text":
        print_json(runs, with_items=output == "json")
    else:
        print_runs(runs)
        print_errors(runs, errors)
    if earlier is not None:
        print_comparison(compare(earlier, map(to_json, runs)), to_stderr=output != "text")


def _specs(names: list[str], options: list[str]) -> list[ReaderSpec]:
    """Return what is to be measured: ours once for each of the options, every other reader once."""
    from models.errors import OptionsError
    from models.evaluation.readers.registry import ReaderSpec, reader_spec
    from streams.messages.codec import merge_options, parse_options
    from streams.settings import load_settings

    if options and "ours" not in names:
        raise OptionsError("--options are for ours, and only peers are to be measured: add --reader ours")
    settings = load_settings()
    defaults = settings.read_options()
    specs = []
    for spec in map(reader_spec, names):
        if spec.name != "ours":
            specs.append(spec)
            continue
        for given in (parse_options(text, f"--options {text}") for text in options or ["{}"]):
            label = " ".join(["ours", *(f"{name}={value}" for name, value in given.items())])
            specs.append(ReaderSpec("ours", label, merge_options(defaults, given), settings.models_dir))
    return specs


def _run(dataset: Dataset, spec: ReaderSpec, processes: int) -> Run:
    """Return the figures of one reader on one set, with the results that they sum up."""
    from models.evaluation.summary import summarise

    results = _measure(dataset, spec, processes)
    return summarise(dataset, spec.label, results), results


def _measure(dataset: Dataset, spec: ReaderSpec, processes: int) -> list[ItemResult]:
    """Return the results in the order of the items, with a bar on stderr where somebody watches."""
    import sys

    from rich.console import Console
    from rich.progress import track

    from models.evaluation.measure import measure

    title = f"{dataset.name}, {spec.label}"
    watched = sys.stderr.isatty()
    if not watched:
        print(f"{title}: {len(dataset.items)} items", file=sys.stderr)
    found = {
        result.item: result
        for result in track(
            measure(dataset, spec, processes), title, total=len(dataset.items),
            console=Console(stderr=True), transient=True, disable=not watched,
        )
    }  # fmt: skip
    return [found[item.name] for item in dataset.items]


def _check_lines(sets: list[Dataset], specs: list[ReaderSpec]) -> None:
    """Raise OptionsError where pages would be read as one line."""
    from models.errors import OptionsError

    for spec in specs:
        for dataset in sets:
            if spec.single_lines_only and not all(item.single_line for item in dataset.items):
                raise OptionsError(
                    f"{spec.label} reads single lines, and {dataset.name} has pages; leave one of them out"
                )
