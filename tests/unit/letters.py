"""Printed letters drawn for tests, and a font to draw with."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pymupdf
from PIL import ImageFont


def letter(font: str, size: float = 11, dpi: int = 150) -> npt.NDArray[np.uint8]:
    """Return an A4 page, (H, W, 3) RGB, of ten lines in one of PDF's own fonts."""
    document = pymupdf.open()
    sheet = document.new_page()
    for number in range(10):
        text = f"The {number}th of the parcels came back on Tuesday, unpaid and unopened."
        sheet.insert_text((72, 100 + 1.5 * size * number), text, fontsize=size, fontname=font)
    picture = sheet.get_pixmap(dpi=dpi)
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


def font_file(file: Path) -> Path:
    """Write the font that comes with Pillow to a file, and return that."""
    default = ImageFont.load_default(40)
    assert isinstance(default, ImageFont.FreeTypeFont)
    assert isinstance(default.path, BytesIO)  # Pillow's own font is kept in memory
    file.write_bytes(default.path.getvalue())
    return file
