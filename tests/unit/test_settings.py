from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from streams.errors import ConfigurationError
from streams.kafka.security import client_options
from streams.settings import Settings, load_settings


def test_argument_beats_environment_beats_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().dpi == 300
    Path("inkstream.toml").write_text("dpi = 150\npsm = 6\n")
    monkeypatch.setenv("INKSTREAM_DPI", "200")
    assert (load_settings().dpi, load_settings().psm) == (200, 6)
    assert load_settings(dpi=250).dpi == 250
    assert load_settings(dpi=None).dpi == 200


def test_misspelt_variable_is_an_error_that_names_the_near_one() -> None:
    with pytest.raises(ConfigurationError, match=r"INKSTREAM_LANGAUGES.*Did you mean INKSTREAM_LANGUAGES"):
        load_settings({"INKSTREAM_LANGAUGES": "deu"})


def test_misspelt_key_in_the_file_is_an_error_that_names_the_near_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inkstream.toml").write_text("reeder = 'ppocr'\n")
    with pytest.raises(ConfigurationError, match=r"reeder.*Did you mean reader\?"):
        load_settings()


@pytest.mark.parametrize("content", [b"dpi = = 3\n", b"dpi = 200\ndpi = 300\n", b"inbox = '\xff'\n"])
def test_file_that_is_no_toml_is_an_error_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inkstream.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"inkstream\.toml"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dpi", 10),
        ("reader", "abbyy"),
        ("processes", 0),
        ("kafka_heap_mb", 4096),
        ("languages", "../eng"),
        ("page_timeout_s", float("inf")),
        ("topic_prefix", "a/b"),
        ("api_token", ""),  # an empty variable must not open the API
        ("passwords", '["open"'),
        ("seal_keys", "too short, both"),
    ],
)
def test_value_out_of_range_is_an_error_that_names_the_setting(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings(**{name: value})


def test_settings_do_not_change_once_loaded() -> None:
    with pytest.raises(ValidationError):
        load_settings().dpi = 200  # type: ignore[misc]  # what mypy refuses is refused at run time too


def test_lists_in_variables_are_comma_separated_or_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKSTREAM_IGNORE", "*.bak,~*")
    monkeypatch.setenv("INKSTREAM_PASSWORDS", '["a,b", "c"]')
    settings = load_settings()
    assert settings.ignore == ("*.bak", "~*")
    assert [secret.get_secret_value() for secret in settings.passwords] == ["a,b", "c"]


def test_a_refused_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(passwords=[["hush"]], sasl_password=["hush"])
    assert "hush" not in str(caught.value)


def test_a_key_that_can_be_guessed_is_refused_with_how_to_make_one() -> None:
    with pytest.raises(ConfigurationError, match="openssl rand -base64 32") as caught:
        load_settings(seal_keys="guessable")
    assert "guessable" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    settings = Settings(
        sasl_password="hush", sasl_username="u", security_protocol="SASL_SSL", passwords=("open",), api_token="key"
    )
    assert not any(word in repr(settings) for word in ("hush", "'open'", "key'"))


def test_sasl_without_a_password_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="SASL_SSL needs sasl_username and sasl_password"):
        load_settings(security_protocol="SASL_SSL")


@pytest.mark.parametrize("broker", ["", "localhost", "kafka:9092,", "kafka:port", "my kafka:9092"])
def test_a_broker_without_host_and_port_is_refused_before_anything_waits_for_it(broker: str) -> None:
    with pytest.raises(ConfigurationError, match="host:port"):
        load_settings(broker=broker)


def test_several_brokers_may_be_named() -> None:
    assert client_options(load_settings(broker="a:9092, [::1]:9093"))["bootstrap_servers"] == [
        "a:9092",
        "[::1]:9093",
    ]


@pytest.mark.parametrize("setting", ["ssl_cafile", "ssl_certfile"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_is_none_is_an_error_that_names_the_setting(
    tmp_path: Path, setting: str, content: str | None
) -> None:
    file = tmp_path / "some.pem"
    if content:
        file.write_text(content)
    settings = load_settings(broker="kafka:9093", security_protocol="SSL", **dict[str, Any]({setting: file}))
    with pytest.raises(ConfigurationError, match=f"{setting} .*some.pem"):
        client_options(settings)


def test_client_without_a_broker_shows_how_to_name_one() -> None:
    with pytest.raises(ConfigurationError, match="--broker"):
        client_options(load_settings())


def test_inline_files_must_fit_into_a_message() -> None:
    with pytest.raises(ConfigurationError, match="inline_limit"):
        load_settings(inline_limit=32 * 2**20)


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
