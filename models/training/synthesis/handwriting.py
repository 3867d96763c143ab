"""Lines of real handwriting as ink, grouped by writer, from folders of `lines.tsv` and `images-NN.tar`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from models.arrays import F32
from models.errors import ModelError
from models.evaluation.formats.line_tables import packed_pictures, read_table
from models.pages.ink import ink_coverage
from models.training.synthesis.typefaces import typeset

_LINES_PER_FONT = 12


@dataclass(frozen=True, slots=True)
class InkLine:
    """A handwritten line: its ink, (h ≤ 80, w) float32 in [0, 1], its text, and the document it is from."""

    ink: F32
    text: str
    document: str


def load_writers(folder: Path, per_source: int, rng: np.random.Generator) -> dict[str, list[InkLine]]:
    """Return lines by document, which stands for a writer: whole pages of the training split.

    Args:
        folder: SOURCE/lines.tsv with SOURCE/images-NN.tar.
        per_source: About so many lines are taken of each source, however many it has.
        rng: Chooses the pages.

    Raises:
        MalformedGroundTruth: A table cannot be parsed.
    """
    writers: dict[str, list[InkLine]] = {}
    for source in sorted(path.parent for path in folder.glob("*/lines.tsv")):
        chosen = _choose(source, per_source, rng)
        for name, content in packed_pictures(source, chosen):
            row = chosen[name]
            grey = np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.float32)
            document = f"{source.name}/{row['document']}/{row['page']}"
            writers.setdefault(document, []).append(InkLine(ink_of(grey), row["text"], document))
    return writers


def synthetic_writers(fonts: Sequence[Path], words: Sequence[str], rng: np.random.Generator) -> list[list[InkLine]]:
    """Return a dozen lines in each font, which stands for a writer. Raises ModelError without fonts or words."""
    if not fonts or not words:
        raise ModelError("without handwritten lines, fonts of handwriting and a text are needed to draw some")
    writers = []
    for font in fonts:
        starts = rng.integers(0, len(words), _LINES_PER_FONT)
        texts = [" ".join(words[start : start + int(rng.integers(2, 9))]) for start in starts]
        writers.append([InkLine(typeset(text, font, 64), text, font.stem) for text in texts])
    return writers


def ink_of(grey: F32) -> F32:
    """Return how much of each pixel is ink, (h, w) float32 in [0, 1], from grey levels, (h, w) float32 in [0, 255].

    The paper's own shade and grain are subtracted: they are not ink.
    """
    paper = cv2.GaussianBlur(cv2.dilate(grey, np.ones((9, 9), np.uint8)), (0, 0), 12)
    # more of the stroke's edge counts than where ink is looked for: the lines are drawn again
    ink = ink_coverage(
        grey, np.asarray(paper, np.float32), full_percentile=99, min_depth=1.0, floor=0.18, span=0.72
    )
    return ink.coverage


def _choose(source: Path, count: int, rng: np.random.Generator) -> dict[str, dict[str, str]]:
    """Return the rows of random whole pages, by file name, until there are `count` or more."""
    pages: dict[str, list[dict[str, str]]] = {}
    for row in read_table(source / "lines.tsv"):
        if row["split"] == "train":
            pages.setdefault(row["document"] + "/" + row["page"], []).append(row)
    chosen: dict[str, dict[str, str]] = {}
    for page in rng.permutation(sorted(pages)):
        if len(chosen) >= count:
            break
        chosen |= {row["file"]: row for row in pages[str(page)]}
    return chosen
