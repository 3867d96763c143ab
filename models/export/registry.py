"""The formats of exports of a document. A new one is a module in this folder and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name

from models.export.types import Export, ExportedDocument, ExportFormat, FormatWriter

FORMATS: Mapping[str, ExportFormat] = {
    "text": ExportFormat(
        "text, a form feed between pages", "models.export.text:write_text", "text/plain; charset=utf-8", ".txt",
        joins=True,
    ),
    "markdown": ExportFormat(
        "Markdown: paragraphs", "models.export.markdown:write_markdown", "text/markdown; charset=utf-8", ".md",
        joins=True,
    ),
    "jsonl": ExportFormat(
        "one page-text record per line", "models.export.json_lines:write_json_lines", "application/x-ndjson",
        ".jsonl", joins=True,
    ),
    "csv": ExportFormat(
        "one line of a page per row", "models.export.csv_lines:write_csv", "text/csv; charset=utf-8", ".csv",
        joins=True,
    ),
    "hocr": ExportFormat(
        "hOCR 1.2", "models.export.hocr:write_hocr", "text/html; charset=utf-8", ".hocr.html", needs_words=True
    ),
    "alto": ExportFormat(
        "ALTO 4.2", "models.export.alto:write_alto", "application/xml", ".alto.xml", needs_words=True
    ),
    "page": ExportFormat(
        "PAGE 2019; several pages are a ZIP of files", "models.export.page_xml:write_page_xml", "application/xml",
        ".page.xml", needs_words=True, is_of_one_page=True,
    ),
    "pdf": ExportFormat(
        "searchable PDF: the pages as they were, with text to select", "models.export.searchable_pdf:write_pdf",
        "application/pdf", ".ocr.pdf", needs_words=True, needs_file=True,
    ),
    "png": ExportFormat(
        "a page's picture with what was read drawn on it", "models.export.pictures:write_png", "image/png", ".png",
        needs_file=True, is_of_one_page=True, has_drawing=True,
    ),
    "jpg": ExportFormat(
        "the same as JPEG", "models.export.pictures:write_jpg", "image/jpeg", ".jpg",
        needs_file=True, is_of_one_page=True, has_drawing=True,
    ),
    "svg": ExportFormat(
        "the same as SVG", "models.export.pictures:write_svg", "image/svg+xml", ".svg",
        needs_file=True, is_of_one_page=True, has_drawing=True,
    ),
}  # fmt: skip


def export(name: str, document: ExportedDocument) -> Export:
    """Return a document in the format of that name; nothing is opened or read before its first piece is taken.

    Args:
        name: A key of FORMATS. With `needs_file`, the document must have its file.

    Its pieces raise DocumentError where the document's file cannot be opened, and whatever `document.pages` does.
    """
    chosen = FORMATS[name]
    write: FormatWriter = resolve_name(chosen.writer)
    if chosen.is_of_one_page and len(document.pagenums) != 1:
        from models.export.page_archive import write_archive

        return Export("application/zip", f"{chosen.suffix}.zip", write_archive(document, write, chosen.suffix))
    return Export(chosen.media_type, chosen.suffix, write(document))
