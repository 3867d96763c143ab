"""Every setting of inkstream, in one frozen object: argument › INKSTREAM_* › inkstream.toml › default."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.options import CraftOptions, ReadDefaults, ReadOptions
from streams.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ENV_PREFIX = "INKSTREAM_"
_MIB = 1024 * 1024


def _split(value: object) -> object:
    """Return what a variable says as a list: JSON, or words between commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [word.strip() for word in value.split(",") if word.strip()]


def _addresses(broker: str) -> str:
    """Check host:port[,host:port…] now: a Kafka client would only go on trying."""
    addresses = [address.strip() for address in broker.split(",")]
    for address in addresses:
        if not re.fullmatch(r"\S+:[0-9]{1,5}", address):
            raise ValueError(f"{address!r} is not host:port, as in localhost:9092")
    return ",".join(addresses)


def _object(value: object) -> object:
    """Return what a variable says as an object: JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _user_cache() -> Path:
    """Return the user's cache folder, as the XDG Base Directory specification has it."""
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base) if base else Path.home() / ".cache"


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings, ReadDefaults):
    """All settings. Sizes are bytes unless the name says otherwise; times are seconds (`_s`) or ms (`_ms`)."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, toml_file="inkstream.toml", frozen=True, extra="forbid", allow_inf_nan=False
    )

    # where things are
    data_dir: Path = Field(Path(".inkstream"), description="Kafka's data, the document cache, ledgers, logs")
    models_dir: Path = Field(
        default_factory=lambda: _user_cache() / "inkstream" / "models",
        description="networks that do not come with a package, as `inkstream models export` leaves them",
    )
    inbox: Path = Field(Path("inbox"), description="the folder that `up` watches")
    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", description="put before every topic and group")
    api_host: str = Field("127.0.0.1", description="address the API listens on")
    api_port: int = Field(8321, ge=0, le=65535, description="port the API listens on; 0 picks a free one")
    api_token: SecretStr | None = Field(None, min_length=1, description="bearer token the API asks for, if set")

    # Kafka
    broker: Annotated[str, AfterValidator(_addresses)] | None = Field(
        None, description="host:port[,host:port…]; none starts the embedded Kafka"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    replication: int = Field(1, ge=1, description="replication factor of the topics that inkstream creates")
    raw_files_partitions: int = Field(4, ge=1)
    pages_partitions: int = Field(8, ge=1, description="bounds how many read workers share the pages")
    page_text_partitions: int = Field(4, ge=1, description="of page-text and documents alike")
    raw_files_retention_h: int = Field(168, ge=1, description="hours that a file stays fetchable")
    max_message_bytes: int = Field(32 * _MIB, ge=_MIB, description="largest Kafka record")
    session_timeout_s: float = Field(
        30.0, ge=1, description="silence after which Kafka gives a worker's share away"
    )
    kafka_heap_mb: int = Field(384, ge=256, le=512, description="heap of the embedded Kafka")

    # sources
    inline_limit: int = Field(8 * _MIB, ge=0, description="larger files travel by content-ref, not inside Kafka")
    stable_s: float = Field(1.0, ge=0, description="a dropped file's size and mtime must rest this long")
    broken_after_s: float = Field(10.0, ge=0, description="how long a file that fails its check is retried")
    ignore: Words = Field(
        (".*", "*.part", "*.filepart", "*.crdownload", "*.tmp", "*.swp", "~$*", "@eaDir",
         "Thumbs.db", "desktop.ini"), description="file and folder names the watcher never picks up",
    )  # fmt: skip
    watch_polling_s: float | None = Field(None, gt=0, description="poll at this interval (NFS, SMB); none: events")
    clean: Literal["off", "archive", "delete"] = Field("off", description="what becomes of a file once delivered")
    latest_first: bool = Field(False, description="newest file first instead of oldest first")

    content_ref_schemes: Words = Field(
        ("file", "s3", "gs", "az", "abfs", "http", "https"), description="what a content-ref header may point at"
    )
    content_ref_folders: Words = Field(
        (), description="folders that file:// content-refs may lie in; none: anywhere this worker may read"
    )
    source_retry_s: float = Field(600.0, ge=0, description="how long an unreachable source is tried again")

    # reading: what documents do not say, ReadDefaults has the rest
    craft: Annotated[CraftOptions, NoDecode, BeforeValidator(_object)] = Field(
        CraftOptions(), description="how CRAFT finds lines; as a variable: JSON"
    )
    tesseract_api: Literal["tesserocr", "pytesseract"] = Field(
        "tesserocr", description="tesserocr runs Tesseract in process; pytesseract starts a program per page"
    )
    passwords: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), description="tried on encrypted documents"
    )

    # processes
    processes: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="reader processes")
    page_timeout_s: float = Field(120.0, gt=0, description="time limit of one page")
    split_timeout_s: float = Field(60.0, gt=0, description="time limit of opening one file")
    process_memory_mb: int = Field(2048, ge=256, description="memory limit of one reader process")
    recycle_after: int = Field(500, ge=1, description="pages after which a reader process is replaced")
    max_attempts: int = Field(5, ge=1, description="worker deaths before a message is a dead letter")
    window: int = Field(0, ge=0, description="pages in flight; 0 means four per reader process")
    max_pages_behind: int = Field(20_000, ge=1, description="split_files pauses above this lag of `pages`")
    cache_bytes: int = Field(2048 * _MIB, ge=_MIB, description="bound of the document cache on disk")

    # SQL
    table_dir: Path | None = Field(
        None, description="where the SQL table's memory is; none: /dev/shm if it has a GiB free, else data_dir"
    )
    query_timeout_s: float = Field(5.0, gt=0)
    query_max_rows: int = Field(10_000, ge=1)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError(f"{self.security_protocol} needs sasl_username and sasl_password")
        if self.inline_limit + 64 * 1024 > self.max_message_bytes:
            raise ValueError("inline_limit must leave 64 KiB of room under max_message_bytes")
        return self

    @property
    def pages_in_flight(self) -> int:
        return self.window or 4 * self.processes

    @property
    def api_url(self) -> str:
        return f"http://{self.api_host}:{self.api_port}"

    def read_options(self) -> ReadOptions:
        """Return how a document is read when its producer says nothing."""
        return ReadOptions.model_validate({name: getattr(self, name) for name in ReadDefaults.model_fields})


def load_settings(environ: Mapping[str, str] | None = None, **arguments: Any) -> Settings:
    """Return the settings in force; arguments that are None do not count.

    Raises:
        ConfigurationError: A value is wrong, or an INKSTREAM_* variable or inkstream.toml key is misspelt.
    """
    for variable in environ if environ is not None else os.environ:
        name = variable.lower().removeprefix(ENV_PREFIX.lower())
        if name != variable.lower() and name not in Settings.model_fields:
            raise ConfigurationError(f"Unknown variable {variable}. {_nearest(name, variable=True)}")
    try:
        settings = Settings(**{name: value for name, value in arguments.items() if value is not None})
        settings.read_options()  # has ranges of its own; a wrong one is told now, not with the first document
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"inkstream.toml is not TOML in UTF-8: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"inkstream.toml cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigurationError("; ".join(map(_fault, error.errors()))) from error
    return settings


def _fault(found: ErrorDetails) -> str:
    name = ".".join(map(str, found["loc"])) or "settings"
    if found["type"] == "extra_forbidden":
        return f"Unknown setting {name}. {_nearest(name)}"
    return f"{name}: {found['msg'].removeprefix('Value error, ')}"


def _nearest(name: str, *, variable: bool = False) -> str:
    from difflib import get_close_matches

    match = get_close_matches(name, Settings.model_fields, n=1)
    if not match:
        return "streams/settings.py has them all."
    return f"Did you mean {ENV_PREFIX + match[0].upper() if variable else match[0]}?"
