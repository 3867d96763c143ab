"""The messages of the stream, one class per topic value. page_text.schema.json is PageText's JSON Schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from models.document import LanguageSource, Method
from models.options import ReadOptions
from streams.messages.page_parts import BarcodeRecord, ParagraphRecord, RegionRecord, TableRecord
from streams.messages.record import Record

_RANGES = r"^(\d{1,7}(-\d{1,7})?(,\d{1,7}(-\d{1,7})?)*)?$"

# Bounds that SQL and memory need: what anybody writes on a topic ends in a 64-bit column or a set of page numbers.
# MuPDF itself opens no more than 8,388,607 pages.
Pages = Annotated[int, Field(ge=0, lt=10_000_000)]
TotalPages = Annotated[int, Field(ge=1, lt=10_000_000)]
Pixels = Annotated[int, Field(ge=0, lt=2**31)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None  # a file in the document cache has it as its name

_MAX_TIMESTAMP_S = 253_402_300_800  # the year 10000

Stage = Literal["split_files", "read_pages", "track_documents", "webhooks"]


_SENT = "when Kafka took the document's message; of two files with one id, the later one counts"
_SUPERSEDES = "ids of documents whose place it takes: what its file was before it was replaced, moved or renamed"
_READING = "what was read and how: files of the same content, path and options have the same"
_SHA256 = "of the document's bytes, hexadecimal"
_WEBHOOK = "sealed: the URL that is called once the document is finished"
_MAX_ID_CHARACTERS = 200
_MAX_SUPERSEDED = 16


def _printable_id(document_id: str) -> str:
    """Refuse an id that could not stand in a key, a URL, a log line and a file name as it is."""
    if not document_id.isprintable() or document_id != document_id.strip() or "/" in document_id:
        raise ValueError("may have printable characters, no slash, and no space at its ends")
    if document_id in (".", ".."):
        raise ValueError("may not be . or .., which URLs leave out")
    return document_id


class FileHeaders(Record):
    """The header contract of raw-files; every header is optional."""

    # every record, page task and row of the table has a copy
    path: str | None = Field(
        None, max_length=4096, description="where the file came from; else kafka://topic/partition/offset"
    )
    document_id: Annotated[str, AfterValidator(_printable_id)] | None = Field(
        None, min_length=1, max_length=_MAX_ID_CHARACTERS, alias="document-id",
        description="what its records are called by; a later file of the same id takes the place of the earlier",
    )  # fmt: skip
    content_ref: str | None = Field(
        None, max_length=8192, alias="content-ref", description="fsspec URI of the bytes; value empty"
    )
    options: dict[str, object] = Field(default_factory=dict, description="JSON object of ReadOptions fields")
    supersedes: str | None = Field(
        None, max_length=_MAX_SUPERSEDED * (_MAX_ID_CHARACTERS + 1), description=f"{_SUPERSEDES}; / between them"
    )
    again: bool = Field(False, description="read it, though the same was read before")

    @property
    def superseded_ids(self) -> list[str]:
        """The documents whose place this one takes, each once."""
        ids = [one for one in (self.supersedes or "").split("/") if one and one != self.document_id]
        return list(dict.fromkeys(ids))[:_MAX_SUPERSEDED]


class PageTask(Record):
    """One page to read. The bytes are fetched by `reference` and must hash to `sha256`."""

    document_id: str
    pagenum: Pages
    total_pages: TotalPages
    path: str
    reference: str = Field(description="without user, password and query")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    options: ReadOptions = Field(description="its password is sealed")
    started: str
    rest: bool = Field(
        False, description="it stands for this page and all that follow: see streams.agents.portions"
    )
    sent: str | None = Field(None, description=_SENT)
    supersedes: list[str] = Field(default_factory=list, description=_SUPERSEDES)
    warnings: list[str] = Field(
        default_factory=list, description="of the document: its first page's record has them"
    )
    credentials: str | None = Field(None, repr=False, description="the whole reference, sealed, where that is less")


class PageText(Record):
    """The page-text record: what was read from one page, or why it could not be read."""

    timestamp: str = Field(description="when the page was read, ISO 8601 UTC with milliseconds")
    pagenum: Pages = Field(description="0-based")
    path: str = Field(description="where the file came from")
    text: str = Field(description="the regions' text in reading order, one line per text line")
    document_id: str = Field(description="the same for all pages of a document")
    total_pages: TotalPages = Field(description="of the document")
    confidence: float | None = Field(ge=0, le=1, description="null where there is none (a text layer)")
    method: Method | None = Field(description="null for a page that failed")
    width: Pixels = Field(description="of the page image as delivered, in pixels")
    height: Pixels = Field(description="of the page image as delivered, in pixels")
    dpi: Pixels = Field(description="of the page image as delivered")
    rotation: float = Field(description="degrees clockwise by which the page's text is rotated")
    language: str = Field(description="Tesseract codes of the languages it was read with, joined by +")
    language_source: LanguageSource = Field(
        "given",
        description="detected on the page; assumed, where it does not show its own; else given by the sender",
    )
    regions: list[RegionRecord]
    models: dict[str, str | None] = Field(description="what read it: detector, printed, handwritten")
    reference: str = Field(description="where the document's bytes are, to read it again")
    exception: str | None = Field(description="`Stage: message` for a page that failed, else null")
    timings_ms: dict[str, float] = Field(description="milliseconds that each step took")
    dropped: Pages = Field(0, description="lines and words that were read and left out for their low confidence")
    paragraphs: list[ParagraphRecord] = Field(default_factory=list, description="in reading order")
    tables: list[TableRecord] = Field(default_factory=list, description="in reading order")
    coverage: float | None = Field(
        None, ge=0, le=1, description="share of what looks like letters that regions cover; null where not measured"
    )
    warnings: list[str] = Field(
        default_factory=list, description="what may be missing or wrong: a stable slug, a colon, a sentence"
    )
    sent: str | None = Field(None, description=_SENT)
    supersedes: list[str] = Field(default_factory=list, description=_SUPERSEDES)
    reading: str | None = Field(None, description=_READING)
    sha256: Sha256 = Field(None, description=_SHA256)
    webhook: str | None = Field(None, repr=False, description=_WEBHOOK)
    barcodes: list[BarcodeRecord] = Field(
        default_factory=list, description="from top to bottom; empty where the option barcodes is not set"
    )
    corrected: bool = Field(False, description="a person wrote some of its text; false on page-text")


class DocumentRecord(Record):
    """How far a document has come.

    `status` is `done` once every page is read, `partial` where some of them failed, and `failed` where all of them
    did or the file could not be opened; `exception` has why. The SQL table and the API have `superseded` and
    `superseded_by` where a later document took its place: one that has its id in `supersedes`, and a later `sent`.
    """

    document_id: str
    path: str
    reference: str = Field(description="where its bytes are")
    total_pages: Pages = Field(description="0 where the file could not be opened")
    pages_read: Pages = Field(description="how many")
    pages_failed: Pages = Field(description="how many")
    status: Literal["reading", "done", "partial", "failed", "superseded"] = Field(
        description="done: every page is read; partial: some failed; failed: all, or the file could not be opened; "
        "superseded: another document took its place"
    )
    started: str = Field(description="when it was split, or its first page read")
    finished: str | None = Field(description="when its last page was read; null before")
    exception: str | None = Field(None, description="why it, or some of its pages, failed")
    sent: str | None = Field(None, description=_SENT)
    reading: str | None = Field(None, description=_READING)
    sha256: Sha256 = Field(None, description=_SHA256)
    webhook: str | None = Field(None, repr=False, description=_WEBHOOK)
    repeats: int = Field(
        0,
        ge=0,
        lt=2**31,
        description="how often the same came again, and was not read; some count twice after a crash",
    )
    read: str = Field("", pattern=_RANGES, description="page numbers read, as ranges: 0-41,43")
    failed: str = Field("", pattern=_RANGES, description="page numbers that failed, as ranges")
    supersedes: list[str] = Field(default_factory=list, description=_SUPERSEDES)
    superseded_by: str | None = Field(None, description="id of the document that took its place")


class DeadLetter(Record):
    """A message that could not be processed, with all that is needed to understand and replay it."""

    timestamp: str
    reason: str
    stage: Stage
    exception: str
    traceback: str
    topic: str
    partition: int = Field(ge=0, lt=2**31)
    offset: int = Field(ge=0, lt=2**63)
    attempts: int
    path: str | None = None
    document_id: str | None = None
    pagenum: Pages | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    payload_base64: str | None = Field(None, description="the message's value where it is small enough to carry")


def now() -> str:
    """Return the time as every record writes it: ISO 8601, UTC, milliseconds."""
    return _written(datetime.now(UTC))


def time_of(timestamp_s: float | None) -> str | None:
    """Return a message's time as records write it; None where it has none, or one that no calendar has."""
    if timestamp_s is None or not 0 < timestamp_s < _MAX_TIMESTAMP_S:
        return None
    return _written(datetime.fromtimestamp(timestamp_s, UTC))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page_key(document_id: str, pagenum: int) -> str:
    """Return the key of a page on `pages` and `page-text`."""
    return f"{document_id}/{pagenum}"
