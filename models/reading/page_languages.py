"""In which languages a page is written, where a document leaves that open (`languages=auto`).

A picture is read in the languages that are assumed, and what was read shows its language. Where it shows none,
Tesseract is asked for the script, and the page is read in the installed languages of that script. It is read once
more where it turns out to be in other languages than it was read in.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.document import PageImage, PageLanguages, PageLines
from models.errors import PageTooLarge
from models.languages import OTHER_SCRIPTS, is_latin, is_read_by_ppocr
from models.layout.reading_order import in_reading_order, page_text
from models.options import ReadOptions
from models.recognition.tesseract.data import install_command, installed_languages
from models.recognition.tesseract.script import script_of_page
from models.recognition.text_language import languages_of_text
from models.recognition.types import PageReader

_MIN_CONFIDENCE = 0.75  # raw, of lines whose language is asked for: what is read in a wrong script has less
_MAX_LANGUAGES_OF_SCRIPT = 4  # that are tried at once: each makes Tesseract slower
_MIN_GLYPHS = 12  # on a page of which nothing was read


def languages_of_layer(text: str, options: ReadOptions) -> PageLanguages:
    """Return the languages of a text layer, installed or not: nothing has to be read with them."""
    found = languages_of_text(text)
    return PageLanguages("+".join(found), "detected") if found else _assumed(options)


def read_in_own_languages(
    image: PageImage, options: ReadOptions, reader: PageReader, *, in_process: bool
) -> tuple[PageLines, PageLanguages]:
    """Return the lines of a page, read in the languages that it is written in, and these.

    Args:
        in_process: Whether Tesseract runs in this process (see `script_of_page`).

    Raises:
        ModelError: The page cannot be read.
    """
    assumed = options.assumed_languages
    lines = reader.read(image, options.in_languages(assumed))
    found = _languages_of(lines)
    if not found and _shows_text(lines):
        tried = _languages_of_script(image, options, in_process)
        if tried is None:
            return lines, _assumed(options)
        if not tried.codes:
            return lines, _assumed(options, *tried.warnings)
        assumed = tried.codes
        lines = reader.read(image, options.in_languages(assumed))
        found = _languages_of(lines) or tuple(assumed.split("+"))
    return _read_in(found, lines, assumed, image, options, reader)


def _read_in(
    found: Sequence[str], lines: PageLines, tried: str, image: PageImage, options: ReadOptions, reader: PageReader
) -> tuple[PageLines, PageLanguages]:
    """Return a page's lines in the languages found on it, of which not all may be installed, and these."""
    here = [language for language in found if _is_readable(language, options)]
    missing = [language for language in found if language not in here]
    warnings = tuple(map(_not_installed, missing))
    if not here:
        return lines, PageLanguages(tried, "assumed", warnings)
    codes = "+".join(here)
    if codes != tried:
        lines = reader.read(image, options.in_languages(codes))
    return lines, PageLanguages(codes, "detected", warnings)


def _assumed(options: ReadOptions, *warnings: str) -> PageLanguages:
    return PageLanguages(options.assumed_languages, "assumed", warnings)


def _languages_of(lines: PageLines) -> tuple[str, ...]:
    """Return the languages of what was read with confidence; none where that is less than half of it."""
    read = [region for region in lines.regions if region.text]
    sure = [region for region in read if (region.confidence or 0.0) >= _MIN_CONFIDENCE]
    if 2 * sum(len(region.text) for region in sure) < sum(len(region.text) for region in read):
        return ()
    return languages_of_text(page_text(in_reading_order(sure, lines.rotation), lines.rotation))


def _shows_text(lines: PageLines) -> bool:
    return any(region.text for region in lines.regions) or lines.unread_glyphs >= _MIN_GLYPHS


def _languages_of_script(image: PageImage, options: ReadOptions, in_process: bool) -> PageLanguages | None:
    """Return what to read a page in by its script: no codes where nothing is installed for it.

    None where the script is not certain, or the one that the page was read in.
    """
    try:
        script = script_of_page(image, in_process=in_process)
    except PageTooLarge:
        return None
    if script is None:
        return None
    if script in OTHER_SCRIPTS:
        known = [code for code in OTHER_SCRIPTS[script] if _is_readable(code, options)]
    else:
        known = [code for code in installed_languages() if is_latin(code)]
    if set(known) & set(options.assumed_languages.split("+")):
        return None
    warning = f"language-not-installed: the page is in {script} script, and no language of it is installed"
    return PageLanguages("+".join(known[:_MAX_LANGUAGES_OF_SCRIPT]), "detected", () if known else (warning,))


def _is_readable(language: str, options: ReadOptions) -> bool:
    if options.reader == "ppocr":
        return is_read_by_ppocr(language)
    return language in installed_languages()


def _not_installed(language: str) -> str:
    command = install_command([language])
    return f"language-not-installed: the page seems to be in {language}, which is not installed: `{command}`"
