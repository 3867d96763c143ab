from __future__ import annotations

import asyncio
from pathlib import Path

from models.errors import EncryptedFile
from streams.agents.attempts import Attempts
from streams.agents.backpressure import Backpressure
from streams.errors import BrokerError
from streams.kafka.lag import StageLag
from streams.kafka.progress import as_spark, between
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.page_ranges import parse_ranges
from streams.messages.page_records import failed_page_text
from streams.monitoring.health import Health
from streams.terminal import format_record
from tests.unit.test_codec import TASK


class Clock:
    """Seconds that pass only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def test_splitting_waits_while_too_many_pages_wait() -> None:
    lags, clock = [30, 30, 5], Clock()
    backpressure = Backpressure(lambda: asyncio.sleep(0, lags.pop(0)), 10, clock, clock.sleep)
    await asyncio.gather(backpressure.wait(), backpressure.wait())
    assert lags == []
    assert clock.now == 1002


async def test_splitting_waits_while_the_broker_is_away() -> None:
    answers, clock = [False, True], Clock()

    async def lag() -> int:
        if answers.pop(0):
            return 0
        raise BrokerError("away")

    await Backpressure(lag, 10, clock, clock.sleep).wait()
    assert answers == []
    assert clock.now == 1001


async def test_the_lag_is_not_asked_for_at_every_file() -> None:
    asked = 0

    async def lag() -> int:
        nonlocal asked
        asked += 1
        return 0

    backpressure = Backpressure(lag, 10)
    for _ in range(100):
        await backpressure.wait()
    assert asked == 1


def test_attempts_outlive_the_process_that_counted_them(tmp_path: Path) -> None:
    first = Attempts(tmp_path / "attempts.db")
    assert not first.is_suspect("pages/0/1")
    assert [first.begin("pages/0/1"), first.begin("pages/0/2")] == [1, 1]
    first.finish("pages/0/2")
    first.close()
    second = Attempts(tmp_path / "attempts.db")
    assert second.is_suspect("pages/0/1")
    assert [second.begin("pages/0/1"), second.begin("pages/0/2")] == [2, 1]
    second.close()


def test_a_dead_letter_carries_what_a_replay_needs_and_no_password() -> None:
    message = Incoming("raw-files", 1, 7, b"k", b"%PDF", (("path", b"a"), ("options", b'{"password": "hush"}')))
    letter = dead_letter("split_files", EncryptedFile("needs a password"), message, attempts=1, path="a")
    assert (letter.reason, letter.exception) == ("encrypted-file", "EncryptedFile: needs a password")
    assert (letter.topic, letter.partition, letter.offset) == ("raw-files", 1, 7)
    assert letter.headers == {"path": "a"}
    assert "hush" not in letter.model_dump_json()
    assert letter.payload_base64 is None


def test_a_message_that_stays_in_work_too_long_is_a_stall() -> None:
    clock = Clock()
    health = Health(stalled_after_s=300, clock=clock)
    assert health.report().healthy
    health.begin("pages/0/1")
    clock.now += 301
    report = health.report()
    assert (report.healthy, report.in_flight) == (False, 1)
    assert "pages/0/1" in report.detail
    health.end("pages/0/1")
    assert health.report().healthy


def test_progress_has_rates_lag_and_time_left_under_sparks_names() -> None:
    def stages(processed: int, arrived: int) -> list[StageLag]:
        return [StageLag(name, name, {0: (0, processed, arrived)}) for name in ("raw-files", "pages", "page-text")]

    found = between(stages(10, 100), stages(30, 120), 2.0)
    assert (found[1].processed_per_s, found[1].arrived_per_s, found[1].eta_s) == (10.0, 10.0, 9.0)
    spark = as_spark("inkstream", 3, found).model_dump(by_alias=True)
    assert {"id", "runId", "name", "timestamp", "batchId", "numInputRows", "inputRowsPerSecond", "durationMs",
            "processedRowsPerSecond", "sources", "sink"} <= set(spark)  # fmt: skip
    assert spark["sources"][1]["endOffset"] == {"pages": {"0": 30}}
    assert (spark["sources"][1]["lag"], spark["sources"][1]["etaSeconds"]) == (90, 9.0)
    assert between(stages(5, 9), stages(5, 9), 1.0)[0].eta_s is None
    assert between(stages(9, 9), stages(9, 9), 1.0)[0].eta_s == 0.0


def test_a_record_is_one_line_that_fits() -> None:
    record = failed_page_text(TASK, "read_pages: CorruptFile: page 0 cannot be drawn")
    line = format_record(record, 90)
    assert len(line) == 90
    assert "a.pdf" in line
    assert "1/1" in line
    assert "✗ read_pages" in line


def test_ranges_are_bounded_by_what_is_written() -> None:
    assert parse_ranges("") == set()
    assert parse_ranges("3,5-7") == {3, 5, 6, 7}
