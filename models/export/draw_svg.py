"""Regions as SVG, over the page's picture or alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from models.export.drawing import Drawing, Shape

_FILL_OPACITY = 0.3


def svg_of(drawing: Drawing, size: tuple[int, int], jpeg: bytes | None) -> bytes:
    """Return an SVG file: an element a region, whose title is its text, and in it the picture, if there is one.

    Args:
        size: Width and height in pixels: of the picture, or where there is none, of the page.
        jpeg: The page's picture; the file then needs nothing beside it.
    """
    return "".join(_parts(drawing, size, jpeg)).encode()


def _parts(drawing: Drawing, size: tuple[int, int], jpeg: bytes | None) -> Iterator[str]:
    width, height = size
    factor = width / drawing.page_width if drawing.page_width else 1.0
    look = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {look}>\n'
    if jpeg is not None:
        content = base64.b64encode(jpeg).decode()
        yield f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,{content}"/>\n'
    for shape in drawing.shapes:
        yield _region(shape, factor, drawing, width)
    for shape in drawing.shapes:
        if shape.label:
            yield _label(shape, factor, drawing.options.font_size_px(width))
    yield "</svg>\n"


def _region(shape: Shape, factor: float, drawing: Drawing, width: int) -> str:
    points = " ".join(f"{x * factor:.1f},{y * factor:.1f}" for x, y in shape.polygon)
    line_width = drawing.options.line_width_px(width)
    if drawing.options.filled:
        look = f'fill="{shape.colour}" fill-opacity="{_FILL_OPACITY}"'
    else:
        thickness = max(1, line_width // 2) if shape.is_word else line_width
        look = f'fill="none" pointer-events="all" stroke="{shape.colour}" stroke-width="{thickness}"'
    return f"<polygon points={quoteattr(points)} {look}><title>{escape(shape.text)}</title></polygon>\n"


def _label(shape: Shape, factor: float, font_size: int) -> str:
    left = min(x for x, _ in shape.polygon) * factor
    top = min(y for _, y in shape.polygon) * factor
    baseline = top - font_size * 0.3 if top >= font_size * 1.4 else top + font_size
    return (
        f'<text x="{left:.1f}" y="{baseline:.1f}" font-family="sans-serif" font-size="{font_size}" '
        f'fill="{shape.colour}" stroke="#ffffff" stroke-width="{font_size / 5:g}" stroke-linejoin="round" '
        f'paint-order="stroke">{escape(shape.label)}</text>\n'
    )
