"""What runs of learning keep: a checkpoint that is whole, a log, weights averaged over steps."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch


def save_whole(state: Mapping[str, Any], file: Path) -> None:
    """Write a checkpoint; a run that is stopped while writing leaves the one before."""
    part = file.with_suffix(".part")
    torch.save(state, part)
    part.replace(file)


def log_row(log: Path, names: Sequence[str], row: Sequence[object]) -> None:
    """Add a row to a .csv file, below the columns' names."""
    is_new = not log.is_file()
    with log.open("a", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        if is_new:
            rows.writerow(names)
        rows.writerow(row)


def average(averaged: Mapping[str, torch.Tensor], network: Any, step: int, most: float) -> None:
    """Move averaged weights towards a network's, by name: at each step less, until `most` of them is kept."""
    keep = min(most, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.requires_grad:
                averaged[name].lerp_(value, 1 - keep)
