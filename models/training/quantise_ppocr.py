"""Makes models/weights/shipped/ppocr_latin_int8.onnx from the line recogniser that comes in the rapidocr package.

    pip install '.[training]'
    python -m models.training.quantise_ppocr LINES_FOLDER models/weights/shipped/ppocr_latin_int8.onnx

Three changes to PP-OCRv6's small recogniser (Apache-2.0), none of which trains anything:

1. The classifier keeps the Latin letters of its 18,708 characters: a tenth of the time, and no Chinese misreadings.
2. GELU becomes one operator.
3. Those convolutions of one pixel that are at least 192 wide both ways, where 60 % of the time goes, are
   quantised to eight bits, per channel. Quantising the others as well costs spaces between words and gains little.
   Weights have seven bits, so that no processor's additions overflow.

LINES_FOLDER holds pictures of lines, printed and handwritten, some 100; their activations set the ranges.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, version_converter
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

from models.recognition.line_images import network_input
from models.weights.packaged import packaged_weights

LATIN_END = 0x180  # Basic Latin, Latin-1, Latin Extended-A
OTHERS = "–—―‘’“”„†‡•…‰′″€™№←→↑↓≈≠≤≥Șșțț"
_MIN_WIDE_PX = 192
_CALIBRATION_WIDTH = 640


def main(lines: Path, target: Path) -> None:
    """Write the quantised network."""
    with tempfile.TemporaryDirectory() as folder:
        small, prepared = Path(folder, "small.onnx"), Path(folder, "prepared.onnx")
        network = onnx.load(packaged_weights("PP-OCRv6_rec_small.onnx"))
        keep_latin(network)
        onnx.save(version_converter.convert_version(network, 17), small)
        quant_pre_process(small, prepared, skip_symbolic_shape=True)
        network = onnx.load(prepared)
        fuse_gelu(network)
        onnx.save(network, prepared)
        quantize_static(
            prepared, target, _Lines(lines), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=["Conv"],
            nodes_to_quantize=_wide_convolutions(network),
        )  # fmt: skip


def keep_latin(network: onnx.ModelProto) -> None:
    """Cut the classifier, (hidden, 18710), down to blank, Latin characters and space."""
    (characters,) = (entry for entry in network.metadata_props if entry.key == "character")
    names = characters.value.split("\n")
    kept = [
        number
        for number, name in enumerate(names)
        if len(name) == 1 and (0x20 <= ord(name) < LATIN_END or name in OTHERS)
    ]
    columns = [0, *(number + 1 for number in kept), len(names) + 1]
    classifier = {
        name for node in network.graph.node[-6:] if node.op_type in ("MatMul", "Add") for name in node.input
    }
    for weights in network.graph.initializer:
        if weights.name in classifier:
            values = numpy_helper.to_array(weights)[..., columns]
            weights.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), weights.name))
    network.graph.output[0].type.tensor_type.shape.dim[2].dim_value = len(columns)
    del network.graph.value_info[:]
    characters.value = "\n".join(names[number] for number in kept)


def fuse_gelu(network: onnx.ModelProto) -> None:
    """Put one operator in the place of x/√2, erf, +1, ·x, ·½."""
    graph = network.graph
    made_by = {name: node for node in graph.node for name in node.output}
    used_by = {name: node for node in graph.node for name in node.input}
    fused: dict[str, onnx.NodeProto | None] = {}
    for node in [node for node in graph.node if node.op_type == "Erf"]:
        first = made_by[node.input[0]]
        plus = used_by[node.output[0]]
        times = used_by[plus.output[0]]
        last = used_by[times.output[0]]
        fused |= dict.fromkeys((first.name, node.name, plus.name, times.name))
        fused[last.name] = helper.make_node(
            "Gelu", [first.input[0]], list(last.output), name=f"{node.name}.gelu", domain="com.microsoft"
        )
    nodes = [fused.get(node.name, node) for node in graph.node]
    del graph.node[:]
    graph.node.extend(node for node in nodes if node is not None)
    network.opset_import.append(helper.make_opsetid("com.microsoft", 1))


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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
