"""What the agents of one worker share, and the one place that decides: retry, dead-letter or stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any

from models.errors import InkstreamError
from streams.agents.attempts import Attempts
from streams.agents.delivery import Delivery, Outgoing
from streams.documents.cache import DocumentCache
from streams.documents.references import SourceFetcher
from streams.errors import PoisonMessage
from streams.kafka.topics import TopicNames
from streams.messages.dead_letters import Incoming
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings

logger = logging.getLogger(__name__)

Outputs = Iterable[Outgoing]
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that an agent works with; one per role and process."""

    settings: Settings
    names: TopicNames
    partitions: int  # of page-text and documents
    pool: ReaderPool
    cache: DocumentCache
    references: SourceFetcher
    attempts: Attempts
    delivery: Delivery
    health: Health
    metrics: Metrics
    crash_suspects: asyncio.Lock


async def process(
    context: Context,
    event: Any,
    work: Callable[[Incoming], Awaitable[Outputs]],
    failed: Callable[[Incoming, InkstreamError, int], Outputs],
) -> None:
    """Process one message: deliver what `work` returns, or what `failed` makes of its error.

    1. A message that was in work when the worker died waits until no other such message is: if the worker dies
       again, only one of them can be to blame.
    2. The attempt is counted where a crash cannot undo it; too many, and the message is a PoisonMessage.
    3. `work` computes the outputs. A retriable error is tried again for `source_retry_s`.
    4. The outputs are delivered. Only then does this return, and only then may the message be acked.
    """
    message = incoming(event)
    identity = _identity(context, message)
    alone = context.crash_suspects if context.attempts.is_suspect(identity) else nullcontext()
    async with alone:  # 1
        attempt = context.attempts.begin(identity)  # 2
        context.health.begin(identity)
        try:
            await _process(context, message, work, failed, attempt)
        finally:  # done, or given back unacked by an orderly stop: only a death leaves the attempt counted
            context.health.end(identity)
            # a repeat killer may be delivered again before its offset is committed: it stays known
            if attempt <= context.settings.max_attempts:
                context.attempts.finish(identity)


def _identity(context: Context, message: Incoming) -> str:
    """Return what a message is known by between lives of the worker.

    A page task is its key: a file that was being split when the worker died is split again, and its tasks come
    again at other offsets. A replay is another message: somebody wants to know whether it works now.
    """
    replay = next((value for name, value in message.headers if name == "replay-of"), None)
    if message.topic == context.names.pages and message.key:
        return f"{message.topic}/{message.key!r}/{replay!r}"
    return f"{message.topic}/{message.partition}/{message.offset}"


async def _process(
    context: Context,
    message: Incoming,
    work: Callable[[Incoming], Awaitable[Outputs]],
    failed: Callable[[Incoming, InkstreamError, int], Outputs],
    attempt: int,
) -> None:
    try:
        if attempt > context.settings.max_attempts:
            raise PoisonMessage(f"the worker died {attempt - 1} times while this was in work; see its log")
        outputs = await _with_retries(work, message, context.settings.source_retry_s)  # 3
        await context.delivery.deliver(outputs)  # 4
    except InkstreamError as error:
        logger.warning("%s/%d/%d: %s", message.topic, message.partition, message.offset, error.summary)
        await context.delivery.deliver(failed(message, error, attempt))


async def _with_retries(
    work: Callable[[Incoming], Awaitable[Outputs]], message: Incoming, patience_s: float
) -> Outputs:
    started, tries = monotonic(), 0
    while True:
        try:
            return await work(message)
        except InkstreamError as error:
            wait_s = _RETRY_S[min(tries, len(_RETRY_S) - 1)]
            if not error.retriable or monotonic() + wait_s - started > patience_s:
                raise
            logger.warning("trying again in %g s: %s", wait_s, error.summary)
        tries += 1
        await asyncio.sleep(wait_s)


def incoming(event: Any) -> Incoming:
    """Return the message behind a Faust event."""
    taken = event.message
    headers = taken.headers or ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Incoming(
        taken.topic, taken.partition, taken.offset, taken.key, taken.value,
        tuple((str(name), value) for name, value in pairs),
    )  # fmt: skip
