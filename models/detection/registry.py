"""The detectors that a document may ask for.

To add one: a module with a `DetectorLoader`, its name in `options.Detector`, and an entry here.
tests/drawing/detector_contract.py, subclassed for it, holds it to the contract of `TextDetector`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.detection.craft.detector import load_craft
from models.detection.dbnet import load_dbnet
from models.detection.types import DetectorLoader, TextDetector
from models.options import Detector, ReadOptions

DETECTORS: Mapping[Detector, DetectorLoader] = {"dbnet": load_dbnet, "craft": load_craft}


class TextDetectors:
    """The detectors of one process. Not thread-safe."""

    def __init__(self, models_dir: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of the networks that no package brings; None where there is none.
        """
        self._models_dir = models_dir

    def get(self, options: ReadOptions) -> TextDetector:
        """Return the detector that these options name. Raises WeightsMissing or ModelError, as its loader does."""
        return DETECTORS[options.detector](options, self._models_dir)
