"""How well kinds are told."""

from __future__ import annotations

import numpy as np

from models.arrays import I64
from models.kinds.model import KINDS


def confusion(kinds: I64, told: I64) -> str:
    """Return accuracy, and how often each kind was told what, as lines of text; both (n,) indices into KINDS."""
    counts = np.zeros((len(KINDS), len(KINDS)), np.int64)
    np.add.at(counts, (kinds, told), 1)
    lines = [f"accuracy {np.trace(counts) / max(1, counts.sum()):.4f} of {counts.sum()} lines"]
    for index, kind in enumerate(KINDS):
        right = counts[index, index]
        precision, recall = right / max(1, counts[:, index].sum()), right / max(1, counts[index].sum())
        lines.append(f"{kind:12} told {counts[index].tolist()} precision {precision:.3f} recall {recall:.3f}")
    return "\n".join(lines)
