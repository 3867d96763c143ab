"""Training pages as DBNet's FPN features and the targets, one file a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.arrays import F16
from models.detection.dbnet import DbnetDetector
from models.training.regions.targets import Targets, targets_of
from models.training.synthesis.business_letters import MarkedPage
from models.weights.files import written_whole

_SHEET_PAGES, _SHEET_COLUMNS = 60, 12  # of a contact sheet
_THUMBNAIL_PX = (132, 172)  # width and height


@dataclass(frozen=True, slots=True)
class Example:
    """One page: FPN features, (96, h, w) float16, and the targets of their cells."""

    fpn: F16
    targets: Targets

    def save(self, file: Path) -> None:
        """Write it as an .npz that opens without decompression."""
        with written_whole(file) as part, part.open("wb") as stream:
            np.savez(
                stream, fpn=self.fpn, kinds=self.targets.kinds, loss_mask=self.targets.loss_mask,
                numbers=self.targets.numbers, boxes=self.targets.boxes,
            )  # fmt: skip

    @staticmethod
    def load(file: Path) -> Example:
        """Return what `save` wrote."""
        with np.load(file) as kept:
            return Example(kept["fpn"], Targets(kept["kinds"], kept["loss_mask"], kept["numbers"], kept["boxes"]))


def example_of(detector: DbnetDetector, page: MarkedPage) -> Example:
    """Return a page's features with its targets."""
    fpn = detector.fpn_features(page.pixels)
    return Example(fpn.astype(np.float16), targets_of(page.ink, *fpn.shape[1:]))


def examples_in(folder: Path) -> list[Path]:
    """Return the files of a folder's examples, in order."""
    return sorted(folder.glob("*.npz"))


def write_examples(detector: DbnetDetector, pages: Iterator[tuple[str, MarkedPage]], folder: Path) -> int:
    """Write each named page, and a small picture of it to look at; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, page in pages:
        example_of(detector, page).save(folder / f"{name}.npz")
        colours = cv2.cvtColor(page.pixels, cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / f"{name}.jpg"), colours, [cv2.IMWRITE_JPEG_QUALITY, 60])
        count += 1
    return count


def contact_sheet(folder: Path, file: Path) -> int:
    """Write small pictures of some of a folder's pages side by side, and return how many there are."""
    pictures = sorted(folder.glob("*.jpg"))
    chosen = [pictures[i] for i in np.linspace(0, len(pictures) - 1, min(_SHEET_PAGES, len(pictures))).astype(int)]
    rows = -(-len(chosen) // _SHEET_COLUMNS)
    wide, tall = _THUMBNAIL_PX
    sheet = np.full((rows * tall, _SHEET_COLUMNS * wide, 3), 96, np.uint8)
    for number, path in enumerate(chosen):
        page = np.asarray(cv2.imread(str(path)), np.uint8)
        scale = min((wide - 6) / page.shape[1], (tall - 6) / page.shape[0])
        small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        top, left = number // _SHEET_COLUMNS * tall + 3, number % _SHEET_COLUMNS * wide + 3
        sheet[top : top + small.shape[0], left : left + small.shape[1]] = small
    cv2.imwrite(str(file), sheet, [cv2.IMWRITE_JPEG_QUALITY, 72])
    return len(chosen)
