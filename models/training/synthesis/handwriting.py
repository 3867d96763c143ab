"""Lines of real handwriting as ink, from folders of `lines.tsv` and `images-NN.tar`."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from models.arrays import F32
from models.errors import ModelError
from models.pages.ink import ink_coverage
from models.training.synthesis.typefaces import typeset

_DRAWN = 12  # lines of a font


@dataclass(frozen=True, slots=True)
class HandLine:
    """A written line: its ink, (h ≤ 80, w) float32 in [0, 1], its text, and the document it is from."""

    ink: F32
    text: str
    document: str


def load_hands(folder: Path, per_source: int, rng: np.random.Generator) -> dict[str, list[HandLine]]:
    """Return lines by document: whole documents of the training split, about `per_source` lines of each source."""
    hands: dict[str, list[HandLine]] = {}
    for source in sorted(path.parent for path in folder.glob("*/lines.tsv")):
        chosen = _choose(source, per_source, rng)
        for archive in sorted(source.glob("images-*.tar")):
            with tarfile.open(archive) as members:
                for member in members:
                    row = chosen.get(member.name)
                    content = members.extractfile(member) if row else None
                    if row is None or content is None:
                        continue
                    grey = np.asarray(Image.open(io.BytesIO(content.read())).convert("L"), np.float32)
                    document = f"{source.name}/{row['document']}/{row['page']}"
                    hands.setdefault(document, []).append(HandLine(ink_of(grey), row["text"], document))
    return hands


def drawn_hands(fonts: Sequence[Path], words: Sequence[str], rng: np.random.Generator) -> list[list[HandLine]]:
    """Return a dozen lines in each of some fonts. Raises ModelError where there are no fonts or no words."""
    if not fonts or not words:
        raise ModelError("without written lines, fonts of handwriting and a text are needed to draw some")
    hands = []
    for font in fonts:
        starts = rng.integers(0, len(words), _DRAWN)
        texts = [" ".join(words[start : start + int(rng.integers(2, 9))]) for start in starts]
        hands.append([HandLine(typeset(text, font, 64), text, font.stem) for text in texts])
    return hands


def ink_of(grey: F32) -> F32:
    """Return how much of each pixel is ink, from a line's grey levels: paper's own shade and grain taken out."""
    paper = cv2.GaussianBlur(cv2.dilate(grey, np.ones((9, 9), np.uint8)), (0, 0), 12)
    # more of the stroke's edge counts than where ink is looked for: the lines are drawn again
    ink = ink_coverage(
        grey, np.asarray(paper, np.float32), full_percentile=99, min_depth=1.0, floor=0.18, span=0.72
    )
    return ink.coverage


def _choose(source: Path, count: int, rng: np.random.Generator) -> dict[str, dict[str, str]]:
    with (source / "lines.tsv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
    pages: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["split"] == "train":
            pages.setdefault(row["document"] + "/" + row["page"], []).append(row)
    chosen: dict[str, dict[str, str]] = {}
    for page in rng.permutation(sorted(pages)):
        if len(chosen) >= count:
            break
        chosen |= {row["file"]: row for row in pages[str(page)]}
    return chosen
