"""What a page is, before and after reading: plain values that pickle and know nothing of Kafka."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.arrays import ImageU8
from models.detection.craft.options import CraftOptions

Detector = Literal["dbnet", "craft"]
Kind = Literal["printed", "handwritten", "signature"]
Method = Literal["text_layer", "ocr", "mixed"]
Polygon = tuple[tuple[float, float], ...]


class ReadDefaults(BaseModel):
    """How documents are read where they do not say otherwise: these are settings as well as options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: Literal["auto", "tesseract", "ppocr"] = Field(
        "auto", description="what reads scanned pages: auto sends each line to the engine that reads it best"
    )
    detector: Detector = Field(
        "dbnet",
        description="what finds the lines for auto and ppocr; tesseract finds them itself, whatever is said here",
    )
    handwritten: str = Field(
        "auto",
        pattern=r"^(auto|official|handwriting|ppocr|trocr-[A-Za-z0-9._-]+)$",
        description="what reads handwriting for auto and ppocr: our own recogniser (handwriting), ppocr, a TrOCR "
        "by its name (trocr-tiny comes along), or official, the largest trocr-*-handwritten that is exported; auto "
        "is that for English where there is one, else ours",
    )
    printed: str = Field(
        "auto",
        pattern=r"^(auto|trocr-[A-Za-z0-9._-]+)$",
        description="what reads print for auto and ppocr: a TrOCR by its name; auto leaves it to the reader",
    )
    beams: int = Field(1, ge=1, le=16, description="texts that a TrOCR follows at once; 1 reads greedily, fastest")
    craft: CraftOptions = Field(CraftOptions(), description="how CRAFT finds lines, where it is the detector")
    languages: str = Field(
        "eng",
        pattern=r"^[A-Za-z0-9_/]+(\+[A-Za-z0-9_/]+)*$",
        description="Tesseract language codes joined by +",
    )
    dpi: int = Field(300, ge=72, le=1200, description="resolution at which PDF pages are rendered")
    psm: int = Field(3, ge=1, le=13, description="Tesseract page segmentation mode; its mode 0 reads no text")
    oem: int = Field(1, ge=0, le=3, description="Tesseract engine mode")
    kind_threshold: float = Field(
        0.5, ge=0, le=1, description="from which probability on a line is called written by hand"
    )
    min_confidence: float = Field(0.0, ge=0, le=1, description="drop words said with less confidence")
    force_ocr: bool = Field(False, description="read the picture of a page even where it has a good text layer")
    max_megapixels: float = Field(80.0, gt=0, le=1000, description="pages are rendered at no more than this")


class ReadOptions(ReadDefaults):
    """How to read one document. A producer's `options` header may set any field; the settings give the rest."""

    password: str | None = Field(None, repr=False, description="opens an encrypted document")


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What opening a document tells: its media type, number of pages, and the password that opened it."""

    content_type: str
    total_pages: int
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as pixels: (height, width, 3) uint8 RGB, or (height, width) uint8 grey; and its resolution."""

    pixels: ImageU8
    dpi: int

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Region:
    """One line of text on a page. Polygon in page pixels, clockwise from top-left; confidence in [0, 1].

    `paragraph` numbers the page's paragraphs in reading order, from 0.
    """

    polygon: Polygon
    text: str
    confidence: float | None
    recogniser: str
    kind: Kind = "printed"
    paragraph: int = 0


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page in reading order, and by how many degrees they are turned clockwise.

    `dropped` counts lines and words that were said with less confidence than asked for.
    """

    regions: tuple[Region, ...]
    rotation: float = 0.0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class PageReading:
    """Everything read from one page; `regions` in reading order, `text` their text, one line per text line."""

    pagenum: int
    text: str
    confidence: float | None
    method: Method
    width: int
    height: int
    dpi: int
    rotation: float
    language: str
    regions: tuple[Region, ...]
    models: dict[str, str | None]
    timings_ms: dict[str, float]
    dropped: int = 0
