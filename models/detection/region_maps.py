"""Maps of print, handwriting and signatures, from what DBNet sees. models/training/regions learns them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import ModelError
from models.onnx_session import create_session

Floats = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).parents[1] / "shipped" / "region_maps.onnx"
WEIGHTS_SHA256 = ""


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

    def __init__(self, weights: Path | None = None) -> None:
        """Load the head.

        Args:
            weights: An ONNX file, taken as it is; None is the package's own, its sha256 checked.

        Raises:
            ModelError: The file is missing, not the one that was released, or no network.
        """
        file = weights or WEIGHTS
        self._session = create_session(file)
        if weights is None and hashlib.sha256(file.read_bytes()).hexdigest() != WEIGHTS_SHA256:
            raise ModelError(
                f"{file} is not the model that was released (its sha256 is another): reinstall inkstream"
            )

    def maps(self, pyramid: Floats) -> RegionMaps:
        """Return the maps of a page from its pyramid, (96, h, w) float32."""
        kinds, sides = self._session.run(None, {"pyramid": pyramid[None]})
        return RegionMaps(kinds[0], sides[0])
