"""What a worker lends to the agent of one role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from streams.agents.attempts import Attempts
from streams.agents.delivery import Delivery
from streams.agents.faust_types import AgentBody, App
from streams.agents.hooks import Hooks
from streams.agents.offset_guard import Gap, KafkaLog, OffsetGuard
from streams.agents.outgoing import Addressing
from streams.agents.step_runner import Step, StepRunner, at_once
from streams.documents.cache import DocumentCache
from streams.documents.references import SourceFetcher
from streams.kafka.topics import TopicNames
from streams.messages.seal import Seal
from streams.monitoring.health import Health, observed
from streams.monitoring.metrics import Metrics
from streams.monitoring.tracing import NoTracing, Tracing
from streams.processes.pool import ReaderPool
from streams.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleParts:
    """Made and closed by the worker; `partitions` is the number that page-text and documents have."""

    settings: Settings
    topics: TopicNames
    partitions: int
    pool: ReaderPool
    cache: DocumentCache
    sources: SourceFetcher
    attempts: Attempts
    health: Health
    metrics: Metrics
    seal: Seal
    tracing: Tracing = field(default_factory=NoTracing)
    hooks: Hooks = field(default_factory=Hooks)

    def topic(self, field: str) -> str:
        """Return the name of a topic under this worker's prefix, from its field in TopicNames."""
        return str(getattr(self.topics, field))

    @property
    def addressing(self) -> Addressing:
        """Where records go."""
        return Addressing(self.topics, self.partitions)

    @asynccontextmanager
    async def each_message(
        self,
        app: App,
        step: Step,
        delivery: Delivery,
        *,
        in_flight: int,
        wait_for_capacity: Callable[[], Awaitable[None]] = at_once,
    ) -> AsyncIterator[AgentBody]:
        """Yield the agent that applies a step to each message of its stream, `in_flight` at a time."""
        runner = StepRunner(
            step,
            delivery=delivery,
            attempts=self.attempts,
            health=self.health,
            metrics=self.metrics,
            max_attempts=self.settings.max_attempts,
            retry_timeout_s=self.settings.source_retry_s,
            before_step=self.hooks.before_step,
            tracing=self.tracing,
            wait_for_capacity=wait_for_capacity,
        )

        async def say_expired(gap: Gap) -> None:
            await delivery.deliver([self.addressing.expired(step.stage, gap)])

        guard = OffsetGuard(app, KafkaLog(self.settings, app.conf.id), say_expired)
        async with observed(guard.watch(), "messages that are deleted unread are reported", self.health):
            yield self.hooks.window(app, in_flight, runner.handle, guard.check).run
