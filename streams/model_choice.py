"""`--models` of the commands, a short name for values of the setting `handwritten`."""

from __future__ import annotations

from streams.errors import ConfigurationError

MODELS_HELP = "What reads handwriting: own, or official, the published TrOCR once it is exported."
_BY_MODELS = {"own": "handwriting", "official": "official"}


def handwritten_by(models: str | None) -> str | None:
    """Return the value of the setting `handwritten` that --models stands for, None where it was not given.

    Raises:
        ConfigurationError: It is neither own nor official.
    """
    if models is None:
        return None
    if models not in _BY_MODELS:
        raise ConfigurationError(f"no models {models}: use {' or '.join(_BY_MODELS)}")
    return _BY_MODELS[models]
