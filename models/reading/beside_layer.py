"""What a page shows beside its text layer: print in pictures, and letters that are drawn as paths.

Cheap first: a small drawing of the page is searched for text-like ink outside of the layer's lines. Only where
there is some, the page is drawn large and read, with the layer's lines painted over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.document import PageImage, PageLines, Region
from models.documents.files import OpenDocument
from models.documents.text_layer import TextLayer
from models.languages import is_latin
from models.layout.geometry import Box, bounds, box_corners, box_polygon, scaled
from models.options import ReadOptions
from models.pages.glyphs import find_readable_glyphs
from models.reading.cell_rows import blanked_rows, find_cell_rows
from models.reading.check_boxes import CHECK_BOX, SIGN_CONFIDENCE, CheckBox, blanked, find_check_boxes
from models.reading.coverage import UnreadInk, unread_ink
from models.recognition.confidence import with_calibrated_confidence
from models.recognition.types import PageReader

SEARCH_DPI = 110  # letters of 8 points are 9 pixels high
_MIN_CONFIDENCE, _MIN_CHARACTERS = 0.5, 2  # of what is taken for text beside a layer
_LETTER_SHARE = 0.55  # of a line's height in a layer: its letters, most of them small ones
_MARGIN_HEIGHTS = 0.1  # painted over around a line: accents and descenders reach out of its box


@dataclass(frozen=True, slots=True)
class BesideLayer:
    """What was read beside a layer, in pixels of the page image that it was read from."""

    image: PageImage
    regions: tuple[Region, ...]
    models: dict[str, str | None]
    dropped: int


def read_beside(
    document: OpenDocument, pagenum: int, layer: TextLayer, options: ReadOptions, reader: Callable[[], PageReader]
) -> BesideLayer | None:
    """Return the text that a page shows beside its layer, None where it shows none.

    Args:
        document: The page's.
        pagenum: 0-based.
        layer: Its lines are in pixels of the page at `options.dpi`.
        options: How to read.
        reader: Gives the reader of pages; it is not asked for where there is nothing to read.

    Raises:
        DocumentError: The page cannot be drawn.
        ModelError: It cannot be read.
    """
    small = document.image(pagenum, SEARCH_DPI, options.max_megapixels, grey=True)
    boxes = [scaled(line.box, small.width / layer.width) for line in layer.lines]
    has_text = bool(ink_beside(small, boxes).rows)
    latin = is_latin(options.languages)
    if not has_text and not (latin and _check_boxes(painted_over(small, boxes).pixels, boxes)):
        return None
    engine = reader()
    image = document.image(pagenum, options.dpi, options.max_megapixels, grey=engine.wants_grey)
    boxes = [scaled(line.box, image.width / layer.width) for line in layer.lines]
    painted = painted_over(image, boxes)
    ticks: list[Region] = []
    if latin:
        painted, ticks = _without_form(painted, boxes)
    lines = PageLines((), 0.0)
    if has_text:
        lines = with_calibrated_confidence(engine.read(painted, options), options.min_confidence)
    found = [region for region in lines.regions if _is_text(region) and not _is_known(region, boxes)]
    regions = (*found, *ticks)
    return BesideLayer(image, regions, engine.models(options), lines.dropped) if regions else None


def _check_boxes(pixels: ImageU8, boxes: Sequence[Box]) -> list[CheckBox]:
    """Return the check boxes of a page whose lines, at `boxes`, are painted over."""
    return find_check_boxes(pixels, _letter_height(boxes))


def _letter_height(boxes: Sequence[Box]) -> float:
    return _LETTER_SHARE * float(np.median([box[3] - box[1] for box in boxes])) if boxes else 0.0


def _without_form(painted: PageImage, boxes: Sequence[Box]) -> tuple[PageImage, list[Region]]:
    """Return a page without the frames of its form, and its check boxes as regions."""
    pixels = blanked_rows(painted.pixels, find_cell_rows(painted.pixels, _letter_height(boxes)))
    found = _check_boxes(pixels, boxes)
    signs = [
        Region(box_polygon(one.box, painted.width, painted.height), one.sign, SIGN_CONFIDENCE, CHECK_BOX)
        for one in found
    ]
    return PageImage(blanked(pixels, found), painted.dpi), signs


def _is_text(region: Region) -> bool:
    """Return whether a region is text for certain: logos and drawings are read as something, too."""
    is_certain = region.confidence is not None and region.confidence >= _MIN_CONFIDENCE
    return is_certain and sum(map(str.isalnum, region.text)) >= _MIN_CHARACTERS


def _is_known(region: Region, boxes: Sequence[Box]) -> bool:
    """Return whether a region stands where the layer has a line."""
    x0, y0, x1, y1 = bounds(region.polygon)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for box in boxes)


def ink_beside(image: PageImage, boxes: Sequence[Box]) -> UnreadInk:
    """Return the text-like ink of a page outside of some boxes, all in pixels of `image`."""
    return unread_ink(find_readable_glyphs(image.pixels), image.pixels.shape, [box_corners(box) for box in boxes])


def painted_over(image: PageImage, boxes: Sequence[Box]) -> PageImage:
    """Return a page with its boxes, in its pixels, filled with the colour around them."""
    pixels: ImageU8 = image.pixels.copy()
    for corners in map(_with_margin, boxes):
        (x0, y0), (x1, y1) = np.maximum(corners[0], 0).astype(int), np.ceil(corners[2]).astype(int)
        edge = pixels[y0:y1, [min(x0, image.width - 1), min(x1, image.width - 1)]]
        if edge.size:
            shade = np.median(edge.reshape(-1, *pixels.shape[2:]), axis=0)
            cv2.rectangle(pixels, (int(x0), int(y0)), (int(x1), int(y1)), np.atleast_1d(shade).tolist(), cv2.FILLED)
    return PageImage(pixels, image.dpi)


def _with_margin(box: Box) -> F32:
    margin = _MARGIN_HEIGHTS * (box[3] - box[1])
    return box_corners((box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin))
