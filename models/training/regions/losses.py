"""How wrong the maps of a page are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

_BOX_WEIGHT = 0.5  # the IoU loss is about three times that of the maps, and finding comes before fitting


@dataclass(frozen=True, slots=True)
class Batch:
    """One page's tensors.

    Attributes:
        pyramid: (1, 96, h, w) float32.
        kinds: (1, 3, h, w) float32, 1 where that kind lies.
        counted: (1, 3, h, w) float32, 0 where it is not to be learnt.
        sides: (4, h, w) float32, cells to the sides of the signature there.
        signed: (h, w) bool, where there is one.
    """

    pyramid: torch.Tensor
    kinds: torch.Tensor
    counted: torch.Tensor
    sides: torch.Tensor
    signed: torch.Tensor


def loss_of(kinds: torch.Tensor, sides: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of the maps and that of the boxes, both scalars; arguments as RegionHead gives them."""
    maps = balanced_entropy(kinds, batch.kinds, batch.counted) + dice_loss(
        kinds.sigmoid(), batch.kinds, batch.counted
    )
    if not batch.signed.any():
        return maps, maps.new_zeros(())
    return maps, _BOX_WEIGHT * iou_loss(sides[0][:, batch.signed], batch.sides[:, batch.signed])


def balanced_entropy(logits: torch.Tensor, truth: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy, mean over kinds: of a kind's cells and of three times as many of the worst others.

    The balance is that of CRAFT and DBNet (hard negatives three to one); a page without a kind counts its worst
    hundredth.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none") * counted
    parts = []
    for kind in range(truth.shape[1]):
        own = (truth[:, kind] * counted[:, kind]).bool()
        others = entropy[:, kind][~own]
        worst = min(others.numel(), max(3 * int(own.sum()), others.numel() // 100))
        hard = others.topk(worst).values
        parts.append((entropy[:, kind][own].sum() + hard.sum()) / (own.sum() + worst).clamp(min=1))
    return torch.stack(parts).mean()


def dice_loss(probabilities: torch.Tensor, truth: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Return 1 less the Dice coefficient (Milletari et al. 2016), mean over kinds; 0 for a page without a kind."""
    axes = (0, 2, 3)
    both = (probabilities * truth * counted).sum(axes)
    either = (probabilities * counted).sum(axes) + (truth * counted).sum(axes)
    there = (truth.sum(axes) > 0).float()
    return ((1 - 2 * both / either.clamp(min=1e-6)) * there).mean()


def iou_loss(sides: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean negative logarithm of the IoU (Yu et al. 2016) of boxes about the same cells, both (4, n)."""
    shared = torch.minimum(sides, truth)
    both = (shared[0] + shared[2]) * (shared[1] + shared[3])
    area = (sides[0] + sides[2]) * (sides[1] + sides[3])
    true_area = (truth[0] + truth[2]) * (truth[1] + truth[3])
    iou = both / (area + true_area - both).clamp(min=1e-6)
    return -iou.clamp(min=1e-3).log().mean()
