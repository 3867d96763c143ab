"""The settings of Kafka: where it is, how clients prove who they are, and how topics are made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

MIB = 1024 * 1024
_MAX_PORT = 65_535


def _addresses(broker: str) -> str:
    """Check host:port[,host:port…] at once: a Kafka client would try a wrong one for ever."""
    addresses = [address.strip() for address in broker.split(",")]
    for address in addresses:
        if "/" in address:
            raise ValueError(f"{address!r} is not host:port: leave out what is before // and after the port")
        if not re.fullmatch(r"\S+:[0-9]{1,5}", address) or int(address.rpartition(":")[2]) > _MAX_PORT:
            raise ValueError(f"{address!r} is not host:port, as in localhost:9092")
    return ",".join(addresses)


class KafkaSettings(BaseModel):
    """Part of Settings. Sizes are bytes unless the name has a unit."""

    broker: Annotated[str, AfterValidator(_addresses)] | None = Field(
        None, description="host:port[,host:port…]; none: `up` starts the embedded Kafka"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how clients connect, in Kafka's own names"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="how clients log in, where security_protocol has SASL"
    )
    sasl_username: str | None = Field(None, description="needed where security_protocol has SASL")
    sasl_password: SecretStr | None = Field(None, description="needed where security_protocol has SASL")
    ssl_cafile: Path | None = Field(
        None, description="PEM file of the authorities that sign brokers; none: the system's"
    )
    ssl_certfile: Path | None = Field(None, description="PEM file of the client's certificate, where brokers ask")
    ssl_keyfile: Path | None = Field(None, description="PEM file of its key; none: it is in ssl_certfile")

    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", description="put before every topic and group")
    replication: int = Field(1, ge=1, description="replication factor of the topics that inkstream creates")
    raw_files_partitions: int = Field(4, ge=1, description="bounds how many workers can split files")
    pages_partitions: int = Field(8, ge=1, description="bounds how many workers can read pages")
    page_text_partitions: int = Field(4, ge=1, description="of page-text and documents alike")
    raw_files_retention_h: int = Field(
        168,
        ge=0,
        description="hours that a file stays on raw-files; longer where it is not read yet",
    )
    max_message_bytes: int = Field(32 * MIB, ge=MIB, description="size of the largest Kafka record, in bytes")
    session_timeout_s: float = Field(
        30.0, ge=1, description="seconds of silence after which Kafka gives a worker's partitions to others"
    )
    kafka_port: int = Field(
        9092, ge=0, le=65535, description="port of the embedded Kafka; where it is taken, or 0, any free one"
    )
    kafka_heap_mb: int = Field(384, ge=256, le=512, description="heap of the embedded Kafka, in MB")
