"""A page made ready for a reader of whole pages: clean, upright, straight, and large enough.

Most pages need none of it, and finding that out is cheap: the letters of a page tell its skew, its size and its
dirt. A network is asked only where they are not enough: lines that run down the page, specks all over it, or a
reading so bad that the page may stand on its head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.arrays import F32, ImageU8
from models.document import PageImage, PageLines, Region
from models.layout.geometry import clip, wrapped_angle
from models.options import ReadOptions
from models.pages.cleaning import Cleaned, clean
from models.pages.deskew import Straightened, straighten
from models.pages.glyphs import Letters, grey
from models.pages.skew import find_skew
from models.pages.specks import keep_rows
from models.recognition.types import PageReader

if TYPE_CHECKING:  # they drag in ONNX Runtime, which most pages do without
    from models.detection.dbnet import DbnetDetector
    from models.reading.orientation import PageAngle

_SHARP = (
    1.4  # of lines that a page is straightened by: drawings and noise have 1.0 to 1.3, pages of print 1.5 to 3.5
)
# Letters under 18 pixels are read better enlarged: on scanned forms, with letters of 9, Tesseract finds 69 % of the
# words in place of 55 %, from 18 pixels on; larger than three times gains nothing more.
_SMALL_LETTERS, _GOOD_LETTERS, _MOST_ENLARGED = 18.0, 22.0, 3.0
_LARGEST = 30e6  # pixels that a page is enlarged to
_POOR = 0.65  # mean confidence: print that is upright is above it, print on its head and handwriting below
_SURE = 0.7  # confidence of an angle that a page is read again for


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page as a reader sees it.

    Attributes:
        image: What to read.
        angle: How far its text was turned clockwise, degrees in (-180, 180].
        way_back: Takes coordinates of `image` to those of the page as delivered.
        cleaned: Names of what was cleaned away.
    """

    image: PageImage
    angle: float
    way_back: Straightened
    cleaned: tuple[str, ...]


class PreparingReader:
    """Has a reader of whole pages read them prepared. Its network is loaded when a page needs it."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader
        self._detector: DbnetDetector | None = None
        self.wants_grey = reader.wants_grey

    def warm_up(self, options: ReadOptions) -> None:
        self._reader.warm_up(options)

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        return self._reader.models(options)

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        """Return a page's lines, in pixels of the page as delivered.

        A page that is read poorly may stand on its head: it is read again if its lines are sure that it does.

        Raises:
            ModelError: The reader or a network cannot work.
        """
        prepared = self.prepare(image)
        lines = self._reader.read(prepared.image, options)
        if _certainty(lines.regions) < _POOR:
            angle = self._angle(prepared.image.pixels)
            if abs(angle.degrees) > 45 and angle.confidence > _SURE:
                again = _turned(prepared, angle.degrees)
                others = self._reader.read(again.image, options)
                if _certainty(others.regions) > _certainty(lines.regions):
                    prepared, lines = again, others
        regions = tuple(_on_page(region, prepared, image) for region in lines.regions)
        return PageLines(regions, prepared.angle, lines.dropped)

    def prepare(self, image: PageImage) -> Prepared:
        """Return a page clean, straight, of readable size, and upright if its lines ran down it.

        Raises:
            ModelError: A network is needed and missing.
        """
        cleaned = clean(grey(image.pixels))
        across, down = (find_skew(cleaned.letters, upright=upright) for upright in (True, False))
        degrees = across.degrees if across.sharpness > _SHARP else 0.0
        if down.sharpness > max(across.sharpness, _SHARP):
            angle = self._angle(cleaned.pixels, cleaned.letters)
            degrees = angle.degrees if angle.confidence > 0 else degrees
        lines = None
        if "specks" in cleaned.steps:
            lines = [box.corners for box in self._network().detect(cleaned.pixels)]
        return _finished(cleaned, image, degrees, lines)

    def _angle(self, pixels: ImageU8, letters: Letters | None = None) -> PageAngle:
        from models.reading.orientation import page_angle

        return page_angle(pixels, self._network().detect(pixels), letters)

    def _network(self) -> DbnetDetector:
        if self._detector is None:
            from models.detection.dbnet import DbnetDetector

            self._detector = DbnetDetector()
        return self._detector


def prepare_upright(image: PageImage) -> Prepared:
    """Return a page that is upright and straight, clean and of readable size.

    Specks stay, for full stops go with them: who reads line by line has another reader for speckled ones.
    """
    return _finished(clean(grey(image.pixels), specks=False), image, 0.0, None)


def _finished(cleaned: Cleaned, image: PageImage, degrees: float, lines: Sequence[F32] | None) -> Prepared:
    """Return a cleaned page straight and enlarged; of a speckled one, what its lines are made of."""
    pixels, steps = cleaned.pixels, cleaned.steps
    if "specks" in steps and lines:
        pixels = keep_rows(pixels, list(lines), cleaned.letters.height)
    enlarged = _enlarged(pixels, cleaned.letters)
    straight = straighten(pixels, degrees, enlarged)
    steps += ("enlarged",) if enlarged > 1 else ()
    image = PageImage(straight.pixels, round(image.dpi * enlarged))
    return Prepared(image, wrapped_angle(straight.degrees), straight, steps)


def _enlarged(pixels: ImageU8, letters: Letters) -> float:
    """Return how many times larger a page should be: 1 where its letters are large enough, or there are none."""
    if not 0 < letters.height < _SMALL_LETTERS:
        return 1.0
    most = min(_MOST_ENLARGED, math.sqrt(_LARGEST / pixels.size))
    return max(1.0, min(most, _GOOD_LETTERS / letters.height))


def _turned(prepared: Prepared, degrees: float) -> Prepared:
    """Return a page turned once more."""
    more = straighten(prepared.image.pixels, degrees)
    angle = wrapped_angle(prepared.angle + more.degrees)
    back = Straightened(more.pixels, prepared.way_back.matrix @ more.matrix, angle)
    return Prepared(PageImage(more.pixels, prepared.image.dpi), angle, back, prepared.cleaned)


def _certainty(regions: Sequence[Region]) -> float:
    """Return the regions' confidence weighted by the length of their texts; 0 of nothing."""
    letters = sum(len(region.text) for region in regions)
    sure = sum((region.confidence or 0.0) * len(region.text) for region in regions)
    return float(sure) / letters if letters else 0.0


def _on_page(region: Region, prepared: Prepared, image: PageImage) -> Region:
    """Return a region in pixels of the page as delivered."""
    if prepared.image.pixels.shape[:2] == image.pixels.shape[:2] and prepared.angle == 0:
        return region
    points = [(float(x), float(y)) for x, y in prepared.way_back.to_page(region.polygon)]
    return replace(region, polygon=clip(points, image.width, image.height))
