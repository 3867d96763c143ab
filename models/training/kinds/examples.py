"""Boxes with their kinds, as the detector finds them on pages whose ink is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.arrays import F32, I64, ImageU8, Mask
from models.detection.dbnet import DbnetDetector
from models.detection.types import TextBox
from models.document import Kind
from models.kinds.model import KINDS, detector_features
from models.kinds.strokes import line_windows
from models.training.synthesis.sheet import kinds_of_boxes

_MAX_PER_PAGE = 30  # boxes of one kind: else a table of print would outweigh everything


@dataclass(frozen=True, slots=True)
class Examples:
    """Boxes of pages.

    Attributes:
        features: Of the detector, (n, 198) float32.
        windows: A crop of each box, (n, 32, 128) uint8.
        kinds: Indices into KINDS, (n,).
        pages: The name of each one's page, (n,) str.
    """

    features: F32
    windows: ImageU8
    kinds: I64
    pages: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.kinds)

    def where(self, chosen: Mask) -> Examples:
        """Return those chosen by a mask, (n,)."""
        return Examples(self.features[chosen], self.windows[chosen], self.kinds[chosen], self.pages[chosen])

    def save(self, file: Path) -> None:
        """Write them as an .npz."""
        np.savez_compressed(file, features=self.features, windows=self.windows, kinds=self.kinds, pages=self.pages)

    @staticmethod
    def load(file: Path) -> Examples:
        """Return what `save` wrote."""
        with np.load(file) as kept:
            return Examples(kept["features"], kept["windows"], kept["kinds"], kept["pages"])

    @staticmethod
    def joined(parts: Sequence[Examples]) -> Examples:
        """Return all of several, in order."""
        return Examples(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.windows for part in parts]),
            np.concatenate([part.kinds for part in parts]),
            np.concatenate([part.pages for part in parts]),
        )


def examples_of(
    detector: DbnetDetector, pages: Iterable[tuple[str, ImageU8, ImageU8]], rng: np.random.Generator
) -> Examples:
    """Return the boxes found on (name, pixels, ink map) pages, a few of each kind from each page."""
    features, windows, kinds, names = [], [], [], []
    for name, pixels, ink in pages:
        boxes, detected = detector.detect_with_features(pixels)
        labels = kinds_of_boxes(ink, boxes)
        chosen = _some_of_each(labels, rng)
        features.append(detector_features(pixels.shape, boxes, detected.rois)[chosen])
        windows += [_window(pixels, boxes[i], rng) for i in chosen]
        kinds += [KINDS.index(kind) for i in chosen if (kind := labels[i]) is not None]
        names += [name] * len(chosen)
    return Examples(
        np.concatenate(features), np.stack(windows), np.array(kinds, np.int64), np.array(names, np.str_)
    )


def _some_of_each(labels: Sequence[Kind | None], rng: np.random.Generator) -> I64:
    """Return the indices of some random boxes of each kind."""
    chosen = [np.array([i for i, kind in enumerate(labels) if kind == which], np.int64) for which in KINDS]
    return np.concatenate([rng.permutation(some)[:_MAX_PER_PAGE] for some in chosen])


def _window(pixels: ImageU8, box: TextBox, rng: np.random.Generator) -> ImageU8:
    """Return a crop of a box, (32, 128) uint8, one of two where the line is long."""
    cuts = line_windows(pixels, box.corners)
    return np.asarray(cuts[int(rng.integers(0, len(cuts)))] * 255, np.uint8)
