"""Scores of predicted kinds."""

from __future__ import annotations

import numpy as np

from models.arrays import I64
from models.kinds.model import KINDS


def confusion(kinds: I64, predicted: I64) -> str:
    """Return accuracy and confusion matrix as lines of text, of true and predicted KINDS indices, both (n,)."""
    counts = np.zeros((len(KINDS), len(KINDS)), np.int64)
    np.add.at(counts, (kinds, predicted), 1)
    lines = [f"accuracy {np.trace(counts) / max(1, counts.sum()):.4f} of {counts.sum()} lines"]
    for index, kind in enumerate(KINDS):
        correct = counts[index, index]
        precision, recall = correct / max(1, counts[:, index].sum()), correct / max(1, counts[index].sum())
        lines.append(f"{kind:12} predicted {counts[index].tolist()} precision {precision:.3f} recall {recall:.3f}")
    return "\n".join(lines)
