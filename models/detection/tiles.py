"""Large pages through a fully convolutional network in overlapping tiles, whose maps are stitched together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from models.arrays import F16, F32

# Maps are cut in the middle of the overlap, three lines of the height that `map_scale.py` wants from any border:
# what the network finds there is what it finds on the whole page.
_TILE_PX, _OVERLAP_PX, _STRIDE_PX = 1600, 128, 32

Network = Callable[[F32], tuple[F32, F32]]
"""From planes, (1, 3, h, w), to the score map, (h, w), and the features, (channels, h / cell, w / cell)."""


def run_in_tiles(network: Network, planes: F32, cell_px: int) -> tuple[F32, F16 | F32]:
    """Return the score map and the features of a page; those of several tiles as float16, for they are large.

    Args:
        planes: The page as the network takes it, (1, 3, h, w); h and w are multiples of 32.
        cell_px: Map pixels to a cell of the features.
    """
    height, width = planes.shape[2:]
    rows, columns = list(_spans(height)), list(_spans(width))
    if len(rows) == len(columns) == 1:
        return network(planes)
    scores, features = np.empty((height, width), np.float32), None
    for top, bottom, y0, y1 in rows:
        for left, right, x0, x1 in columns:
            tile, cells = network(np.ascontiguousarray(planes[:, :, top:bottom, left:right]))
            scores[y0:y1, x0:x1] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
            if features is None:
                features = np.empty((len(cells), height // cell_px, width // cell_px), np.float16)
            rows_kept, columns_kept = slice(y0 // cell_px, y1 // cell_px), slice(x0 // cell_px, x1 // cell_px)
            y, x = (y0 - top) // cell_px, (x0 - left) // cell_px
            kept = features[:, rows_kept, columns_kept]
            kept[:] = cells[:, y : y + kept.shape[1], x : x + kept.shape[2]]
    assert features is not None  # there is a tile
    return scores, features


def _spans(length: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each tile along a side begins and ends, and what of the side is taken from it."""
    count = 1 if length <= _TILE_PX else -(-(length - _OVERLAP_PX) // (_TILE_PX - _OVERLAP_PX))
    step = max(0, length - _TILE_PX) / max(1, count - 1) / _STRIDE_PX
    starts = [round(step * number) * _STRIDE_PX for number in range(count)]
    cuts = [0, *((start + following + _TILE_PX) // 2 for start, following in pairwise(starts)), length]
    for start, (begin, end) in zip(starts, pairwise(cuts), strict=True):
        yield start, min(start + _TILE_PX, length), begin, end
