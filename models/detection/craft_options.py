"""What can be set on CRAFT; names and defaults are those of the paper's code."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CraftOptions(BaseModel):
    """How score maps become words, and at what size the network sees a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_threshold: float = Field(0.7, ge=0, le=1, description="region score that a word reaches somewhere")
    link_threshold: float = Field(0.4, ge=0, le=1, description="affinity score that joins two characters")
    low_text: float = Field(0.4, ge=0, le=1, description="region score at which a character ends")
    size_threshold: int = Field(10, ge=0, description="smallest word, in pixels of the score maps")
    with_refiner: bool = Field(False, description="let the link refiner find lines, where its weights are")
    canvas_size: int = Field(1280, ge=64, le=8192, description="longest side the network sees, in pixels")
    mag_ratio: float = Field(1.5, gt=0, le=10, description="pages smaller than the canvas are magnified by this")
