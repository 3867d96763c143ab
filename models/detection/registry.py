"""The detector that a document asks for; networks are loaded once in a process, when first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.detection.dbnet import DbnetDetector
from models.detection.types import TextDetector
from models.errors import WeightsMissing
from models.options import ReadOptions

if TYPE_CHECKING:
    from models.detection.craft.runtime import OnnxScores
    from models.options import CraftOptions


class TextDetectors:
    """The detectors of one process. Not thread-safe."""

    def __init__(self, models_dir: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of the networks that do not come with a package; None where there is none.
        """
        self._models_dir = models_dir
        self._dbnet: DbnetDetector | None = None
        self._craft: dict[tuple[Path, Path | None], OnnxScores] = {}

    def get(self, options: ReadOptions) -> TextDetector:
        """Return the detector that these options name.

        Raises:
            WeightsMissing: A network is not on this machine; the message says which command makes it.
            ModelError: A network cannot be run.
        """
        if self._dbnet is None:
            self._dbnet = DbnetDetector()
            _ = self._dbnet.regions  # pages will ask for it: the first is not to wait
        if options.detector == "dbnet":
            return self._dbnet
        from models.detection.craft.boxes import CraftTextDetector
        from models.detection.craft.detector import CraftDetector

        return CraftTextDetector(CraftDetector(self._network(options.craft), options.craft), self._dbnet)

    def _network(self, options: CraftOptions) -> OnnxScores:
        from models.detection.craft.detector import network_files
        from models.detection.craft.runtime import OnnxScores

        if self._models_dir is None:
            raise WeightsMissing("CRAFT's network lies in a folder, and none was given: set models_dir")
        files = network_files(self._models_dir, options)
        if files not in self._craft:
            self._craft[files] = OnnxScores(*files)
        return self._craft[files]
