"""The formats that are understood. A new one is a module in this folder and an entry here."""

from __future__ import annotations

from models.evaluation.formats import corner_tables, funsd, line_tables, passage_tests, text_files, xml_pages, yolo
from models.evaluation.formats.types import GroundTruthFormat

# The first that finds its files decides. Plain .txt files may be anything, so YOLO's come last.
FORMATS: tuple[GroundTruthFormat, ...] = (
    line_tables.FORMAT,
    funsd.FORMAT,
    xml_pages.FORMAT,
    text_files.FORMAT,
    text_files.JOINED_FORMAT,
    passage_tests.FORMAT,
    corner_tables.FORMAT,
    yolo.FORMAT,
)
