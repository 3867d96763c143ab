"""The Faust app of one role, set up so that Faust loses nothing."""

from __future__ import annotations

import faust
from faust.types.auth import CredentialsT

from streams.agents.faust_types import App
from streams.kafka.clients import GROUP_METADATA_MAX_AGE_MS
from streams.kafka.group_consumer import GroupConsumer
from streams.kafka.header_patch import accept_any_header_name
from streams.kafka.security import ssl_context
from streams.kafka.topics import Role, consumer_group
from streams.settings import Settings


def new_faust_app(settings: Settings, role: Role, *, prefetch: int) -> App:
    """Return a faust.App without agents; they are added by name, never discovered.

    Args:
        role: Names the consumer group. Each role has its own: Faust assigns every topic of a group to all of its
            members, and roles that share a group would receive what they cannot process.
        prefetch: Messages fetched ahead and held in memory.
    """
    accept_any_header_name()
    datadir = settings.data_dir / "faust" / role
    datadir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        consumer_group(settings, role),
        broker=[f"aiokafka://{address}" for address in (settings.broker or "").split(",")],
        broker_credentials=_credentials(settings),
        datadir=datadir,
        store="memory://",
        web_enabled=False,
        web_tables_enabled=False,
        web_router_enabled=False,
        topic_allow_declare=False,  # topics are created by streams.kafka.topics, with the right configuration
        topic_disable_leader=True,
        table_standby_replicas=0,
        # a page may take minutes: the defaults (4096 buffered events, 5 minutes between polls) make the member
        # leave its group silently and never return
        stream_buffer_maxsize=prefetch,
        broker_max_poll_records=prefetch,
        broker_max_poll_interval=3600.0,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 10,
        broker_request_timeout=max(90.0, settings.session_timeout_s * 3),
        broker_commit_interval=1.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        producer_acks=-1,
        producer_linger=0.0,
        producer_max_request_size=settings.max_message_bytes,
        consumer_max_fetch_size=settings.max_message_bytes,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=GROUP_METADATA_MAX_AGE_MS,
        worker_redirect_stdouts=False,
    )
    app.transport.Consumer = GroupConsumer
    typed: App = app
    return typed


def _credentials(settings: Settings) -> CredentialsT | None:
    context = ssl_context(settings)
    if settings.security_protocol.startswith("SASL") and settings.sasl_password:
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,  # without a context Faust speaks SASL over plaintext, whatever was meant
        )
    return faust.SSLCredentials(context=context) if context else None
