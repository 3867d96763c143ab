"""All training data in one folder of small files, so that a machine without the sources can train."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from models.errors import ModelError
from models.training.lines.aligned import Alignment
from models.training.lines.handwritten import HandwrittenLine
from models.training.synthesis.entries import Entries
from models.training.synthesis.text import EnglishText
from models.training.synthesis.typefaces import FONTS

_MAX_PICTURE_BYTES = 48 << 20  # of one file
_WORDS, _ALIGNMENTS = "words.lst", "alignments.npz"

FontKind = Literal["handwriting", "print"]


@dataclass(frozen=True, slots=True)
class LineDataset:
    """Lines to train on and to validate with, a text, and fonts to draw it with.

    `entries` and `alignments`, one of each training line, are there where `add_alignments` wrote them.
    """

    train: list[HandwrittenLine]
    valid: list[HandwrittenLine]
    text: EnglishText
    handwriting_fonts: list[Path]
    print_fonts: list[Path]
    entries: Entries | None = None
    alignments: list[Alignment] | None = None


def write_dataset(
    folder: Path, train: Iterable[HandwrittenLine], valid: Iterable[HandwrittenLine], text: EnglishText
) -> None:
    """Write lines and text; fonts are added by `add_fonts`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text.txt").write_text(" ".join(text.words), encoding="utf-8")
    for name, lines in (("train", train), ("valid", valid)):
        group: list[HandwrittenLine] = []
        number = size = 0
        for line in lines:
            if size + len(line.encoded) > _MAX_PICTURE_BYTES:
                _write(folder / f"{name}-{number:02}.npz", group)
                group, size, number = [], 0, number + 1
            group.append(line)
            size += len(line.encoded)
        _write(folder / f"{name}-{number:02}.npz", group)


def add_fonts(folder: Path, kind: FontKind, sources: Iterable[Path]) -> int:
    """Copy the fonts of some folders, and of all below, into a dataset; return how many of the kind it has then.

    A package of web fonts has a file for each script: the Latin one is taken.
    """
    target = folder / f"{kind}-fonts"
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        files = [source] if source.is_file() else sorted(source.rglob("*"))
        for file in files:
            if file.suffix in FONTS and (file.suffix[:4] != ".wof" or "-latin-400-normal.woff2" in file.name):
                shutil.copyfile(file, target / file.name)
    return len(list(target.iterdir()))


def add_alignments(folder: Path, alignments: Sequence[Alignment], words: Sequence[str]) -> None:
    """Write where the letters of each training line stand, and words of several languages for entries."""
    (folder / _WORDS).write_text("\n".join(words), encoding="utf-8")
    np.savez_compressed(
        folder / _ALIGNMENTS,
        middles=np.concatenate([alignment.middles for alignment in alignments]),
        probabilities=np.concatenate([alignment.probabilities for alignment in alignments]),
        ends=np.cumsum([len(alignment.middles) for alignment in alignments]),
    )


def read_dataset(folder: Path) -> LineDataset:
    """Return what `write_dataset` and `add_fonts` wrote. Raises ModelError where something is missing."""
    lines = {
        name: [line for file in sorted(folder.glob(f"{name}-*.npz")) for line in _read(file)]
        for name in ("train", "valid")
    }
    fonts = {kind: sorted((folder / f"{kind}-fonts").glob("*")) for kind in ("handwriting", "print")}
    missing = [name for name, found in (lines | fonts).items() if not found]
    if missing:
        raise ModelError(
            f"{folder} has no {', '.join(missing)}; write it with `python -m models.training.lines dataset`"
        )
    entries = Entries((folder / _WORDS).read_text("utf-8").split()) if (folder / _WORDS).is_file() else None
    return LineDataset(
        lines["train"], lines["valid"], EnglishText(folder), fonts["handwriting"], fonts["print"],
        entries, _alignments(folder / _ALIGNMENTS),
    )  # fmt: skip


def _alignments(file: Path) -> list[Alignment] | None:
    if not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as arrays:
        middles, probabilities, ends = (arrays[name] for name in ("middles", "probabilities", "ends"))
    starts = [0, *ends[:-1].tolist()]
    return [Alignment(middles[a:b], probabilities[a:b]) for a, b in zip(starts, ends.tolist(), strict=True)]


def _write(file: Path, lines: Sequence[HandwrittenLine]) -> None:
    labels = json.dumps([[line.text, line.source, line.document] for line in lines])
    np.savez(
        file,
        pictures=np.frombuffer(b"".join(line.encoded for line in lines), np.uint8),
        ends=np.cumsum([len(line.encoded) for line in lines]),
        labels=np.frombuffer(labels.encode(), np.uint8),
    )


def _read(file: Path) -> list[HandwrittenLine]:
    with np.load(file, allow_pickle=False) as arrays:
        pictures, ends = arrays["pictures"].tobytes(), arrays["ends"].tolist()
        labels = json.loads(arrays["labels"].tobytes())
    starts = [0, *ends]
    return [HandwrittenLine(pictures[a:b], *names) for a, b, names in zip(starts, ends, labels, strict=False)]
