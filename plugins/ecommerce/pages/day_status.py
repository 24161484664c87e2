"""How the days of a month stand: what the warehouse says of them now, and what was mailed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ecommerce.core.errors import PipelineError
from ecommerce.pages.views import actions
from ecommerce.sales import day_state
from ecommerce.sales.day_state import Standing
from ecommerce.sources import SOURCES
from ecommerce.warehouse.client import Warehouse


@dataclass(frozen=True, slots=True)
class Days:
    """Some days in the warehouse: those that are there, and the first and last day of which it has figures at
    all."""

    days: Mapping[date, Standing] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None


def read(warehouse: Warehouse, first: date, last: date) -> Days:
    """The days from `first` to `last`.

    Raises:
        PipelineError: the warehouse cannot be asked.
    """
    try:
        required: Collection[str] = actions.required_sources()
    except PipelineError:
        required = SOURCES  # the page of a day says what is wrong with the policy
    found = day_state.standing(warehouse, first, last, required)
    [bounds] = warehouse.query("report/pages/loaded_days.sql")
    return Days({each.business_date: each for each in found}, bounds["first_day"], bounds["last_day"])


def changed(day: Standing) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    """The figures that are not what was mailed: before and now, by their names."""
    return {name: (before, day.figure(name)) for name, before in day.mailed.items()}
