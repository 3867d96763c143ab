"""Printed letters drawn for tests, and a font to draw with."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from PIL import ImageFont

from models.arrays import ImageU8


def letter(font: str, size: float = 11, dpi: int = 150) -> ImageU8:
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


def line(text: str, font: str = "times-italic") -> ImageU8:
    """Return a line of text with a little paper around it."""
    document = pymupdf.open()
    width = pymupdf.get_text_length(text, fontname="tiit", fontsize=14) + 14
    document.new_page(width=width, height=23).insert_text((7, 16), text, fontname=font, fontsize=14)
    picture = document[0].get_pixmap(dpi=200)
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)


def shaky(picture: ImageU8) -> ImageU8:
    """Return a line whose letters bend a little, as a pen's do."""
    rng = np.random.default_rng(4)
    height, width = picture.shape[:2]
    moved = [cv2.resize(rng.normal(0, 1.2, (3, 20)).astype(np.float32), (width, height)) for _ in "xy"]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(picture, x + moved[0], y + moved[1], cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    return np.asarray(bent, np.uint8)
