"""ONNX weights stored as float16."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_MIN_VALUES = 64  # smaller tensors stay float32: casting them saves nothing


def to_float16(graph: onnx.GraphProto) -> None:
    """Store large weights as float16, in place. Computing stays float32.

    Each weight gets a Cast node, which ONNX Runtime folds once, when it loads the network.
    """
    casts = []
    for initializer in graph.initializer:
        if initializer.data_type != TensorProto.FLOAT or np.prod(initializer.dims, dtype=int) < _MIN_VALUES:
            continue
        name = initializer.name
        half = numpy_helper.to_array(initializer).astype(np.float16)
        initializer.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
