"""Ground truth as YOLO boxes: `NAME.jpg` with `NAME.txt`, lines `class x y width height`.

Coordinates are fractions of the picture; (x, y) is the centre of a box.

`classes.txt` names the classes, one a line. Without it they are those of Tobacco800: 0 logo, 1 signature.
"""

from __future__ import annotations

from pathlib import Path

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.pictures import find_picture
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.items import Item, Loaded, TruthBox

_CLASSES = "classes.txt"
_TOBACCO800 = ("logo", "signature")


def load(folder: Path, truth: Path) -> Loaded | None:
    """Return the pictures of a folder with their signatures, or None where the truth has no boxes for any.

    Classes other than `signature` are left aside. The boxes may lie in `labels` and the pictures in `images`.
    """
    labels, images = truth / "labels", folder / "images"
    if not (labels.is_dir() and images.is_dir()):
        labels, images = truth, folder
    texts = [path for path in sorted(labels.glob("*.txt")) if path.name != _CLASSES]
    pairs = [(path, picture) for path in texts if (picture := find_picture(path, images))]
    if not pairs:
        return None
    classes = _classes(truth / _CLASSES)
    return Loaded([_item(path, picture, classes) for path, picture in pairs])


def _classes(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return _TOBACCO800
    names = tuple(path.read_text(encoding="utf-8").lower().split())
    if "signature" not in names:
        raise MalformedGroundTruth(f"{path} names no class signature, and signatures are the only boxes measured")
    return names


def _item(path: Path, picture: Path, classes: tuple[str, ...]) -> Item:
    rows = [row.split() for row in path.read_text(encoding="utf-8", errors="replace").splitlines() if row.strip()]
    boxes = []
    for number, row in enumerate(rows, 1):
        try:
            found = classes[int(row[0])]
            x, y, width, height = map(float, row[1:])
            box = _box(x, y, width, height)
        except (ValueError, IndexError) as error:
            raise MalformedGroundTruth(
                f"{path}, row {number} is not a YOLO box, class x y width height ({error}); "
                f"if it is the text of {picture.name}, call it {path.stem}.gt.txt"
            ) from error
        if found == "signature":
            boxes.append(box)
    return Item(picture.name, picture, None, tuple(boxes), unit="signature", size=(1.0, 1.0))


def _box(x: float, y: float, width: float, height: float) -> TruthBox:
    x0, y0, x1, y1 = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    return TruthBox(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), kind="signature")


FORMAT = GroundTruthFormat("yolo", "YOLO boxes of signatures, NAME.jpg with NAME.txt", load)
