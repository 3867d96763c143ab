"""Documents that are to be forgotten: tombstones on the topics, and what this worker keeps of them."""

from __future__ import annotations

from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from models.errors import shown_uri
from streams.kafka.topics import TopicNames
from streams.messages.records import DocumentRecord
from streams.settings import Settings
from streams.web.lookup import DocumentId, document_of
from streams.web.parts import ApiParts
from streams.web.problems import Refusal

_FORGOTTEN_WITHIN_S = 5.0  # by the SQL table, which follows the topics


class DeletedDocument(BaseModel):
    """A document that was deleted."""

    document_id: str
    pages: int = Field(description="records of pages that were deleted")


class Deletion(BaseModel):
    """What was deleted, and what stays for a while."""

    documents: list[DeletedDocument] = Field(description="the document, and those whose place it had taken")
    remains: list[str] = Field(description="what stays where, and until when")


def deletion_routes(parts: ApiParts) -> APIRouter:
    """Return the route that deletes documents."""
    routes = APIRouter(tags=["documents in"])
    table = parts.table

    @routes.delete("/documents/{document_id:path}", summary="Forget a document")
    async def delete(
        document_id: DocumentId,
        earlier: Annotated[
            bool, Query(description="those too whose place it has taken; else they are current again")
        ] = True,
        force: Annotated[
            bool, Query(description="though it is being read: pages that come later bring it back")
        ] = False,
    ) -> Deletion:
        """Delete its pages and its record from the topics and from SQL, and its bytes from the cache."""
        documents = [await document_of(table, document_id)]
        if documents[0].status == "reading" and not force:
            raise Refusal("not-finished", "it is being read; delete it once it is done, or with ?force=true")
        if earlier:
            documents += await table.ask(lambda t: t.superseded_by(document_id))
        deleted = [await _deleted(parts, document) for document in documents]
        return Deletion(documents=deleted, remains=_remains(parts.settings, documents))

    return routes


async def _deleted(parts: ApiParts, document: DocumentRecord) -> DeletedDocument:
    """Delete a document; return once SQL has forgotten it, or soon."""
    table, of = parts.table, document.document_id
    pages, partitions = await table.ask(lambda t: (t.page_numbers(of), t.partitions(of)))
    with table.changes.listening(lambda change: change.document_id == of) as listener:
        await parts.producer.delete(of, pages, partitions)
        if keys := await table.ask(lambda t: t.correction_keys(of)):
            await parts.producer.forget_corrections(keys)
        deadline = monotonic() + _FORGOTTEN_WITHIN_S
        while monotonic() < deadline and listener.dropped is None:
            if await table.ask(lambda t: t.document(of)) is None:
                break
            await listener.next(deadline - monotonic())
    parts.originals.forget(document)
    parts.accepted.forget(of)
    return DeletedDocument(document_id=of, pages=len(pages))


def _remains(settings: Settings, documents: list[DocumentRecord]) -> list[str]:
    names = TopicNames.of(settings)
    elsewhere = sorted({shown_uri(one.reference) for one in documents if not one.reference.startswith("kafka://")})
    found = [
        f"{names.page_text}, {names.documents}, {names.corrections}: earlier records, until Kafka compacts them",
        f"{names.dead_letters}: letters of its pages, where there are some",
        "caches of other workers: its bytes, until other documents take their place",
    ]
    if len(elsewhere) < len(documents):
        found.append(
            f"{names.raw_files}: its bytes, until they are {settings.raw_files_retention_h:g} hours old "
            "(raw_files_retention_h) and no page waits for them"
        )
    return found + [f"{reference}: the file itself" for reference in elsewhere]
