"""What the routes of the API answer from."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.kafka.shared_lag import SharedLag
from streams.monitoring.health import Health
from streams.monitoring.metrics import Metrics
from streams.settings import Settings
from streams.sources.producer import FileProducer
from streams.table.table_follower import TableFollower
from streams.web.accepted import AcceptedDocuments
from streams.web.originals import Originals
from streams.web.upload_room import UploadRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """Made and closed by the server; all of it lives on one event loop."""

    settings: Settings
    table: TableFollower
    producer: FileProducer
    originals: Originals
    health: Health
    metrics: Metrics
    lags: SharedLag
    room: UploadRoom
    accepted: AcceptedDocuments = field(default_factory=AcceptedDocuments)
