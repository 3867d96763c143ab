"""Names of the arrays that images, scores and coordinates are kept in, one for each element type.

Shapes are given where an array is used: `(H, W) grey`, `(H, W, 3) RGB`, `(N, 4, 2) corners`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ImageU8 = npt.NDArray[np.uint8]
"""An image: (H, W) grey or (H, W, 3) RGB, 0 is black."""

U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]
F16 = npt.NDArray[np.float16]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
