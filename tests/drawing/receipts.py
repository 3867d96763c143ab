"""A till receipt as needles or a thermal head print it."""

from __future__ import annotations

import cv2
import numpy as np
import pymupdf

from models.arrays import ImageU8

_ROWS = (
    "HARDWARE & PAINTS", "12 Station Road, Penang", "Tel: 04-2281190", "TAX INVOICE", "No: CS 0018/2231",
    "Date: 03/11/2024  17:42:08", "Cashier: 07", "WHITE GLUE 500G      8.90", "NAILS 2IN (PACK)     5.30",
    "SANDPAPER #120  4x   6.00", "BRUSH 1.5IN          4.20", "SUBTOTAL            24.40",
    "ROUNDING             0.00", "TOTAL               24.40", "CASH                50.00",
    "CHANGE              25.60", "THANK YOU, COME AGAIN",
)  # fmt: skip


def receipt(rng: np.random.Generator) -> ImageU8:
    """Return a receipt, (H, W, 3) RGB: letters of dots, pale in places, a little out of focus."""
    document = pymupdf.open()
    sheet = document.new_page(width=220, height=18 * len(_ROWS) + 30)
    for number, row in enumerate(_ROWS):
        sheet.insert_text((12, 24 + 18 * number), row, fontsize=12, fontname="cobo" if number == 0 else "cour")
    picture = sheet.get_pixmap(dpi=170, colorspace="gray")
    ink = 1 - np.frombuffer(picture.samples, np.uint8).reshape(picture.h, picture.w).astype(np.float32) / 255
    pitch = int(rng.integers(3, 5))
    ink[::pitch] *= 0.35
    ink[:, ::pitch] *= 0.35
    fade = cv2.resize(rng.uniform(0.5, 1.0, (3, 3)).astype(np.float32), ink.shape[::-1])
    paper = (
        0.95 - 0.7 * fade * cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.6, 1.1)) + rng.normal(0, 0.01, ink.shape)
    )
    grey = (np.clip(paper, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)
