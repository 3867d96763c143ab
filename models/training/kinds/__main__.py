"""Draws pages, augments scanned letters, fits the model to both: python -m models.training.kinds draw|scan|fit."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from models.arrays import ImageU8
from models.detection.dbnet import DbnetDetector
from models.training.kinds.examples import Examples, examples_of
from models.training.kinds.fit import fit, leave_one_letter_out
from models.training.kinds.fit_head import HeadOptions
from models.training.kinds.fit_strokes import StrokeOptions
from models.training.kinds.scores import confusion
from models.training.kinds.tagged_letters import TaggedPage, load_tagged_pages
from models.training.synthesis.draft import Stationery
from models.training.synthesis.handwriting import load_writers
from models.training.synthesis.pages import draw_page
from models.training.synthesis.receipts import Receipts
from models.training.synthesis.scan import scanned
from models.training.synthesis.sheet import Sheet
from models.training.synthesis.typefaces import Typefaces

_SEED = 11
_LINES_PER_SOURCE = 400  # sources differ in size by a factor of fifty; none is to weigh that much more
_AUGMENTED_SIDE_PX = 1200  # scans are augmented at the size of the synthetic pages


def main() -> None:
    """Run one of the three steps."""
    parser = argparse.ArgumentParser(prog="python -m models.training.kinds", description=__doc__)
    steps = parser.add_subparsers(required=True)
    draw = steps.add_parser("draw", help="draw pages and write the boxes that the detector finds on them")
    draw.add_argument("handwriting", type=Path, help="folders of lines.tsv and images-NN.tar")
    draw.add_argument("out", type=Path)
    draw.add_argument("--pages", type=int, default=380)
    draw.add_argument("--seed", type=int, required=True)
    draw.add_argument("--receipts", action="store_true", help="till receipts in place of letters and forms")
    draw.set_defaults(step=_draw)
    scan = steps.add_parser("scan", help="write the boxes that the detector finds on tagged letters")
    scan.add_argument("letters", type=Path, help="a folder of NAME.jpg and NAME.xml (ALTO)")
    scan.add_argument("out", type=Path)
    scan.add_argument("--variants", type=int, default=4, help="of each page; 0 takes the pages as they are")
    scan.add_argument("--as-tagged", action="store_true", help="signatures tagged as handwriting stay handwriting")
    scan.set_defaults(step=_scan)
    fit_step = steps.add_parser("fit", help="fit the model to both, and write it")
    fit_step.add_argument("out", type=Path)
    fit_step.add_argument("--synthetic", type=Path, nargs="+", required=True)
    fit_step.add_argument("--scans", type=Path, required=True)
    fit_step.add_argument(
        "--plain", type=Path, help="the letters without augmentation, for scores by leaving one letter out"
    )
    fit_step.set_defaults(step=_fit)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.step(arguments)


def _draw(arguments: argparse.Namespace) -> None:
    rng = np.random.default_rng(_SEED)
    writers = list(load_writers(arguments.handwriting, _LINES_PER_SOURCE, rng).values())
    words = sorted({word for lines in writers for line in lines for word in line.text.split()})
    stationery = Stationery(Typefaces(), writers, words)
    pages_rng = np.random.default_rng(arguments.seed)
    draw = Receipts(stationery).draw_page if arguments.receipts else partial(draw_page, stationery=stationery)
    pages = ((f"{arguments.seed}-{i}", *draw(pages_rng)) for i in range(arguments.pages))
    examples_of(DbnetDetector(), pages, rng).save(arguments.out)


def _scan(arguments: argparse.Namespace) -> None:
    rng = np.random.default_rng(_SEED)
    pages = load_tagged_pages(arguments.letters, signed=not arguments.as_tagged)
    plain = ((page.letter, page.pixels, page.ink) for page in pages)
    augmented = _augmented(pages, arguments.variants, rng)
    examples_of(DbnetDetector(), augmented if arguments.variants else plain, rng).save(arguments.out)


def _augmented(
    pages: list[TaggedPage], variants: int, rng: np.random.Generator
) -> Iterator[tuple[str, ImageU8, ImageU8]]:
    for page in pages:
        scale = _AUGMENTED_SIDE_PX / max(page.ink.shape)
        size = (round(page.ink.shape[1] * scale), round(page.ink.shape[0] * scale))
        small = np.asarray(cv2.resize(page.pixels, size, interpolation=cv2.INTER_AREA) / 255, np.float32)
        ink = np.asarray(cv2.resize(page.ink, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        for _ in range(variants):
            sheet = Sheet(small)
            sheet.ink = ink
            yield page.letter, *scanned(rng, sheet)


def _fit(arguments: argparse.Namespace) -> None:
    synthetic = Examples.joined([Examples.load(file) for file in arguments.synthetic])
    scans = Examples.load(arguments.scans)
    model, losses = fit(synthetic, scans, StrokeOptions(), HeadOptions())
    print("loss of the stroke network, by epoch:", *(f"{loss:.3f}" for loss in losses))
    print("sha256", model.save(arguments.out))
    if arguments.plain:
        plain = Examples.load(arguments.plain)
        predicted = leave_one_letter_out(model.strokes, synthetic, scans, plain, HeadOptions())
        print(confusion(plain.kinds, predicted))


if __name__ == "__main__":
    main()
