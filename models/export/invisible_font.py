"""A font without shapes for every script: what it is written with can be selected, and shows nothing.

A CID font with one blank glyph for all characters, and a table that gives the text of each code (ToUnicode). The
idea is that of Tesseract's `pdf.ttf`; here the table has the characters that were used, so that those beyond the
Basic Multilingual Plane are among them.
"""

from __future__ import annotations

import struct
from typing import Any

GLYPH_WIDTH = 0.5  # of the font's size, of each character
ASCENT, DESCENT = 800, 200  # thousandths of the font's size; together they are its size
_UNITS_PER_EM = 1000
_MAX_CODES = 65_535
_CODES_PER_BLOCK = 100  # what the format of the table allows


class InvisibleFont:
    """A font in the making, of one PDF. Its objects are complete once `finish` was called."""

    def __init__(self, document: Any) -> None:
        """Take the numbers of the font's objects in a document of MuPDF's."""
        self._document = document
        self._codes: dict[str, int] = {}
        self.xref: int = document.get_new_xref()

    @property
    def is_used(self) -> bool:
        """Whether any text is written with it."""
        return bool(self._codes)

    def codes(self, text: str) -> str:
        """Return a text as the hexadecimal string that shows it; beyond 65,535 different characters none is."""
        for character in text:
            if character not in self._codes and len(self._codes) < _MAX_CODES:
                self._codes[character] = len(self._codes) + 1
        return "".join(f"{self._codes[one]:04X}" for one in text if one in self._codes)

    def finish(self) -> None:
        """Write the font's objects into the document."""
        new, document = self._document.get_new_xref, self._document
        program, glyphs, table, descriptor, descendant = (new() for _ in range(5))
        blank = _blank_font()
        self._stream(program, f"<</Length1 {len(blank)}>>", blank)
        self._stream(glyphs, "<<>>", b"\0\1" * (len(self._codes) + 1))
        self._stream(table, "<<>>", _to_unicode(self._codes))
        document.update_object(
            descriptor,
            f"<</Type/FontDescriptor/FontName/Invisible/Flags 4/FontBBox[0 {-DESCENT} 500 {ASCENT}]/ItalicAngle 0"
            f"/Ascent {ASCENT}/Descent {-DESCENT}/CapHeight {ASCENT}/StemV 80/FontFile2 {program} 0 R>>",
        )
        document.update_object(
            descendant,
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/Invisible/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            f"/Supplement 0>>/FontDescriptor {descriptor} 0 R/DW {int(GLYPH_WIDTH * _UNITS_PER_EM)}"
            f"/CIDToGIDMap {glyphs} 0 R>>",
        )
        document.update_object(
            self.xref,
            "<</Type/Font/Subtype/Type0/BaseFont/Invisible/Encoding/Identity-H"
            f"/DescendantFonts[{descendant} 0 R]/ToUnicode {table} 0 R>>",
        )

    def _stream(self, xref: int, dictionary: str, content: bytes) -> None:
        self._document.update_object(xref, dictionary)
        self._document.update_stream(xref, content, new=True, compress=True)


def _to_unicode(codes: dict[str, int]) -> bytes:
    """Return the table from codes to texts in UTF-16."""
    rows = [f"<{code:04X}> <{one.encode('utf-16-be').hex().upper()}>" for one, code in codes.items()]
    parts = [rows[first : first + _CODES_PER_BLOCK] for first in range(0, len(rows), _CODES_PER_BLOCK)]
    blocks = ["\n".join([f"{len(part)} beginbfchar", *part, "endbfchar"]) for part in parts]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def",
            "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
            "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange", *blocks,
            "endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end",
        ]
    ).encode()  # fmt: skip


def _blank_font() -> bytes:
    """Return a TrueType font whose second glyph, half as wide as the font's size, is a line without an area.

    The line runs from corner to corner of the glyph's box, for PDFium (Chrome) marks what is selected by the boxes
    of outlines: it would mark nothing over glyphs without any.
    """
    advance = int(GLYPH_WIDTH * _UNITS_PER_EM)
    # one contour of two points on the curve, each as the step from the one before: all x, then all y
    glyph = struct.pack(
        ">hhhhhHHBBhhhh", 1, 0, -DESCENT, advance, ASCENT, 1, 0, 1, 1, 0, advance, -DESCENT, ASCENT + DESCENT
    )
    tables = {
        b"cmap": struct.pack(">HHHHIHHH", 0, 1, 1, 0, 12, 6, 10, 0) + struct.pack(">HH", 0, 0),
        b"glyf": glyph,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh",
            0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _UNITS_PER_EM, 0, 0, 0, -DESCENT, advance, ASCENT, 0, 8, 2, 0, 0,
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, ASCENT, -DESCENT, 0, advance, *[0] * 11, 1),
        b"hmtx": struct.pack(">Hhh", advance, 0, 0),
        b"loca": struct.pack(">HHH", 0, 0, len(glyph) // 2),
        b"maxp": struct.pack(">IH13H", 0x10000, 2, 2, 1, *[0] * 11),
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, 0, 0, 0, 0, 0, 0, 0),
    }  # fmt: skip
    start = 12 + 16 * len(tables)
    directory, body = struct.pack(">IHHHH", 0x10000, len(tables), 128, 3, 16 * len(tables) - 128), b""
    for tag, content in tables.items():
        directory += struct.pack(">4sIII", tag, _checksum(content), start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    font = bytearray(directory + body)
    at = start + 8 + sum(len(tables[tag]) + -len(tables[tag]) % 4 for tag in (b"cmap", b"glyf"))
    struct.pack_into(">I", font, at, (0xB1B0AFBA - _checksum(bytes(font))) & 0xFFFFFFFF)
    return bytes(font)


def _checksum(content: bytes) -> int:
    padded = content + b"\0" * (-len(content) % 4)
    return int(sum(struct.unpack(f">{len(padded) // 4}I", padded))) & 0xFFFFFFFF
