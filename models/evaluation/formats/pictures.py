"""The document that a file of ground truth belongs to."""

from __future__ import annotations

from pathlib import Path

from models.evaluation.errors import MalformedGroundTruth

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".jp2", ".pdf")


def picture_of(truth: Path, folder: Path) -> Path:
    """Return the document in the folder that has the truth's stem.

    Raises:
        MalformedGroundTruth: There is none.
    """
    found = find_picture(truth, folder)
    if found is None:
        raise MalformedGroundTruth(
            f"{truth} has no document: {folder} holds no {truth.stem} with .png, .jpg, .tif, …"
        )
    return found


def find_picture(truth: Path, folder: Path) -> Path | None:
    """Return the document in the folder that has the truth's stem, or None."""
    named = (folder / f"{truth.stem}{suffix}" for ending in SUFFIXES for suffix in (ending, ending.upper()))
    return next((path for path in named if path.is_file()), None)
