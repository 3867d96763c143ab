"""What is measured against: documents and what a person says they hold."""

from __future__ import annotations

import hashlib
import math
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.document import Kind, Polygon
from models.evaluation.errors import MalformedGroundTruth

Unit = Literal["line", "word", "signature"]


@dataclass(frozen=True, slots=True)
class TruthBox:
    """One line, word or signature. Polygon in the item's own `size`; kind None where the truth does not tell."""

    polygon: Polygon
    text: str = ""
    kind: Kind | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a point that is nowhere."""
        if not all(math.isfinite(number) for point in self.polygon for number in point):
            raise ValueError(f"not a place on a page: {self.polygon}")


@dataclass(frozen=True, slots=True)
class Item:
    """One document with its truth.

    `text` is None where only places are known. `boxes` are of one `unit`, in reading order; `size` is the width and
    height of the space their coordinates are in, None where that is the picture's pixels. `member` names the
    picture inside the tar file at `path`. `single_line` says that the picture shows exactly one line; `split` is
    the part of the set that the item is in: train, valid, test.
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
    """The items of a folder, and sentences on what in it was left aside."""

    items: list[Item]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named set of items in one format of ground truth."""

    name: str
    format: str
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
