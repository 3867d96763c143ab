"""The head on DBNet's FPN features: a map of kinds, and for each cell of a signature the distances to its sides.

The features were trained to find lines: their receptive field is about as high as a line. What makes ink a
signature, and where it ends, depends on more of the page, so the head has four coarser levels as well, as a U-Net
(Ronneberger et al. 2015). Distances are as in FCOS (Tian et al. 2019, section 3.1).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

CHANNELS = 96  # of the FPN features
_WIDTHS = (32, 48, 64, 96, 128)  # channels at strides of 1, 2 … 16 cells
_DISTANCE_CELLS = 6.0  # to a side, where the layer's output is 0


class RegionHead(nn.Module):
    """Takes FPN features, (n, 96, h, w), as DBNet computes them."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.BatchNorm2d(CHANNELS)  # channels differ in magnitude; folded away by the export
        self.enter = nn.Conv2d(CHANNELS, _WIDTHS[0], 1)
        pairs = list(pairwise(_WIDTHS))
        self.coarser = nn.ModuleList(_Coarser(fine, coarse) for fine, coarse in pairs)
        self.finer = nn.ModuleList(_Finer(coarse, fine) for fine, coarse in reversed(pairs))
        self.kinds = nn.Conv2d(_WIDTHS[0], 3, 1)
        self.sides = nn.Conv2d(_WIDTHS[0], 4, 1)
        nn.init.constant_(self.kinds.bias, -2.0)  # most of a page is paper

    def forward(self, fpn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of the kinds, (n, 3, h, w), and cells to left, top, right and bottom, (n, 4, h, w)."""
        levels = [self.enter(self.scale(fpn)).relu()]
        for step in self.coarser:
            levels.append(step(levels[-1]))
        value = levels.pop()
        for step in self.finer:
            value = step(value, levels.pop())
        return self.kinds(value), _DISTANCE_CELLS * self.sides(value).clamp(-3, 4).exp()


class _Coarser(nn.Module):
    """Halves both sides."""

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
        self.look = nn.Conv2d(coarse, coarse, 3, padding=1)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        half = self.reduce(value).relu()
        return torch.relu(half + self.look(half))


class _Finer(nn.Module):
    """Doubles both sides, and adds the level of that size from the way down."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(coarse, fine, 1)
        self.look = nn.Conv2d(fine, fine, 3, padding=1)

    def forward(self, value: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        double = functional.interpolate(self.narrow(value), size=before.shape[2:], mode="nearest")
        joined = torch.relu(before + double)
        return torch.relu(joined + self.look(joined))


class RegionMaps(nn.Module):
    """The head as it is run: probabilities of kinds instead of logits, and no distances."""

    def __init__(self, head: RegionHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, fpn: torch.Tensor) -> torch.Tensor:
        """Return probabilities, (n, 3, h, w)."""
        kinds, _ = self.head(fpn)
        return torch.sigmoid(kinds)
