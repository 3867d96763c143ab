"""Lines of real handwriting with transcriptions: from folders of `lines.tsv`, and from letters tagged in ALTO."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from PIL import Image

from models.arrays import F32, ImageU8
from models.evaluation.formats.alto import read_lines
from models.evaluation.formats.line_tables import packed_pictures, read_table

MAX_HEIGHT_PX = 80  # of a stored line: the recogniser takes 48, and augmentation needs some more
_LETTER_SOURCES = {"handwritten": "memorials", "printed": "memorials-print"}
_PAPER_PERCENTILE = 70  # of a line's grey levels: most pixels are paper, and the darker ones ink


@dataclass(frozen=True, slots=True)
class HandwrittenLine:
    """A line as a grey picture, (h ≤ 80, w) uint8 in a file format's bytes, its text and where it is from."""

    encoded: bytes
    text: str
    source: str
    document: str

    def pixels(self) -> ImageU8:
        """Return the picture, (h, w) uint8."""
        return np.asarray(Image.open(io.BytesIO(self.encoded)).convert("L"))


def load_tables(folder: Path, split: str) -> list[HandwrittenLine]:
    """Return the lines of every SOURCE/lines.tsv whose column `split` has this value.

    Raises:
        MalformedGroundTruth: A table cannot be parsed.
    """
    lines = []
    for table in sorted(folder.glob("*/lines.tsv")):
        chosen = {row["file"]: row for row in read_table(table) if row["split"] == split}
        for name, content in packed_pictures(table.parent, chosen):
            row = chosen[name]
            text = normalised_text(row["text"])
            lines.append(HandwrittenLine(content, text, table.parent.name, row["document"]))
    return lines


def load_letters(folder: Path) -> list[HandwrittenLine]:
    """Return the lines of NAME.jpg and NAME.xml, ALTO 4, that have a text and are no signature.

    Their source is `memorials`; that of printed and typewritten lines is `memorials-print`.
    """
    return [line for file in sorted(folder.glob("*.xml")) for line in _lines(file)]


def normalised_text(text: str) -> str:
    """Return a transcription with one kind of apostrophe: annotators differ, and nobody sees the difference."""
    return text.replace("’", "'").strip()


def _lines(file: Path) -> list[HandwrittenLine]:
    with Image.open(file.with_suffix(".jpg")) as picture:
        page = np.asarray(picture.convert("L"))
    lines = []
    for box in read_lines(ElementTree.parse(file).getroot()):
        text = normalised_text(box.text)
        if text and box.kind in _LETTER_SOURCES:
            line = _cut(page, np.array(box.polygon, np.float32))
            lines.append(HandwrittenLine(_encoded(line), text, _LETTER_SOURCES[box.kind], file.stem))
    return lines


def _cut(page: ImageU8, points: F32) -> ImageU8:
    """Return the polygon's bounding box; what is outside of the polygon is filled with the line's paper tone."""
    margin = max(2, round(0.04 * float(np.ptp(points[:, 1]))))
    x0, y0 = np.maximum(points.min(0).astype(int) - margin, 0)
    x1, y1 = points.max(0).astype(int) + margin
    line = page[y0:y1, x0:x1]
    inside = np.zeros(line.shape, np.uint8)
    cv2.fillPoly(inside, [np.asarray(points - (x0, y0), np.int32)], 1)
    near = cv2.dilate(inside, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0
    paper = np.percentile(line[near], _PAPER_PERCENTILE)
    return np.asarray(np.where(near, line, paper), np.uint8)


def _encoded(line: ImageU8) -> bytes:
    scale = min(1.0, MAX_HEIGHT_PX / line.shape[0])
    small = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    stream = io.BytesIO()
    Image.fromarray(np.asarray(small, np.uint8)).save(stream, "WEBP", quality=75)
    return stream.getvalue()
