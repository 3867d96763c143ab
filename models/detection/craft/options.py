"""What can be set on CRAFT; names and defaults are those of the paper's code, `precision` is ours."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["fp32", "int8"]


class CraftOptions(BaseModel):
    """How score maps become words, and at what size and how exactly the network sees a page."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text_threshold: float = Field(0.7, ge=0, le=1, description="region score that a word reaches somewhere")
    link_threshold: float = Field(0.4, ge=0, le=1, description="affinity score that joins two characters")
    low_text: float = Field(0.4, ge=0, le=1, description="region score at which a character ends")
    size_threshold: int = Field(10, ge=0, description="smallest word, in pixels of the score maps")
    with_refiner: bool = Field(False, description="let the link refiner find lines, where its weights are")
    canvas_size: int = Field(1280, ge=64, le=8192, description="longest side the network sees, in pixels")
    mag_ratio: float = Field(1.5, gt=0, le=10, description="pages smaller than the canvas are magnified by this")
    precision: Literal["auto", "fp32", "int8"] = Field(
        "auto", description="of the network; auto: int8 where this processor computes it well, else fp32"
    )
