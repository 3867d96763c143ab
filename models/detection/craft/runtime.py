"""The ONNX files of CRAFT: where they are kept, and running them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from models.arrays import F32
from models.errors import PageTooLarge
from models.options import CraftOptions, Precision
from models.weights.precision import fitting_precision
from models.weights.store import CRAFT, CRAFT_REFINER, Weights

# Raised when an exported file's inputs, outputs or quantisation change: files kept from before are not taken.
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Scores:
    """Score maps of one canvas, (H/2, W/2) float32 each, about 0 to 1; line_affinity is the refiner's, if any."""

    region: F32
    affinity: F32
    line_affinity: F32 | None = None


class ScoreNetwork(Protocol):
    """Scores a canvas. One process, one thread."""

    name: str

    def scores(self, canvas: F32) -> Scores:
        """Return the score maps of one canvas, (1, 3, H, W)."""


def onnx_path(weights: Weights, cache_dir: Path, precision: Precision) -> Path:
    """Return where the export of a checkpoint is kept, whether it is there or not."""
    return cache_dir / f"{weights.name}-{weights.short_sha}-{precision}-v{_FORMAT}.onnx"


def network_files(cache_dir: Path, options: CraftOptions) -> tuple[Path, Path | None]:
    """Return where the exports of CRAFT and, if asked for, of its refiner are kept; they may be missing.

    Precision "auto" is what fits this machine, or fp32, which every machine computes well, where only that was
    exported.
    """
    precision = fitting_precision() if options.precision == "auto" else options.precision
    network = onnx_path(CRAFT, cache_dir, precision)
    exact = onnx_path(CRAFT, cache_dir, "fp32")
    if options.precision == "auto" and exact.is_file() and not network.is_file():
        network = exact
    return network, onnx_path(CRAFT_REFINER, cache_dir, "fp32") if options.with_refiner else None


class OnnxScores:
    """CRAFT, and its refiner if given, on ONNX Runtime: one core, as a reader process has."""

    def __init__(self, network: Path, refiner: Path | None = None, threads: int = 1) -> None:
        """Load the exported files.

        Raises:
            WeightsMissing: A file is not there; the message has the command that makes it.
            WeightsInvalid: A file is no ONNX network.
        """
        self.name = network.stem
        self._network = _session(network, threads)
        self._refiner = None if refiner is None else _session(refiner, threads)

    def scores(self, canvas: F32) -> Scores:
        """Return the score maps of one canvas, (1, 3, H, W). Raises PageTooLarge where memory does not suffice."""
        if self._refiner is None:
            (scores,) = _run(self._network, ["scores"], {"image": canvas})
            return Scores(scores[0, 0], scores[0, 1])
        scores, features = _run(self._network, ["scores", "features"], {"image": canvas})
        (line_affinity,) = _run(self._refiner, ["line_affinity"], {"scores": scores, "features": features})
        return Scores(scores[0, 0], scores[0, 1], line_affinity[0, 0])


def _run(session: Any, outputs: list[str], inputs: dict[str, F32]) -> list[F32]:
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, RuntimeException

    try:
        found: list[F32] = session.run(outputs, inputs)
    except (Fail, RuntimeException) as error:
        if not re.search(r"bad_alloc|allocate memory", str(error)):
            raise
        height, width = next(iter(inputs.values())).shape[2:]
        raise PageTooLarge(
            f"CRAFT needs more memory for a canvas of {width} × {height} pixels than process_memory_mb allows: "
            "lower craft.canvas_size"
        ) from error
    return found


def _command(path: Path) -> str:
    """Return the command that makes an export, from its name."""
    network = "craft-refiner" if path.name.startswith("craft-refiner") else "craft"
    return f"inkstream models export {network}" + (
        " --precision fp32" if network == "craft" and "-fp32-" in path.name else ""
    )


def _session(path: Path, threads: int) -> Any:
    from models.weights.onnx_session import create_session

    remedy = f"run  {_command(path)}  where torch is installed (deploy/setup.sh torch), or copy the file from there"
    return create_session(path, threads=threads, remedy=remedy)
