"""Forms drawn here: rows of cells that want one character each, in the ways that forms have them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pymupdf

from models.arrays import ImageU8

Style = Literal["boxes", "comb", "pale boxes"]


def cell_page(
    rows: list[str], style: Style, *, cell: float = 20, font: str = "helv", dpi: int = 200, noise: float = 0.0
) -> ImageU8:
    """Return a form, (H, W, 3) RGB, with a row of cells for each text; a space is an empty cell.

    Args:
        cell: Width of a cell in points.
        noise: Standard deviation of grain, in grey levels.
    """
    page = pymupdf.open().new_page(width=595, height=60 + 80 * len(rows))
    for number, text in enumerate(rows):
        y = 40 + 80 * number
        page.insert_text((50, y), "Account number", fontname="helv", fontsize=10)
        for place, character in enumerate(text):
            _cell(page, 50 + place * cell, y + 8, cell, style)
            width = pymupdf.get_text_length(character, font, 0.75 * cell)
            x = 50 + place * cell + (cell - width) / 2
            page.insert_text((x, y + 8 + 0.92 * cell), character, fontname=font, fontsize=0.75 * cell)
    picture = page.get_pixmap(dpi=dpi)
    pixels = np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w, 3)
    grain = np.random.default_rng(0).normal(0, noise, pixels.shape) if noise else 0.0
    return np.asarray(np.clip(pixels * 0.9 + 15 + grain, 0, 255), np.uint8)


def _cell(page: pymupdf.Page, x: float, y: float, side: float, style: Style) -> None:
    bottom = y + 1.2 * side
    if style == "comb":
        page.draw_polyline([(x, y + 0.9 * side), (x, bottom), (x + side, bottom), (x + side, y + 0.9 * side)])
    elif style == "boxes":
        page.draw_rect((x, y, x + side, bottom), width=0.7)
    else:
        page.draw_rect((x, y, x + side, bottom), width=0.4, color=(0.6, 0.6, 0.6))
