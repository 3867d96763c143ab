"""Lines of real handwriting with what they say: from folders of `lines.tsv`, and from letters tagged in ALTO."""

from __future__ import annotations

import csv
import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from PIL import Image

from models.arrays import F32, ImageU8

HEIGHT = 80  # pixels, the most that a line keeps


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line as a grey picture, (h ≤ 80, w) uint8 in a file format's bytes, its text and where it is from."""

    encoded: bytes
    text: str
    source: str
    document: str

    def pixels(self) -> ImageU8:
        """Return the picture, (h, w) uint8."""
        return np.asarray(Image.open(io.BytesIO(self.encoded)).convert("L"))


def load_tables(folder: Path, split: str) -> list[WrittenLine]:
    """Return the lines of every SOURCE/lines.tsv whose column `split` says so."""
    lines = []
    for table in sorted(folder.glob("*/lines.tsv")):
        with table.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            chosen = {row["file"]: row for row in rows if row["split"] == split}
        for archive in sorted(table.parent.glob("images-*.tar")):
            with tarfile.open(archive) as members:
                for member in members:
                    row, content = chosen.get(member.name), members.extractfile(member)
                    if row is not None and content is not None:
                        text, document = plain(row["text"]), row["document"]
                        lines.append(WrittenLine(content.read(), text, table.parent.name, document))
    return lines


def load_letters(folder: Path) -> list[WrittenLine]:
    """Return the lines of NAME.jpg and NAME.xml, ALTO 4, that are tagged Handwritten."""
    return [line for file in sorted(folder.glob("*.xml")) for line in _lines_of(file)]


def plain(text: str) -> str:
    """Return a text as it is to be read: one kind of apostrophe."""
    return text.replace("’", "'").strip()


def _lines_of(file: Path) -> list[WrittenLine]:
    with Image.open(file.with_suffix(".jpg")) as picture:
        page = np.asarray(picture.convert("L"))
    root = ElementTree.parse(file).getroot()
    tags = {tag.get("ID"): tag.get("LABEL", "") for tag in root.iter() if _name(tag) == "OtherTag"}
    lines = []
    for line in (element for element in root.iter() if _name(element) == "TextLine"):
        text = plain(" ".join(part.get("CONTENT", "") for part in line.iter() if _name(part) == "String"))
        polygon = next((part for part in line.iter() if _name(part) == "Polygon"), None)
        if not text or polygon is None or not tags.get(line.get("TAGREFS"), "").endswith("Handwritten"):
            continue
        points = np.array(re.findall(r"[\d.]+", polygon.get("POINTS", "")), np.float32).reshape(-1, 2)
        lines.append(WrittenLine(_encoded(_cut(page, points)), text, "memorials", file.stem))
    return lines


def _cut(page: ImageU8, points: F32) -> ImageU8:
    """Return the polygon's box, what is outside of the polygon filled with the line's paper tone."""
    margin = max(2, round(0.04 * float(np.ptp(points[:, 1]))))
    x0, y0 = np.maximum(points.min(0).astype(int) - margin, 0)
    x1, y1 = points.max(0).astype(int) + margin
    line = page[y0:y1, x0:x1]
    inside = np.zeros(line.shape, np.uint8)
    cv2.fillPoly(inside, [np.asarray(points - (x0, y0), np.int32)], 1)
    near = cv2.dilate(inside, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0
    paper = np.percentile(line[near], 70)
    return np.asarray(np.where(near, line, paper), np.uint8)


def _encoded(line: ImageU8) -> bytes:
    scale = min(1.0, HEIGHT / line.shape[0])
    small = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    stream = io.BytesIO()
    Image.fromarray(np.asarray(small, np.uint8)).save(stream, "WEBP", quality=75)
    return stream.getvalue()


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
