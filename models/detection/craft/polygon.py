"""The outline of bent text: a ribbon around the centre line of a component of the score maps."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F32, F64, Mask

_PIVOTS = 5  # points on the centre line, as in the paper's figure 6
_MIN_SIDE_PX = 10  # px of the score maps; below it a bend is noise
_MAX_BENT_COLUMN_FILL = 0.7  # text is bent where no column of its box is filled higher than this
_EXPANSION_RATIO = 1.45  # a character's box over the height at which its region score passes low_text
_MAX_STRAIGHT_SWAY_HEIGHTS = (
    0.15  # of a character's height: a centre line nearer than this to a straight one is straight
)
_MIN_SEGMENT_HEIGHTS = 0.25  # of a character's height; with shorter ones a ribbon folds over itself


def bent_polygon(mask: Mask, box: F32) -> F32 | None:
    """Return the outline of a component, or None where its box describes it as well.

    The ideas are the paper's (section 3.3, "polygon"): the height of the columns across the text gives the size of
    its characters, their middles its centre line; the outline runs at half a character's height on both sides.

    Args:
        mask: (h, w), true where the component is text.
        box: (4, 2) its rotated rectangle in pixels of the mask, clockwise.

    Returns:
        (2 × (5 + 2), 2) float32: from the start along one side and back along the other.
    """
    straight, to_mask = _straighten(mask, box)
    if min(straight.shape) < _MIN_SIDE_PX:
        return None
    filled = straight.any(axis=0)
    columns = np.flatnonzero(filled)
    if len(columns) < 2 * _PIVOTS:
        return None
    top = straight.argmax(axis=0)[columns]
    bottom = straight.shape[0] - 1 - straight[::-1].argmax(axis=0)[columns]
    heights = bottom - top + 1
    if heights.max() > _MAX_BENT_COLUMN_FILL * straight.shape[0]:
        return None
    parts = np.array_split(np.arange(len(columns)), _PIVOTS)
    tall = np.median([heights[part].max() for part in parts])  # of a character: between two the columns are low
    if straight.shape[1] / _PIVOTS < _MIN_SEGMENT_HEIGHTS * tall:
        return None
    middles = (top + bottom) / 2
    centre = np.array([(columns[part].mean(), middles[part].mean()) for part in parts])
    line = np.polyval(np.polyfit(centre[:, 0], centre[:, 1], 1), centre[:, 0])
    if np.abs(centre[:, 1] - line).max() < _MAX_STRAIGHT_SWAY_HEIGHTS * tall:
        return None
    return _to_page(_ribbon(centre, columns[0], columns[-1], _EXPANSION_RATIO * float(tall) / 2), to_mask)


def _straighten(mask: Mask, box: F32) -> tuple[Mask, F32]:
    """Return the mask turned so that its box's longer side lies level, and the (3, 3) way back."""
    if np.linalg.norm(box[1] - box[0]) < np.linalg.norm(box[2] - box[1]):
        box = np.roll(box, -1, axis=0)
    width = int(np.linalg.norm(box[1] - box[0])) + 1
    height = int(np.linalg.norm(box[2] - box[1])) + 1
    level = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    forth = cv2.getPerspectiveTransform(np.ascontiguousarray(box, np.float32), level)
    straight = cv2.warpPerspective(mask.astype(np.uint8), forth, (width, height), flags=cv2.INTER_NEAREST)
    return straight > 0, np.linalg.inv(forth).astype(np.float32)


def _ribbon(centre: F64, start: int, end: int, half: float) -> F64:
    """Return the outline at a distance from a centre line, which is first drawn on to both ends of the text."""
    slopes = np.gradient(centre[:, 1], centre[:, 0])
    first = (start - half / 2, centre[0, 1] + slopes[0] * (start - half / 2 - centre[0, 0]))
    last = (end + half / 2, centre[-1, 1] + slopes[-1] * (end + half / 2 - centre[-1, 0]))
    line = np.vstack([first, centre, last])
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normal = np.column_stack([along[:, 1], -along[:, 0]])  # to the side of smaller y
    return np.vstack([line + half * normal, (line - half * normal)[::-1]])


def _to_page(points: F64, to_mask: F32) -> F32:
    flat = cv2.perspectiveTransform(points.reshape(-1, 1, 2), to_mask)
    return flat.reshape(-1, 2).astype(np.float32)
