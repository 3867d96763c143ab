"""How the embedded Kafka is configured: one node on loopback, small, quick to start."""

from __future__ import annotations

from pathlib import Path

# Everything on loopback and for one node. A broker that was killed may register again once its session has passed:
# Kafka's default of 9 s is most of what a restart takes. Kafka waits 3 s for more members before a group's first
# rebalance: here the members are known to be few. Fifty offset partitions would be fifty files to open at start.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
broker.session.timeout.ms=5000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
message.max.bytes=67108864
replica.fetch.max.bytes=67108864
socket.request.max.bytes=134217728
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.io.buffer.size=262144
"""

LOG4J = """\
Configuration:
  Properties:
    Property: []
  Appenders:
    Console:
      name: STDOUT
      PatternLayout: {pattern: "%d %p %m (%c{1})%n"}
  Loggers:
    Root:
      level: WARN
      AppenderRef: {ref: STDOUT}
    Logger:
      - {name: kafka.server.KafkaRaftServer, level: INFO}
      - {name: kafka.server.BrokerServer, level: INFO}
"""


def jvm_flags(heap_mb: int, archive: list[str], home: Path) -> list[str]:
    """Return the JVM's arguments."""
    # a small machine shared with the readers: one collector thread, the quick compiler, no counters on disk
    return [
        f"-Xmx{heap_mb}m", f"-Xms{min(heap_mb, 128)}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData", "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={home / 'log4j2.yaml'}",
        f"-Dkafka.logs.dir={home}", *archive,
    ]  # fmt: skip
