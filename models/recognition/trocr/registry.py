"""The TrOCR that a document asks for by name; networks are loaded once in a process, when first asked for."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from models.engines import TROCR_SIZES
from models.errors import WeightsMissing
from models.recognition.sources import LineRequest
from models.recognition.trocr.exported import FORMAT, is_exported
from models.recognition.trocr.recogniser import TrocrRecogniser, load_recogniser
from models.weights.packaged import shipped_weights
from models.weights.precision import fitting_precision

SHIPPED = shipped_weights("trocr-tiny")  # ours, for handwriting


class TrocrRecognisers:
    """The TrOCR recognisers of one process. Not thread-safe."""

    def __init__(self, models_dir: Path | None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of checkpoints and exports; None where there is none.
        """
        self._models_dir = models_dir
        self._loaded: dict[Path, TrocrRecogniser] = {}

    def get(self, request: LineRequest) -> TrocrRecogniser | None:
        """Return the recogniser for a request.

        `auto` is the largest published checkpoint for the kind of line that is exported, None where there is none;
        `official` is the same, and must be there; `trocr-…` is the checkpoint of that name.

        Raises:
            WeightsMissing: The one that is named is not on this machine; the message has the command to fetch it.
            WeightsInvalid: Its files are damaged.
        """
        folder = None
        if request.value in ("auto", "official"):
            found = (self._folder(f"trocr-{size}-{request.kind}") for size in reversed(TROCR_SIZES))
            folder = next((one for one in found if one is not None), None)
            if folder is None and request.value == "auto":
                return None
        name = f"trocr-base-{request.kind}" if request.value == "official" else request.value
        return self._load(folder or self._named(name)).following(request.beams)

    def _named(self, name: str) -> Path:
        """Return the folder of the checkpoint of a name. Raises WeightsMissing."""
        folder = self._folder(name)
        if folder is None:
            raise WeightsMissing(
                f"{name} is not exported into {self._models_dir or 'any folder (set models_dir)'}: run  inkstream "
                f"models fetch {name}  where the hub can be reached, then  inkstream models export {name}"
            )
        return folder

    def _folder(self, name: str) -> Path | None:
        """Return the newest folder of that name: a checkpoint where a CUDA device reads it, else an export."""
        if name == SHIPPED.name:
            return SHIPPED
        if self._models_dir is None:
            return None
        if (self._models_dir / name / "config.json").is_file() and _has_cuda():
            return self._models_dir / name
        for form in ("int8", "fp32") if fitting_precision() == "int8" else ("fp32",):
            pattern = re.compile(rf"{re.escape(name)}-[0-9a-f]{{12}}-{form}-v{FORMAT}")
            found = [one for one in self._models_dir.glob(f"{name}-*") if pattern.fullmatch(one.name)]
            if whole := [one for one in found if is_exported(one)]:
                return max(whole, key=lambda folder: folder.stat().st_mtime)
        return None

    def _load(self, folder: Path) -> TrocrRecogniser:
        if folder not in self._loaded:
            self._loaded[folder] = load_recogniser(folder) if is_exported(folder) else _on_cuda(folder)
        return self._loaded[folder]


def _has_cuda() -> bool:
    """Return whether there are a CUDA device and torch, without importing it, which takes seconds."""
    return (Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()) and find_spec("torch") is not None


def _on_cuda(folder: Path) -> TrocrRecogniser:
    from models.recognition.trocr.tokenizer import read_vocabulary
    from models.recognition.trocr.torch_network import TorchTrocr

    network = TorchTrocr(folder)
    return TrocrRecogniser(network, network.config, read_vocabulary(folder))
