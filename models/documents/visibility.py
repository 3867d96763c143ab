"""Which lines of a text layer can be seen: text may be white on white, covered, or off the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymupdf

from models.arrays import ImageU8
from models.documents.text_layer import TextLine
from models.documents.text_lines import PageLines
from models.layout.geometry import Box

_DPI = 100  # of the drawing that is looked at: text of 5 points has strokes of a pixel there
_POINTS_PER_INCH = 72
_MIN_CONTRAST_LEVELS = 24  # in any channel, within a line's box
_MIN_PALE_LEVEL = 200  # of all channels of a colour that may be that of the paper
_AREAS = ("fill-path", "fill-image", "fill-shade", "fill-imgmask")


def visible_lines(page: Any, found: PageLines, log: Sequence[tuple[str, Box]], scale: float) -> list[TextLine]:
    """Return the painted lines that can be seen, in their order.

    The page is drawn only where a line is pale, lies on or under something, or is partly off the page.

    Args:
        page: MuPDF's.
        found: Its lines, in pixels.
        log: What is drawn on it, with its boxes in points of the page before its rotation.
        scale: Pixels to a point.
    """
    areas = np.array(
        [[side * scale for side in pymupdf.Rect(box) * page.rotation_matrix] for kind, box in log if kind in _AREAS]
    ).reshape(-1, 4)
    width, height = page.rect.width * scale, page.rect.height * scale
    on_page = [_is_on_page(line.box, width, height) for line in found.painted]
    doubtful = [
        is_on and (any(min(colour) >= _MIN_PALE_LEVEL for colour in colours) or _is_touched(line.box, areas))
        for line, colours, is_on in zip(found.painted, found.colours, on_page, strict=True)
    ]
    pixels = _drawn(page) if any(doubtful) else None
    factor = _DPI / _POINTS_PER_INCH / scale
    return [
        line
        for line, is_on, is_doubtful in zip(found.painted, on_page, doubtful, strict=True)
        if is_on and (pixels is None or not is_doubtful or _shows(pixels, line.box, factor))
    ]


def _is_on_page(box: Box, width: float, height: float) -> bool:
    """Return whether the middle of a line is on the page as shown."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return 0 <= x <= width and 0 <= y <= height


def _is_touched(box: Box, areas: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Return whether an area that was drawn, (n, 4), takes in the middle of a line."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return bool(((areas[:, 0] <= x) & (x <= areas[:, 2]) & (areas[:, 1] <= y) & (y <= areas[:, 3])).any())


def _drawn(page: Any) -> ImageU8:
    pixmap = page.get_pixmap(dpi=_DPI, colorspace=pymupdf.csRGB, alpha=False)
    return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)


def _shows(pixels: ImageU8, box: Box, factor: float) -> bool:
    """Return whether anything stands out in a line's box, given in pixels that are `factor` of the drawing's."""
    x0, y0, x1, y1 = (side * factor for side in box)
    crop = pixels[max(0, int(y0)) : int(y1) + 1, max(0, int(x0)) : int(x1) + 1]
    return crop.size == 0 or int(np.ptp(crop.reshape(-1, 3), axis=0).max()) >= _MIN_CONTRAST_LEVELS
