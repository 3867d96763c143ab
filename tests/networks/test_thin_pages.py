"""Pages of a shape that no network was trained on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from models.errors import PageTooLarge
from models.options import ReadOptions
from models.pipeline import PagePipeline


def test_a_thread_of_pixels_is_too_long_for_tesseract_and_blank_to_the_others(tmp_path: Path) -> None:
    file = tmp_path / "thread.png"
    Image.new("L", (1, 50_000), 255).save(file)
    with closing(PagePipeline()) as pipeline:
        with pytest.raises(PageTooLarge, match="1 × 50000"):
            pipeline.transcribe(file, 0, ReadOptions(reader="tesseract"))
        assert pipeline.transcribe(file, 0, ReadOptions(reader="auto")).text == ""
