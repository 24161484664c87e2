"""The queries of a report with scripted answers, to read sections without a warehouse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.sales.day_queries import DayQueries, Row
from tests.unit.sales.report.samples import DAY

TODAY = {
    "complete": True,
    "missing_sources": [],
    "empty_sources": [],
    "base_date": None,
    "averaged_days": 28,
    "averaged_days_without_sales": 0,
    "coverage": None,
}
"""What a row of days.sql has of the business day."""
SETTINGS = SimpleNamespace(holiday_calendar="US", report_attribute=None, shop_names=[])


@dataclass(frozen=True)
class Answers(DayQueries):
    """`answers`: the rows of each query by its name; a query without has none."""

    answers: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        day=DAY,
        warehouse=None,
        doubtful=(),
        today=(),
        **answers,
    ):
        """Return the queries of a business day in UTC. `today`: columns of its row of days.sql; `doubtful`:
        its doubtful sources."""
        answers.setdefault("days", [TODAY | {"business_date": day} | dict(today)])
        return cls(
            warehouse or SimpleNamespace(settings=SETTINGS),
            day_window(day, "UTC"),
            doubtful_sources=doubtful,
            answers=answers,
        )

    def rows(self, name: str, parameters: Row | None = None, **values: Any) -> Any:
        """Return the scripted rows; those between the days `first` and `last`, where the query has them."""
        rows = list(self.answers.get(name, ()))
        if "first" in values and "last" in values:
            first = values["first"]
            last = values["last"]
            rows = [row for row in rows if first <= row["day"] <= last]
        return rows
