"""What has changed since a day's report was mailed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple


class Correction(NamedTuple):
    """A headline figure as the latest mail stated it, and as it is now."""

    figure: str
    mailed: Decimal | None
    now: Decimal | None


def corrections(day: date, headline: Mapping[str, str | None] | None = None) -> list[Correction] | None:
    """Of the report of `day`."""
    return []
