"""Pages as a user of the peers would hand them over."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from models.documents.files import content_type, open_document
from models.documents.media_types import PDF, TIFF

_DPI = 300
_MAX_MEGAPIXELS = 200.0


def peer_pages(path: Path) -> list[str | Image.Image]:
    """Return a picture's path, or the pages of a PDF or TIFF rendered at 300 dpi: the peers open neither."""
    if content_type(path) not in (PDF, TIFF):
        return [str(path)]
    document = open_document(path)
    try:
        pages = range(document.page_count)
        pixels = [document.image(page, _DPI, _MAX_MEGAPIXELS, grey=False).pixels for page in pages]
    finally:
        document.close()
    return [Image.fromarray(page) for page in pixels]
