"""Every setting of inkstream, in one frozen object: argument › INKSTREAM_* › inkstream.toml › default."""

from __future__ import annotations

import json
import os
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
from streams.kafka_settings import MIB, KafkaSettings
from streams.paths import user_cache
from streams.source_settings import SourceSettings, Words, split_words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ENV_PREFIX = "INKSTREAM_"
_MIN_KEY_CHARACTERS = 32
_RECORD_OVERHEAD = 64 * 1024  # bytes: headers of a record beside the file in it


def _object(value: object) -> object:
    """Return a variable's text, which is JSON, as an object."""
    return json.loads(value) if isinstance(value, str) else value


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key) < _MIN_KEY_CHARACTERS:
        raise ValueError(f"needs {_MIN_KEY_CHARACTERS} random characters, as `openssl rand -base64 32` prints")
    return key


SealKey = Annotated[SecretStr, AfterValidator(_long_enough)]


class Settings(BaseSettings, KafkaSettings, SourceSettings, ReadDefaults):
    """All settings, those of KafkaSettings, SourceSettings and ReadDefaults included.

    Sizes are bytes and times are seconds, unless the name ends in another unit (`_mb`, `_h`).
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, toml_file="inkstream.toml", frozen=True, extra="forbid", allow_inf_nan=False
    )

    # where things are
    data_dir: Path = Field(
        Path(".inkstream"), description="folder of Kafka's data, the document cache, ledgers and logs"
    )
    models_dir: Path = Field(
        default_factory=lambda: user_cache("models"),
        description="folder of networks that no package carries, as `inkstream models export` writes them",
    )
    inbox: Path = Field(Path("inbox"), description="folder that `up` watches")
    api_host: str = Field("127.0.0.1", description="address the API listens on")
    api_port: int = Field(8321, ge=0, le=65535, description="port the API listens on; 0 picks a free one")
    api_token: SecretStr | None = Field(
        None, min_length=1, description="bearer token that the API asks for; none: it asks for none"
    )
    api_open: bool = Field(
        False, description="listen beyond this machine without a token: only where all that reach it are trusted"
    )
    api_hosts: Words = Field(
        (), description="names the API is called by, beside addresses, names without dots and this machine's own"
    )
    api_public: Annotated[tuple[Literal["metrics", "docs"], ...], NoDecode, BeforeValidator(split_words)] = Field(
        (), description="what asks for no token where there is one: metrics, docs; probes never do"
    )

    probe_host: str = Field("127.0.0.1", description="address that probes and metrics listen on")
    probe_port: int | None = Field(
        None, ge=0, le=65535, description="port of /livez, /readyz, /healthz and /metrics of a worker of any role, "
        "which ask for no token; none: closed",
    )  # fmt: skip

    # reading: ReadDefaults has the rest
    craft: Annotated[CraftOptions, NoDecode, BeforeValidator(_object)] = Field(
        CraftOptions(), description="how CRAFT finds lines; as a variable: JSON"
    )
    tesseract_api: Literal["tesserocr", "pytesseract"] = Field(
        "tesserocr", description="tesserocr runs Tesseract in process; pytesseract starts a program per page"
    )
    passwords: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_words)] = Field(
        (), description="tried on every encrypted document"
    )
    seal_keys: Annotated[tuple[SealKey, ...], NoDecode, BeforeValidator(split_words)] = Field(
        (),
        description="keys that passwords are sealed with on topics, the same on all machines: the first seals, all "
        "open; none: the key in data_dir",
    )

    # processes
    processes: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="number of reader processes"
    )
    page_timeout_s: float = Field(120.0, gt=0, description="seconds that reading one page may take")
    split_timeout_s: float = Field(60.0, gt=0, description="seconds that opening one file may take")
    process_memory_mb: int = Field(2048, ge=256, description="memory that one reader process may use, in MB")
    recycle_after: int = Field(500, ge=1, description="pages after which a reader process is replaced")
    max_attempts: int = Field(5, ge=1, description="worker deaths before a message is a dead letter")
    window: int = Field(0, ge=0, description="pages in flight; 0: four per reader process")
    max_pages_behind: int = Field(
        20_000, ge=1, description="lag of `pages`, in pages, above which split_files pauses"
    )
    pages_ahead: int = Field(
        0, ge=0, description="pages of one document that are queued at a time, before others have a turn; 0: eight "
        "times `window`",
    )  # fmt: skip
    max_pages: int = Field(100_000, ge=1, description="pages that a document may have")
    cache_bytes: int = Field(
        2048 * MIB, ge=MIB, description="size that the document cache on disk is kept below, in bytes"
    )

    # SQL
    table_dir: Path | None = Field(
        None, description="folder of the SQL table's memory; none: /dev/shm if it has a GiB free, else data_dir"
    )
    query_timeout_s: float = Field(5.0, gt=0, description="seconds that a query may take")
    query_max_rows: int = Field(10_000, ge=1, description="rows of a result; an export has all")
    export_timeout_s: float = Field(600.0, gt=0, description="seconds that an export of a query's rows may take")

    # webhooks
    webhook_secret: SealKey | None = Field(
        None, description="key that calls of webhooks are signed with, the same on all machines; none: no webhooks"
    )
    webhook_urls: Words = Field((), description="http and https URLs that are called for every finished document")
    webhook_retry_s: float = Field(86_400.0, ge=0, description="seconds that a failed call is tried again")

    tracing: bool = Field(
        False, description="send traces by OpenTelemetry, which its own OTEL_* variables configure (extra `otel`)"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level of log lines")
    log_format: Literal["text", "json"] = Field(
        "text", description="log lines: text for people; json: an object a line, with the document in work"
    )
    log_records: bool = Field(False, description="log a line for every page that is read; never its text")

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
        if self.webhook_urls and self.webhook_secret is None:
            raise ValueError("webhook_urls needs webhook_secret, which calls are signed with")
        if self.inline_limit + _RECORD_OVERHEAD > self.max_message_bytes:
            raise ValueError("inline_limit must leave 64 KiB free under max_message_bytes")
        return self

    @property
    def pages_in_flight(self) -> int:
        """Pages that a read worker works on at once."""
        return self.window or 4 * self.processes

    @property
    def portion_pages(self) -> int:
        """Pages of one document that are queued at a time."""
        return self.pages_ahead or 8 * self.pages_in_flight

    @property
    def api_url(self) -> str:
        """Where the API listens, unless it picks a port itself."""
        return f"http://{self.api_host}:{self.api_port}"

    def read_options(self) -> ReadOptions:
        """Return how a document is read whose producer sets no options."""
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
        settings.read_options()  # has ranges of its own; a wrong one is an error now, not with the first document
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
        return "deploy/docs/settings.md lists them."
    return f"Did you mean {ENV_PREFIX + match[0].upper() if variable else match[0]}?"
