"""A document's dead letters put back on their topics."""

from __future__ import annotations

from streams.kafka.letter_index import LetterIndex
from streams.kafka.replay import Replayer
from streams.settings import Settings
from streams.web.problems import Refusal


async def replay_document(settings: Settings, letters: LetterIndex, document_id: str) -> int:
    """Replay the letters of a document that were not replayed yet, and return how many.

    Raises:
        Refusal: It has none.
        SourceGone, SealedElsewhere, UndecodableMessage, BrokerError: As Replayer.replay; those before are replayed.
    """
    waiting = await letters.waiting(document_id)
    if not waiting:
        raise Refusal("not-found", "no dead letter of this document waits to be replayed; send its file again")
    async with Replayer(settings) as replayer:
        for offset in waiting:
            stored = await replayer.stored(offset)
            await replayer.replay(stored.letter)
            await replayer.mark(stored)
    return len(waiting)
