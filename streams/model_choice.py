"""`--models` of the commands, a short name for what the setting `handwritten` says in full."""

from __future__ import annotations

from streams.errors import ConfigurationError

MODELS_HELP = "What reads handwriting: own, or official, the published TrOCR once it is exported."
_BY_MODELS = {"own": "handwriting", "official": "official"}


def handwritten_by(models: str | None) -> str | None:
    """Return what --models says of the setting `handwritten`, None where it was not given.

    Raises:
        ConfigurationError: It is neither own nor official.
    """
    if models is None:
        return None
    if models not in _BY_MODELS:
        raise ConfigurationError(f"no models {models}: use {' or '.join(_BY_MODELS)}")
    return _BY_MODELS[models]


def models_of(handwritten: str) -> str | None:
    """Return what --models was, or would be, to give this setting; None where it cannot say so."""
    return next((models for models, setting in _BY_MODELS.items() if setting == handwritten), None)
