"""Pages to measure with: scans of print, each with other words, drawn from fixed seeds."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pymupdf
from PIL import Image

_VOCABULARY = (
    "harbour ledger quay the of and a to in invoice amount paper order number clerk spring account letter total"
    " received delivered by hand on third working day two copies agreement tenant rent notice repairs between"
)


def scanned_pdf(pages: int, seed: int, lines: int = 34) -> bytes:
    """Return a PDF of A4 scans: grey JPEGs of 200 dpi with noise, without text layers."""
    return scanned_pages(pages, seed, lines)[0]


def scanned_pages(pages: int, seed: int, lines: int = 34) -> tuple[bytes, list[str]]:
    """Return a PDF of A4 scans, and the text of each page."""
    random = np.random.default_rng(seed)
    scan = pymupdf.open()
    texts = []
    for _ in range(pages):
        texts.append("")
        sheet = pymupdf.open().new_page(width=595, height=842)
        for line in range(lines):
            words = " ".join(random.choice(_VOCABULARY.split(), 11))
            texts[-1] += words.capitalize() + ".\n"
            sheet.insert_text((60, 70 + line * 21), words.capitalize() + ".", fontsize=11, fontname="tiro")
        pixmap = sheet.get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        picture = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
        noisy = cv2.GaussianBlur(picture, (3, 3), 0.6) * 0.94 + random.normal(0, 5, picture.shape)
        buffer = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=70)
        scan.new_page(width=595, height=842).insert_image(pymupdf.Rect(0, 0, 595, 842), stream=buffer.getvalue())
    content: bytes = scan.tobytes(no_new_id=True)
    return content, texts
