"""Where the recognisers of one engine come from: loaded when first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from models.document import Kind
from models.recognition.types import LineRecogniser

_LANGUAGE_SETS = 4  # tens of MB each: documents may ask for any set of languages, and memory is bounded


@dataclass(frozen=True, slots=True)
class LineRequest:
    """Which recogniser a document asks for."""

    value: str
    """The option's value: `auto`, or one that an engine is named by (models/engines.py)."""
    kind: Kind
    """Of the lines that are to be read."""
    languages: str
    """Tesseract's codes joined by +."""
    beams: int = 1
    """Hypotheses that a search keeps, 1 to 16; 1 is greedy. Engines without a beam search ignore it."""


class RecogniserSource(Protocol):
    """Loads the recognisers of one engine and keeps them, few enough to bound memory. Not thread-safe."""

    def get(self, request: LineRequest) -> LineRecogniser | None:
        """Return the recogniser for a request, the same one for the same request while it is kept.

        None, only where the value is `auto`, means that its weights are not on this machine.

        Raises:
            WeightsMissing: The one that is named is not on this machine; the message has the command to fetch it.
            ModelError: Its network cannot be run.
        """


class ByLanguages:
    """The recognisers of an engine that differ by nothing but the languages they read."""

    def __init__(self, load: Callable[[str], LineRecogniser]) -> None:
        """`load` takes Tesseract's codes joined by +."""
        self._load = lru_cache(maxsize=_LANGUAGE_SETS)(load)

    def get(self, request: LineRequest) -> LineRecogniser:
        return self._load(request.languages)
