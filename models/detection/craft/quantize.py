"""CRAFT in 8-bit integers: static, calibrated on drawn pages, one scale per output channel of the weights.

Needs torch and onnx, which running the result does not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.detection.craft.calibration_pages import calibration_pages
from models.detection.craft.canvas import draw_canvas
from models.options import CraftOptions

if TYPE_CHECKING:
    from models.detection.craft.network import CraftNetwork

# Enough for the ranges to settle.
_PAGES = 8
# Convolutions left in single precision. Three see the page at full and half resolution: rounding what comes out of
# the first one alone did half of the harm. The last ones, and what joins feature maps before them, make the scores
# that thresholds are compared with.
_FIRST_FLOAT_CONVOLUTIONS, _LAST_FLOAT_CONVOLUTIONS, _LAST_FLOAT_JOININGS = 3, 11, 3
_FLOAT_JOINING = ("Resize", "Concat")


def quantize_craft(network: CraftNetwork, target: Path, write: Callable[[CraftNetwork, Path], None]) -> None:
    """Write the 8-bit form of CRAFT, for ONNX Runtime's integer kernels; the network is changed.

    Args:
        network: With its weights.
        write: Writes a network as ONNX in single precision.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from models.detection.craft.smoothing import fold_normalisations, smooth_channels

    class DrawnPages(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime.quantization has no types
        def __init__(self) -> None:
            self._inputs = _inputs()

        def get_next(self) -> dict[str, Any] | None:
            return next(self._inputs, None)

    fold_normalisations(network)
    smooth_channels(network, [inputs["image"] for inputs in islice(_inputs(), 4)])
    single, prepared = (target.with_name(f"{target.name}.{stage}") for stage in ("single", "prepared"))
    try:
        write(network, single)
        with _quiet():
            quant_pre_process(single, prepared, skip_symbolic_shape=True)
            quantize_static(
                prepared, target, DrawnPages(), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                nodes_to_exclude=_float_nodes(prepared),
            )  # fmt: skip
    finally:
        single.unlink(missing_ok=True)
        prepared.unlink(missing_ok=True)


def _float_nodes(path: Path) -> list[str]:
    """Return the names of the nodes that stay in single precision."""
    import onnx

    named: dict[str, list[str]] = {}
    for node in onnx.load(path).graph.node:
        named.setdefault(node.op_type, []).append(node.name)
    convolutions = named["Conv"]
    joining = [name for kind in _FLOAT_JOINING for name in named[kind][-_LAST_FLOAT_JOININGS:]]
    return convolutions[:_FIRST_FLOAT_CONVOLUTIONS] + convolutions[-_LAST_FLOAT_CONVOLUTIONS:] + joining


def _inputs() -> Iterator[dict[str, Any]]:
    for pixels in calibration_pages(_PAGES):
        yield {"image": draw_canvas(pixels, CraftOptions(mag_ratio=1.0)).pixels}


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
