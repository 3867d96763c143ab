"""Corrections of what was read: listed, added, and taken back."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from models.document import Kind
from streams.messages.corrections import Correction, one_line, place_of
from streams.messages.records import now, page_key
from streams.web.lookup import DocumentId, PageNumber, page_of
from streams.web.parts import ApiParts
from streams.web.problems import Refusal

_TAKEN_WITHIN_S, _ASKED_EVERY_S = 5.0, 0.02  # by the SQL table, which follows the topics
_MAX_TEXT_CHARACTERS = 10_000


class NewCorrection(BaseModel):
    """What a person writes instead of what was read."""

    line: int = Field(ge=0, description="number of the line on the page, from 0: its place in `regions`")
    text: str = Field(max_length=_MAX_TEXT_CHARACTERS, description="what is right: one line; empty for no text")
    kind: Kind | None = Field(None, description="what the line is; null: as it was read")
    who: str | None = Field(None, max_length=200, description="who corrects it")


class ListedCorrection(BaseModel):
    """A correction, and the line that it is for now."""

    line: int | None = Field(description="its place in `regions`; null where it matches no line any more")
    correction: Correction


class CorrectionList(BaseModel):
    """All corrections of a page."""

    corrections: list[ListedCorrection]


def correction_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of corrections; before those of documents, whose ids may have slashes."""
    routes = APIRouter(tags=["corrections"])
    table = parts.table
    base = "/documents/{document_id:path}/pages/{pagenum:int}/corrections"

    @routes.get(base, summary="A page's corrections")
    async def corrections(document_id: DocumentId, pagenum: PageNumber) -> CorrectionList:
        found = await table.ask(lambda t: t.corrections(document_id, pagenum))
        if not found:
            await page_of(table, document_id, pagenum)  # refuses a page that is not there
        return CorrectionList(corrections=[ListedCorrection(line=line, correction=one) for line, one in found])

    @routes.post(base, summary="Correct a line", status_code=201)
    async def correct(document_id: DocumentId, pagenum: PageNumber, given: NewCorrection) -> Correction:
        """Write it to the topic `corrections`. SQL, search and exports have it then; page-text is as it was."""
        try:
            text = one_line(given.text)
        except ValueError as error:
            raise Refusal("malformed-request", f"text: {error}") from error
        page = await table.ask(lambda t: t.page_as_read(document_id, pagenum))
        if page is None:
            page = await page_of(table, document_id, pagenum)
        if given.line >= len(page.regions) or not page.regions[given.line].polygon:
            raise Refusal("not-found", f"page {pagenum} has {len(page.regions)} lines, counted from 0")
        known = await table.ask(lambda t: t.corrections(document_id, pagenum))
        # a line that is corrected already keeps the key, though it was read in a slightly other place since
        place = next((one.place for line, one in known if line == given.line), place_of(page, given.line))
        region = page.regions[given.line]
        made = Correction(
            document_id=document_id, pagenum=pagenum, place=place, polygon=region.polygon, width=page.width,
            height=page.height, old_text=region.text, text=text, kind=given.kind, who=given.who, when=now(),
        )  # fmt: skip
        await parts.producer.correct(made.key, made)
        await _until_taken(made.key, made)
        return made

    @routes.delete(f"{base}/{{place}}", summary="Take a correction back", status_code=204)
    async def take_back(
        document_id: DocumentId,
        pagenum: PageNumber,
        place: Annotated[str, Path(max_length=40, description="as the correction has it")],
    ) -> None:
        """Delete it from the topic; the line is as it was read again."""
        known = await table.ask(lambda t: t.corrections(document_id, pagenum))
        if place not in [one.place for _, one in known]:
            raise Refusal("not-found", f"page {pagenum} has no correction {place}")
        key = f"{page_key(document_id, pagenum)}/{place}"
        await parts.producer.correct(key, None)
        await _until_taken(key, None)

    async def _until_taken(key: str, correction: Correction | None) -> None:
        """Wait until the table has it, or soon."""
        document_id, pagenum, place = key.rsplit("/", 2)
        deadline = monotonic() + _TAKEN_WITHIN_S
        while monotonic() < deadline:
            known = await table.ask(lambda t: t.corrections(document_id, int(pagenum)))
            if correction == next((one for _, one in known if one.place == place), None):
                return
            await asyncio.sleep(_ASKED_EVERY_S)

    return routes
