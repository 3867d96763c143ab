"""CRAFT in 8-bit integers: static, calibrated on drawn pages, one scale per output channel of the weights.

Needs onnx, which running the result does not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.detection.calibration_pages import calibration_pages
from models.detection.craft_canvas import draw_canvas
from models.detection.craft_options import CraftOptions
from models.document import PageImage

# Enough for the ranges to settle.
_PAGES = 8


def quantize_craft(source: Path, target: Path) -> None:
    """Write the 8-bit form of an exported CRAFT, for ONNX Runtime's integer kernels."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class DrawnPages(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime.quantization has no types
        def __init__(self) -> None:
            self._inputs = _inputs()

        def get_next(self) -> dict[str, Any] | None:
            return next(self._inputs, None)

    folded = target.with_name(f"{target.name}.folded")
    try:
        with _quiet():
            quant_pre_process(source, folded, skip_symbolic_shape=True)  # batch normalisation into convolution
            quantize_static(
                folded, target, DrawnPages(), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            )  # fmt: skip
    finally:
        folded.unlink(missing_ok=True)


def _inputs() -> Iterator[dict[str, Any]]:
    for pixels in calibration_pages(_PAGES):
        yield {"image": draw_canvas(PageImage(pixels, 150), CraftOptions(mag_ratio=1.0)).pixels}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep advice for other networks off the log."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)
