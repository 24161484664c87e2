"""What forecasts are compared with, in plain Python: the forecast in force, net shares, usual weeks, scores.

It follows docs/DEFINITIONS.md and shares no code with the pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from tests.oracle_customers import rounded

BOUNDS = ("lower_80", "upper_80", "lower_95", "upper_95")
DEVIATIONS = {"80": Fraction("1.2816"), "95": Fraction("1.96")}
ONE_DAY = timedelta(days=1)


@dataclass
class Sale:
    """Sales of a day by channel, category and currency; amounts are None without an exchange rate."""

    day: date
    channel: str
    category: str
    currency: str
    gross: Decimal | None
    discounts: Decimal | None
    net: Decimal | None

    @property
    def series(self):
        return ("total", f"channel:{self.channel}", f"category:{self.category}")


@dataclass
class Forecast:
    """A forecast of a series from data that ends before `made_on`; `values` has the forecast and `BOUNDS`."""

    series: str
    day: date
    made_on: date
    values: dict[str, Decimal]


@dataclass
class History:
    """The known days of a shop: whether each is `complete`; the channels of exports with their last days."""

    complete: dict[date, bool] = field(default_factory=dict)
    sales: list[Sale] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    export_ends: dict[str, date] = field(default_factory=dict)

    def total(self, day, name):
        """Gross sales, discounts or net sales of a day."""
        amounts = [getattr(sale, name) for sale in self.sales if sale.day == day]
        return sum((amount for amount in amounts if amount is not None), Decimal(0))

    def averaged_days(self, day):
        """The complete days among the 28 before a day."""
        before = [day - number * ONE_DAY for number in range(1, 29)]
        return [each for each in before if self.complete.get(each)]

    def in_force(self, day):
        """The forecasts of a day with the newest origin, without channels of exports that have ended."""
        made = []
        for forecast in self.forecasts:
            if forecast.day != day or forecast.made_on > day:
                continue
            kind, _, channel = forecast.series.partition(":")
            end = self.export_ends.get(channel)
            has_ended = kind == "channel" and end is not None and end < day
            if kind in ("total", "channel", "category") and not has_ended:
                made.append(forecast)
        newest = max((forecast.made_on for forecast in made), default=None)
        return [forecast for forecast in made if forecast.made_on == newest]

    def reduced(self, forecast):
        """A forecast without the share of the currencies that have no exchange rate on its day."""
        currencies = {
            sale.currency
            for sale in self.sales
            if sale.day == forecast.day and sale.gross is None
        }
        averaged = self.averaged_days(forecast.day)
        gross = unconverted = Fraction(0)
        for sale in self.sales:
            is_averaged = sale.day in averaged and forecast.series in sale.series
            if not is_averaged or sale.gross is None:
                continue
            gross += Fraction(sale.gross)
            if sale.currency in currencies:
                unconverted += Fraction(sale.gross)
        kept = 1 - unconverted / gross if gross > 0 else Fraction(1)
        values = {}
        for name, value in forecast.values.items():
            values[name] = rounded(Fraction(value) * kept)
        return values

    def net_shares(self, day):
        """What gross sales became before a day: the share of net sales, the share without discounts, and
        the mean squared distance from the former."""
        days = self.averaged_days(day)
        if not days:
            return Fraction(1), Fraction(1), Fraction(0)
        gross = Fraction(sum(self.total(each, "gross") for each in days))
        net = Fraction(sum(self.total(each, "net") for each in days))
        discounts = Fraction(sum(self.total(each, "discounts") for each in days))
        share = discounted = Fraction(1)
        if gross > 0:
            share = min(max(net / gross, Fraction(0)), Fraction(1))
            discounted = max(min(1 - discounts / gross, Fraction(1)), share)
        distances = []
        for each in days:
            expected = share * Fraction(self.total(each, "gross"))
            distances.append(Fraction(self.total(each, "net")) - expected)
        variance = sum(distance**2 for distance in distances) / len(distances)
        return share, discounted, variance

    def net_values(self, day, values):
        """A forecast and its bounds in net sales, by the shares before `day`."""
        share, discounted, variance = self.net_shares(day)
        forecast = Fraction(values["forecast"])
        net = {"forecast": rounded(share * forecast)}
        for name in BOUNDS:
            if name not in values:
                continue
            end, level = name.split("_")
            gross_half = Fraction(values[name]) - forecast
            squared = (discounted * gross_half) ** 2 + DEVIATIONS[level] ** 2 * variance
            half = Fraction(square_root(squared))
            if end == "lower":
                half = -half
            net[name] = rounded(share * forecast + half)
        return net

    def comparisons(self, day):
        """The comparisons of a day by series."""
        in_force = self.in_force(day)
        if not in_force:
            return {}
        rows = {}
        for forecast in in_force:
            rows[forecast.series] = self.reduced(forecast)
        for sale in self.sales:
            if sale.day == day and sale.gross:
                for series in sale.series:
                    rows.setdefault(series, dict.fromkeys(("forecast", *BOUNDS)))
        for series, row in rows.items():
            actual = Decimal(0)
            for sale in self.sales:
                if sale.day == day and series in sale.series:
                    actual += sale.gross or 0
            net = dict.fromkeys(("forecast", *BOUNDS, "actual"))
            if series == "total":
                net = self.net_values(day, row)
                net["actual"] = self.total(day, "net")
            row["actual"] = actual
            row["verdict"] = self.verdict(day, row)
            net["verdict"] = self.verdict(day, net)
            row |= {f"net_{name}": value for name, value in net.items()}
            row["made_on"] = in_force[0].made_on
        return rows

    def verdict(self, day, row):
        """Where actual sales lie in the intervals of their forecast; None on a day that is not complete."""
        if row["forecast"] is None or not self.complete[day]:
            return None
        if row["lower_80"] <= row["actual"] <= row["upper_80"]:
            return "as expected"
        if row["lower_95"] <= row["actual"] <= row["upper_95"]:
            return "unusual"
        return "very unusual"

    def week(self, monday, name):
        """Gross or net sales of seven days; None where one is not known and complete."""
        days = [monday + number * ONE_DAY for number in range(7)]
        if not all(self.complete.get(day) for day in days):
            return None
        return sum(self.total(day, name) for day in days)

    def usual_week(self, day, name):
        """The median of the eight calendar weeks before that of a day; None without any."""
        monday = day - day.weekday() * ONE_DAY
        weeks = [
            self.week(monday - 7 * number * ONE_DAY, name) for number in range(1, 9)
        ]
        known = sorted(total for total in weeks if total is not None)
        if not known:
            return None
        return (known[len(known) // 2] + known[(len(known) - 1) // 2]) / 2


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
    forecast = sum((row["forecast"] for row in periods), Decimal(0))
    actual = sum((row["actual"] for row in periods), Decimal(0))
    missed = sum((abs(row["forecast"] - row["actual"]) for row in periods), Decimal(0))
    sales = max(actual, Decimal(0))
    coverage = {}
    for level in ("80", "95"):
        inside = 0
        for row in open_days:
            inside += row[f"lower_{level}"] <= row["actual"] <= row[f"upper_{level}"]
        coverage[f"covered_{level}"] = ratio(Decimal(inside), Decimal(len(open_days)))
    return {
        "of": kind,
        "series": len({row["series"] for row in periods}),
        "periods": len(periods),
        "forecast": forecast,
        "actual": actual,
        "error": ratio(missed, sales),
        "bias": ratio(forecast - actual, sales),
        **coverage,
    }


def whole_weeks(days):
    """The sums of each series' calendar weeks that have seven days."""
    weeks = {}
    for row in days:
        monday = row["target_date"] - row["target_date"].weekday() * ONE_DAY
        weeks.setdefault((row["series"], monday), []).append(row)
    sums = []
    for (series, _), rows in weeks.items():
        if len(rows) == 7:
            forecast = sum(row["forecast"] for row in rows)
            actual = sum(row["actual"] for row in rows)
            sums.append({"series": series, "forecast": forecast, "actual": actual})
    return sums


def ratio(part, whole):
    """A ratio with six decimals; None without a whole."""
    if not whole:
        return None
    return (part / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def square_root(value):
    """The root of a fraction, to 28 digits."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()
