"""Quantising recognisers of lines to eight bits.

    pip install '.[training]'
    python -m models.training.quantise LINES_FOLDER NETWORK TARGET

Those convolutions of one pixel that are at least 192 wide both ways, where 60 % of the time goes, are quantised per
channel. Quantising the others as well costs spaces between words and gains little. Weights have seven bits, so that
no processor's additions overflow.

LINES_FOLDER holds pictures of lines, printed and handwritten, some 100; their activations set the ranges.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

from models.recognition.line_images import network_input

_MIN_WIDE_PX = 192
_CALIBRATION_WIDTH = 640


def quantise(source: Path, target: Path, lines: Path) -> None:
    """Write a network with its wide convolutions in eight bits.

    Args:
        source: The network as ONNX, its input (N, 3, 48, w).
        lines: Folder of pictures of lines.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder, "prepared.onnx")
        quant_pre_process(source, prepared, skip_symbolic_shape=True)  # folds casts and constants
        quantize_static(
            prepared, target, _Lines(lines), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=["Conv"],
            nodes_to_quantize=_wide_convolutions(onnx.load(prepared)),
        )  # fmt: skip


def _wide_convolutions(network: onnx.ModelProto) -> list[str]:
    shapes = {weights.name: list(weights.dims) for weights in network.graph.initializer}
    return [
        node.name
        for node in network.graph.node
        if node.op_type == "Conv"
        and shapes[node.input[1]][2:] == [1, 1]
        and min(shapes[node.input[1]][:2]) >= _MIN_WIDE_PX
    ]


class _Lines(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    def __init__(self, folder: Path) -> None:
        self._inputs = self._read(sorted(folder.iterdir()))

    def get_next(self) -> dict[str, object] | None:
        return next(self._inputs, None)

    @staticmethod
    def _read(files: list[Path]) -> Iterator[dict[str, object]]:
        for file in files:
            planes = network_input(np.asarray(Image.open(file).convert("RGB")))[:, :, :_CALIBRATION_WIDTH]
            padding = _CALIBRATION_WIDTH - planes.shape[2]
            yield {"x": np.pad(planes, ((0, 0), (0, 0), (0, padding)))[None]}


if __name__ == "__main__":
    quantise(Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[1]))
