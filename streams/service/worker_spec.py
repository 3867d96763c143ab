"""What a worker is started with, as one object."""

from __future__ import annotations

from dataclasses import dataclass

from streams.kafka.topics import ROLES, Role
from streams.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """All that a worker is started with. It can be pickled: that is how a supervisor passes it on.

    Attributes:
        roles: The roles whose agents run.
        web: Whether it answers SQL and serves the API.
        parent_pid: The process that it ends with; none: it ends by itself.
    """

    settings: Settings
    roles: tuple[Role, ...] = ROLES
    web: bool = True
    parent_pid: int | None = None
