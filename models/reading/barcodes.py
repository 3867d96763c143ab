"""The barcodes of a page: what they say, their symbologies, and where they are (ZXing-C++)."""

from __future__ import annotations

import numpy as np
import zxingcpp

from models.document import Barcode, PageImage


def find_barcodes(image: PageImage) -> tuple[Barcode, ...]:
    """Return the barcodes of a page whose checksums hold, from top to bottom; turned and inverted ones too.

    Polygons have four corners in pixels of the image, clockwise from the upper left corner of the symbol as it is
    read. A symbology without a checksum (Code 39, ITF, Codabar) may be found where there is none.
    """
    pixels = image.pixels if image.pixels.ndim == 2 else image.pixels[:, :, ::-1]  # ZXing-C++ takes BGR
    found = zxingcpp.read_barcodes(np.ascontiguousarray(pixels), text_mode=zxingcpp.TextMode.Plain)
    codes = [Barcode(one.text, one.format.name, _polygon(one.position)) for one in found]
    return tuple(sorted(codes, key=lambda code: min((y, x) for x, y in code.polygon)))


def _polygon(position: zxingcpp.Position) -> tuple[tuple[float, float], ...]:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    return tuple((float(corner.x), float(corner.y)) for corner in corners)
