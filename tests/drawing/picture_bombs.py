"""Small picture files that ask for much, written byte by byte; none is larger than some megabytes."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

_MOST_BYTES = 640 << 20  # that are packed: writing them takes longer than they are worth
MEGAPIXELS_79 = (8888, 8888)  # just below the default of max_megapixels


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(count: int) -> bytes:
    """Return a zlib stream of so many zeros, without ever holding them."""
    packer, piece = zlib.compressobj(9), bytes(1 << 20)
    packed = [packer.compress(piece) for _ in range(count >> 20)]
    return b"".join([*packed, packer.compress(bytes(count & 0xFFFFF)), packer.flush()])


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, before: bytes = b"") -> bytes:
    """Return a PNG of zeros; colour 0 is grey, 2 RGB, 6 RGBA."""
    row_bytes = width * {0: 1, 2: 3, 6: 4}[colour] * depth // 8 + 1
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rows = zeros(min(row_bytes * height, _MOST_BYTES))
    chunks = _png_chunk(b"IHDR", header) + before + _png_chunk(b"IDAT", rows) + _png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def png_of_texts() -> bytes:
    """Return a small PNG with a hundred comments that unpack to 100 MB each."""
    text = _png_chunk(b"zTXt", b"Comment\0\0" + zeros(100 << 20))
    return png(100, 100, before=text * 100)


def apng(frames: int) -> bytes:
    """Return an animated PNG that states so many frames of a large canvas."""
    control = _png_chunk(b"acTL", struct.pack(">II", frames, 0))
    return png(2000, 2000, before=control)


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg_header(width: int, height: int) -> bytes:
    """Return a JPEG of nearly nothing that states a size."""
    small = BytesIO()
    Image.new("L", (8, 8), 255).save(small, "JPEG")
    content = small.getvalue()
    start = content.index(b"\xff\xc0") + 5
    return content[:start] + struct.pack(">HH", height, width) + content[start + 4 :]


def jpeg_of_scans(scans: int, side: int = 8000) -> bytes:
    """Return a progressive JPEG of so many empty scans over a large page: each costs a pass over all of it."""
    frame = _segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\x00")
    # one code of one bit in each table: category 0 of DC; a run of 16,384 ended blocks (EOB14) of AC
    tables = _segment(0xC4, b"\x00" + b"\x01" + bytes(15) + b"\x00")
    tables += _segment(0xC4, b"\x10" + b"\x01" + bytes(15) + b"\xe0")
    blocks = (side // 8) ** 2
    dc_bits = "0" * blocks
    ac_bits = ("0" * 15) * -(-blocks // 16384)
    first = _segment(0xDA, b"\x01\x01\x00\x00\x00\x00") + _stuffed(dc_bits)
    other = _segment(0xDA, b"\x01\x01\x00\x01\x3f\x00") + _stuffed(ac_bits)
    quantiser = _segment(0xDB, b"\x00" + bytes([1]) * 64)
    return b"\xff\xd8" + quantiser + frame + tables + first + other * scans + b"\xff\xd9"


def _stuffed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def gif(width: int, height: int, frames: int) -> bytes:
    """Return a GIF of a canvas and so many frames of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def webp_of_frames(frames: int, side: int = 16) -> bytes:
    """Return an animated WebP of so many frames."""
    small = BytesIO()
    Image.new("RGB", (side, side), "white").save(small, "WEBP", lossless=True)
    picture = small.getvalue()[12:]
    size = struct.pack("<I", side - 1)[:3] * 2
    frame = bytes(6) + size + b"\x01\0\0\0" + picture
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += (b"ANMF" + struct.pack("<I", len(frame)) + frame) * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def webp_canvas() -> bytes:
    """Return an animated WebP of one small frame on the largest canvas that its header can state."""
    small = webp_of_frames(1)
    return small.replace(struct.pack("<I", 15)[:3] * 2, struct.pack("<I", 16_382)[:3] * 2, 1)


def tiff_of_directories(count: int, *, loop: bool = False, side: int = 64) -> bytes:
    """Return a TIFF of so many pages that all share one strip; `loop` lets the last lead back to the first."""
    strip = bytes(side * side // 8)
    entries = [
        (256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 0),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, side), (279, 4, 1, len(strip)),
    ]  # fmt: skip
    table = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    start, width = 8 + len(strip), len(table) + 4
    directories = []
    for number in range(count):
        following = start + (number + 1) * width if number + 1 < count else (start if loop else 0)
        directories.append(table + struct.pack("<I", following))
    return b"II*\0" + struct.pack("<I", start) + strip + b"".join(directories)


def tiff_of_deflate(width: int, height: int, bits: int) -> bytes:
    """Return a TIFF of one Deflate strip of zeros, with samples of so many bits."""
    strip = zeros(min(width * height * bits // 8, _MOST_BYTES))
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, len(strip)),
        (339, 3, 1, 3 if bits == 32 else 1),
    ]  # fmt: skip
    table = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + table + bytes(4)


def tiff_of_tags(count: int) -> bytes:
    """Return a TIFF whose one directory has a tag that states four billion values."""
    tags = [(700, 1, 0xFFFFFFFF, 8)] * count
    table = struct.pack("<H", count) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8) + table + bytes(4)


def jpeg_2000(width: int, height: int, tile: int) -> bytes:
    """Return a JPEG 2000 codestream that states a size and tiles, with no data for them."""
    size = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, tile, tile, 0, 0, 1) + b"\x07\x01\x01"
    style = b"\0" + b"\0\0\x01\0" + b"\x05\x04\x04\0\x01"
    quantise = b"\x40" + b"\x40" * 16
    part = b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 14, 0, 1) + b"\xff\x93"
    head = b"\xff\x4f" + _segment(0x51, size) + _segment(0x52, style) + _segment(0x5C, quantise)
    return head + part + b"\xff\xd9"


def bmp(width: int, height: int) -> bytes:
    """Return a BMP that states a size and has no pixels."""
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )
