"""Where Tesseract's data is, and for which languages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from models.errors import LanguageMissing
from models.languages import CODES, is_known, like

_ALL = ", ".join(CODES)
_TESSDATA_FOLDERS = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata",
           "/opt/homebrew/share/tessdata")  # fmt: skip


def tessdata(languages: str) -> Path:
    """Return the folder with Tesseract's data for all the languages (codes joined by +).

    Raises:
        LanguageMissing: It is nowhere; the message names the package that has it.
    """
    folders = _folders()
    wanted = languages.split("+")
    for folder in folders:
        if all((folder / f"{language}.traineddata").is_file() for language in wanted):
            return folder
    missing = [lang for lang in wanted if not any((f / f"{lang}.traineddata").is_file() for f in folders)]
    installed = ", ".join(_installed(folders)) or "none"
    raise LanguageMissing(f"{_lack(missing or wanted)} Installed here: {installed}")


def _lack(languages: Sequence[str]) -> str:
    """Return which of the languages is lacking, and what to do."""
    unknown = next((language for language in languages if not is_known(language)), None)
    if unknown is None:
        return (
            f"Tesseract has no data for {', '.join(languages)}: `{install_command(languages)}`, or set "
            "TESSDATA_PREFIX to the folder that has it."
        )
    if meant := like(unknown):
        return f"Tesseract knows no language {unknown}: did you mean {meant}?"
    return f"Tesseract knows no language {unknown}, and TESSDATA_PREFIX names no data for it; it knows {_ALL}."


def install_command(languages: Sequence[str]) -> str:
    """Return the command that installs Debian's data for languages."""
    return " ".join(
        ["apt-get install", *(f"tesseract-ocr-{language.lower().replace('_', '-')}" for language in languages)]
    )


def installed_languages() -> list[str]:
    """Return the codes of all languages that there is data for, in alphabetic order."""
    return _installed(_folders())


def _installed(folders: Sequence[Path]) -> list[str]:
    return sorted({file.stem for folder in folders for file in folder.glob("*.traineddata")} - {"osd", "equ"})


def check_languages(languages: str) -> None:
    """Refuse a language that neither Tesseract nor anybody here has data for, whatever reads the page.

    Raises:
        LanguageMissing: The message has the languages that there are.
    """
    own = [language for language in languages.split("+") if not is_known(language)]
    if own:
        tessdata("+".join(own))


def _folders() -> list[Path]:
    prefix = os.environ.get("TESSDATA_PREFIX")
    named = [Path(prefix), Path(prefix, "tessdata")] if prefix else []
    return named + [
        found for pattern in _TESSDATA_FOLDERS for found in sorted(Path("/").glob(pattern[1:]), reverse=True)
    ]
