"""Picture files through Pillow: every mode becomes 8-bit grey or RGB on white, upright by its EXIF tag."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from models.document import PageImage
from models.errors import CorruptFile, PageTooLarge
from models.text_layer import TextLayer

# What Pillow's decoders raise for a file that is at fault.
FAULTS = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    OverflowError, ZeroDivisionError, AttributeError, RuntimeError, struct.error,
)  # fmt: skip

_TRUSTED_DPI = range(150, 1201)  # 72 and 96 are what programs write that do not know
_LONG_SIDE_INCHES = 11.69  # of A4: what a page is taken for whose file does not say
_MULTI_PAGE = {"TIFF"}  # the frames of an animated GIF, WebP or PNG are not pages: the first is read


class ImageDocument:
    """One open picture file; every frame of a TIFF is a page."""

    def __init__(self, path: Path) -> None:
        """Open a picture.

        Raises:
            CorruptFile: Pillow cannot open it.
        """
        Image.MAX_IMAGE_PIXELS = None  # our own limit, in `image`, has a typed error
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about metadata, which may be as wrong as it likes
                self._image = Image.open(path)
                self._pages = int(getattr(self._image, "n_frames", 1)) if self._image.format in _MULTI_PAGE else 1
        except FAULTS as error:
            raise CorruptFile(f"this picture cannot be opened: {error}") from error

    @property
    def page_count(self) -> int:
        return self._pages

    def text_layer(self, pagenum: int, dpi: int) -> TextLayer | None:
        """Return None: a picture has no text of its own."""
        return None

    def image(self, pagenum: int, dpi: int, max_megapixels: float, *, grey: bool) -> PageImage:
        """Return a page as it was delivered, at its own resolution; `dpi` does not matter to a picture.

        Raises:
            PageTooLarge: It has more megapixels than allowed.
            CorruptFile: It cannot be decoded, or has no such page.
        """
        if not 0 <= pagenum < self._pages:
            raise CorruptFile(f"there is no page {pagenum}: the file has {self._pages}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._image.seek(pagenum)
                _check_size(*self._image.size, max_megapixels)
                upright = ImageOps.exif_transpose(self._image)
                pixels = _pixels(upright, grey=grey)
        except Image.DecompressionBombError as error:
            raise PageTooLarge(f"this picture unpacks to more than is allowed: {error}") from error
        except FAULTS as error:
            raise CorruptFile(f"page {pagenum} cannot be decoded: {error}") from error
        return PageImage(pixels, _dpi(self._image))

    def close(self) -> None:
        self._image.close()


def _check_size(width: int, height: int, max_megapixels: float) -> None:
    if width < 1 or height < 1:
        raise CorruptFile(f"the picture has no pixels: {width} × {height}")
    if width * height > max_megapixels * 1e6:
        raise PageTooLarge(
            f"the picture has {width} × {height} pixels, more than the {max_megapixels:g} megapixels allowed; "
            "raise max_megapixels to read it"
        )


def _pixels(image: Image.Image, *, grey: bool) -> npt.NDArray[np.uint8]:
    if image.mode == "F" or image.mode.startswith("I"):
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return np.asarray(image.convert("L" if grey else "RGB"))


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 16- or 32-bit integers or floats as 8-bit grey, by the range its values are in."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    highest = float(values.max(initial=0.0))
    white = next((limit for limit in (1.0, 255.0, 65535.0) if highest <= limit), highest)
    if image.mode.startswith("I;16"):
        white = 65535.0
    return Image.fromarray((values.clip(0, white) * (255.0 / white)).astype(np.uint8))


def _dpi(image: Image.Image) -> int:
    """Return the resolution that the file states where it can be believed, else that of an A4 page."""
    stated = image.info.get("dpi")
    if isinstance(stated, tuple):
        try:
            found = round(float(stated[0]))
        except (ValueError, OverflowError, ZeroDivisionError):
            found = 0
        if found in _TRUSTED_DPI:
            return found
    return int(min(max(max(image.size) / _LONG_SIDE_INCHES, 72), 600))
