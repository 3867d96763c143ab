"""Ground truth as ICDAR gives it (SROIE 2019 and others): `NAME.csv` or `gt_NAME.txt` beside the picture.

A row is eight coordinates in pixels, clockwise from the top left corner, then the text of the line, which may hold
commas itself. `###` is a line that nobody could read: it has no text. A set without any small letter, as SROIE is,
was transcribed in capitals: readings are compared in capitals.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.pictures import find_picture
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.items import Item, Loaded, TruthBox

_UNREADABLE = "###"
_NUMBERS = 8


def load(folder: Path, truth: Path) -> Loaded | None:
    """Return the pictures of a folder with their lines, or None where the truth has no such table for any."""
    tables = [(path, path.stem) for path in sorted(truth.glob("*.csv"))]
    tables += [(path, path.stem.removeprefix("gt_")) for path in sorted(truth.glob("gt_*.txt"))]
    found = [
        (path, picture)
        for path, stem in tables
        if (picture := find_picture(path.with_name(f"{stem}.csv"), folder)) and _is_corner_table(path)
    ]
    if not found:
        return None
    items = [_item(path, picture) for path, picture in found]
    in_capitals = not any(character.islower() for item in items for character in item.text or "")
    return Loaded([replace(item, in_capitals=in_capitals) for item in items])


def _is_corner_table(path: Path) -> bool:
    """Return whether the first row begins with eight whole numbers: other tables are other formats."""
    numbers = _rows(path)[0][1].split(",")[:_NUMBERS] if _rows(path) else []
    return len(numbers) == _NUMBERS and all(number.strip().lstrip("-").isdigit() for number in numbers)


def _rows(path: Path) -> list[tuple[int, str]]:
    content = path.read_text(encoding="utf-8-sig", errors="replace")
    return [(number, row) for number, row in enumerate(content.splitlines(), 1) if row.strip()]


def _item(path: Path, picture: Path) -> Item:
    boxes = []
    for number, row in _rows(path):
        *numbers, text = row.split(",", _NUMBERS)
        try:
            x0, y0, x1, y1, x2, y2, x3, y3 = map(float, numbers)
            polygon = ((x0, y0), (x1, y1), (x2, y2), (x3, y3))
            boxes.append(TruthBox(polygon, "" if text.strip() == _UNREADABLE else text.strip()))
        except ValueError as error:
            raise MalformedGroundTruth(
                f"{path}, row {number} is not x, y of four corners and a text: {error}"
            ) from error
    text = "\n".join(box.text for box in boxes if box.text)
    return Item(picture.name, picture, text, tuple(boxes))


FORMAT = GroundTruthFormat("icdar", "ICDAR's eight coordinates and a text a row, NAME.csv or gt_NAME.txt", load)
