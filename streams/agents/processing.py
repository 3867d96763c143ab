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
from streams.agents.delivery import Delivery, Output
from streams.documents.cache import DocumentCache
from streams.documents.references import References
from streams.errors import RepeatKiller
from streams.kafka.topics import TopicNames
from streams.messages.dead_letters import Source
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.processes.pool import ReaderPool
from streams.settings import Settings

logger = logging.getLogger(__name__)

Outputs = Iterable[Output]
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that an agent works with; one per role and process."""

    settings: Settings
    names: TopicNames
    partitions: int  # of page-text and documents
    pool: ReaderPool
    cache: DocumentCache
    references: References
    attempts: Attempts
    delivery: Delivery
    health: Health
    metrics: Metrics
    suspects: asyncio.Lock


async def process(
    context: Context,
    event: Any,
    work: Callable[[Source], Awaitable[Outputs]],
    failed: Callable[[Source, InkstreamError, int], Outputs],
) -> None:
    """Process one message: deliver what `work` returns, or what `failed` makes of its error.

    1. A message that was in work when the worker died waits until no other such message is: if the worker dies
       again, only one of them can be to blame.
    2. The attempt is counted where a crash cannot undo it; too many, and the message is a RepeatKiller.
    3. `work` computes the outputs. A retriable error is tried again for `source_retry_s`.
    4. The outputs are delivered. Only then does this return, and only then may the message be acked.
    """
    source = source_of(event)
    message = _identity(context, source)
    alone = context.suspects if context.attempts.is_suspect(message) else nullcontext()
    async with alone:  # 1
        attempt = context.attempts.begin(message)  # 2
        context.health.begin(message)
        try:
            await _process(context, source, work, failed, attempt)
        finally:  # done, or given back unacked by an orderly stop: only a death leaves the attempt counted
            context.health.end(message)
            # a repeat killer may be delivered again before its offset is committed: it stays known
            if attempt <= context.settings.max_attempts:
                context.attempts.finish(message)


def _identity(context: Context, source: Source) -> str:
    """Return what a message is known by between lives of the worker.

    A page task is its key: a file that was being split when the worker died is split again, and its tasks come
    again at other offsets. A replay is another message: somebody wants to know whether it works now.
    """
    replay = next((value for name, value in source.headers if name == "replay-of"), None)
    if source.topic == context.names.pages and source.key:
        return f"{source.topic}/{source.key!r}/{replay!r}"
    return f"{source.topic}/{source.partition}/{source.offset}"


async def _process(
    context: Context,
    source: Source,
    work: Callable[[Source], Awaitable[Outputs]],
    failed: Callable[[Source, InkstreamError, int], Outputs],
    attempt: int,
) -> None:
    try:
        if attempt > context.settings.max_attempts:
            raise RepeatKiller(f"the worker died {attempt - 1} times while this was in work; see its log")
        outputs = await _with_retries(work, source, context.settings.source_retry_s)  # 3
        await context.delivery.deliver(outputs)  # 4
    except InkstreamError as error:
        logger.warning("%s/%d/%d: %s", source.topic, source.partition, source.offset, error.summary)
        await context.delivery.deliver(failed(source, error, attempt))


async def _with_retries(work: Callable[[Source], Awaitable[Outputs]], source: Source, patience_s: float) -> Outputs:
    started, tries = monotonic(), 0
    while True:
        try:
            return await work(source)
        except InkstreamError as error:
            wait_s = _RETRY_S[min(tries, len(_RETRY_S) - 1)]
            if not error.retriable or monotonic() + wait_s - started > patience_s:
                raise
            logger.warning("trying again in %g s: %s", wait_s, error.summary)
        tries += 1
        await asyncio.sleep(wait_s)


def source_of(event: Any) -> Source:
    """Return the message behind a Faust event."""
    message = event.message
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Source(
        message.topic, message.partition, message.offset, message.key, message.value,
        tuple((str(name), value) for name, value in pairs),
    )  # fmt: skip
