"""An existing cluster that asks for TLS and a password."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from streams.broker.embedded import EmbeddedKafka
from streams.errors import BrokerError
from streams.kafka.topics import create_topics, wait_for_topics
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Topics, WorkerProcess, eventually, text_pdf

pytestmark = pytest.mark.timeout(120)


async def test_a_service_works_over_sasl_ssl_and_shows_it_when_the_password_is_wrong(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    write_keystore(authority.issue_cert("127.0.0.1"), tmp_path / "server.pem")
    with EmbeddedKafka(tmp_path / "kafka", overrides=secured(tmp_path / "server.pem")) as kafka:
        settings = Settings(
            broker=kafka.bootstrap, data_dir=tmp_path / "data", processes=1, api_port=0,
            security_protocol="SASL_SSL", sasl_username="ink", sasl_password="blot", ssl_cafile=tmp_path / "ca.pem",
        )  # fmt: skip
        settings.data_dir.mkdir()
        await wait_for_topics(settings)
        topics = Topics(settings)
        async with FileProducer(settings) as producer:
            await producer.send_bytes(text_pdf(2), "a.pdf")
        with WorkerProcess(settings) as worker:

            async def read() -> bool:
                return await topics.page_count() == 2

            await eventually(read, 60, worker.log)
        with pytest.raises(BrokerError):
            await create_topics(Settings(**{**settings.model_dump(), "sasl_password": "wrong"}))


def write_keystore(certificate: trustme.LeafCert, file: Path) -> None:
    """Write key and chain as Java wants them: the key in PKCS #8."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pkcs8 + b"".join(blob.bytes() for blob in certificate.cert_chain_pems))


def secured(certificate: Path) -> dict[str, str]:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule"
    return {
        "listeners": "SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": "SASL_SSL://127.0.0.1:{port}",
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "SASL_SSL",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{login} required username="admin" password="x" user_admin="x" user_ink="blot";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificate.with_name("ca.pem")),
    }
