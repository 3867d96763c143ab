"""Signatures from the segmentation map: areas of probable cells, and those beside them that are parts of one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from models.arrays import F32
from models.kinds.model import KINDS
from models.kinds.types import SignatureBox
from models.layout.geometry import Box, box_corners

_SIGNATURE = KINDS.index("signature")
_CELL_PROBABILITY = 0.3  # from which on a cell belongs to a signature: a box is to hold its faint ends too
_GAP_CELLS = np.ones((1, 3), np.uint8)  # strokes as near to each other are of one signature
_MIN_CELLS = 6  # fewer are dirt
_MIN_SCORE = 0.93  # mean probability of the more probable half of its cells
_MIN_PART_SCORE = 0.5  # the same, of an area that may be a part of one
_MAX_GAP_HEIGHTS = 0.3  # of the taller part: as far apart as the parts of a signature may be
_MIN_OVERLAP_HEIGHTS = 0.2  # of the lower part: as much of it has to lie beside the other


@dataclass(frozen=True, slots=True)
class _Area:
    """A box in cells, and its score as a signature, in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def box(self) -> Box:
        return self.left, self.top, self.right, self.bottom

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def continues(self, other: _Area) -> bool:
        """Return whether both are parts of one signature: side by side, with little between them."""
        between = max(self.left, other.left) - min(self.right, other.right)
        beside = min(self.bottom, other.bottom) - max(self.top, other.top)
        lower, taller = sorted((self.height, other.height))
        return between <= _MAX_GAP_HEIGHTS * taller and beside >= _MIN_OVERLAP_HEIGHTS * lower

    def joined(self, other: _Area) -> _Area:
        return _Area(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom), max(self.score, other.score),
        )  # fmt: skip


def find_signatures(
    kind_map: F32, page_width: int, page_height: int, min_score: float = _MIN_SCORE
) -> list[SignatureBox]:
    """Return the signatures of a page, the highest-scoring first.

    Args:
        kind_map: Probabilities of KINDS in each cell, (3, h, w), as `KindSegmenter` returns them.
        page_width: In pixels; the map covers all of the page.
        page_height: Likewise.
        min_score: In [0, 1]; what scores less is none.
    """
    probable = kind_map[_SIGNATURE]
    scale = np.array([page_width / probable.shape[1], page_height / probable.shape[0]], np.float32)
    found = sorted(_joined_parts(_areas(probable)), key=lambda area: -area.score)
    return [SignatureBox(box_corners(area.box) * scale, area.score) for area in found if area.score >= min_score]


def _areas(probable: F32) -> list[_Area]:
    """Return the areas of connected cells, (h, w), that probably belong to a signature."""
    belongs = (probable >= _CELL_PROBABILITY).astype(np.uint8)
    closed = cv2.morphologyEx(belongs, cv2.MORPH_CLOSE, _GAP_CELLS)
    count, areas, boxes, _ = cv2.connectedComponentsWithStats(closed)
    found = []
    for number in range(1, count):
        cells = np.sort(probable[(areas == number) & (belongs > 0)])
        if len(cells) >= _MIN_CELLS:
            left, top, width, height = (float(side) for side in boxes[number, :4])
            # the faint ends of a signature must not make it doubtful: the more probable half counts
            score = float(cells[len(cells) // 2 :].mean())
            found.append(_Area(left, top, left + width, top + height, score))
    return found


def _joined_parts(areas: list[_Area]) -> list[_Area]:
    """Return areas with those joined that are parts of one signature."""
    parts = [area for area in areas if area.score >= _MIN_PART_SCORE]
    while pair := next((pair for pair in combinations(parts, 2) if pair[0].continues(pair[1])), None):
        parts = [part for part in parts if part not in pair] + [pair[0].joined(pair[1])]
    return parts
