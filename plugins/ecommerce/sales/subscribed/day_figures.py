"""The figures of a day that alerts are about, and the lines that they are compared with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from ecommerce.core.periods import period_of
from ecommerce.core.values import Row
from ecommerce.sales.periods.figures import PeriodFigures, PeriodRow
from ecommerce.sales.periods.reader import read_figures
from ecommerce.sales.slices import Slice
from ecommerce.sales.subscriptions import Below, Subscription
from ecommerce.storage.report_archive import Provenance
from ecommerce.warehouse.client import Warehouse


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure of a day, and what its line refers to; None where that is not known."""

    value: Decimal
    base: Decimal | None


@dataclass
class DayFigures:
    """The figures of a day by slice, which are read when an alert needs them."""

    warehouse: Warehouse
    day: date
    slices: Collection[Slice]
    origin: Provenance

    def compare(self, alert: Subscription) -> Comparison:
        """Return the figure of an alert, and what its line refers to."""
        figures = self.by_slice[alert.only]
        figure = str(alert.alert)
        below = alert.below or Below()
        if below.of == "target":
            return self._target(alert)
        base = below.amount
        if below.of == "forecast" and figures.expected:
            base = figures.expected.forecast
        if below.of == "last_week":
            base = figures.headline[figure].before
        if below.of == "weekday_average":
            base = self.average(alert, figure)
        return Comparison(figures.value(figure), base)

    def has_orders(self, alert: Subscription) -> bool:
        """Return whether the day, or the average of its weekday, has as many orders as an alert needs: an
        outage is no day without orders."""
        fewest = alert.at_least.orders
        if self.by_slice[alert.only].value("orders") >= fewest:
            return True
        return (self.average(alert, "orders") or 0) >= fewest

    def is_complete(self, alert: Subscription) -> bool:
        """Return whether the day is known and complete."""
        return not self.by_slice[alert.only].unfinished

    def driver(self, alert: Subscription) -> tuple[str, PeriodRow] | None:
        """Return the dimension and the row with the largest fall of net sales since the week before; None
        where there is none, or it is the only one of its dimension."""
        figures = self.by_slice[alert.only]
        dimensions = {
            "category": figures.categories,
            "country": figures.countries,
            "channel": figures.channels,
        }
        largest = Decimal(0)
        driver = None
        for dimension, rows in dimensions.items():
            for row in rows:
                fall = Decimal(0)
                if row.before is not None and len(rows) > 1:
                    fall = row.before - row.net_sales
                if fall > largest:
                    largest = fall
                    driver = (dimension, row)
        return driver

    def _target(self, alert: Subscription) -> Comparison:
        """Return net sales of the month to date and their target."""
        channel = alert.series.removeprefix("channel:")
        for row in self.targets:
            if row["channel"] == channel:
                return Comparison(row["net_sales"], row["target_to_date"])
        return Comparison(Decimal(0), None)

    @cached_property
    def targets(self) -> list[Row]:
        """The targets of the month, and what is reached of them."""
        statement = "report/daily_sales/targets.sql"
        return self.warehouse.query(statement, report_day=self.day)

    def average(self, alert: Subscription, figure: str) -> Decimal | None:
        """Return the average of the same weekday in the last four weeks, of its complete days; None without
        any."""
        values = []
        for by_slice in self.earlier:
            figures = by_slice[alert.only]
            compared = figures.headline[figure]
            if not figures.unfinished:
                values.append(figures.value(figure))
            if compared.before is not None:
                values.append(compared.before)
        return sum(values) / Decimal(len(values)) if values else None

    @cached_property
    def earlier(self) -> list[dict[Slice, PeriodFigures]]:
        """The figures of one and three weeks before the day, which are compared with two and four weeks."""
        days = [self.day - timedelta(weeks=weeks) for weeks in (1, 3)]
        return [self.read(day) for day in days]

    @cached_property
    def by_slice(self) -> dict[Slice, PeriodFigures]:
        """The figures of the day."""
        return self.read(self.day)

    def read(self, day: date) -> dict[Slice, PeriodFigures]:
        """Return the figures of a day; raises as `read_figures`."""
        period = period_of("day", day)
        return read_figures(self.warehouse, period, self.slices, self.origin)
