"""Line recognisers on pictures of single lines: no page around them, nothing to detect."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.arrays import ImageU8
from models.document import PageReading, Region
from models.documents.files import open_document
from models.evaluation.readers.types import Transcription
from models.layout.geometry import box_polygon
from models.recognition.types import LineReading, LineRecogniser

_DPI = 300
_MAX_MEGAPIXELS = 80.0
_PARAMS = {"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1}


class LineReader:
    """Takes every picture for one line and gives it to a recogniser, one at a time."""

    gives_boxes = True

    def __init__(self, recogniser: LineRecogniser) -> None:
        self._recogniser = recogniser

    def warm_up(self) -> None:
        """Read a blank line: recognisers load their networks with the first line."""
        self._recogniser.recognise([np.full((32, 320, 3), 255, np.uint8)])

    def read(self, path: Path) -> Transcription:
        """Read one line. Raises DocumentError."""
        document = open_document(path)
        try:
            image = document.image(0, _DPI, _MAX_MEGAPIXELS, grey=False)
        finally:
            document.close()
        line = self._recogniser.recognise([image.pixels])[0]
        name = self._recogniser.name
        polygon = box_polygon((0, 0, image.width, image.height), image.width, image.height)
        reading = PageReading(
            pagenum=0, text=line.text, confidence=line.confidence, method="ocr", width=image.width,
            height=image.height, dpi=image.dpi, rotation=0.0, language="",
            regions=(Region(polygon, line.text, line.confidence, name),),
            models={"detector": None, "printed": name, "handwritten": name}, timings_ms={},
        )  # fmt: skip
        return Transcription(line.text, 1, (reading,))


class RapidocrLines:
    """PP-OCR's recogniser alone, as the rapidocr package runs it."""

    name = "rapidocr-line"

    def __init__(self) -> None:
        self._engine: Any = None

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return text and confidence of each line, (H, W, 3) uint8 RGB."""
        engine = self._loaded()
        readings = []
        for line in lines:
            bgr = np.ascontiguousarray(line[:, :, ::-1])
            result = engine(bgr, use_det=False, use_cls=False, use_rec=True)
            texts = result.txts or ()
            readings.append(LineReading(texts[0], float(result.scores[0])) if texts else LineReading("", 0.0))
        return readings

    def _loaded(self) -> Any:
        if self._engine is None:
            from rapidocr import RapidOCR

            self._engine = RapidOCR(params=_PARAMS)
        return self._engine
