"""What a training run keeps on disk: a checkpoint that is never half written, and a log."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from models.weights.files import written_whole


def save_checkpoint(state: Mapping[str, Any], file: Path) -> None:
    """Write a checkpoint. A run that is stopped while writing leaves the previous one."""
    with written_whole(file) as part:
        torch.save(state, part)


def append_row(log: Path, names: Sequence[str], row: Sequence[object]) -> None:
    """Append a row to a .csv file; a new file gets the column names first."""
    is_new = not log.is_file()
    with log.open("a", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        if is_new:
            rows.writerow(names)
        rows.writerow(row)
