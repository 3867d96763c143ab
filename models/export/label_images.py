"""Labels as pixels, in any script.

MuPDF sets them: its library has fonts for most scripts, joins Arabic letters and orders Hebrew, so that nothing
depends on which fonts a machine has.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import numpy as np
import pymupdf
from pymupdf import mupdf

from models.arrays import ImageU8

_LINE_HEIGHT = 1.6  # of the font size: Devanagari and Thai have marks above and below
_AT_A_TIME = 64  # labels: a picture of as many is at most some 10 MB


def label_images(labels: Sequence[str], font_size: int, max_width: int) -> Iterator[ImageU8]:
    """Yield each label's ink, (height, width) uint8, 255 where it is black: as wide as its text, all equally high.

    Args:
        font_size: In pixels.
        max_width: In pixels; what is longer is cut.
    """
    for start in range(0, len(labels), _AT_A_TIME):
        yield from _rows(labels[start : start + _AT_A_TIME], font_size, max_width)


def _rows(labels: Sequence[str], font_size: int, max_width: int) -> Iterator[ImageU8]:
    height = round(font_size * _LINE_HEIGHT)
    body = "".join(f"<p>{html.escape(label) or '&#160;'}</p>" for label in labels)
    style = (
        f"body {{margin: 0; font-family: sans-serif; font-size: {font_size}px}} "
        f"p {{margin: 0; line-height: {height}px; white-space: nowrap}}"
    )
    story = pymupdf.Story(body, user_css=style)
    story.place(pymupdf.Rect(0, 0, max_width, height * (len(labels) + 1)))
    bounds = mupdf.FzIrect(0, 0, max_width, height * len(labels))
    canvas = mupdf.fz_new_pixmap_with_bbox(mupdf.fz_device_gray(), bounds, mupdf.FzSeparations(0), 0)
    mupdf.fz_clear_pixmap_with_value(canvas, 255)
    device = mupdf.fz_new_draw_device(mupdf.FzMatrix(), canvas)
    mupdf.fz_draw_story(story.this, device, mupdf.FzMatrix())
    mupdf.fz_close_device(device)
    picture = pymupdf.Pixmap(canvas)
    samples = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.width, picture.n)
    ink = 255 - samples[..., 0]
    for row in range(len(labels)):
        label = ink[row * height : (row + 1) * height]
        columns = np.flatnonzero(label.any(0))
        yield label[:, columns[0] : columns[-1] + 1] if columns.size else label[:, :0]
