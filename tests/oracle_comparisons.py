"""What each day is compared with, in plain Python from rows of daily_summary and daily_sales.

It follows docs/DEFINITIONS.md (What a day is compared with; Discount rate, return rate, repeat share) and
shares no code with the pipeline. Amounts are exact: Decimals, and Fractions where something is divided.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tests.oracle_customers import rounded

ONE_DAY = timedelta(days=1)
CENT = Decimal("0.01")
FIGURES = (
    "net_sales",
    "orders",
    "average_order_value",
    "customers",
    "gross_sales",
    "discounts",
    "returns",
    "units",
    "new_customers",
    "returning_customers",
    "tax",
    "shipping",
)
RATES = {
    "discount_rate": ("discounts", "gross_sales"),
    "return_rate": ("returns", "gross_sales"),
    "repeat_share": ("returning_customers", "customers"),
    "gross_margin": ("gross_profit", "sales_with_cost"),
}
COSTS = ("cost_of_goods", "gross_profit")
"""Figures of days on which 95 % of net sales have a cost."""
RATE_BASES = {
    "gross_sales_with_discounts": "discounts",
    "gross_sales_with_returns": "returns",
}
"""Gross sales of the sources that have a figure."""
NOT_EXPORTED = ("returns", "discounts", "tax", "shipping")
"""Figures that an export may lack."""
OF_KNOWN_CUSTOMERS = ("new_customers", "returning_customers")


@dataclass
class Export:
    """An export. `sales`: gross_sales, discounts and returns of each of its days with sales."""

    first: date
    last: date
    sales: dict[date, dict[str, Decimal]] = field(default_factory=dict)


@dataclass
class History:
    """A shop's days. `summary`: rows of daily_summary by day."""

    summary: dict[date, dict]
    exports: list[Export] = field(default_factory=list)

    @cached_property
    def days(self):
        """The known days, in order: those of daily_summary, and those on which the shop was closed."""
        rows = {}
        for day, row in self.summary.items():
            returning = row["customers"] - row["new_customers"]
            rows[day] = row | {"returning_customers": returning}
            if row.get("cost_of_goods") is not None:
                profit = row["sales_with_cost"] - row["cost_of_goods"]
                rows[day]["gross_profit"] = profit
        zeros = dict.fromkeys(FIGURES, 0)
        closed = zeros | {"average_order_value": None, "complete": True}
        for day in self._closed_days():
            rows[day] = closed
        return dict(sorted(rows.items()))

    def _closed_days(self):
        newest = max(self.summary)
        closed = set()
        for export in self.exports:
            for day in days_of(export.first, export.last):
                if day not in self.summary:
                    closed.add(day)
            for day in days_of(export.last + ONE_DAY, export.last + 6 * ONE_DAY):
                four_weeks = [day - timedelta(weeks=weeks) for weeks in range(5)]
                is_closed_weekday = not any(each in self.summary for each in four_weeks)
                if (
                    is_closed_weekday
                    and four_weeks[-1] >= export.first
                    and day < newest
                ):
                    closed.add(day)
        return closed

    @cached_property
    def complete(self):
        return {day for day, row in self.days.items() if row["complete"]}

    @cached_property
    def customers_since(self):
        """The first complete day with customers; None without any."""
        days = [day for day in self.complete if self.days[day]["customers"]]
        return min(days, default=None)

    def gross_of_exports(self, day):
        total = Decimal(0)
        for export in self.exports:
            if day in export.sales:
                total += export.sales[day]["gross_sales"]
        return total

    @cached_property
    def exports_without(self):
        """By figure: the exports that do not contain it."""
        without = {name: [] for name in NOT_EXPORTED}
        for export in self.exports:
            for name in ("returns", "discounts"):
                if not any(sales[name] for sales in export.sales.values()):
                    without[name].append(export)
            days = self._days_of_charges(export)
            for name in ("tax", "shipping"):
                if not any(self.days[day][name] for day in days):
                    without[name].append(export)
        return without

    def _days_of_charges(self, export):
        """The days that show whether an export has tax: those when it alone sold, or else only exports."""
        alone = []
        only_exports = []
        for day, sales in export.sales.items():
            gross = self.days[day]["gross_sales"]
            if abs(gross - sales["gross_sales"]) < CENT:
                alone.append(day)
            if abs(gross - self.gross_of_exports(day)) < CENT:
                only_exports.append(day)
        return alone or only_exports

    def gross_with(self, name, day):
        """Gross sales of a day of the sources that have a figure."""
        gross = self.days[day]["gross_sales"]
        for export in self.exports_without[name]:
            if day in export.sales:
                gross -= export.sales[day]["gross_sales"]
        return gross

    @cached_property
    def lacking(self):
        """By day: the figures that it lacks."""
        lacking = {}
        not_exported = []
        for day, row in self.days.items():
            if row["gross_sales"]:
                not_exported = []
                for name in NOT_EXPORTED:
                    if abs(self.gross_with(name, day)) < CENT:
                        not_exported.append(name)
            lacking[day] = set(not_exported)
            if self.customers_since is None or day <= self.customers_since:
                lacking[day].update(OF_KNOWN_CUSTOMERS)
            coverage = self.cost_coverage(day)
            if coverage is None or coverage < Decimal("0.95"):
                lacking[day].update(COSTS)
        return lacking

    def cost_coverage(self, day):
        """The part of net sales with a cost; sales without one that were returned are not covered."""
        row = self.days[day]
        return coverage_of(row["net_sales"], row.get("sales_with_cost"))

    def lacks(self, figure, day):
        part, _ = RATES.get(figure, (figure, None))
        return RATE_BASES.get(part, part) in self.lacking[day]

    def whole(self, rate, day):
        """What the rate of a day is a part of."""
        part, whole = RATES[rate]
        if part in NOT_EXPORTED:
            return self.gross_with(part, day)
        return self.days[day][whole]

    def value(self, figure, day):
        """The value of a day; a rate as a fraction, rounded."""
        if figure in RATE_BASES:
            return self.gross_with(RATE_BASES[figure], day)
        if figure in COSTS and self.lacks(figure, day):
            return None
        if figure not in RATES:
            return self.days[day][figure]
        part, _ = RATES[figure]
        if self.lacks(figure, day):
            return None
        return quotient(self.days[day][part], self.whole(figure, day))

    def compared(self, figure, day):
        """The value of a day to compare with; None where it is not complete or lacks the figure."""
        if day not in self.complete or self.lacks(figure, day):
            return None
        return self.value(figure, day)

    def averaged(self, day):
        """The complete days among the 28 before a day."""
        days = [day - timedelta(days=back) for back in range(1, 29)]
        return [each for each in days if each in self.complete]

    def average(self, figure, day):
        """The average before a day, and the number of its days."""
        days = [each for each in self.averaged(day) if not self.lacks(figure, each)]
        if figure in RATES:
            part, _ = RATES[figure]
            parts = sum(self.days[each][part] for each in days)
            wholes = sum(self.whole(figure, each) for each in days)
            return quotient(parts, wholes), len(days)
        return mean(self.value(figure, each) for each in days), len(days)

    def comparison(self, figure, day):
        """The columns of `day_comparisons` for a known day."""
        average, averaged_days = self.average(figure, day)
        return {
            "value": self.value(figure, day),
            "day_before": self.compared(figure, day - ONE_DAY),
            "week_before": self.compared(figure, day - 7 * ONE_DAY),
            "average": average,
            "year_before": self.compared(figure, day - 364 * ONE_DAY),
            "averaged_days": averaged_days,
        }

    def comparable(self, day):
        """The columns of `comparable_days` that follow from several days."""
        weeks = [day - timedelta(weeks=number) for number in range(1, 5)]
        weekdays = [each for each in weeks if each in self.complete]
        base = None
        for candidate in (day - 7 * ONE_DAY, day - ONE_DAY):
            if base is None and candidate in self.complete:
                base = candidate
        averaged = self.averaged(day)
        return {
            "is_complete": day in self.complete,
            "weekday_average": mean(self.days[each]["net_sales"] for each in weekdays),
            "base_date": base,
            "averaged_days": len(averaged),
            "averaged_days_without_sales": self.days_without_sales(averaged),
        }

    def days_without_sales(self, days):
        """The number of complete days on which nothing was ordered."""
        complete = self.complete.intersection(days)
        return len([day for day in complete if not self.days[day]["orders"]])

    def month(self, span, day):
        """The columns of `month_to_date`."""
        months = {
            "now": (day.year, day.month),
            "last_month": (day.year - (day.month == 1), (day.month - 2) % 12 + 1),
            "last_year": (day.year - 1, day.month),
        }
        year, month = months[span]
        first = date(year, month, 1)
        last = date(
            year,
            month,
            min(day.day, monthrange(year, month)[1]),
        )
        days = days_of(first, last)
        known = [each for each in days if each in self.days]
        unfinished = [each for each in days if each not in self.complete]
        net_sales = sum((self.days[each]["net_sales"] for each in known), Decimal(0))
        orders = sum(self.days[each]["orders"] for each in known)
        if span != "now" and unfinished:
            net_sales = orders = None
        return {
            "first_day": first,
            "last_day": last,
            "net_sales": net_sales,
            "orders": orders,
            "days_without_sales": self.days_without_sales(days),
            "unfinished_days": len(unfinished),
        }


def days_of(first, last):
    """The days from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def coverage_of(net_sales, with_cost):
    """The part of net sales with a cost, of which only whole thousandths count; None without either."""
    if with_cost is None or rounded(Fraction(net_sales)) <= 0:
        return None
    without = abs(net_sales - with_cost)
    part = Fraction(max(net_sales - without, 0)) / Fraction(net_sales)
    return Decimal(int(part * 1000)) / 1000


def mean(values):
    """The average of the values that are not None, rounded; None without any."""
    known = [Fraction(value) for value in values if value is not None]
    if not known:
        return None
    return rounded(sum(known) / len(known))


def quotient(part, whole):
    """A rate, rounded to six decimals; None without a whole."""
    if not whole:
        return None
    return rounded(Fraction(part) / Fraction(whole), 6)
