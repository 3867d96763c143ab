"""Folders become sets of items, whatever the format their ground truth is in."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.errors import OptionsError
from models.evaluation.errors import NoGroundTruth
from models.evaluation.formats.registry import FORMATS
from models.evaluation.items import Dataset, Item


def load_dataset(folder: Path, truth: Path | None = None, split: str | None = None) -> Dataset:
    """Return the items of one folder.

    Args:
        folder: Where the documents are.
        truth: Where the ground truth is, if not beside them.
        split: Which part of a set that has parts; if not named, all but `train`.

    Raises:
        NoGroundTruth: There is no such folder, none of its files is ground truth, or nothing is in that split.
        MalformedGroundTruth: A file of ground truth cannot be parsed, or its document is missing.
    """
    for given in (folder, truth or folder):
        if not given.is_dir():
            raise NoGroundTruth(f"{given} is not a folder; name one with documents and their ground truth")
    for fmt in FORMATS:
        loaded = fmt.load(folder, truth or folder)
        if loaded is None:
            continue
        if not loaded.items:
            reason = "; ".join(loaded.notes) or f"{folder} has ground truth ({fmt.name}) for no document"
            raise NoGroundTruth(reason)
        return Dataset(folder.resolve().name, fmt.name, _in_split(folder, loaded.items, split), loaded.notes)
    understood = "; ".join(fmt.description for fmt in FORMATS)
    raise NoGroundTruth(f"{truth or folder} has no ground truth. Understood are: {understood}")


def load_datasets(folder: Path, truth: Path | None = None, split: str | None = None) -> list[Dataset]:
    """Return the set of a folder or, where it has no ground truth itself, the sets of its folders that have.

    Raises:
        NoGroundTruth: Neither it nor any folder directly in it has ground truth.
        MalformedGroundTruth: As for `load_dataset`.
    """
    try:
        return [load_dataset(folder, truth, split)]
    except NoGroundTruth:
        found = [] if truth or not folder.is_dir() else _load_folders(folder, split)
        if not found:
            raise
        return found


def _load_folders(folder: Path, split: str | None) -> list[Dataset]:
    found = []
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        with contextlib.suppress(NoGroundTruth):
            found.append(load_dataset(inner, None, split))
    return found


def held_out(datasets: Sequence[Dataset], names: Path | None, *, only: bool) -> list[Dataset]:
    """Return sets without the items that a file names, or with these alone; sets that have none left are left out.

    Args:
        datasets: All sets that are measured.
        names: A name of an item a line; what follows a # is a comment. None names nothing.
        only: Whether the items that are named are the ones that are measured.

    Raises:
        OptionsError: The file cannot be read, or names an item that no set has; `only` without a file.
        NoGroundTruth: Nothing is left.
    """
    if names is None:
        if only:
            raise OptionsError("--only-holdout needs --holdout FILE: the names of the items")
        return list(datasets)
    try:
        rows = names.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(f"--holdout {names}: {error}") from error
    wanted = {name for row in rows if (name := row.partition("#")[0].strip())}
    unknown = sorted(wanted - {item.name for dataset in datasets for item in dataset.items})
    if unknown:
        raise OptionsError(
            f"--holdout {names}: no set has {', '.join(unknown[:5])}; name items as --format json does"
        )
    kept = (
        replace(dataset, items=tuple(item for item in dataset.items if (item.name in wanted) == only))
        for dataset in datasets
    )
    found = [dataset for dataset in kept if dataset.items]
    if not found:
        raise NoGroundTruth(f"--holdout {names}: nothing is left to measure")
    return found


def sample(dataset: Dataset, limit: int | None) -> Dataset:
    """Return a set with at most `limit` of the items, always the same ones, in the order they had.

    An item is drawn by the hash of its name: a larger limit keeps what a smaller one drew, and files that are added
    to the folder change the sample only where they are drawn themselves.
    """
    if limit is None or limit >= len(dataset.items):
        return dataset
    drawn = set(sorted((item.name for item in dataset.items), key=_draw)[:limit])
    return replace(dataset, items=tuple(item for item in dataset.items if item.name in drawn))


def _in_split(folder: Path, items: Sequence[Item], split: str | None) -> tuple[Item, ...]:
    """Return the items to measure on. Scores on training data are no measure of how well a network reads."""
    parts = sorted({item.split for item in items if item.split})
    found = tuple(i for i in items if (i.split == split if split else i.split != "train"))
    if not found:
        has = f"it has {', '.join(parts)}" if parts else "its truth names no splits"
        wanted = f"in split {split}" if split else "but lines to train on"
        raise NoGroundTruth(f"{folder} has nothing {wanted}: {has}; name the split to measure on by --split")
    return found


def _draw(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
