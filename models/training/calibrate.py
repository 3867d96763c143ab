"""Learns what confidence is worth: python -m models.training.calibrate FOLDER… [--limit N]

Reads documents with ground truth, and fits for each recogniser and kind of line how likely a word is right: by the
confidence of its line, and by its own. Prints the two tables that belong into models/recognition/confidence.py, and
how well they hold for documents left out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.arrays import F64
from models.document import Region
from models.documents.files import open_document
from models.evaluation.calibration import calibration_error, judge_words
from models.evaluation.datasets import load_datasets, sample
from models.evaluation.items import Item
from models.options import ReadOptions
from models.reading.registry import create_reader
from models.recognition.types import PageReader

Group = tuple[str, str]
"""A recogniser and a kind of line."""

_CLIP = 1e-3
_STEPS, _RIDGE = 50, 1e-3
_FOLDS = 5
_MIN_WORDS = 500  # to fit the three parameters of a curve


@dataclass(frozen=True, slots=True)
class JudgedWord:
    """A word's raw confidence, whether it is right, and where it is from."""

    confidence: float
    right: bool
    dataset: str
    item: str


Judgements = dict[Group, list[JudgedWord]]


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folders", nargs="+", type=Path)
    arguments.add_argument("--limit", type=int, default=150, help="documents of each set")
    given = arguments.parse_args()
    for table, words in zip(("lines", "words"), judged_words(given.folders, given.limit), strict=True):
        print(f"by {table}:")
        for group, found in sorted(words.items()):
            if len(found) < _MIN_WORDS:
                continue
            a, b, offset = fit(found)
            print(f"    {group}: ({a:.3f}, {b:.3f}, {offset:.3f}),".replace("'", '"'), _how_well(found))


def judged_words(folders: Sequence[Path], limit: int) -> tuple[Judgements, Judgements]:
    """Return the words of all documents, judged: with their lines' confidences, and with their own."""
    readers = [create_reader(name) for name in ("auto", "ppocr", "tesseract")]
    by_line: Judgements = defaultdict(list)
    by_word: Judgements = defaultdict(list)
    for dataset in (found for folder in folders for found in load_datasets(folder)):
        for item in sample(dataset, limit).items:
            for reader in readers:
                regions = list(_raw_regions(reader, item))
                for group in {(region.recogniser, region.kind) for region in regions}:
                    of_group = [region for region in regions if (region.recogniser, region.kind) == group]
                    without = [replace(region, words=()) for region in of_group]
                    for found, words in ((without, by_line), (of_group, by_word)):
                        words[group] += [
                            JudgedWord(confidence, right, dataset.name, item.name)
                            for confidence, right in judge_words(item.text or "", found)
                        ]
    return by_line, by_word


def fit(words: Sequence[JudgedWord]) -> tuple[float, float, float]:
    """Return a, b and offset of beta calibration (Kull, Silva Filho & Flach 2017), by Newton's method.

    Sets of many words count for more than sets of few, but only as the square root of their number. Where a or b
    would be negative it is left out, as the paper does: what is surer must not become less sure.
    """
    inputs = _inputs(words)
    right = np.array([word.right for word in words], np.float64)
    sizes = {name: sum(word.dataset == name for word in words) for name in {word.dataset for word in words}}
    weights = np.array([sizes[word.dataset] ** -0.5 for word in words])
    weights *= len(weights) / weights.sum()
    used = np.array([True, True, True])
    while True:
        found = np.zeros(3)
        found[used] = _logistic(inputs[:, used], right, weights)
        if min(found[:2]) >= 0:
            return float(found[0]), float(found[1]), float(found[2])
        used[int(found[:2].argmin())] = False


def _logistic(inputs: F64, right: F64, weights: F64) -> F64:
    """Return the coefficients of logistic regression, with a little ridge; no step is taken that leads uphill."""

    def loss(coefficients: F64) -> float:
        margins = np.where(right > 0, -1, 1) * (inputs @ coefficients)
        return float(weights @ np.logaddexp(0, margins) + _RIDGE / 2 * coefficients @ coefficients)

    found = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        likely = _likely(inputs, found)
        slope = inputs.T @ (weights * (right - likely)) - _RIDGE * found
        curve = (inputs * (weights * likely * (1 - likely))[:, None]).T @ inputs + _RIDGE * np.eye(len(found))
        step = np.linalg.solve(curve, slope)
        while loss(found + step) > loss(found):
            step = step / 2
        found = found + step
    return found


def _how_well(words: Sequence[JudgedWord]) -> str:
    """Return a comment: the number of words, and the calibration error on held-out documents (five folds)."""
    folds = np.array([sum(map(ord, word.item)) % _FOLDS for word in words])
    probabilities = np.zeros(len(words))
    for fold in range(_FOLDS):
        others = [word for word, of in zip(words, folds, strict=True) if of != fold]
        probabilities[folds == fold] = _likely(_inputs(words), np.array(fit(others)))[folds == fold]
    judged = [(float(value), word.right) for value, word in zip(probabilities, words, strict=True)]
    before = calibration_error([(word.confidence, word.right) for word in words])
    sure = [right for value, right in judged if value >= 0.9]
    return (
        f" # {len(words)} words, calibration error {before:.3f} → {calibration_error(judged):.3f};"
        f" of {len(sure)} at .9 and more {np.mean(sure) if sure else 0:.3f} right"
    )


def _raw_regions(reader: PageReader, item: Item) -> Iterator[Region]:
    """Yield the regions of a document with what their recognisers say of them."""
    options = ReadOptions(force_ocr=True, words=True)
    with tempfile.TemporaryDirectory() as folder, closing(open_document(item.document(Path(folder)))) as document:
        for pagenum in range(document.page_count):
            image = document.image(pagenum, options.dpi, options.max_megapixels, grey=reader.wants_grey)
            yield from reader.read(image, options).regions


def _inputs(words: Sequence[JudgedWord]) -> F64:
    clipped = np.clip([word.confidence for word in words], _CLIP, 1 - _CLIP)
    return np.stack([np.log(clipped), -np.log(1 - clipped), np.ones_like(clipped)], 1)


def _likely(inputs: F64, found: F64) -> F64:
    return np.asarray(1 / (1 + np.exp(-inputs @ found)))


if __name__ == "__main__":
    main()
