"""What forecasts are compared with, in plain Python: the forecast in force, net shares, usual weeks, scores.

It follows docs/DEFINITIONS.md and shares no code with the pipeline.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median

from tests.oracle_comparisons import quotient
from tests.oracle_customers import rounded

DEVIATIONS = {
    "lower_80": -Fraction("1.2816"),
    "upper_80": Fraction("1.2816"),
    "lower_95": -Fraction("1.96"),
    "upper_95": Fraction("1.96"),
}
BOUNDS = tuple(DEVIATIONS)
AMOUNTS = ("forecast", *BOUNDS)
ONE_DAY = timedelta(days=1)


@dataclass
class Sale:
    """Sales of a day by channel, category and currency; without an exchange rate, `figures` are empty."""

    day: date
    channel: str
    category: str
    currency: str
    figures: dict[str, Decimal]

    @property
    def series(self):
        return (
            "total",
            f"channel:{self.channel}",
            f"category:{self.category}",
        )

    @property
    def gross(self):
        return self.figures.get("gross_sales", 0)


@dataclass
class Forecast:
    """A forecast of a series from data that ends before `made_on`; `values` has the forecast and `BOUNDS`."""

    series: str
    day: date
    made_on: date
    values: dict[str, Decimal]


@dataclass
class History:
    """The known days of a shop: whether each is `complete`; the last days of series that are exports."""

    complete: dict[date, bool] = field(default_factory=dict)
    sales: list[Sale] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    export_ends: dict[str, date] = field(default_factory=dict)

    def total(self, days, name):
        """The sum of a figure on some days."""
        total = Decimal(0)
        for sale in self.sales:
            if sale.day in days:
                total += sale.figures.get(name, 0)
        return total

    def averaged_days(self, day):
        """The complete days among the 28 before a day."""
        before = [day - number * ONE_DAY for number in range(1, 29)]
        return list(filter(self.complete.get, before))

    def in_force(self, day):
        """The forecasts of a day with the newest origin, without channels of exports that have ended."""
        made = []
        for forecast in self.forecasts:
            if forecast.day != day or forecast.made_on > day:
                continue
            last_day = self.export_ends.get(forecast.series, day)
            if last_day >= day and not forecast.series.startswith("sku:"):
                made.append(forecast)
        newest = max(
            (forecast.made_on for forecast in made),
            default=None,
        )
        return [forecast for forecast in made if forecast.made_on == newest]

    def reduced(self, forecast):
        """A forecast without the share of the currencies that have no exchange rate on its day."""
        rateless = set()
        for sale in self.sales:
            if sale.day == forecast.day and not sale.figures:
                rateless.add(sale.currency)
        averaged = self.averaged_days(forecast.day)
        gross = kept = Fraction(0)
        for sale in self.sales:
            if sale.day in averaged and forecast.series in sale.series:
                amount = Fraction(sale.gross)
                gross += amount
                if sale.currency not in rateless:
                    kept += amount
        share = kept / gross if gross > 0 else 1
        values = {}
        for name, value in forecast.values.items():
            values[name] = rounded(Fraction(value) * share)
        return values

    def net_shares(self, day):
        """What gross sales became before a day: the share of net sales, the share without discounts, and
        the mean squared distance from the former."""
        days = self.averaged_days(day)
        gross = Fraction(self.total(days, "gross_sales"))
        share = discounted = Fraction(1)
        if gross > 0:
            share = Fraction(self.total(days, "net_sales")) / gross
            share = min(max(share, 0), 1)
            discounts = Fraction(self.total(days, "discounts"))
            discounted = max(
                min(1 - discounts / gross, 1),
                share,
            )
        squares = 0
        for averaged in days:
            expected = share * Fraction(self.total([averaged], "gross_sales"))
            squares += (Fraction(self.total([averaged], "net_sales")) - expected) ** 2
        return share, discounted, Fraction(squares, len(days) or 1)

    def net_values(self, day, values):
        """A forecast and its bounds in net sales, by the shares before `day`."""
        share, discounted, variance = self.net_shares(day)
        forecast = Fraction(values["forecast"])
        net = {"forecast": rounded(share * forecast)}
        for name, deviation in DEVIATIONS.items():
            if name in values:
                half = discounted * (Fraction(values[name]) - forecast)
                square = half**2 + deviation**2 * variance
                distance = (Decimal(square.numerator) / square.denominator).sqrt()
                if deviation < 0:
                    distance = -distance
                net[name] = rounded(share * forecast + Fraction(distance))
        return net

    def comparisons(self, day):
        """The comparisons of a day by series."""
        in_force = self.in_force(day)
        if not in_force:
            return {}
        rows = {forecast.series: self.reduced(forecast) for forecast in in_force}
        actual = Counter()
        for sale in self.sales:
            if sale.day == day:
                actual.update(dict.fromkeys(sale.series, sale.gross))
        for series, amount in actual.items():
            if amount:
                rows.setdefault(series, dict.fromkeys(AMOUNTS))
        for series, row in rows.items():
            net = dict.fromkeys((*AMOUNTS, "actual"))
            if series == "total":
                net = self.net_values(day, row)
                net["actual"] = self.total([day], "net_sales")
            row["actual"] = actual[series]
            row["verdict"] = self.verdict(day, row)
            net["verdict"] = self.verdict(day, net)
            for name, value in net.items():
                row[f"net_{name}"] = value
            row["made_on"] = in_force[0].made_on
        return rows

    def verdict(self, day, row):
        """Where actual sales lie in the intervals of their forecast; None on a day that is not complete."""
        if row["forecast"] is None or not self.complete.get(day):
            return None
        if row["lower_80"] <= row["actual"] <= row["upper_80"]:
            return "as expected"
        if row["lower_95"] <= row["actual"] <= row["upper_95"]:
            return "unusual"
        return "very unusual"

    def week(self, monday, name):
        """Gross or net sales of seven days; None where one is not known and complete."""
        days = [monday + number * ONE_DAY for number in range(7)]
        if all(map(self.complete.get, days)):
            return self.total(days, name)
        return None

    def usual_week(self, day, name):
        """The median of the eight calendar weeks before that of a day; None without any."""
        monday = day - day.weekday() * ONE_DAY
        known = []
        for number in range(1, 9):
            total = self.week(
                monday - 7 * number * ONE_DAY,
                name,
            )
            if total is not None:
                known.append(total)
        return median(known) if known else None


def scores(forecasts, complete):
    """The accuracy of forecasts in force, rows of `sales_forecasts`, on the days that are `complete`: what
    `forecast/scores.sql` returns."""
    counted = []
    for row in forecasts:
        if row["target_date"] in complete and row["actual"] is not None:
            counted.append(row)
    return [score(kind, counted) for kind in ("total", "category", "channel", "sku")]


def score(kind, forecasts):
    """The accuracy of one kind of series."""
    periods = [row for row in forecasts if row["series"].partition(":")[0] == kind]
    open_days = [row for row in periods if row["upper_95"] > 0]
    if kind == "sku":
        open_days = []
        periods = whole_weeks(periods)
    forecast = actual = missed = Decimal(0)
    for row in periods:
        forecast += row["forecast"]
        actual += row["actual"]
        missed += abs(row["forecast"] - row["actual"])
    within = Counter()
    for row in open_days:
        for level in ("80", "95"):
            is_within = row[f"lower_{level}"] <= row["actual"] <= row[f"upper_{level}"]
            within[level] += is_within
    sales = max(actual, 0)
    return {
        "of": kind,
        "series": len({row["series"] for row in periods}),
        "periods": len(periods),
        "forecast": forecast,
        "actual": actual,
        "error": quotient(missed, sales),
        "bias": quotient(forecast - actual, sales),
        "covered_80": quotient(within["80"], len(open_days)),
        "covered_95": quotient(within["95"], len(open_days)),
    }


def whole_weeks(days):
    """The sums of each series' calendar weeks that have seven days."""
    weeks = {}
    for row in days:
        week = row["target_date"].isocalendar()[:2]
        weeks.setdefault((row["series"], week), []).append(row)
    sums = []
    for (series, _), rows in weeks.items():
        if len(rows) == 7:
            forecast = sum(row["forecast"] for row in rows)
            actual = sum(row["actual"] for row in rows)
            sums.append({"series": series, "forecast": forecast, "actual": actual})
    return sums
