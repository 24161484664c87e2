"""The figures of a day that alerts are about, and the lines that they are compared with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import mean

from ecommerce.core.values import Row
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.slices import Slice
from ecommerce.sales.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class AlertDay:
    """A day of an alert. `read` returns the figures of any day by slice, `targets` those of the month of a
    day, and what is reached of them."""

    alert: Subscription
    day: date
    read: Callable[[date], Mapping[Slice, PeriodFigures]]
    targets: Callable[[date], list[Row]]

    def figures(self, weeks_before: int = 0) -> PeriodFigures:
        """Return the figures of the slice on the day, or some weeks before."""
        day = self.day - timedelta(weeks=weeks_before)
        return self.read(day)[self.alert.only]

    def compared(self) -> tuple[Decimal, Decimal | None]:
        """Return the figure of the alert, and what its line refers to; None where that is not known."""
        figure = str(self.alert.alert)
        figures = self.figures()
        value = figures.value(figure)
        base = self.alert.below.amount
        match self.alert.below.of:
            case "forecast" if figures.expected:
                base = figures.expected.forecast
            case "last_week":
                base = figures.headline[figure].before
            case "weekday_average":
                base = self.average(figure)
            case "target":
                channel = self.alert.series.removeprefix("channel:")
                for row in self.targets(self.day):
                    if row["channel"] == channel:
                        return row["net_sales"], row["target_to_date"]
        return value, base

    def has_orders(self) -> bool:
        """Return whether the day, or the average of its weekday, has as many orders as the alert needs: an
        outage is no day without orders."""
        fewest = self.alert.at_least.orders
        if self.figures().value("orders") >= fewest:
            return True
        return (self.average("orders") or 0) >= fewest

    def average(self, figure: str) -> Decimal | None:
        """Return the average of the same weekday in the last four weeks, of its complete days; None without
        any."""
        values = []
        # Those of one and three weeks before are compared with two and four weeks before.
        for weeks in (1, 3):
            figures = self.figures(weeks)
            before = figures.headline[figure].before
            if not figures.unfinished:
                values.append(figures.value(figure))
            if before is not None:
                values.append(before)
        return mean(values) if values else None
