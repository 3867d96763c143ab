"""The detectors of one process, loaded as documents ask for them. models/engines.py lists them.

tests/drawing/detector_contract.py, subclassed for each, holds it to the contract of `TextDetector`.
"""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name

from models.detection.types import DetectorLoader, TextDetector
from models.engines import DETECTORS
from models.options import ReadOptions


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
        loader: DetectorLoader = resolve_name(DETECTORS[options.detector])
        return loader(options, self._models_dir)
