"""Documents with their ground truth: what a reading is compared with."""

from __future__ import annotations

import hashlib
import math
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.document import Kind, Polygon
from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.passages import PassageCheck

Unit = Literal["line", "word", "signature"]


@dataclass(frozen=True, slots=True)
class TruthBox:
    """One line, word or signature. Polygon in the item's own `size`; kind None where the truth does not give it."""

    polygon: Polygon
    text: str = ""
    kind: Kind | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for coordinates that are not finite."""
        if not all(math.isfinite(number) for point in self.polygon for number in point):
            raise ValueError(f"not a position on a page: {self.polygon}")


@dataclass(frozen=True, slots=True)
class Item:
    """One document with its truth.

    Attributes:
        name: Unique in its set.
        path: The document, or the tar file that it is packed in.
        text: None where only boxes are known.
        boxes: All of one `unit`, in reading order.
        unit: What a box surrounds.
        size: Width and height of the space that the boxes are in; None where that is the picture's pixels.
        member: The picture's name inside the tar file at `path`.
        single_line: Whether the picture shows exactly one line.
        split: The part of the set that the item is in: train, valid, test.
        joins_words: Whether words that are split at line ends are whole in the truth.
        in_capitals: Whether the truth has capitals wherever the document has small letters.
        checks: Tests of passages, where the truth is that.
    """

    name: str
    path: Path
    text: str | None
    boxes: tuple[TruthBox, ...] = ()
    unit: Unit = "line"
    size: tuple[float, float] | None = None
    member: str | None = None
    single_line: bool = False
    split: str | None = None
    joins_words: bool = False
    in_capitals: bool = False
    checks: tuple[PassageCheck, ...] = ()

    def document(self, folder: Path) -> Path:
        """Return the path of the document; a picture in a tar file is first written into the folder.

        Raises:
            MalformedGroundTruth: The tar file has no such picture.
        """
        if self.member is None:
            return self.path
        try:
            with tarfile.open(self.path) as archive:
                packed = archive.extractfile(self.member)
                content = packed.read() if packed else b""
        except (KeyError, tarfile.TarError) as error:
            raise MalformedGroundTruth(f"{self.path} does not give {self.member}: {error}") from error
        # two members may have one name in different folders of the archive
        written = folder / f"{hashlib.sha256(self.member.encode()).hexdigest()[:16]}{Path(self.member).suffix}"
        written.write_bytes(content)
        return written


@dataclass(frozen=True, slots=True)
class Loaded:
    """The items of a folder, and sentences on what was ignored."""

    items: list[Item]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named set of items in one format of ground truth."""

    name: str
    format: str
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
