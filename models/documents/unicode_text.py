"""Text as people search it: letters instead of the shapes that fonts have for them."""

from __future__ import annotations

import re
import unicodedata

_SOFT_HYPHEN = "\N{SOFT HYPHEN}"
# Ligatures and forms of Latin, Armenian and Hebrew letters, and of Arabic ones but for its two ornate brackets.
_PRESENTATION_FORMS = re.compile("[\ufb00-\ufb4f\ufb50-\ufd3d\ufd50-\ufdff\ufe70-\ufefc]+")


def plain_letters(text: str) -> str:
    """Return a line of text in composed letters (NFC), with no ligatures, presentation forms or soft hyphens in it.

    A soft hyphen at the line's end is shown there, and becomes a hyphen. Superscripts, fractions and full-width
    letters stay as they are: they mean something.
    """
    if text.isascii():
        return text
    text = _PRESENTATION_FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    if text.endswith(_SOFT_HYPHEN):
        text = text[:-1] + "-"
    return unicodedata.normalize("NFC", text.replace(_SOFT_HYPHEN, ""))
