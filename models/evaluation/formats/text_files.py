"""Ground truth as plain text: `lease.pdf` with `lease.gt.txt` or `lease.pdf.gt.txt`, a line for each text line.

`lease.pdf.expected.txt` has the words in reading order instead, those that are split at line ends whole.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from models.evaluation.errors import MalformedGroundTruth
from models.evaluation.formats.pictures import SUFFIXES
from models.evaluation.formats.types import GroundTruthFormat
from models.evaluation.items import Item, Loaded

SUFFIX = ".gt.txt"
JOINED_SUFFIX = ".expected.txt"


def load(folder: Path, truth: Path, suffix: str = SUFFIX) -> Loaded | None:
    """Return the documents of a folder whose text is in `truth`, or None where no file there ends in the suffix.

    A truth that bears a document's full name belongs to that document alone; one that bears its stem, to every
    PDF or picture of that stem that has none of its own.
    """
    texts = {path.name.removesuffix(suffix): path for path in sorted(truth.glob(f"*{suffix}"))}
    if not texts:
        return None
    used: set[str] = set()
    items = []
    for path in sorted(folder.iterdir()):
        key = path.name if path.name in texts else path.stem
        if path.is_file() and key in texts and (key == path.name or path.suffix.lower() in SUFFIXES):
            used.add(key)
            items.append(Item(path.name, path, _text(texts[key]), joins_words=suffix == JOINED_SUFFIX))
    notes = tuple(
        f"{texts[key].name} is left aside: {folder} has no document {key}.*" for key in texts if key not in used
    )
    return Loaded(items, notes)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedGroundTruth(f"{path} is not UTF-8: {error}; convert it, as with iconv") from error


FORMAT = GroundTruthFormat("text", "NAME.pdf with NAME.gt.txt", load)
JOINED_FORMAT = GroundTruthFormat(
    "words", "NAME.pdf with NAME.pdf.expected.txt", partial(load, suffix=JOINED_SUFFIX)
)
