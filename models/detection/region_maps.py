"""Maps of print, handwriting and signatures, from what DBNet sees. models/training/regions learns them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.onnx_session import create_session

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RegionMaps:
    """What lies in each cell of a page; a cell is four pixels of the page as DBNet looks at it.

    Attributes:
        kinds: Probability of each of KINDS, (3, h, w) float32; they need not add up to 1, as a signature may cross
            print.
        sides: Where there is a signature, cells to its left, top, right and bottom side, (4, h, w) float32.
    """

    kinds: Floats
    sides: Floats


class RegionHead:
    """Makes maps of DBNet's pyramid, in some 50 ms for an A4 page. Not thread-safe; one thread of computing."""

    def __init__(self, weights: Path) -> None:
        """Load the head from an ONNX file. Raises ModelError."""
        self._session = create_session(weights)

    def maps(self, pyramid: Floats) -> RegionMaps:
        """Return the maps of a page from its pyramid, (96, h, w) float32."""
        kinds, sides = self._session.run(None, {"pyramid": pyramid[None]})
        return RegionMaps(kinds[0], sides[0])
