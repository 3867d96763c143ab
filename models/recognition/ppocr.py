"""PP-OCR through rapidocr: DBNet finds lines, an SVTR network reads them; the weights come with the package."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Any

import numpy as np

from models.document import PageImage, ReadOptions, Region
from models.geometry import clip
from models.reading_order import in_reading_order

_PARAMS = {
    "Global.use_cls": False,  # a network per line that only tells 0° from 180°: pages are turned as a whole
    "Global.log_level": "error",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # a reader process owns one core
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,  # the arena keeps the largest page's memory for ever
}


class PpocrReader:
    """Reads pages with PP-OCR's detector and recogniser."""

    wants_grey = False

    def __init__(self) -> None:
        self._engine: Any = None

    def warm_up(self, options: ReadOptions) -> None:
        if self._engine is None:
            from rapidocr import RapidOCR

            logging.getLogger("RapidOCR").setLevel(logging.ERROR)
            self._engine = RapidOCR(params=_PARAMS)

    def read(self, image: PageImage, options: ReadOptions) -> list[Region]:
        self.warm_up(options)
        result = self._engine(np.ascontiguousarray(image.pixels[:, :, ::-1]))  # it takes BGR, as OpenCV does
        if result.boxes is None:
            return []
        regions = [
            Region(clip(box, image.width, image.height), text.strip(), round(float(score), 4), "ppocr")
            for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
            if text.strip() and score >= options.min_confidence
        ]
        return in_reading_order(regions)

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        package = f"rapidocr {version('rapidocr')}"
        return {
            "detector": f"{package} PP-OCRv6 det small",
            "printed": f"{package} PP-OCRv6 rec small",
            "handwritten": None,
        }
