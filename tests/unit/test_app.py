"""The Faust settings that each close a way to lose data; see the reasons in streams/app.py."""

from __future__ import annotations

import ssl
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from streams.app import AGENTS, create_app
from streams.kafka.topics import ROLES, Role, TopicNames
from streams.settings import Settings


@pytest.mark.parametrize("role", ROLES)
def test_no_role_has_a_default_that_loses_data(tmp_path: Path, role: Role) -> None:
    conf: Any = create_app(Settings(broker="a:1,b:2", data_dir=tmp_path, topic_prefix="p-"), role).conf
    assert conf.id == f"p-inkstream-{role}"
    assert [str(url) for url in conf.broker] == ["aiokafka://a:1", "aiokafka://b:2"]
    assert conf.stream_buffer_maxsize == conf.broker_max_poll_records <= 1000
    assert conf.broker_max_poll_interval == 3600
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval) == (30, 3)
    assert conf.broker_commit_interval == 1
    assert conf.producer_acks == -1
    assert conf.topic_allow_declare is False
    assert (conf.web_enabled, conf.web_tables_enabled, conf.web_router_enabled) == (False, False, False)
    assert conf.table_standby_replicas == 0
    assert conf.consumer_auto_offset_reset == "earliest"
    assert str(conf.processing_guarantee).endswith("AT_LEAST_ONCE")
    assert conf.producer_max_request_size == conf.consumer_max_fetch_size == 32 * 2**20


def test_a_password_never_travels_in_the_clear_where_tls_is_asked_for(tmp_path: Path) -> None:
    settings = Settings(
        broker="a:1", data_dir=tmp_path, security_protocol="SASL_SSL", sasl_username="u", sasl_password="p"
    )
    conf: Any = create_app(settings, "read").conf
    credentials = conf.broker_credentials
    assert isinstance(credentials.ssl_context, ssl.SSLContext)
    assert str(credentials.protocol).endswith("SASL_SSL")


def test_roles_share_no_consumer_group(tmp_path: Path) -> None:
    ids = {create_app(Settings(broker="a:1", data_dir=tmp_path), role).conf.id for role in ROLES}
    assert len(ids) == len(ROLES)


def test_every_role_has_an_agent_that_reads_what_producers_or_other_agents_write() -> None:
    assert tuple(AGENTS) == ROLES
    written = {"raw_files"}.union(*(agent.writes for agent in AGENTS.values()))
    assert {agent.reads for agent in AGENTS.values()} <= written
    by_people = {"corrections"}  # the SQL table follows them
    assert written | by_people == {field.name for field in fields(TopicNames)}
