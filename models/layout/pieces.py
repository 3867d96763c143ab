"""Pieces of one line of text: PDF writers split a justified line wherever its spacing changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.document import Region
from models.layout.geometry import bounds
from models.layout.reading_order import quarter_turns

_MAX_GAP_HEIGHTS = 1.0  # of the lower piece, between two pieces of one line: cells of a table stand further apart


def join_pieces(row: Sequence[Region]) -> list[Region]:
    """Return a row's regions, in reading order, those joined that are no further apart than words.

    The pieces of sideways lines stay as they are.
    """
    if any(quarter_turns(row)):
        return list(row)
    joined: list[Region] = []
    for region in row:
        if joined and _is_near(joined[-1], region):
            left, box, other = joined[-1], bounds(joined[-1].polygon), bounds(region.polygon)
            x0, y0, x1, y1 = box[0], min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3])
            polygon = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
            text, words = f"{left.text} {region.text}", left.words + region.words
            joined[-1] = replace(left, polygon=polygon, text=text, words=words)
        else:
            joined.append(region)
    return joined


def _is_near(left: Region, right: Region) -> bool:
    one, other = bounds(left.polygon), bounds(right.polygon)
    return other[0] - one[2] <= _MAX_GAP_HEIGHTS * min(one[3] - one[1], other[3] - other[1])
