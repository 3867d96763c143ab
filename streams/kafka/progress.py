"""Rates, lag and time left, from two looks at Kafka; the JSON has the fields of Spark's StreamingQueryProgress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def as_spark(name: str, batch: int, stages: list[StageProgress]) -> dict[str, Any]:
    """Return progress with the names that Spark's lastProgress has, plus lag and etaSeconds per source."""
    first = stages[0]
    return {
        "id": name,
        "runId": name,
        "name": name,
        "timestamp": now(),
        "batchId": batch,
        "numInputRows": first.after.arrived - first.before.arrived,
        "inputRowsPerSecond": round(first.arrived_per_s, 3),
        "processedRowsPerSecond": round(stages[1].processed_per_s, 3),
        "durationMs": {"triggerExecution": round(first.seconds * 1000)},
        "sources": [_source(stage) for stage in stages],
        "sink": {
            "description": stages[-1].after.topic,
            "numOutputRows": stages[-1].after.arrived - stages[-1].before.arrived,
        },
    }


def _source(stage: StageProgress) -> dict[str, Any]:
    def offsets(lag: StageLag, which: int) -> dict[str, dict[str, int]]:
        return {lag.topic: {str(number): values[which] for number, values in sorted(lag.partitions.items())}}

    return {
        "description": f"{stage.after.stage} on {stage.after.topic}",
        "startOffset": offsets(stage.before, 1),
        "endOffset": offsets(stage.after, 1),
        "latestOffset": offsets(stage.after, 2),
        "numInputRows": stage.after.arrived - stage.before.arrived,
        "inputRowsPerSecond": round(stage.arrived_per_s, 3),
        "processedRowsPerSecond": round(stage.processed_per_s, 3),
        "lag": stage.after.lag,
        "etaSeconds": None if stage.eta_s is None else round(stage.eta_s, 1),
    }
