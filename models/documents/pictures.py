"""A page as a picture for people: of any size, as PNG or JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from models.arrays import ImageU8
from models.documents.files import open_document
from models.errors import CorruptFile, PageTooLarge

PictureType = Literal["png", "jpg"]

_FIRST_LOOK_DPI = 36  # where nothing is known of a page: what its width is at this gives that at any other
_DEFAULT_DPI = 150
_MAX_HEIGHT_PX = 32_767  # JPEG has 16 bits for it
# PNG at 1 of 9 with one filter takes less time than 3 of 9, for a file that is a fifth larger: a noisy
# A4 page at 300 dpi in 190 ms of processor time, a clean one in 50 ms; as JPEG in 19 and 14 ms.
_QUALITY = {
    "png": [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP],
    "jpg": [cv2.IMWRITE_JPEG_QUALITY, 85],
}


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How a page becomes a picture.

    Attributes:
        width: Of the picture in pixels; None: the page's own, or that at 150 dpi where it is not known.
        dpi, dpi_width: Resolution of a page and its width there, in pixels, where it was read; else None.
        max_megapixels: The page is drawn at no more than this.
    """

    type: PictureType
    width: int | None = None
    dpi: int | None = None
    dpi_width: int | None = None
    max_megapixels: float = 80.0


def page_picture(path: Path, pagenum: int, options: PictureOptions, passwords: Sequence[str] = ()) -> bytes:
    """Return a page, 0-based, as the bytes of a picture file. Raises DocumentError."""
    return encoded(page_pixels(path, pagenum, options, passwords), options.type)


def page_pixels(path: Path, pagenum: int, options: PictureOptions, passwords: Sequence[str] = ()) -> ImageU8:
    """Return a page, 0-based, as (height, width, 3) uint8 RGB of the width asked for. Raises DocumentError."""
    document = open_document(path, passwords)
    try:
        dpi, at = options.dpi, options.dpi_width
        if not dpi or not at:
            dpi = _FIRST_LOOK_DPI
            first = document.image(pagenum, dpi, options.max_megapixels, grey=False)
            at = first.width
            if options.width is None:
                dpi, at = _DEFAULT_DPI, first.width * _DEFAULT_DPI // first.dpi
        width = options.width or at
        image = document.image(
            pagenum, max(_FIRST_LOOK_DPI, -(-dpi * width // at)), options.max_megapixels, grey=False
        )
        return _resized(image.pixels, width, options.max_megapixels)
    finally:
        document.close()


def encoded(pixels: ImageU8, kind: PictureType) -> bytes:
    """Return RGB pixels as the bytes of a file. Raises CorruptFile where they make no picture of that type."""
    done, content = cv2.imencode(f".{kind}", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _QUALITY[kind])
    if not done:
        raise CorruptFile(f"a picture of {pixels.shape[1]} × {pixels.shape[0]} pixels cannot be written as {kind}")
    return content.tobytes()


def _resized(pixels: ImageU8, width: int, max_megapixels: float) -> ImageU8:
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    if (height, width) == pixels.shape[:2]:
        return pixels
    if height > _MAX_HEIGHT_PX or height * width > max_megapixels * 1e6:
        raise PageTooLarge(f"the picture would have {width} × {height} pixels; ask for a smaller width")
    how = cv2.INTER_AREA if width < pixels.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)
