"""Every engine that may be asked for: the one list behind option values, their choice, and `models list`.

A new detector, recogniser or page reader is one module that keeps the contract of its Protocol (detection/types.py,
recognition/types.py) and one entry here. Entries name their module and do not import it: options are validated
where no engine is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the command line lists the names, and should not wait for numpy
    from models.document import Kind

Languages = Literal["any", "latin", "eng"]
"""Which languages: of any script, all written in Latin letters, or English alone."""

# The published TrOCR checkpoints, smallest first, as the model hub names them.
TROCR_SIZES = ("small", "base", "large")
TROCR_CHECKPOINTS = tuple(f"trocr-{size}-{kind}" for size in TROCR_SIZES for kind in ("handwritten", "printed"))


@dataclass(frozen=True, slots=True)
class LineEngine:
    """One engine that reads lines."""

    name: str
    """What regions carry as their recogniser, and what confidence is calibrated by."""
    source: str
    """`module:callable` that takes the folder of fetched networks, or None, and returns a RecogniserSource."""
    needs: str
    """What has to be on the machine, for a person."""
    values: Mapping[Kind, str]
    """Regular expression of the option values that name it, for each option that may: printed, handwritten."""
    automatic: tuple[Kind, ...]
    """Kinds of lines that it may read where a document leaves the choice to us."""
    languages: Languages = "any"
    """What it reads when a document names it."""
    automatic_languages: Languages = "any"
    """What it reads when a document leaves the choice to us."""
    packaged: str | None = None
    """An option value that runs with what the package brings; None where networks have to be fetched."""


# The first that fits is taken. The published TrOCR checkpoints read English: other languages have to name one.
LINE_ENGINES = (
    LineEngine(
        "trocr", "models.recognition.trocr.registry:TrocrRecognisers",
        needs="a checkpoint exported by `inkstream models export`; trocr-tiny is packaged",
        values={"handwritten": r"official|trocr-[A-Za-z0-9._-]+", "printed": r"trocr-[A-Za-z0-9._-]+"},
        automatic=("handwritten",), automatic_languages="eng", packaged="trocr-tiny",
    ),
    LineEngine(
        "handwriting", "models.recognition.ctc.handwriting:source",
        needs="nothing: its networks are packaged",
        values={"handwritten": "handwriting"},
        automatic=("handwritten",), languages="latin", automatic_languages="latin", packaged="handwriting",
    ),
    LineEngine(
        "ppocr", "models.recognition.ctc.ppocr:source",
        needs="nothing: its networks are packaged, here and in rapidocr",
        values={"handwritten": "ppocr"},
        automatic=("printed", "handwritten"), packaged="ppocr",
    ),
)  # fmt: skip


DETECTORS: Mapping[str, str] = {
    "dbnet": "models.detection.dbnet:load_dbnet",
    "craft": "models.detection.craft.detector:load_craft",
}
"""What finds the lines of a page: `module:callable`, a DetectorLoader, by the value of the option `detector`."""

PAGE_READERS: Mapping[str, str] = {
    "auto": "models.reading.registry:auto_reader",
    "tesseract": "models.reading.registry:tesseract_reader",
    "ppocr": "models.reading.registry:ppocr_reader",
}
"""What reads a page: `module:callable` that takes a ReaderSetup, by the value of the option `reader`."""


def one_of(names: Iterable[str]) -> str:
    """Return the regular expression of an option that is one of some names."""
    return rf"^({'|'.join(names)})$"


def option_pattern(kind: Kind) -> str:
    """Return the regular expression of what the option `printed` or `handwritten` may be."""
    values = [engine.values[kind] for engine in LINE_ENGINES if kind in engine.values]
    return rf"^({'|'.join(['auto', *values])})$"
