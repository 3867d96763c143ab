"""What a PDF page is made of: how much of its text is visible, and how much of it is picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, hypot
from typing import Any

import numpy as np
import pymupdf

from models.arrays import I64
from models.layout.geometry import Box

_INVISIBLE_MODE = 3  # text render mode: neither filled nor stroked
_SPACE_CODES = (9, 10, 13, 32, 160)
_GRID_CELLS = 128  # of the grid that a page is judged on: 4.6 × 6.6 points of an A4 page each
_PICTURES = ("fill-image", "fill-imgmask")
_MIN_PICTURE_POINTS = 15  # its shorter side: smaller ones are bullets and icons
_MIN_STROKE_POINTS = 1.5  # the shorter side of a path: thinner ones are rules


@dataclass(frozen=True, slots=True)
class PageContent:
    """What lies on a page.

    `visible_characters` are those that are drawn, not wholly transparent, and under no picture drawn after them.
    `picture_cover` is the share of the page under all of its pictures together, in [0, 1], for many scanners write
    a page as strips. `log` is what is drawn, in order, each with its box in points of the page before its rotation.
    """

    is_blank: bool
    visible_characters: int
    picture_cover: float
    log: tuple[tuple[str, Box], ...] = ()

    def hidden_share(self, text: str) -> float:
        """Return the share of a text layer's characters that are not visible, in [0, 1].

        Counted against the text, for what is only a clipping path (render mode 7) is in no trace of drawing.
        """
        characters = len("".join(text.split()))
        return max(0.0, 1 - self.visible_characters / characters) if characters else 0.0


def page_content(page: Any) -> PageContent:
    """Return what a page is made of; boxes are all as on the page before its rotation."""
    log: list[tuple[str, Box]] = page.get_bboxlog()
    if not log:
        return PageContent(True, 0, 0.0)
    pictures = [(number, entry[1]) for number, entry in enumerate(log) if entry[0] in _PICTURES]
    size = _size(page)
    cover = float((_topmost(pictures, size) >= 0).mean())
    opaque = _topmost(_without_see_through(page, pictures, log), size)
    return PageContent(False, _visible_characters(page, opaque, size), cover, tuple(log))


def picture_dpi(page: Any) -> int | None:
    """Return the highest resolution of a page's pictures, in pixels an inch; None where it shows anything else."""
    drawn = {kind for kind, _ in page.get_bboxlog()} - {"ignore-text"}
    if not drawn or not drawn.issubset(_PICTURES):
        return None
    found = [72.0 * side for entry in page.get_image_info() for side in _pixels_per_point(entry)]
    return ceil(max(found)) if found else None


def _pixels_per_point(picture: Mapping[str, Any]) -> list[float]:
    """Return how many pixels of a picture a point of the page has, along its width and along its height."""
    a, b, c, d, *_ = picture["transform"]
    sides = ((picture["width"], hypot(a, b)), (picture["height"], hypot(c, d)))
    return [pixels / points for pixels, points in sides if points > 0]


def may_show_more(
    log: Sequence[tuple[str, Box]], lines: Sequence[Box], rotation: pymupdf.Matrix, scale: float
) -> bool:
    """Return whether a page has pictures or paths that may hold text beside its lines.

    Args:
        log: As in PageContent.
        lines: Boxes of the text, in pixels of the page as shown.
        rotation: From the page before its rotation to the page as shown.
        scale: Pixels to a point.
    """
    middles = np.array([[(x0 + x1) / 2, (y0 + y1) / 2] for x0, y0, x1, y1 in lines]).reshape(-1, 2) / scale
    for kind, box in log:
        x0, y0, x1, y1 = pymupdf.Rect(box) * rotation
        sides = sorted((x1 - x0, y1 - y0))
        if kind in (*_PICTURES, "fill-shade"):
            if sides[0] >= _MIN_PICTURE_POINTS:
                return True
        elif "path" in kind and sides[0] >= _MIN_STROKE_POINTS:
            inside = (middles[:, 0] >= x0) & (middles[:, 0] <= x1) & (middles[:, 1] >= y0) & (middles[:, 1] <= y1)
            if not inside.any():
                return True  # not the background of a cell
    return False


def _size(page: Any) -> tuple[float, float]:
    width, height = max(page.rect.width, 1.0), max(page.rect.height, 1.0)
    return (height, width) if page.rotation in (90, 270) else (width, height)


def _topmost(pictures: Iterable[tuple[int, Box]], size: tuple[float, float]) -> I64:
    """Return the number of the last picture drawn over each cell, (128, 128) int64; -1 where there is none."""
    grid = np.full((_GRID_CELLS, _GRID_CELLS), -1, dtype=np.int64)
    for number, (x0, y0, x1, y1) in pictures:
        grid[_cell(y0, size[1]) : _cell(y1, size[1]), _cell(x0, size[0]) : _cell(x1, size[0])] = number
    return grid


def _cell(position: float, side: float) -> int:
    share = position / side
    return round(_GRID_CELLS * min(max(share, 0.0), 1.0)) if share == share else 0  # NaN comes from broken matrices


def _without_see_through(
    page: Any, pictures: list[tuple[int, Box]], log: list[tuple[str, Box]]
) -> list[tuple[int, Box]]:
    """Return the pictures that hide what is under them: no stencils, and none with a mask, as watermarks are."""
    if not pictures:
        return []
    masked = {tuple(map(round, entry["bbox"])) for entry in page.get_image_info() if entry["has-mask"]}
    return [
        (number, box)
        for number, box in pictures
        if log[number][0] == "fill-image" and tuple(map(round, box)) not in masked
    ]


def _visible_characters(page: Any, opaque: I64, size: tuple[float, float]) -> int:
    visible: dict[Box, int] = {}
    for span in page.get_texttrace():
        if span["type"] == _INVISIBLE_MODE or span["opacity"] == 0 or _is_covered(span, opaque, size):
            continue
        # text that is filled and stroked is in the trace twice, with the same box
        visible[span["bbox"]] = sum(code not in _SPACE_CODES for code, *_ in span["chars"])
    return sum(visible.values())


def _is_covered(span: dict[str, Any], opaque: I64, size: tuple[float, float]) -> bool:
    x0, y0, x1, y1 = span["bbox"]
    row = min(_cell((y0 + y1) / 2, size[1]), _GRID_CELLS - 1)
    column = min(_cell((x0 + x1) / 2, size[0]), _GRID_CELLS - 1)
    return bool(opaque[row, column] > span["seqno"])
