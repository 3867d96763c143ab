"""Ground truth in the format of FUNSD (Jaume et al. 2019): `annotations/NAME.json`, `images/NAME.png`.

A form has no one reading order. The text is that of the blocks as they are annotated, so that of its scores only
the order-free one, over the bag of words, compares readers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.pictures import picture_of
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.items import Item, Loaded, TruthBox


def load(folder: Path, truth: Path) -> Loaded | None:
    """Return the forms of a folder, or None where it has no `annotations` beside `images`."""
    annotations = sorted((truth / "annotations").glob("*.json"))
    if not annotations or not (folder / "images").is_dir():
        return None
    return Loaded([_item(path, folder / "images") for path in annotations])


def _item(path: Path, images: Path) -> Item:
    try:
        blocks = json.loads(path.read_text(encoding="utf-8"))["form"]
        boxes = tuple(_box(word) for block in blocks for word in block["words"] if word["text"].strip())
        text = "\n".join(block["text"] for block in blocks)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedGroundTruth(f"{path} is not FUNSD: {type(error).__name__} {error}") from error
    picture = picture_of(path, images)
    return Item(picture.name, picture, text, boxes, unit="word")


def _box(word: Mapping[str, Any]) -> TruthBox:
    x0, y0, x1, y1 = map(float, word["box"])
    return TruthBox(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), word["text"])


FORMAT = GroundTruthFormat("funsd", "FUNSD's annotations/ and images/", load)
