"""Start reading here: which agents there are, which role runs which, and how data passes between them.

    raw-files ─▶ split_files ─▶ pages ─▶ read_pages ─▶ page-text ─▶ track_documents ─▶ documents
                      │                      │             │
                      └──▶ dead-letters ◀────┘             └──▶ streams.table: SQL

1. Whoever has a document produces it on raw-files: the folder watcher, the API, any Kafka client.
2. split_files opens it, counts its pages, and sends one small task per page, in portions where they are many. No
   page image is on any topic.
3. read_pages fetches the document by its reference, has a reader process read the one page, and sends its text:
   `agents.read_pages` › `processes.pool` › `processes.reader_process` › `models.pipeline`.
4. track_documents counts the pages of each document. The SQL table follows page-text beside it.

Two agents share nothing but a topic. Each role is a consumer group of its own and runs on any number of machines.
A Step makes outgoing messages of an incoming one; `agents.step_runner` delivers them, retries and dead-letters;
`agents.ordered_window` acks. `service.worker` runs the apps that are made here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from streams.agents.delivery import Delivery
from streams.agents.faust_app import new_faust_app
from streams.agents.faust_types import AgentBody, App, Stream
from streams.agents.parts import RoleParts
from streams.agents.read_pages import read_pages
from streams.agents.split_files import split_files
from streams.agents.track_documents import track_documents
from streams.kafka.topics import Role
from streams.messages.records import Stage
from streams.settings import Settings

TopicField = Literal["raw_files", "pages", "page_text", "documents", "dead_letters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """One agent.

    Attributes:
        start: Makes the agent, and what only it needs for as long as it runs.
        reads, writes: Its topics, as TopicNames calls them. It can send to no others.
        prefetch: Messages that are fetched ahead.
    """

    start: Callable[[App, RoleParts, Delivery], AbstractAsyncContextManager[AgentBody]]
    name: Stage
    reads: TopicField
    writes: tuple[TopicField, ...]
    prefetch: int


# A file may be 32 MiB, a page task is under a kilobyte: what is fetched ahead is bounded by what it weighs.
AGENTS: Mapping[Role, AgentSpec] = {
    "split": AgentSpec(
        start=split_files, name="split_files",
        reads="raw_files", writes=("pages", "documents", "dead_letters", "raw_files"), prefetch=4,
    ),
    "read": AgentSpec(
        start=read_pages, name="read_pages",
        reads="pages", writes=("page_text", "pages", "dead_letters"), prefetch=64,
    ),
    "track": AgentSpec(
        start=track_documents, name="track_documents",
        reads="page_text", writes=("documents", "page_text"), prefetch=1000,
    ),
}  # fmt: skip


def create_app(settings: Settings, role: Role) -> App:
    """Return the Faust app of one role, without its agent."""
    return new_faust_app(settings, role, prefetch=AGENTS[role].prefetch)


@asynccontextmanager
async def with_agent(app: App, role: Role, parts: RoleParts) -> AsyncIterator[None]:
    """Add the role's agent to its app; what only that agent needs lives for the length of the block."""
    spec = AGENTS[role]
    delivery = Delivery(app, [parts.topic(name) for name in spec.writes])
    source = app.topic(parts.topic(spec.reads), key_serializer="raw", value_serializer="raw")
    async with spec.start(app, parts, delivery) as body:

        async def agent(stream: Stream) -> None:
            await body(stream)

        app.agent(source, name=spec.name)(agent)
        yield
