"""Trains the segmentation of kinds: python -m models.training.regions draw|sheet|train|export|evaluate."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from models.detection.dbnet import DbnetDetector
from models.training.regions.dataset import contact_sheet, write_examples
from models.training.synthesis.business_letters import PAGE_TYPES, MarkedPage, draw_marked_page
from models.training.synthesis.draft import Stationery
from models.training.synthesis.handwriting import load_writers, synthetic_writers
from models.training.synthesis.text import EnglishText
from models.training.synthesis.typefaces import FONTS, Typefaces

_SEED = 11
_LINES_PER_SOURCE = 400  # see models/training/kinds


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(prog="python -m models.training.regions", description=__doc__)
    steps = parser.add_subparsers(required=True)
    draw = steps.add_parser("draw", help="draw pages and write their FPN features and targets")
    draw.add_argument("out", type=Path)
    draw.add_argument(
        "--handwriting", type=Path, help="folders of lines.tsv and images-NN.tar; none: fonts stand for writers"
    )
    draw.add_argument(
        "--text", type=Path, help="English, as models.training.lines takes it, beside the transcriptions"
    )
    draw.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders of more fonts of handwriting")
    draw.add_argument("--pages", type=int, default=600)
    draw.add_argument(
        "--page-types",
        type=float,
        nargs=3,
        default=PAGE_TYPES,
        help="probabilities of letters, of pages full of lines, of others; add up to 1",
    )
    draw.add_argument("--seed", type=int, required=True, help="another one for pages to be measured on")
    draw.set_defaults(step=_draw)
    sheet = steps.add_parser("sheet", help="put sixty of the pages that were drawn on a contact sheet")
    sheet.add_argument("pages", type=Path)
    sheet.add_argument("out", type=Path, help="a .jpg file")
    sheet.set_defaults(step=_sheet)
    train = steps.add_parser("train", help="train; resumes from the run folder's checkpoint")
    train.add_argument("pages", type=Path)
    train.add_argument("run", type=Path)
    train.add_argument("--steps", type=int, default=2500)
    train.add_argument("--device", default="cpu", help="cpu or cuda")
    train.set_defaults(step=_train)
    export = steps.add_parser("export", help="write the run's network as ONNX and print its sha256")
    export.add_argument("run", type=Path)
    export.add_argument("out", type=Path)
    export.add_argument("--before", type=Path, help="an earlier copy of the run's folder, to interpolate with")
    export.add_argument("--alpha", type=float, default=1.0, help="weight of the run in the interpolation")
    export.set_defaults(step=_export)
    measure = steps.add_parser("evaluate", help="print the scores on pages kept for it")
    measure.add_argument("pages", type=Path)
    measure.add_argument("weights", type=Path, help="an ONNX file that export wrote")
    measure.add_argument("--min-score", type=float, nargs="+", default=[0.7], help="of signatures")
    measure.set_defaults(step=_evaluate)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.step(arguments)


def _draw(arguments: argparse.Namespace) -> None:
    scripts = [file for folder in arguments.fonts for file in sorted(folder.rglob("*")) if file.suffix in FONTS]
    rng, words = np.random.default_rng(_SEED), EnglishText(arguments.text).words if arguments.text else []
    if arguments.handwriting:
        writers = list(load_writers(arguments.handwriting, _LINES_PER_SOURCE, rng).values())
    else:
        writers = synthetic_writers(scripts, words, rng)
    words = sorted({word for lines in writers for line in lines for word in line.text.split()}) + words
    stationery = Stationery(Typefaces(), writers, words, scripts)

    def pages() -> Iterator[tuple[str, MarkedPage]]:
        for number in range(arguments.pages):
            rng = np.random.default_rng([arguments.seed, number])
            yield f"{arguments.seed}-{number:05}", draw_marked_page(rng, stationery, arguments.page_types)

    print("pages", write_examples(DbnetDetector(), pages(), arguments.out))


def _sheet(arguments: argparse.Namespace) -> None:
    print("pages", contact_sheet(arguments.pages, arguments.out))


def _train(arguments: argparse.Namespace) -> None:
    from models.training.regions.loop import train

    train(arguments.pages, arguments.run, steps=arguments.steps, device=arguments.device)


def _export(arguments: argparse.Namespace) -> None:
    from models.training.regions.export import export

    print("sha256", export(arguments.run, arguments.out, before=arguments.before, alpha=arguments.alpha))


def _evaluate(arguments: argparse.Namespace) -> None:
    from models.training.regions.evaluate import evaluate

    for min_score in arguments.min_score:
        print(f"{min_score:.2f}", evaluate(arguments.pages, arguments.weights, min_score))


if __name__ == "__main__":
    main()
