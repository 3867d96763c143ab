"""How every message is processed, and the one place that decides: retry, dead-letter or stop."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from time import monotonic, time
from typing import Protocol

from models.errors import InkstreamError
from streams.agents.attempts import Attempts
from streams.agents.delivery import Delivery
from streams.agents.faust_types import Event, incoming
from streams.agents.outgoing import Outgoing
from streams.agents.turns import RETRY_S, Slot, Turn
from streams.documents.cache import Waiting
from streams.errors import DeliveryRefused, DiskFull, PoisonMessage, RecordTooLarge, SourceTooLarge
from streams.messages.incoming import Incoming
from streams.messages.names import named
from streams.messages.records import Stage
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.monitoring.tracing import Headers, NoTracing, Tracing, with_trace

logger = logging.getLogger(__name__)

_MAX_LENT_BYTES = 64 * 1024  # value of a message that may wait beside thousands of others


class Step(Protocol):
    """What one agent makes of one message.

    Its methods run on the event loop, for several messages at a time: what computes goes to the reader pool, what
    blocks to a thread. A message may come again at any time, so its outputs have keys that do not change.
    """

    @property
    def stage(self) -> Stage:
        """The agent's name, as metrics, records and dead letters have it."""

    def identity(self, message: Incoming) -> str:
        """Return what a message is known by from one life of the worker to the next."""

    async def outputs(self, message: Incoming, waiting: Waiting) -> Iterable[Outgoing]:
        """Return what the message becomes.

        Args:
            waiting: To enter while the message waits for somebody else's server: others are worked on meanwhile.

        Raises:
            InkstreamError: It cannot be processed; where the error is retriable, this is called again later.
        """

    def delivered(self, message: Incoming) -> None:
        """Note that Kafka has all outputs of a message. Raises nothing."""

    def failure(self, message: Incoming, error: InkstreamError, attempts: int) -> Iterable[Outgoing]:
        """Return what a message becomes that cannot be processed, a dead letter among it. Raises nothing."""


async def at_once() -> None:
    """Wait for nothing."""


class StepRunner:
    """Applies one step to messages. One per agent; it lives on the agent's event loop."""

    def __init__(
        self,
        step: Step,
        *,
        delivery: Delivery,
        attempts: Attempts,
        health: Health,
        metrics: Metrics,
        max_attempts: int,
        retry_timeout_s: float,
        before_step: Callable[[Incoming], None],
        tracing: Tracing | None = None,
        wait_for_capacity: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        """Create a runner.

        Args:
            max_attempts: Deaths of the worker over a message before it is a PoisonMessage.
            retry_timeout_s: How long a retriable error is tried again.
            before_step: Called before the step, once the attempt is counted; see Hooks.
            wait_for_capacity: Returns once another message may be taken up.
        """
        self._step = step
        self._delivery = delivery
        self._attempts = attempts
        self._health = health
        self._metrics = metrics
        self._max_attempts = max_attempts
        self._retry_timeout_s = retry_timeout_s
        self._wait_for_capacity = wait_for_capacity
        self._before_step = before_step
        self._tracing = tracing or NoTracing()
        self._suspects = asyncio.Lock()
        self._unfinished: dict[object, float] = {}  # each message: when Kafka took it, seconds since 1970
        metrics.oldest_message_s.labels(stage=step.stage).set_function(self._oldest_message_s)

    async def handle(self, event: Event, slot: Slot) -> None:
        """Process one message: deliver the step's outputs, or what the step makes of its error.

        1. A message that was in work when the worker died waits until no other such message is: see Turn.
        2. The attempt is counted where a crash cannot undo it; too many, and it is a PoisonMessage.
        3. The step computes the outputs. A retriable error is tried again for a while.
        4. The outputs are delivered. Only then does this return, and only then may the message be acked.
        """
        message = incoming(event)
        unfinished = object()  # not its position: after a rebalance the same message may come while it is in work
        self._unfinished[unfinished] = message.timestamp_s or time()
        try:
            await self._wait_for_capacity()
            await self._process(message, slot)
        finally:
            del self._unfinished[unfinished]

    async def _process(self, message: Incoming, slot: Slot) -> None:
        identity = self._step.identity(message)
        turn = Turn(identity, slot, self._suspects, self._attempts, self._health)
        attempt = await turn.begin()  # 1, 2
        try:
            await self._deliver_outputs(message, attempt, turn)
        except asyncio.CancelledError:  # given back unacked by an orderly stop
            self._forget(identity, attempt)
            raise
        finally:
            turn.end()
        # not for an unexpected error: that ends the process, and the message has to be known as its cause
        self._forget(identity, attempt)

    def _oldest_message_s(self) -> float:
        return max(0.0, time() - min(self._unfinished.values())) if self._unfinished else 0.0

    def _forget(self, identity: str, attempt: int) -> None:
        # a poison message may be delivered again before its offset is committed: it stays known
        if attempt <= self._max_attempts:
            self._attempts.finish(identity)

    async def _deliver_outputs(self, message: Incoming, attempt: int, turn: Turn) -> None:
        trace: Headers = ()
        try:
            if attempt > self._max_attempts:
                raise PoisonMessage(f"the worker died {attempt - 1} times while this was in work; see its log")
            self._before_step(message)
            with self._tracing.span(self._step.stage, message) as trace:
                outputs = await self._outputs_with_retries(message, turn)  # 3
                await self._delivery.deliver(_traced(outputs, trace))  # 4
            self._step.delivered(message)
        except DeliveryRefused:  # nothing is wrong with the message: none would be delivered
            raise
        except InkstreamError as error:
            logger.warning("%s: %s", named(message), error.summary)
            self._metrics.failed.labels(stage=self._step.stage, reason=error.reason).inc()
            await self._deliver_failure(message, error, attempt, trace)

    async def _deliver_failure(
        self, message: Incoming, error: InkstreamError, attempt: int, trace: Headers
    ) -> None:
        try:
            await self._delivery.deliver(_traced(self._step.failure(message, error, attempt), trace))
        except RecordTooLarge as too_large:  # somebody wrote a key or a field that fills a message by itself
            bare = replace(message, key=None, value=None, headers=())
            await self._delivery.deliver(_traced(self._step.failure(bare, too_large, attempt), trace))

    async def _outputs_with_retries(self, message: Incoming, turn: Turn) -> Iterable[Outgoing]:
        waiting: Waiting = turn.lent if len(message.value or b"") <= _MAX_LENT_BYTES else nullcontext
        started, tries = monotonic(), 0
        while True:
            try:
                return await self._step.outputs(message, waiting)
            except (InkstreamError, OSError) as failure:
                error = _as_ours(failure)
                wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
                late = not error.waits and monotonic() + wait_s - started > self._retry_timeout_s
                if not error.retriable or late:
                    raise error from failure
                logger.warning("trying again in %g s: %s", wait_s, error.summary)
            tries += 1
            # a full disk is everybody's: no other message is worked on meanwhile
            async with nullcontext() if error.waits else waiting():
                await asyncio.sleep(wait_s)


def _traced(outputs: Iterable[Outgoing], trace: Headers) -> Iterable[Outgoing]:
    if not trace:
        return outputs
    return (replace(output, headers=with_trace(output.headers, trace)) for output in outputs)


def _as_ours(failure: InkstreamError | OSError) -> InkstreamError:
    """Return the failure as ours. Raises an OSError of neither the disk nor the document: nobody expected it."""
    if isinstance(failure, InkstreamError):
        return failure
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no room for a document: {failure}; free some, or lower cache_bytes")
    if failure.errno == errno.EFBIG:
        return SourceTooLarge(
            f"data_dir takes no file this large ({failure}): its file system or a limit forbids it"
        )
    raise failure
