"""All that is learnt from in one folder of small files, so that a machine without the sources can learn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import ModelError
from models.training.lines.handwritten import WrittenLine
from models.training.synthesis.text import EnglishText
from models.training.synthesis.typefaces import FONTS

_LARGEST = 48 << 20  # bytes of pictures in a file


@dataclass(frozen=True, slots=True)
class Pack:
    """Written lines to learn from and to measure with, a text, and fonts."""

    train: list[WrittenLine]
    valid: list[WrittenLine]
    text: EnglishText
    hand_fonts: list[Path]
    print_fonts: list[Path]


def write_pack(folder: Path, train: Iterable[WrittenLine], valid: Iterable[WrittenLine], text: EnglishText) -> None:
    """Write lines and text; fonts are added by `add_fonts`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text.txt").write_text(" ".join(text.words), encoding="utf-8")
    for name, lines in (("train", train), ("valid", valid)):
        group: list[WrittenLine] = []
        number = size = 0
        for line in lines:
            if size + len(line.encoded) > _LARGEST:
                _write(folder / f"{name}-{number:02}.npz", group)
                group, size, number = [], 0, number + 1
            group.append(line)
            size += len(line.encoded)
        _write(folder / f"{name}-{number:02}.npz", group)


def add_fonts(folder: Path, kind: str, sources: Iterable[Path]) -> int:
    """Copy the fonts of some folders, and of all below, into a pack, and return how many there are.

    `kind` is hand or print. Of a package of web fonts that has a file for each script, the Latin one is taken.
    """
    target = folder / f"{kind}-fonts"
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        files = [source] if source.is_file() else sorted(source.rglob("*"))
        for file in files:
            if file.suffix in FONTS and (file.suffix[:4] != ".wof" or "-latin-400-normal.woff2" in file.name):
                shutil.copyfile(file, target / file.name)
    return len(list(target.iterdir()))


def read_pack(folder: Path) -> Pack:
    """Return what is in a pack. Raises ModelError where something is missing."""
    lines = {
        name: [line for file in sorted(folder.glob(f"{name}-*.npz")) for line in _read(file)]
        for name in ("train", "valid")
    }
    fonts = {kind: sorted((folder / f"{kind}-fonts").glob("*")) for kind in ("hand", "print")}
    missing = [name for name, found in (lines | fonts).items() if not found]
    if missing:
        raise ModelError(
            f"{folder} has no {', '.join(missing)}; make it with `python -m models.training.lines pack`"
        )
    return Pack(lines["train"], lines["valid"], EnglishText(folder), fonts["hand"], fonts["print"])


def _write(file: Path, lines: Sequence[WrittenLine]) -> None:
    np.savez(
        file,
        pictures=np.frombuffer(b"".join(line.encoded for line in lines), np.uint8),
        ends=np.cumsum([len(line.encoded) for line in lines]),
        told=np.frombuffer(
            json.dumps([[line.text, line.source, line.document] for line in lines]).encode(), np.uint8
        ),
    )


def _read(file: Path) -> list[WrittenLine]:
    with np.load(file, allow_pickle=False) as arrays:
        pictures, ends = arrays["pictures"].tobytes(), arrays["ends"].tolist()
        told = json.loads(arrays["told"].tobytes())
    starts = [0, *ends]
    return [WrittenLine(pictures[a:b], *names) for a, b, names in zip(starts, ends, told, strict=False)]
