"""What all message values have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A message value. Fields that a newer version added are ignored, so old workers read new messages."""

    # an error without the input: it stands in logs and letters, the input may be a password or somebody's text
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False)
