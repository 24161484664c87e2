"""The slice of a report: the part of the sales that its recipients see."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, field_validator

from ecommerce.core.yaml_texts import Several

DIMENSIONS = {
    "country": "country_code",
    "shop": "source",
    "channel": "channel",
    "category": "category",
}
"""The dimensions of a slice, each with the column of `daily_sales` that has its values."""


class Slice(BaseModel, frozen=True, extra="forbid"):
    """The values of each dimension that the slice has; a dimension without values is not limited. A slice
    without any is the whole shop."""

    country: Several[str] = ()
    shop: Several[str] = ()
    channel: Several[str] = ()
    category: Several[str] = ()

    @field_validator("*", mode="after")
    @classmethod
    def distinct(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        """Return the values sorted, each once: the order in a file is no part of a slice."""
        return tuple(sorted(set(values)))

    def limits(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each dimension that is limited, with its values."""
        for dimension, values in self:
            if values:
                yield dimension, values

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The values of the columns of `daily_sales` that are limited."""
        return {DIMENSIONS[dimension]: values for dimension, values in self.limits()}

    @property
    def is_whole(self) -> bool:
        """Whether this is the whole shop."""
        return self == WHOLE


WHOLE = Slice()
