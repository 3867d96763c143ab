"""Small files that ask for much end within the limits of a reader process, and cost no other document anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import psutil
import pymupdf
import pytest

from models.errors import InkstreamError, PageTooLarge, RecognitionTimeout, WorkerDied
from models.options import ReadOptions
from streams.processes.pool import ReaderPool
from streams.settings import Settings
from tests.drawing import pdf_bombs as pdfs
from tests.drawing import picture_bombs as pictures
from tests.drawing.picture_bombs import MEGAPIXELS_79

pytestmark = pytest.mark.timeout(180)

_MEMORY_MB = 1024
_LIBRARIES_MB = 400  # mapped beside what RLIMIT_DATA counts
_READ = ReadOptions(reader="tesseract")

TOO_LARGE, CORRUPT, EMPTY = {"page-too-large"}, {"corrupt-file"}, {"empty-document"}
LATE = {"recognition-timeout"}  # ended by the limit
READ = {"read"} | LATE  # there is something to read, on a slow machine for longer than the limit

# what each ends as
BOMBS: Mapping[str, tuple[Callable[[], bytes], set[str]]] = {
    "png of 10 gigapixels": (lambda: pictures.png(100_000, 100_000), TOO_LARGE),
    "png of 79 megapixels": (lambda: pictures.png(*MEGAPIXELS_79, depth=16, colour=6), READ | TOO_LARGE),
    "png of comments": (pictures.png_of_texts, CORRUPT),
    "png of a million frames": (lambda: pictures.apng(1_000_000), READ),
    "jpeg of 4 gigapixels": (lambda: pictures.jpeg_header(65_500, 65_500), TOO_LARGE),
    "jpeg of 20,000 scans": (lambda: pictures.jpeg_of_scans(20_000), LATE),
    "gif of 4 gigapixels": (lambda: pictures.gif(65_535, 65_535, 1), TOO_LARGE),
    "gif of 10,000 frames": (lambda: pictures.gif(2_000, 2_000, 10_000), READ),
    "webp of 10,000 frames": (lambda: pictures.webp_of_frames(10_000), READ),
    "webp of 268 megapixels": (pictures.webp_canvas, CORRUPT | TOO_LARGE),
    "tiff of 10,000 pages": (lambda: pictures.tiff_of_directories(10_000), READ),
    "tiff that loops": (lambda: pictures.tiff_of_directories(100, loop=True), READ),
    "tiff of 79 megapixels": (lambda: pictures.tiff_of_deflate(*MEGAPIXELS_79, bits=32), READ | TOO_LARGE),
    "tiff of 10 gigapixels": (lambda: pictures.tiff_of_deflate(100_000, 100_000, bits=8), TOO_LARGE),
    "tiff of tags": (lambda: pictures.tiff_of_tags(60_000), CORRUPT | LATE),
    "jpeg 2000 of 4 gigapixels": (lambda: pictures.jpeg_2000(65_000, 65_000, 1024), TOO_LARGE),
    "jpeg 2000 of 79 megapixels": (lambda: pictures.jpeg_2000(*MEGAPIXELS_79, tile=8888), CORRUPT | TOO_LARGE),
    "jpeg 2000 of small tiles": (lambda: pictures.jpeg_2000(*MEGAPIXELS_79, tile=40), CORRUPT | LATE),
    "bmp of 2 gigapixels": (lambda: pictures.bmp(46_000, 46_000), TOO_LARGE),
    "bmp of 79 megapixels": (lambda: pictures.bmp(*MEGAPIXELS_79), CORRUPT),
    "pdf of a jbig2 of 4 gigapixels": (lambda: pdfs.jbig2(65_000, 65_000, 1), LATE | CORRUPT | TOO_LARGE),
    "pdf of 1,000 jbig2 regions": (lambda: pdfs.jbig2(8_000, 8_000, 1_000), LATE),
    "pdf of a picture of 900 megapixels": (lambda: pdfs.flate(30_000, 30_000), CORRUPT | TOO_LARGE | LATE),
    "pdf of an object stream": (lambda: pdfs.object_stream(100_000), EMPTY | CORRUPT | LATE),
    "pdf of nested flate": (lambda: pdfs.nested_flate(2), READ),
}


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ReaderPool]:
    limits = Settings(data_dir=tmp_path, page_timeout_s=4, process_memory_mb=_MEMORY_MB)
    made = ReaderPool(limits, 2)
    yield made
    await made.stop()


def peaks_mb() -> list[int]:
    """Return the most memory that each reader process has had so far."""
    found = []
    for process in psutil.Process().children(recursive=True):
        status = Path(f"/proc/{process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        found += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")]
    return found


async def test_every_bomb_ends_within_the_limits_and_its_neighbour_is_read(
    pool: ReaderPool, tmp_path: Path
) -> None:
    letter = pymupdf.open()
    letter.new_page().insert_text((72, 72), "Read beside it")
    letter.save(tmp_path / "letter.pdf")

    async def outcome(file: Path) -> str:
        try:
            await pool.inspect(file, [])
            await pool.read(file, 0, _READ)
        except InkstreamError as error:
            return error.reason
        return "read"

    outcomes: dict[str, str] = {}
    for number, (name, (make, _)) in enumerate(BOMBS.items()):
        bomb = tmp_path / f"{number}.bomb"
        bomb.write_bytes(await asyncio.to_thread(make))
        outcomes[name], neighbour = await asyncio.gather(
            outcome(bomb), pool.read(tmp_path / "letter.pdf", 0, _READ)
        )
        assert neighbour.text == "Read beside it", name
        assert max(peaks_mb()) < _MEMORY_MB + _LIBRARIES_MB, name
    assert {name: found for name, found in outcomes.items() if found not in BOMBS[name][1]} == {}


async def test_the_last_of_10_000_pages_is_read(tmp_path: Path) -> None:
    file = tmp_path / "pages.tiff"
    file.write_bytes(pictures.tiff_of_directories(10_000))
    patient = ReaderPool(Settings(data_dir=tmp_path), 1)
    try:
        assert (await patient.inspect(file, [])).total_pages == 10_000
        assert (await patient.read(file, 9_999, _READ)).width == 64
    finally:
        await patient.stop()


async def test_options_that_ask_for_more_than_there_is_cost_their_page_alone(
    pool: ReaderPool, tmp_path: Path
) -> None:
    poster = pymupdf.open()
    poster.new_page(width=2384, height=3370).insert_text((72, 72), "A0")
    poster.save(tmp_path / "poster.pdf")
    greedy = ReadOptions(dpi=1200, max_megapixels=1000, force_ocr=True)
    with pytest.raises((PageTooLarge, RecognitionTimeout, WorkerDied)):
        await pool.read(tmp_path / "poster.pdf", 0, greedy)
    assert (await pool.read(tmp_path / "poster.pdf", 0, _READ)).text == "A0"
