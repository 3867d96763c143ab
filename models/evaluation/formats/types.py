"""The contract of a ground truth format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.evaluation.items import Loaded


@dataclass(frozen=True, slots=True)
class GroundTruthFormat:
    """One way in which folders hold documents and their truth.

    Attributes:
        name: What tables and JSON call it.
        description: The files it looks for, as an error message lists them.
        load: Takes the folder of the documents and that of the truth, often the same. Returns None where no file is
            of this format. Raises MalformedGroundTruth for a file that is, but cannot be parsed.
    """

    name: str
    description: str
    load: Callable[[Path, Path], Loaded | None]
