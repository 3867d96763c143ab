"""Words become lines without a refiner: each is joined to the next one along its own baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import F32, F64
from models.detection.craft.postprocess import ScoredBox

# In mean heights of two words: a space between words is 0.2–0.8, the gutter between columns 1.5 and more.
_MAX_GAP_HEIGHTS = 1.2
_MAX_OVERLAP_HEIGHTS = 1.0  # slanted words overlap
_MAX_BASELINE_OFFSET_HEIGHTS = 0.5
_MAX_HEIGHT_RATIO = 2.5
_MIN_DIRECTION_COSINE = np.cos(np.radians(20))
_MIN_DIRECTED_ASPECT = 1.8  # a box that is this much longer than high; the others take their neighbours' direction


@dataclass(frozen=True, slots=True)
class _Words:
    """Words as arrays, one row each: centre (N, 2), direction of reading (N, 2), length and height (N,)."""

    centre: F64
    direction: F64
    length: F64
    height: F64

    @classmethod
    def of(cls, boxes: F32) -> _Words:
        """Measure (N, 4, 2) boxes along the direction in which each is read."""
        direction = _directions(boxes)
        normal = np.column_stack([-direction[:, 1], direction[:, 0]])
        centre = boxes.mean(axis=1).astype(np.float64)
        offsets = boxes - centre[:, None]
        return cls(
            centre,
            direction,
            np.ptp(np.einsum("nkc,nc->nk", offsets, direction), axis=1),
            np.ptp(np.einsum("nkc,nc->nk", offsets, normal), axis=1),
        )


def lines_from_words(words: list[ScoredBox]) -> list[ScoredBox]:
    """Return one rotated rectangle per line, clockwise from the start of its upper edge, in the words' pixels.

    Its score is the words' mean, weighted by their lengths.
    """
    if not words:
        return []
    measured = _Words.of(np.stack([word.box for word in words]))
    return [_line([words[n] for n in chain], measured, chain) for chain in _chains(_next_words(measured))]


def _directions(boxes: F32) -> F64:
    """Return the unit vector along which each box is read: its longer side, or what long boxes nearby say."""
    edges = boxes[:, 1:3] - boxes[:, 0:2]
    lengths = np.linalg.norm(edges, axis=2)
    rows = np.arange(len(boxes))
    longer: F64 = edges[rows, lengths.argmax(axis=1)].astype(np.float64)
    longer /= np.maximum(lengths.max(axis=1), 1e-6)[:, None]
    # rightwards; what stands upright is read downwards
    backwards = longer @ np.array([1.0, 0.3]) < 0
    longer[backwards] *= -1
    certain = lengths.max(axis=1) >= _MIN_DIRECTED_ASPECT * lengths.min(axis=1)
    if not certain.any():
        longer[:] = (1.0, 0.0)
    elif not certain.all():
        centres = boxes.mean(axis=1)
        distance = np.linalg.norm(centres[~certain][:, None] - centres[certain][None], axis=2)
        longer[~certain] = longer[certain][distance.argmin(axis=1)]
    return longer


def _next_words(words: _Words) -> npt.NDArray[np.intp]:
    """Return for each word the number of the word that follows it in its line, -1 at the line's end."""
    between = words.centre[None] - words.centre[:, None]  # [i, j]: from i to j
    along = np.einsum("ijc,ic->ij", between, words.direction)
    across = np.abs(
        np.einsum("ijc,ic->ij", between, np.column_stack([-words.direction[:, 1], words.direction[:, 0]]))
    )
    gap = along - (words.length[:, None] + words.length[None]) / 2
    taller, lower = (pick(words.height[:, None], words.height[None]) for pick in (np.maximum, np.minimum))
    mean = (taller + lower) / 2
    follows = (
        (along > 0)
        & (gap < _MAX_GAP_HEIGHTS * mean)
        & (gap > -_MAX_OVERLAP_HEIGHTS * mean)
        & (across < _MAX_BASELINE_OFFSET_HEIGHTS * mean)
        & (taller < _MAX_HEIGHT_RATIO * lower)
        & (words.direction @ words.direction.T > _MIN_DIRECTION_COSINE)
    )
    np.fill_diagonal(follows, False)
    cost = np.where(follows, np.maximum(gap, 0) + 2 * across, np.inf)
    following = cost.argmin(axis=1)
    # Only where both agree: what follows me has no nearer predecessor.
    agreed = follows.any(axis=1) & (cost.argmin(axis=0)[following] == np.arange(len(following)))
    return np.where(agreed, following, -1)


def _chains(following: npt.NDArray[np.intp]) -> list[list[int]]:
    """Return the words of each line from its start to its end."""
    starts = set(range(len(following))) - set(following.tolist())
    chains = []
    seen: set[int] = set()
    # A ring has no start; it cannot come of straight text, but a page may be anything.
    for start in [*sorted(starts), *range(len(following))]:
        chain = []
        word = start
        while word >= 0 and word not in seen:
            seen.add(word)
            chain.append(word)
            word = int(following[word])
        if chain:
            chains.append(chain)
    return chains


def _line(members: list[ScoredBox], words: _Words, numbers: list[int]) -> ScoredBox:
    if len(members) == 1:
        return members[0]
    lengths = words.length[numbers]
    direction = _overall_direction(words, numbers)
    frame = np.stack([direction, (-direction[1], direction[0])])
    corners = np.concatenate([member.box for member in members]) @ frame.T
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    box = (np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ frame).astype(np.float32)
    return ScoredBox(box, box, float(np.average([member.score for member in members], weights=lengths)))


def _overall_direction(words: _Words, numbers: list[int]) -> F64:
    """Return a line's direction: from its first word to its last, or the words' own where it is short."""
    span = words.centre[numbers[-1]] - words.centre[numbers[0]]
    length = float(np.linalg.norm(span))
    if length < 3 * words.height[numbers].max():
        span = (words.direction[numbers] * words.length[numbers][:, None]).sum(axis=0)
        length = float(np.linalg.norm(span))
    direction: F64 = span / length
    return direction
