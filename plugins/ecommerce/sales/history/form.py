"""What the form of `sales_history_load` asks for, and what of it cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecommerce.core.errors import ConfigurationError
from ecommerce.sources import SOURCES

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9999, 12, 31)
"""The range when the form gives none: timestamps before the year 2000 are rejected anyway."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form's fields. `files` is a URI pattern, `source` a name of the export's own.

    `first_day` and `last_day` (included) are the shop's days.
    """

    files: str
    source: str
    first_day: date
    last_day: date

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Form:
        """The form, from a run's params.

        Raises:
            ConfigurationError: the source's name or the range of days cannot be; the text says what to do.
        """
        return cls(params["files"], export_name(params["source"]), *_days(params))


def export_name(text: str) -> str:
    """`text` as the name under which an export's orders are kept.

    Raises:
        ConfigurationError: it is the name of a source that is read live, or cannot be a name.
    """
    if text in SOURCES:
        raise ConfigurationError(
            f"{text} is the name of a source that is read live: give the export a name of its own, "
            f"such as old_{text}"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text or ""):
        raise ConfigurationError(
            f"{text!r} cannot name the source of orders: use small letters, digits and underscores, "
            "beginning with a letter"
        )
    return text


def _days(params: Mapping[str, Any]) -> tuple[date, date]:
    try:
        first = date.fromisoformat(params.get("first_day") or FIRST_DAY.isoformat())
        last = date.fromisoformat(params.get("last_day") or LAST_DAY.isoformat())
    except ValueError as error:
        raise ConfigurationError(f"first_day and last_day are days like 2019-01-31: {error}") from None
    if last < first:
        raise ConfigurationError(f"last_day {last} lies before first_day {first}")
    return first, last
