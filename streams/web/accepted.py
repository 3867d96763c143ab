"""Documents that this API has sent to Kafka: what is known of them until they are split."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import Literal

from pydantic import Field

from streams.messages.record import Record
from streams.messages.records import now
from streams.sources.producer import SentFile

_MAX_DOCUMENTS = 10_000  # some 5 MB; of more uploads that wait, the oldest are forgotten

_MAX_LISTED = 50


class AcceptedDocument(Record):
    """A document that Kafka has and that waits to be split into pages."""

    document_id: str
    path: str
    reference: str = Field(description="its message on raw-files")
    status: Literal["accepted"] = "accepted"
    accepted: str = Field(description="when Kafka took it, ISO 8601 UTC with milliseconds")


class AcceptedDocuments:
    """The latest uploads by document id. Lives on one event loop; another worker's uploads are not among them."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, AcceptedDocument] = OrderedDict()

    def note(self, sent: SentFile) -> None:
        """Take a document in; the oldest one goes where there are too many."""
        self._documents[sent.document_id] = AcceptedDocument(
            document_id=sent.document_id, path=sent.path, reference=sent.reference, accepted=now()
        )
        if len(self._documents) > _MAX_DOCUMENTS:
            self._documents.popitem(last=False)

    def get(self, document_id: str) -> AcceptedDocument | None:
        """Return a document that was sent from here, None where it was not, or long ago."""
        return self._documents.get(document_id)

    def waiting(self) -> list[AcceptedDocument]:
        """Return the latest of them, the newest first; some may be split by now."""
        return list(islice(reversed(self._documents.values()), _MAX_LISTED))

    def forget(self, document_id: str) -> None:
        """Drop a document that is known by its own record."""
        self._documents.pop(document_id, None)
