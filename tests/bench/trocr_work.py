"""How many operations a line takes, and how many of them one core of this machine does in a second."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from models.arrays import F32
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.export.operators import FLOAT, Graph, Value, float_linear, tensor_linear
from models.weights.onnx_session import create_session
from tests.bench.trocr_lines import TOKENS


class Work(NamedTuple):
    """Operations of one line, a multiplication and an addition being two: with weights, and of attention."""

    linear: float
    attention: float


def work_of(config: TrocrConfig) -> Work:
    """Return what a line of TOKENS tokens takes, as we compute it."""
    one, two = config.squares, config.decoder
    layer = one.tokens * (4 * one.width**2 + 2 * one.width * one.inner)
    first = one.tokens * one.width * 3 * one.patch**2
    step = two.layers * (6 * two.width**2 + 2 * two.width * two.inner + 2 * two.width * two.sees)
    looked = 2 * two.layers * two.heads * one.tokens * two.sees  # in 8 bits, with what was seen of the line
    linear = one.layers * layer + first + TOKENS * (step + looked + two.width * two.vocabulary)
    return Work(2.0 * linear, 2.0 * one.layers * 2 * one.tokens**2 * one.width)


def rates() -> tuple[float, float]:
    """Return the operations per second of one core in 8 bits and in single precision."""
    with tempfile.TemporaryDirectory() as folder:
        return _rate(tensor_linear, Path(folder, "eight.onnx")), _rate(float_linear, Path(folder, "single.onnx"))


def _rate(linear: Callable[[Graph, str, F32], str], path: Path) -> float:
    rows, taken, given = 577, 768, 3072
    chance = np.random.default_rng(0)
    graph = Graph()
    graph.rename(linear(graph, "x", chance.normal(size=(given, taken)).astype(np.float32)), "y")
    graph.save(path, [Value("x", FLOAT, (rows, taken))], [Value("y", FLOAT, (rows, given))], {})
    session = create_session(path, external=path.with_suffix(".data"), keep_memory=True)
    values, times = {"x": chance.normal(size=(rows, taken)).astype(np.float32)}, []
    for _ in range(12):
        started = perf_counter()
        session.run(None, values)
        times.append(perf_counter() - started)
    return 2.0 * rows * taken * given / min(times)
