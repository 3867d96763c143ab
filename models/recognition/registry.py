"""Which engine reads which lines, by their kind, their languages and what a document asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name

from models.document import Kind
from models.engines import LINE_ENGINES, Languages, LineEngine
from models.errors import ModelError
from models.languages import is_latin
from models.options import ReadOptions
from models.recognition.sources import LineRequest, RecogniserSource
from models.recognition.types import LineRecogniser


@dataclass(frozen=True, slots=True)
class ChosenRecogniser:
    """A recogniser, and the name that regions it has read carry: its engine's."""

    engine: str
    recogniser: LineRecogniser


class LineRecognisers:
    """The recognisers of one process; networks are loaded once, when first asked for. Not thread-safe."""

    def __init__(self, models_dir: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of the networks that do not come with a package; None where there is none.
        """
        self._models_dir = models_dir
        self._sources: dict[str, RecogniserSource] = {}

    def get(self, options: ReadOptions) -> Mapping[Kind, ChosenRecogniser]:
        """Return which recogniser reads printed and which handwritten lines; Tesseract may be given print first.

        Raises:
            WeightsMissing: A network that is named is not on this machine; the message has the command to fetch it.
            ModelError: A network cannot be run.
        """
        return {"printed": self._printed(options), "handwritten": self._handwritten(options)}

    def ppocr(self, options: ReadOptions) -> LineRecogniser:
        """Return the recogniser that reads lines of any kind and language. Raises ModelError."""
        request = LineRequest("auto", "printed", options.languages, options.beams)
        return self._first((engine, request) for engine in LINE_ENGINES if engine.name == "ppocr").recogniser

    def _printed(self, options: ReadOptions) -> ChosenRecogniser:
        request = LineRequest(options.printed, "printed", options.languages, options.beams)
        return self._first(_candidates(request))

    def _handwritten(self, options: ReadOptions) -> ChosenRecogniser:
        request = LineRequest(options.handwritten, "handwritten", options.languages, options.beams)
        return self._first(_candidates(request))

    def _first(self, candidates: Iterator[tuple[LineEngine, LineRequest]]) -> ChosenRecogniser:
        """Return the recogniser of the first engine that has one for its request."""
        for engine, request in candidates:
            if engine.name not in self._sources:
                self._sources[engine.name] = resolve_name(engine.source)(self._models_dir)
            if recogniser := self._sources[engine.name].get(request):
                return ChosenRecogniser(engine.name, recogniser)
        raise ModelError("no engine reads these lines: models/engines.py must list one for every kind and language")


def _candidates(request: LineRequest) -> Iterator[tuple[LineEngine, LineRequest]]:
    """Yield the engines that may serve a request, best first: the one that is named, then those that stand in."""
    for engine in LINE_ENGINES:
        pattern = engine.values.get(request.kind)
        if pattern and re.fullmatch(pattern, request.value) and _covers(engine.languages, request.languages):
            yield engine, request
    automatic = replace(request, value="auto")
    for engine in LINE_ENGINES:
        if request.kind in engine.automatic and _covers(engine.automatic_languages, request.languages):
            yield engine, automatic


def _covers(languages: Languages, wanted: str) -> bool:
    """Return whether an engine of these languages reads those wanted, Tesseract's codes joined by +."""
    return languages == "any" or (is_latin(wanted) if languages == "latin" else wanted == languages)
