"""What the parts of a report's figures have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of `figures.Figures`: it never changes, and knows all of its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
