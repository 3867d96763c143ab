"""A document's dead letters put back on their topics."""

from __future__ import annotations

from streams.kafka.replay import Replayer, stored_letters
from streams.settings import Settings
from streams.web.problems import Refusal


async def replay_document(settings: Settings, document_id: str) -> int:
    """Replay the letters of a document that were not replayed yet, and return how many.

    Raises:
        Refusal: It has none.
        SourceGone, SealedElsewhere, UndecodableMessage, BrokerError: As Replayer.replay; those before are replayed.
    """
    replays: dict[int, str] = {}
    letters = [one async for one in stored_letters(settings, replays) if one.letter.document_id == document_id]
    waiting = [one for one in letters if one.offset not in replays]
    if not waiting:
        raise Refusal("not-found", "no dead letter of this document waits to be replayed; send its file again")
    async with Replayer(settings) as replayer:
        for one in waiting:
            await replayer.replay(one.letter)
            await replayer.mark(one)
    return len(waiting)
