"""How a document is read: the options that its producer may set, with their ranges and defaults."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.document import Attachments
from models.engines import DETECTORS, PAGE_READERS, one_of, option_pattern
from models.languages import AUTOMATIC, tesseract_codes

Precision = Literal["fp32", "int8"]
_DEFAULT_LANGUAGES: Final = "eng"
_LANGUAGE = r"(script/)?[A-Za-z0-9_]+"


def _as_codes(value: object) -> object:
    return tesseract_codes(value) if isinstance(value, str) else value


class CraftOptions(BaseModel):
    """How CRAFT's score maps become words, and at which size and precision its network takes a page.

    Names and defaults are those of the paper's code (Baek et al. 2019); `precision` is ours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text_threshold: float = Field(0.7, ge=0, le=1, description="region score that a word reaches somewhere")
    link_threshold: float = Field(0.4, ge=0, le=1, description="affinity score that joins two characters")
    low_text: float = Field(0.4, ge=0, le=1, description="region score at which a character ends")
    size_threshold: int = Field(10, ge=0, description="smallest word, in pixels of the score maps")
    with_refiner: bool = Field(False, description="let the link refiner find lines, where its weights are")
    canvas_size: int = Field(1280, ge=64, le=8192, description="longest side that the network is given, in pixels")
    mag_ratio: float = Field(1.5, gt=0, le=10, description="pages smaller than the canvas are magnified by this")
    precision: Literal["auto", "fp32", "int8"] = Field(
        "auto", description="of the network; auto: int8 where this processor computes it well, else fp32"
    )


class ReadDefaults(BaseModel):
    """How documents are read where they set no options of their own: these are settings as well."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # a password may be in it

    reader: str = Field(
        "auto",
        pattern=one_of(PAGE_READERS),
        description="what reads scanned pages: auto sends each line to the engine that reads it best",
    )
    detector: str = Field(
        "dbnet",
        pattern=one_of(DETECTORS),
        description="what finds the lines for auto and ppocr; reader=tesseract ignores it and finds them itself",
    )
    handwritten: str = Field(
        "auto",
        pattern=option_pattern("handwritten"),
        max_length=200,
        description="what reads handwriting for auto and ppocr: our own recogniser (handwriting), ppocr, a TrOCR "
        "by its name (trocr-tiny comes along), or official, the largest trocr-*-handwritten that is exported; auto "
        "is that for English where there is one, else ours",
    )
    printed: str = Field(
        "auto",
        pattern=option_pattern("printed"),
        max_length=200,
        description="what reads print for auto and ppocr: a TrOCR by its name; auto leaves it to the reader",
    )
    beams: int = Field(1, ge=1, le=16, description="hypotheses of a TrOCR's beam search; 1 is greedy and fastest")
    craft: CraftOptions = Field(CraftOptions(), description="how CRAFT finds lines, where it is the detector")
    languages: Annotated[str, BeforeValidator(_as_codes)] = Field(
        _DEFAULT_LANGUAGES,
        # a code is a file name of Tesseract's data: nothing else may be named by it
        pattern=rf"^{_LANGUAGE}(\+{_LANGUAGE}){{0,15}}$",
        max_length=200,
        description="languages of the text, joined by +: Tesseract's codes, ISO 639 codes or English names; auto "
        "finds those of each page, and auto+deu takes deu where a page does not show its own (auto alone: eng)",
    )
    dpi: int = Field(300, ge=72, le=1200, description="resolution at which PDF pages are rendered")
    psm: int = Field(3, ge=1, le=13, description="Tesseract page segmentation mode; its mode 0 reads no text")
    oem: int = Field(1, ge=0, le=3, description="Tesseract engine mode")
    kind_threshold: float = Field(0.5, ge=0, le=1, description="probability from which on a line is handwritten")
    min_confidence: float = Field(0.0, ge=0, le=1, description="words of less confidence are dropped")
    force_ocr: bool = Field(False, description="read the picture of a page even where it has a good text layer")
    annotations: bool = Field(True, description="read sticky notes of PDFs, each where its icon stands")
    attachments: Attachments = Field(
        "portfolio",
        description="whose attached files become documents: of PDF portfolios, of all PDFs, or none",
    )
    words: bool = Field(False, description="give each line its words with their polygons and confidences")
    barcodes: bool = Field(False, description="read the barcodes of each page: text, format and place")
    max_megapixels: float = Field(80.0, gt=0, le=1000, description="pages are rendered at no more than this")

    @property
    def detects_languages(self) -> bool:
        """Whether each page's languages are found."""
        return self.languages.split("+")[0] == AUTOMATIC

    @property
    def assumed_languages(self) -> str:
        """The languages that are given, or assumed where a page does not show its own: codes joined by +."""
        given = [language for language in self.languages.split("+") if language != AUTOMATIC]
        return "+".join(given) or _DEFAULT_LANGUAGES

    def in_languages(self, languages: str) -> Self:
        """Return the same options for text in these languages, Tesseract's codes joined by +."""
        return self if languages == self.languages else self.model_copy(update={"languages": languages})


class ReadOptions(ReadDefaults):
    """How to read one document. A producer's `options` header may set any field; the settings give the rest."""

    password: str | None = Field(None, max_length=4096, repr=False, description="opens an encrypted document")
    webhook: str | None = Field(
        None, max_length=8192, repr=False, pattern="^(https?://|sealed:)",
        description="http or https URL that is called once the document is finished",
    )  # fmt: skip
