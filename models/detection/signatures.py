"""Signatures from the map: areas of cells that are likely to be one's, as far as they are joined."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from models.detection.base import SignatureBox
from models.detection.kind_model import KINDS

Floats = npt.NDArray[np.float32]

_SIGNATURE = KINDS.index("signature")
_CELL = 0.3  # probability from which on a cell belongs to a signature: a box is to hold its faint ends too
_GAP = np.ones((1, 3), np.uint8)  # cells: strokes as near to each other are of one signature
_LEAST_CELLS = 6  # fewer are dirt
_SURE = 0.93  # mean probability of the likelier half of its cells


def find_signatures(kinds: Floats, width: int, height: int, sure: float = _SURE) -> list[SignatureBox]:
    """Return the signatures of a page, the surest first.

    Args:
        kinds: Probabilities of KINDS in each cell, (3, h, w), as RegionHead gives them.
        width: Of the page, in pixels; the map covers it all.
        height: Likewise.
        sure: The least score that is believed.
    """
    probable = kinds[_SIGNATURE]
    belongs = (probable >= _CELL).astype(np.uint8)
    joined = cv2.morphologyEx(belongs, cv2.MORPH_CLOSE, _GAP)
    count, areas, boxes, _ = cv2.connectedComponentsWithStats(joined)
    scale = np.array([width / probable.shape[1], height / probable.shape[0]], np.float32)
    found = []
    for number in range(1, count):
        cells = np.sort(probable[(areas == number) & (belongs > 0)])
        score = float(cells[len(cells) // 2 :].mean())
        if len(cells) >= _LEAST_CELLS and score >= sure:
            x, y, wide, tall = boxes[number, :4]
            corners = np.array([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]], np.float32)
            found.append(SignatureBox(corners * scale, score))
    return sorted(found, key=lambda signature: -signature.score)
