"""Makes models/weights/shipped/ppocr_latin_int8.onnx from the line recogniser that comes in the rapidocr package.

    pip install '.[training]'
    python -m models.training.quantise_ppocr LINES_FOLDER models/weights/shipped/ppocr_latin_int8.onnx

Three changes to PP-OCRv6's small recogniser (Apache-2.0), none of which trains anything:

1. The classifier keeps the Latin letters of its 18,708 characters: a tenth of the time, and no Chinese misreadings.
2. GELU becomes one operator.
3. Wide convolutions are quantised to eight bits (quantise.py).

LINES_FOLDER holds pictures of lines, printed and handwritten, some 100; their activations set the ranges.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, version_converter
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.training.quantise import quantise
from models.weights.packaged import packaged_weights

LATIN_END = 0x180  # Basic Latin, Latin-1, Latin Extended-A
OTHERS = "–—―‘’“”„†‡•…‰′″€™№←→↑↓≈≠≤≥Șșțț"


def main(lines: Path, target: Path) -> None:
    """Write the quantised network."""
    with tempfile.TemporaryDirectory() as folder:
        small, fused = Path(folder, "small.onnx"), Path(folder, "fused.onnx")
        network = onnx.load(packaged_weights("PP-OCRv6_rec_small.onnx"))
        keep_latin(network)
        onnx.save(version_converter.convert_version(network, 17), small)
        quant_pre_process(small, fused, skip_symbolic_shape=True)
        network = onnx.load(fused)
        fuse_gelu(network)
        onnx.save(network, fused)
        quantise(fused, target, lines)


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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
