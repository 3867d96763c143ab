"""In which script a page is written: Tesseract's detection of orientation and script (OSD)."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image

from models.arrays import ImageU8
from models.document import PageImage
from models.errors import ReaderFailed
from models.pages.pixels import grey
from models.recognition.tesseract.data import tessdata
from models.recognition.tesseract.in_process import check_size

_TOO_FEW = "Too few characters"  # the program's word for a page with nothing to go by
_MIN_CONFIDENCE = 1.0  # Tesseract's own scale: clean pages of print have 3 to 30


def script_of_page(image: PageImage, *, in_process: bool) -> str | None:
    """Return Tesseract's name of a page's script, as `Cyrillic`; None where that is not certain.

    Args:
        image: The page, any way up.
        in_process: Whether tesserocr runs; else the program is run.

    Raises:
        LanguageMissing: The data, osd.traineddata, is not installed.
        PageTooLarge: A side is too long for Tesseract.
    """
    check_size(image)
    folder = f"{tessdata('osd')}/"
    pixels = np.ascontiguousarray(grey(image.pixels))
    script, confidence = (_in_process if in_process else _by_program)(pixels, image.dpi, folder)
    return script if confidence >= _MIN_CONFIDENCE else None


def _in_process(pixels: ImageU8, dpi: int, folder: str) -> tuple[str | None, float]:
    import tesserocr

    with tesserocr.PyTessBaseAPI(path=folder, lang="osd", psm=tesserocr.PSM.OSD_ONLY) as engine:
        height, width = pixels.shape
        engine.SetImageBytes(pixels.tobytes(), width, height, 1, width)
        engine.SetSourceResolution(dpi)
        found = engine.DetectOrientationScript()
    return (found["script_name"], found["script_conf"]) if found else (None, 0.0)


def _by_program(pixels: ImageU8, dpi: int, folder: str) -> tuple[str | None, float]:
    import pytesseract

    os.environ["TESSDATA_PREFIX"] = folder  # read by the program; this process does nothing else with it
    try:
        found = pytesseract.image_to_osd(
            Image.fromarray(pixels), config=f"--dpi {dpi}", output_type=pytesseract.Output.DICT
        )
    except pytesseract.TesseractError as error:
        if _TOO_FEW in str(error.message):
            return None, 0.0
        raise ReaderFailed(f"tesseract ended with status {error.status}: {error.message}") from error
    return str(found["script"]), float(found["script_conf"])
