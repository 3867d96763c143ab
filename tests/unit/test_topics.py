from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import BrokerError
from streams.kafka.topics import (
    TopicNames,
    TopicSpec,
    consumer_group,
    partition_for,
    topic_specs,
    wait_for_topics,
)
from streams.settings import Settings


def specs(**settings: object) -> dict[str, TopicSpec]:
    return {spec.name: spec for spec in topic_specs(Settings.model_validate(settings))}


@given(st.text(min_size=1), st.integers(1, 64))
def test_documents_lie_where_every_kafka_client_puts_their_key(document: str, partitions: int) -> None:
    everything = list(range(partitions))
    assert partition_for(document, partitions) == DefaultPartitioner()(document.encode(), everything, everything)


@pytest.mark.parametrize(
    ("key", "murmur2"),
    [("21", -973932308), ("foobar", -790332482), ("abc", 479470107), ("a-little-bit-longer-string", -1486304829)],
)
def test_the_hash_is_that_of_the_java_client(key: str, murmur2: int) -> None:
    # the vectors of Kafka's own UtilsTest
    assert partition_for(key, 2**31) == murmur2 & 0x7FFFFFFF


def test_topics_are_created_in_the_order_of_the_flow_under_one_prefix() -> None:
    flow = ["raw-files", "pages", "page-text", "documents", "dead-letters", "corrections"]
    assert list(specs()) == flow
    assert list(specs(topic_prefix="p-")) == ["p-" + name for name in flow]


def test_partitions_are_those_of_the_settings() -> None:
    made = specs(raw_files_partitions=3, pages_partitions=64, page_text_partitions=5)
    assert [spec.partitions for spec in made.values()] == [3, 64, 5, 5, 1, 5]


def test_waiting_files_pages_and_dead_letters_never_expire() -> None:
    made = specs(raw_files_retention_h=2)
    for name in ("raw-files", "pages"):
        assert made[name].config["retention.ms"] == made[name].config["retention.bytes"] == "-1"
    assert made["dead-letters"].config["retention.ms"] == "-1"


@pytest.mark.parametrize("largest", [2**24, 2**28, 2**30])
def test_a_segment_of_files_holds_the_largest_message_and_little_that_is_deleted(largest: int) -> None:
    segment_bytes = int(specs(max_message_bytes=largest)["raw-files"].config["segment.bytes"])
    assert largest < segment_bytes <= max(2**27, 2 * largest)


def test_results_are_compacted_and_nothing_else_is() -> None:
    compacted = {name for name, spec in specs().items() if spec.config.get("cleanup.policy") == "compact"}
    assert compacted == {"page-text", "documents", "corrections"}


def test_topics_take_what_the_producers_may_send() -> None:
    largest = {name: spec.config.get("max.message.bytes") for name, spec in specs(max_message_bytes=2**26).items()}
    assert {name for name, size in largest.items() if size == str(2**26)} == set(specs()) - {"pages"}


def test_two_prefixes_share_neither_topics_nor_groups() -> None:
    one, other = (Settings(topic_prefix=prefix) for prefix in ("a-", "b-"))
    assert TopicNames.of(one) != TopicNames.of(other)
    assert consumer_group(one, "read") == "a-inkstream-read"
    assert consumer_group(other, "read") == "b-inkstream-read"


async def test_waiting_for_kafka_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "streams.kafka.topics")
    with pytest.raises(BrokerError):
        await wait_for_topics(Settings(broker="127.0.0.1:1"), timeout_s=1.5)
    ours = [record.getMessage() for record in caplog.records if record.name == "streams.kafka.topics"]
    assert ours == ["waiting for Kafka at 127.0.0.1:1, 1.5 s at most"]
