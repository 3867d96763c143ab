"""A reader of whole pages that is given each page prepared: clean, upright, deskewed and large enough.

Most pages need no preparation, and finding that out is cheap: the glyph components of a page give its skew, its
size and its dirt. A network runs only where they are not enough: lines that run down the page, specks all over it,
or a reading with so little confidence that the page may be upside down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.arrays import ImageU8
from models.document import PageImage, PageLines, Polygon, Region, weighted_confidence
from models.layout.frames import DeliveredFrame, Points, PreparedFrame
from models.layout.geometry import clip
from models.options import ReadOptions
from models.pages.cleaning import clean
from models.pages.glyphs import Glyphs, find_readable_glyphs
from models.pages.pixels import grey
from models.pages.prepare import Prepared, prepare, rotate_further
from models.pages.skew import find_skew
from models.reading.coverage import unread_ink
from models.recognition.types import PageReader

if TYPE_CHECKING:  # they import ONNX Runtime, which most pages do without
    from models.detection.dbnet import DbnetDetector
    from models.reading.orientation import PageAngle

MIN_SHARPNESS = 1.4  # of lines that a page is deskewed by: drawings and noise have 1.0 to 1.3, print 1.5 to 3.5
UPRIGHT_CONFIDENCE = 0.65  # mean of a page: upright print is above it, print upside down and handwriting below
MIN_ANGLE_CONFIDENCE = 0.7  # of an angle that a page is read again for


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

        A page that is read with little confidence may be upside down: it is read a second time where the detected
        lines vote that it is, and the reading of higher confidence is kept.

        Raises:
            ModelError: The reader or a network cannot work.
        """
        prepared = self.prepare(image)
        lines = self._reader.read(prepared.image, options)
        if _confidence(lines.regions) < UPRIGHT_CONFIDENCE:
            angle = self._angle(prepared.image.pixels)
            if abs(angle.degrees) > 45 and angle.confidence > MIN_ANGLE_CONFIDENCE:
                again = rotate_further(prepared, angle.degrees)
                others = self._reader.read(again.image, options)
                if _confidence(others.regions) > _confidence(lines.regions):
                    prepared, lines = again, others
        regions = tuple(_on_page(region, prepared, image) for region in lines.regions)
        corners = [np.array(region.polygon, np.float32) for region in lines.regions]
        unread = unread_ink(find_readable_glyphs(prepared.image.pixels), prepared.image.pixels.shape, corners)
        return PageLines(regions, prepared.angle, lines.dropped, unread.coverage, unread.glyphs)

    def prepare(self, image: PageImage) -> Prepared[DeliveredFrame]:
        """Return a page clean, deskewed, of readable size, and upright if its lines ran down it.

        Raises:
            ModelError: A network is needed and missing.
        """
        cleaned = clean(grey(image.pixels))
        across, down = (find_skew(cleaned.glyphs, upright=upright) for upright in (True, False))
        degrees = across.degrees if across.sharpness > MIN_SHARPNESS else 0.0
        if down.sharpness > max(across.sharpness, MIN_SHARPNESS):
            angle = self._angle(cleaned.pixels, cleaned.glyphs)
            degrees = angle.degrees if angle.confidence > 0 else degrees
        lines = None
        if "specks" in cleaned.steps:
            lines = [box.corners for box in self._network().detect(cleaned.pixels)]
        return prepare(cleaned, image, degrees, lines)

    def _angle(self, pixels: ImageU8, glyphs: Glyphs | None = None) -> PageAngle:
        from models.reading.orientation import page_angle

        return page_angle(pixels, self._network().detect(pixels), glyphs)

    def _network(self) -> DbnetDetector:
        if self._detector is None:
            from models.detection.dbnet import DbnetDetector

            self._detector = DbnetDetector()
        return self._detector


def _confidence(regions: Sequence[Region]) -> float:
    """Return the regions' confidence weighted by the length of their texts; 0 of nothing."""
    return weighted_confidence((region.text, region.confidence or 0.0) for region in regions) or 0.0


def _on_page(region: Region, prepared: Prepared[DeliveredFrame], image: PageImage) -> Region:
    """Return a region in pixels of the page as delivered."""
    if prepared.image.pixels.shape[:2] == image.pixels.shape[:2] and prepared.angle == 0:
        return region

    def moved(polygon: Polygon) -> Polygon:
        points = prepared.frame.to_original(Points[PreparedFrame](polygon))
        return clip(points.xy.tolist(), image.width, image.height)

    words = tuple(replace(word, polygon=moved(word.polygon)) for word in region.words)
    return replace(region, polygon=moved(region.polygon), words=words)
