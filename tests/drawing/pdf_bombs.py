"""Small PDF files that ask for much, written byte by byte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from tests.drawing.picture_bombs import zeros

_UNPACKED = 256 << 20  # bytes
_ONE_PAGE = {
    1: b"<< /Type /Catalog /Pages 2 0 R >>",
    2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
    b" /Resources << /XObject << /P 5 0 R >> >> >>",
}


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """Return a PDF of numbered objects, of which 1 is the catalogue."""
    body, offsets = b"%PDF-1.7\n", {}
    for number, content in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"xref\n0 1\n0000000000 65535 f \n"
    table += b"".join(b"%d 1\n%010d 00000 n \n" % (number, at) for number, at in offsets.items())
    trailer = b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n"
    return body + table + trailer % (max(objects) + 1, len(body))


def _stream(dictionary: bytes, data: bytes) -> bytes:
    return b"<< " + dictionary + b" /Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def _of_picture(width: int, height: int, coding: bytes, data: bytes) -> bytes:
    """Return a PDF whose page is one picture."""
    shape = b"/Type /XObject /Subtype /Image /Width %d /Height %d " % (width, height)
    draw = _stream(b"", b"595 0 0 842 0 0 cm /P Do")
    return pdf({**_ONE_PAGE, 4: draw, 5: _stream(shape + coding, data)})


def jbig2(width: int, height: int, regions: int) -> bytes:
    """Return a PDF with a JBIG2 picture of so many generic regions of the whole page, each of a few bytes."""
    stream = _jbig2_segment(0, 48, struct.pack(">IIIIBH", width, height, 0, 0, 0, 0))
    template = b"\x00" + b"\x03\xff\xfd\xff\x02\xfe\xfe\xfe"
    region = struct.pack(">IIIIB", width, height, 0, 0, 0) + template + bytes(8)
    stream += b"".join(_jbig2_segment(number + 1, 38, region) for number in range(regions))
    coding = b"/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode"
    return _of_picture(width, height, coding, stream)


def _jbig2_segment(number: int, kind: int, data: bytes) -> bytes:
    return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data


def flate(width: int, height: int) -> bytes:
    """Return a PDF with a picture of zeros."""
    coding = b"/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode"
    return _of_picture(width, height, coding, zeros(min(width * height * 3, _UNPACKED)))


def object_stream(count: int) -> bytes:
    """Return a PDF whose catalogue is in an object stream that unpacks to 256 MB and states `count` objects."""
    objects = _stream(b"/Type /ObjStm /N %d /First 1000000 /Filter /FlateDecode" % count, zeros(_UNPACKED))
    body = b"%PDF-1.7\n"
    at = len(body) + len(b"1 0 obj\n" + objects + b"\nendobj\n")
    entries = ((0, 0, 0), (1, len(body), 0), (2, 1, 0), (2, 1, 1), (1, at, 0))
    table = _stream(
        b"/Type /XRef /Size 5 /W [1 4 2] /Root 2 0 R",
        b"".join(struct.pack(">BIH", *entry) for entry in entries),
    )
    body += b"1 0 obj\n" + objects + b"\nendobj\n" + b"4 0 obj\n" + table + b"\nendobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % at


def nested_flate(times: int) -> bytes:
    """Return a PDF whose page content is packed so often that each unpacking multiplies it by a thousand."""
    content = zeros(_UNPACKED)
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    return pdf({**_ONE_PAGE, 4: _stream(b"/Filter [" + b"/FlateDecode " * times + b"]", content), 5: b"<< >>"})
