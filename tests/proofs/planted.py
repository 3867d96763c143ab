"""Bugs, each planted into one part of the loop: the simulation has to find every one of them."""

from __future__ import annotations

import asyncio

from models.errors import InkstreamError
from streams.agents.delivery import Delivery
from streams.agents.faust_types import Event, Stream
from streams.agents.offset_guard import OffsetGuard
from streams.agents.ordered_window import OrderedWindow, _Entry
from streams.agents.outgoing import Outgoing
from streams.agents.step_runner import StepRunner
from streams.agents.turns import Slot
from streams.errors import PoisonMessage
from streams.messages.incoming import Incoming
from streams.monitoring.tracing import Headers
from tests.proofs.worker import Parts


class AcksFirst(OrderedWindow):
    """Acks a message when it is taken up, as Faust's own streams do with what is prefetched."""

    async def _work_then_ack(self, stream: Stream, entry: _Entry) -> None:
        await self.acknowledge(stream, entry.event)
        await super()._work_then_ack(stream, entry)


class AcksInAnyOrder(OrderedWindow):
    """Acks a message when it is finished, whatever is before it in its partition."""

    async def _work_then_ack(self, stream: Stream, entry: _Entry) -> None:
        slot = Slot(self._slots)
        await self._work(entry.event, slot)
        slot.give_back()
        self._unacked.release()
        await self.acknowledge(stream, entry.event)


class BelievesTheFetcher(OffsetGuard):
    """Takes whatever is fetched for all that there is."""

    async def check(self, event: Event) -> None:
        """Find nothing missing."""


class DoesNotWait(Delivery):
    """Takes a message that is in the producer's buffer for delivered."""

    async def _send(self, message: Outgoing) -> None:
        await self._topics[message.topic].send(
            key=message.key.encode(), value=message.value, partition=message.partition, headers=None
        )


class TriesOnce(Delivery):
    """Passes over what Kafka does not take at once."""

    async def _deliver_chunk(self, messages: list[Outgoing]) -> None:
        await asyncio.gather(*map(self._send, messages), return_exceptions=True)


class DropsPoison(StepRunner):
    """Passes over a message that the worker died of, without a word."""

    async def _deliver_failure(
        self, message: Incoming, error: InkstreamError, attempt: int, trace: Headers
    ) -> None:
        if not isinstance(error, PoisonMessage):
            await super()._deliver_failure(message, error, attempt, trace)


PLANTED = {
    "acks first": Parts(window=AcksFirst),
    "acks in any order": Parts(window=AcksInAnyOrder),
    "believes the fetcher": Parts(guard=BelievesTheFetcher),
    "does not wait for Kafka": Parts(delivery=DoesNotWait),
    "tries once": Parts(delivery=TriesOnce),
    "drops poison": Parts(runner=DropsPoison),
}
