"""Signatures from the map: areas of cells that are likely to be of one, and what beside them is part of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from models.arrays import F32
from models.detection.types import SignatureBox
from models.kinds.model import KINDS
from models.layout.geometry import Box, box_corners

_SIGNATURE = KINDS.index("signature")
_CELL = 0.3  # probability from which on a cell belongs to a signature: a box is to hold its faint ends too
_GAP = np.ones((1, 3), np.uint8)  # cells: strokes as near to each other are of one signature
_LEAST_CELLS = 6  # fewer are dirt
_SURE = 0.93  # mean probability of the likelier half of its cells
_PART = 0.5  # the same, of an area that may be a part of one
_BESIDE = 0.3  # of the taller part's height: as far apart as the parts of a signature may be
_LEVEL = 0.2  # of the lower part's height: as much of it has to lie beside the other


@dataclass(frozen=True, slots=True)
class _Area:
    """A box in cells, and how sure it is that a signature is there."""

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
        return between <= _BESIDE * taller and beside >= _LEVEL * lower

    def joined(self, other: _Area) -> _Area:
        return _Area(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom), max(self.score, other.score),
        )  # fmt: skip


def find_signatures(kinds: F32, width: int, height: int, sure: float = _SURE) -> list[SignatureBox]:
    """Return the signatures of a page, the surest first.

    Args:
        kinds: Probabilities of KINDS in each cell, (3, h, w), as RegionHead gives them.
        width: Of the page, in pixels; the map covers it all.
        height: Likewise.
        sure: The least score that is believed.
    """
    probable = kinds[_SIGNATURE]
    scale = np.array([width / probable.shape[1], height / probable.shape[0]], np.float32)
    found = sorted(_whole(_areas(probable)), key=lambda area: -area.score)
    return [SignatureBox(box_corners(area.box) * scale, area.score) for area in found if area.score >= sure]


def _areas(probable: F32) -> list[_Area]:
    """Return what is joined of the cells, (h, w), that probably belong to a signature."""
    belongs = (probable >= _CELL).astype(np.uint8)
    count, areas, boxes, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(belongs, cv2.MORPH_CLOSE, _GAP))
    found = []
    for number in range(1, count):
        cells = np.sort(probable[(areas == number) & (belongs > 0)])
        if len(cells) >= _LEAST_CELLS:
            left, top, wide, tall = (float(side) for side in boxes[number, :4])
            score = float(cells[len(cells) // 2 :].mean())
            found.append(_Area(left, top, left + wide, top + tall, score))
    return found


def _whole(areas: list[_Area]) -> list[_Area]:
    """Return areas with those joined that are parts of one signature."""
    parts = [area for area in areas if area.score >= _PART]
    while pair := next((pair for pair in combinations(parts, 2) if pair[0].continues(pair[1])), None):
        parts = [part for part in parts if part not in pair] + [pair[0].joined(pair[1])]
    return parts
