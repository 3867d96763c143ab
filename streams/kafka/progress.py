"""Rates, lag and time left, from two looks at Kafka; the JSON has the fields of Spark's StreamingQueryProgress."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from streams.kafka.lag import StageLag
from streams.messages.records import now


@dataclass(frozen=True, slots=True)
class StageProgress:
    """One stage between two looks."""

    before: StageLag
    after: StageLag
    seconds: float

    @property
    def arrived_per_s(self) -> float:
        return max(0, self.after.arrived - self.before.arrived) / self.seconds

    @property
    def processed_per_s(self) -> float:
        return max(0, self.after.processed - self.before.processed) / self.seconds

    @property
    def eta_s(self) -> float | None:
        """Seconds until nothing is left at the present rate; 0 where nothing is left, None where nothing moves."""
        if self.after.lag == 0:
            return 0.0
        return self.after.lag / self.processed_per_s if self.processed_per_s else None


def between(before: list[StageLag], after: list[StageLag], seconds: float) -> list[StageProgress]:
    """Return each stage's progress between two looks that lie `seconds` apart."""
    return [StageProgress(b, a, seconds) for b, a in zip(before, after, strict=True)]


class _SparkNames(BaseModel):
    """Its JSON has Spark's names: num_input_rows is numInputRows."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)


class SourceProgress(_SparkNames):
    """One stage and the topic that it reads; offsets are by topic and partition."""

    description: str
    start_offset: dict[str, dict[str, int]]
    end_offset: dict[str, dict[str, int]]
    latest_offset: dict[str, dict[str, int]]
    num_input_rows: int = Field(description="messages that arrived between the two looks")
    input_rows_per_second: float
    processed_rows_per_second: float
    lag: int = Field(description="messages that are not processed yet")
    eta_seconds: float | None = Field(description="until none is left at this rate; null where nothing moves")


class SinkProgress(_SparkNames):
    """The last topic, page-text."""

    description: str
    num_output_rows: int


class Progress(_SparkNames):
    """Progress with the names that Spark's lastProgress has, plus lag and etaSeconds per source."""

    id: str
    run_id: str
    name: str
    timestamp: str
    batch_id: int
    num_input_rows: int
    input_rows_per_second: float
    processed_rows_per_second: float
    duration_ms: dict[str, int]
    sources: list[SourceProgress]
    sink: SinkProgress


def as_spark(name: str, batch: int, stages: list[StageProgress]) -> Progress:
    """Return the progress of all stages between two looks."""
    first, last = stages[0], stages[-1]
    return Progress(
        id=name, run_id=name, name=name, timestamp=now(), batch_id=batch,
        num_input_rows=first.after.arrived - first.before.arrived,
        input_rows_per_second=round(first.arrived_per_s, 3),
        processed_rows_per_second=round(stages[1].processed_per_s, 3),
        duration_ms={"triggerExecution": round(first.seconds * 1000)},
        sources=[_source(stage) for stage in stages],
        sink=SinkProgress(
            description=last.after.topic, num_output_rows=last.after.arrived - last.before.arrived
        ),
    )  # fmt: skip


def _source(stage: StageProgress) -> SourceProgress:
    def offsets(lag: StageLag, which: int) -> dict[str, dict[str, int]]:
        return {lag.topic: {str(number): values[which] for number, values in sorted(lag.partitions.items())}}

    return SourceProgress(
        description=f"{stage.after.stage} on {stage.after.topic}",
        start_offset=offsets(stage.before, 1), end_offset=offsets(stage.after, 1),
        latest_offset=offsets(stage.after, 2), num_input_rows=stage.after.arrived - stage.before.arrived,
        input_rows_per_second=round(stage.arrived_per_s, 3),
        processed_rows_per_second=round(stage.processed_per_s, 3), lag=stage.after.lag,
        eta_seconds=None if stage.eta_s is None else round(stage.eta_s, 1),
    )  # fmt: skip
