"""What a first detection misses is read all the same, or the record warns of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest
from PIL import Image

from models.arrays import ImageU8
from models.detection.dbnet import shared_dbnet
from models.document import PageImage, PageLines, PageReading, Region
from models.errors import NothingRead
from models.layout.geometry import box_corners
from models.options import ReadOptions
from models.pages.glyphs import find_glyphs
from models.pipeline import PagePipeline
from models.reading.coverage import unread_ink
from models.reading.second_look import missed_lines
from models.recognition.types import PageReader

LINES = (
    "The council met on Monday to hear about the bridge",
    "Two firms had sent in their offers and both of them",
    "were higher than what had been set aside for it",
    "Several members asked if the work could wait until",
    "the river is low, because then it is cheaper to dig",
    "The engineer answered that the old bridge would not",
)
SIZE, LEADING, TOP, LEFT = 30, 46, 160, 120  # pixels


def page() -> ImageU8:
    drawn = pymupdf.open().new_page(width=1100, height=620)
    for row, text in enumerate(LINES):
        drawn.insert_text((LEFT, TOP + LEADING * row), text, fontsize=SIZE)
    picture = drawn.get_pixmap()
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3).copy()


def stamped(colour: tuple[int, int, int]) -> ImageU8:
    """Return the page with a large coloured stamp over its lines."""
    stamp = np.full((620, 1100, 3), 255, np.uint8)
    cv2.rectangle(stamp, (250, 230), (800, 420), colour, 10)
    cv2.putText(stamp, "PAID", (290, 385), cv2.FONT_HERSHEY_SIMPLEX, 5.5, colour, 28)
    turn = cv2.getRotationMatrix2D((550, 310), 12, 1)
    turned = cv2.warpAffine(stamp, turn, (1100, 620), borderValue=(255, 255, 255))
    return np.minimum(page(), np.asarray(turned, np.uint8))


def test_a_line_that_detection_missed_is_found_again() -> None:
    pixels = page()
    baselines = [TOP + LEADING * row for row in (0, 1, 2, 4, 5)]
    known = [box_corners((LEFT - 8, baseline - SIZE, 950, baseline + 10)) for baseline in baselines]
    unread = unread_ink(find_glyphs(pixels), pixels.shape, known)
    (missed,) = missed_lines(pixels, known, unread, shared_dbnet())
    assert abs(missed.line.corners[:, 1].mean() - (TOP + 3 * LEADING - SIZE / 3)) < 8
    assert np.ptp(missed.line.corners[:, 0]) > 600
    assert missed.line.roi_features.shape == (192,)
    assert missed.picture.shape[1] > 600


@pytest.mark.parametrize("colour", [(40, 60, 200), (200, 30, 40)])
def test_words_under_a_coloured_stamp_are_read(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    file = tmp_path / "stamped.png"
    Image.fromarray(stamped(colour)).save(file)
    reading = PagePipeline().transcribe(file, 0, ReadOptions())
    words = reading.text.split()
    found = [word for text in LINES for word in text.split() if word in words]
    assert len(found) >= 0.9 * sum(len(text.split()) for text in LINES)
    assert reading.coverage is not None and reading.coverage > 0.9


@dataclasses.dataclass
class Reads:
    """Stands for a reader that made that of a page."""

    lines: PageLines
    wants_grey: bool = False

    def warm_up(self, options: ReadOptions) -> None: ...

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        return self.lines

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        return {}


REGION = Region(((0, 0), (9, 0), (9, 9), (0, 9)), "word", 0.9, "ppocr")


@pytest.mark.parametrize(
    ("lines", "warnings"),
    [
        (PageLines((REGION,), coverage=1.0), ()),
        (PageLines((REGION,), coverage=0.5, unread_glyphs=40), ("unread-text: 50% of what looks like letters",)),
        (PageLines((REGION,), coverage=0.5, unread_glyphs=4), ()),  # a word or two
        (PageLines((REGION,), coverage=0.99, unread_glyphs=40), ()),
        (PageLines((), coverage=1.0), ()),
    ],
)
def test_the_record_warns_of_text_that_is_in_no_region(
    tmp_path: Path, lines: PageLines, warnings: tuple[str, ...]
) -> None:
    reading = read_by(Reads(lines), tmp_path)
    assert len(reading.warnings) == len(warnings)
    assert all(found.startswith(wanted) for found, wanted in zip(reading.warnings, warnings, strict=True))
    assert reading.coverage == lines.coverage


def test_a_page_with_text_of_which_nothing_was_read_fails(tmp_path: Path) -> None:
    with pytest.raises(NothingRead, match="page 0 shows some 40 letters"):
        read_by(Reads(PageLines((), coverage=0.0, unread_glyphs=40)), tmp_path)


def read_by(reader: PageReader, folder: Path) -> PageReading:
    file = folder / "page.png"
    Image.fromarray(page()).save(file)
    pipeline = PagePipeline()
    pipeline._readers["auto"] = reader
    return pipeline.transcribe(file, 0, ReadOptions())
