"""The loss of a page's segmentation map, and of the boxes of its signatures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

_BOX_WEIGHT = 0.5  # the IoU loss is about three times that of the map, and finding matters more than fitting
_HARD_NEGATIVES = 3  # to each positive cell
_NEGATIVES_DIVISOR = 100  # on a page without the kind, so many of its cells to one negative


@dataclass(frozen=True, slots=True)
class Batch:
    """One page's tensors.

    Attributes:
        fpn: (1, 96, h, w) float32.
        kinds: (1, 3, h, w) float32, 1 where that kind lies.
        loss_mask: (1, 3, h, w) float32, 0 where the label is uncertain.
        sides: (4, h, w) float32, cells to the sides of the signature there.
        signed: (h, w) bool, where there is one.
    """

    fpn: torch.Tensor
    kinds: torch.Tensor
    loss_mask: torch.Tensor
    sides: torch.Tensor
    signed: torch.Tensor


def loss_of(kinds: torch.Tensor, sides: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of the maps and that of the boxes, both scalars; arguments as RegionHead gives them."""
    maps = balanced_entropy(kinds, batch.kinds, batch.loss_mask) + dice_loss(
        kinds.sigmoid(), batch.kinds, batch.loss_mask
    )
    if not batch.signed.any():
        return maps, maps.new_zeros(())
    return maps, _BOX_WEIGHT * iou_loss(sides[0][:, batch.signed], batch.sides[:, batch.signed])


def balanced_entropy(logits: torch.Tensor, truth: torch.Tensor, loss_mask: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of a kind's cells and of three times as many of the worst others, mean over kinds.

    That is the hard negative mining of CRAFT and DBNet. On a page without a kind, the worst hundredth counts.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none") * loss_mask
    parts = []
    for kind in range(truth.shape[1]):
        own = (truth[:, kind] * loss_mask[:, kind]).bool()
        others = entropy[:, kind][~own]
        worst = min(others.numel(), max(_HARD_NEGATIVES * int(own.sum()), others.numel() // _NEGATIVES_DIVISOR))
        hard = others.topk(worst).values
        parts.append((entropy[:, kind][own].sum() + hard.sum()) / (own.sum() + worst).clamp(min=1))
    return torch.stack(parts).mean()


def dice_loss(probabilities: torch.Tensor, truth: torch.Tensor, loss_mask: torch.Tensor) -> torch.Tensor:
    """Return 1 less the Dice coefficient (Milletari et al. 2016), mean over kinds; 0 for a page without a kind."""
    axes = (0, 2, 3)
    both = (probabilities * truth * loss_mask).sum(axes)
    either = (probabilities * loss_mask).sum(axes) + (truth * loss_mask).sum(axes)
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
