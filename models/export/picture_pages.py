"""Pictures as PDF pages, each at its own resolution, upright as it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from models.arrays import ImageU8
from models.document import PageImage
from models.documents.files import open_document

_POINTS_PER_INCH = 72
_MAX_SIDE_POINTS = 14_400  # of a page, for Acrobat
_MAX_MEGAPIXELS = 1e6  # what was read was within the limits
_JPEG_COLOURS = {"L": "/DeviceGray", "RGB": "/DeviceRGB"}


class PicturePages:
    """The pages of a picture file, added to a PDF one by one."""

    def __init__(self, file: Path, document: Any) -> None:
        """Open a picture. Raises DocumentError.

        Args:
            document: MuPDF's, to which the pages are added.
        """
        self._file, self._document = file, document
        self._picture = open_document(file)
        self.page_count = self._picture.page_count

    def add(self, pagenum: int) -> Any:
        """Add a page, 0-based, and return it. Raises DocumentError."""
        image = self._picture.image(pagenum, 0, _MAX_MEGAPIXELS, grey=False)
        scale = min(_POINTS_PER_INCH / image.dpi, _MAX_SIDE_POINTS / max(image.width, image.height))
        width, height = image.width * scale, image.height * scale
        page = self._document.new_page(width=width, height=height)
        new = self._document.get_new_xref
        xref, content = new(), new()
        dictionary, data, codec = _as_it_is(self._file, image) or _packed(image.pixels)
        self._document.update_object(xref, f"<</Type/XObject/Subtype/Image{dictionary}>>")
        self._document.update_stream(xref, data, new=True, compress=codec is None)
        if codec is not None:
            self._document.xref_set_key(xref, "Filter", codec)
        self._document.update_object(content, "<<>>")
        self._document.update_stream(
            content, f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Page Do Q".encode(), new=True
        )
        self._document.xref_set_key(page.xref, "Resources", f"<</XObject<</Page {xref} 0 R>>>>")
        self._document.xref_set_key(page.xref, "Contents", f"[{content} 0 R]")
        return page

    def close(self) -> None:
        """Close the picture."""
        self._picture.close()


def _as_it_is(file: Path, image: PageImage) -> tuple[str, bytes, str] | None:
    """Return a JPEG file that PDF shows as it is: grey or RGB, and not turned by its tags."""
    with Image.open(file) as picture:
        colours = _JPEG_COLOURS.get(picture.mode)
        is_turned = picture.getexif().get(ExifTags.Base.Orientation, 1) != 1
        if picture.format != "JPEG" or colours is None or is_turned:
            return None
    sides = f"/Width {image.width}/Height {image.height}"
    return f"{sides}/ColorSpace{colours}/BitsPerComponent 8", file.read_bytes(), "/DCTDecode"


def _packed(pixels: ImageU8) -> tuple[str, bytes, None]:
    """Return RGB pixels without loss: a bit for each where all are black or white, a byte where all are grey."""
    sides = f"/Width {pixels.shape[1]}/Height {pixels.shape[0]}"
    grey = pixels[..., 0]
    if not ((grey == pixels[..., 1]).all() and (grey == pixels[..., 2]).all()):
        return f"{sides}/ColorSpace/DeviceRGB/BitsPerComponent 8", np.ascontiguousarray(pixels).tobytes(), None
    if ((grey == 0) | (grey == 255)).all():
        bits = np.packbits(grey > 0, axis=1)
        return f"{sides}/ColorSpace/DeviceGray/BitsPerComponent 1", bits.tobytes(), None
    return f"{sides}/ColorSpace/DeviceGray/BitsPerComponent 8", np.ascontiguousarray(grey).tobytes(), None
