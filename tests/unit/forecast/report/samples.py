"""What a report of a made-up shop is made from: rows of `sales_forecasts`, a history, a model card."""

import json
import random
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.forecast.data.history import History
from ecommerce.forecast.partner_ftp.files import Promotion
from ecommerce.forecast.report import archive, steps
from ecommerce.forecast.report.figures import ForecastProvenance
from tests import oracle_forecasts
from tests.unit.forecast.panels import make_panel

AS_OF = date(2026, 11, 16)
ZONE = "America/New_York"
WEEKDAYS = (0.8, 0.85, 0.9, 1.0, 1.3, 1.4, 0.75)
LEVELS = {"category": 6000, "channel": 12000, "sku": 300}
CATEGORIES = ("Kitchen", "Lighting", "Garden", "Textiles", "Toys")
PROMOTIONS = (
    Promotion(date(2026, 11, 14), date(2026, 11, 18), "KIT-001", Decimal(15)),
    Promotion(date(2026, 11, 27), date(2026, 11, 30), None, Decimal("12.5")),
    Promotion(date(2026, 12, 20), date(2026, 12, 24), "TOY-002", Decimal(20)),
)
PRODUCTS = {"KIT-001": "Tea kettle", "TEX-003": "Canvas bag", "new": "Lamp"}
ALL_DAYS = [AS_OF + timedelta(days=day) for day in range(-56, 0)]


INTERVALS = {
    "forecast": 1,
    "lower_80": 0.9,
    "upper_80": 1.1,
    "lower_95": 0.8,
    "upper_95": 1.2,
}
UNUSUAL = {
    AS_OF - timedelta(days=5): 1.12,
    AS_OF - timedelta(days=3): 1.35,
}


REJECTED = data_warning(
    "note",
    text="promotions.csv: 1 of 40 rows cannot be used, the first of them line 7: sku",
)


ORIGIN = ForecastProvenance(
    dag_id="weekly_sales_forecast",
    run_id="scheduled__2026-11-16T11:00:00+00:00",
    code_version="1f2e3d4c",
    timezone=ZONE,
    model="trained/2026-11-16-0123456789abcdef",
    generated_at=datetime(2026, 11, 16, 11, 4, 5, tzinfo=UTC),
)


def day(ahead):
    """A day relative to the first that is forecast."""
    return AS_OF + timedelta(days=ahead)


def money(amount, digits=4):
    return Decimal(str(round(amount, digits)))


def made(series, target, forecast, actual=None, made_on=None):
    """A forecast whose intervals reach 10 and 20 % to either side, made on the Monday of its week."""
    monday = target - timedelta(days=target.weekday())
    row = {
        "series": series,
        "target_date": target,
        "made_at": day_window(made_on or min(monday, AS_OF), ZONE).start,
        "actual": actual and money(actual),
    }
    for name, share in INTERVALS.items():
        row[name] = money(forecast * share)
    return row


def names(categories=CATEGORIES, skus=12):
    """The series of a shop but the total, with two channels."""
    series = [f"category:{name}" for name in categories]
    series += ["channel:sales_db", "channel:storefront"]
    for number in range(skus):
        category = CATEGORIES[number % 5]
        series.append(f"sku:{category[:3].upper()}-{number:03}")
    return series


def history(series):
    """Sales by series and day of eight weeks; the total is the sum of the categories."""
    drawn = random.Random(7)
    total = dict.fromkeys(ALL_DAYS, Decimal(0))
    sales = {"total": total}
    for place, name in enumerate(series):
        kind = name.partition(":")[0]
        level = LEVELS[kind] / (1 + place % 5)
        sales[name] = {}
        for sold_on in ALL_DAYS:
            pattern = WEEKDAYS[sold_on.weekday()] * UNUSUAL.get(sold_on, 1)
            amount = money(
                level * pattern * drawn.uniform(0.9, 1.1),
                2,
            )
            sales[name][sold_on] = amount
            if kind == "category":
                total[sold_on] += amount
    return sales


def rows(actuals, *, past=True, bias=1):
    """The forecasts of eight weeks, each made on its Monday, and of the coming four, with 50 % more in
    Black Friday's week; the former are `bias` times what one expects."""
    drawn = random.Random(5)
    forecasts = []
    for place, (name, sales) in enumerate(actuals.items()):
        if past:
            for sold_on, actual in sales.items():
                # What is sold without what nobody can know.
                expected = float(actual) / UNUSUAL.get(sold_on, 1)
                amount = bias * expected * drawn.uniform(0.94, 1.04)
                forecasts.append(made(name, sold_on, amount, float(actual)))
        growth = 1 + 0.04 * ((place % 7) - 2)
        for ahead in range(28):
            amount = float(sales[day(ahead % 7 - 7)]) * growth
            if 7 <= ahead < 14:
                amount *= 1.5
            forecasts.append(
                made(
                    name,
                    day(ahead),
                    amount,
                    made_on=AS_OF,
                )
            )
    return forecasts


def card(series, **changes):
    """A model card as `training.card` writes it."""
    usual = json.loads(Path(__file__).with_name("card.json").read_text())
    for kind in usual["kinds"]:
        kind["series"] = sum(name.startswith(kind["kind"]) for name in series)
    return usual | changes


def known(actuals, unknown=(), gaps=(), promotions=PROMOTIONS, closed=()):
    """What the run knows of a shop."""
    sales = pd.DataFrame(actuals, dtype=float)
    sales.loc[list(closed)] = 0
    sales.loc[list(unknown)] = np.nan
    panels = {}
    for kind in LEVELS:
        of_kind = sales.filter(like=f"{kind}:")
        panel = make_panel(of_kind.to_numpy())
        panels[kind] = replace(
            panel,
            first_day=ALL_DAYS[0],
            series=tuple(of_kind),
        )
    categories = {name.removeprefix("sku:"): "Kitchen" for name in panels["sku"].series}
    return History(
        AS_OF,
        panels,
        tuple(gaps),
        categories,
        PRODUCTS,
        tuple(promotions),
    )


def total_first(row):
    """The order of the rows of a report."""
    return row["series"] != "total", row["series"], row["target_date"]


@dataclass
class FakeWarehouse:
    """What the queries of the report return of `forecasts`; the days before `AS_OF` that are `complete`, and
    so many after it."""

    forecasts: list[dict]
    complete: list[date]
    known_days: int = 0
    settings = SimpleNamespace(reporting_currency="USD", holiday_calendar="US")

    def query(self, path, first, day=AS_OF, last=AS_OF, parameters=None, **_):
        """The rows of a query."""
        match path:
            case "forecast/complete_days.sql":
                return [{"business_date": known} for known in self.complete]
            case "forecast/scores.sql":
                complete = [known for known in self.complete if first <= known <= day]
                return oracle_forecasts.scores(self.forecasts, complete)
            case "forecast/coming_days.sql":
                made_at = parameters["begins_at"]
                coming = [row for row in self.forecasts if row["made_at"] == made_at]
                return sorted(coming, key=total_first)
            case "forecast/past_days.sql":
                return self.totals(first, day)
            case "report/daily_sales/outlook.sql":
                return self.outlook(self.totals(first, last))

    def totals(self, first, last):
        rows = []
        for row in self.forecasts:
            if row["series"] == "total" and first <= row["target_date"] <= last:
                rows.append(row)
        return rows

    def outlook(self, totals):
        """Net sales are 90 % of gross sales, or 1,000 on known days."""
        net_rows = []
        for row in totals:
            is_known = row["target_date"] < day(self.known_days)
            net_rows.append(
                {
                    "day": row["target_date"],
                    "made_at": row["made_at"],
                    "net_forecast": row["forecast"] * Decimal("0.9"),
                    "net_sales": Decimal(1000) if is_known else None,
                    "net_usual_week": Decimal(90_000),
                }
            )
        return net_rows


def make_figures(
    series=None,
    *,
    past=True,
    complete=ALL_DAYS,
    warnings=(REJECTED,),
    forecasts=None,
    model_card=None,
    known_days=0,
    **changes,
):
    """The report of an ordinary week; `changes` replace what the run knows."""
    series = names() if series is None else series
    actuals = history(series)
    if forecasts is None:
        forecasts = rows(actuals, past=past)
    return steps.read_figures(
        FakeWarehouse(forecasts, list(complete), known_days),
        known(actuals, **changes),
        model_card or card(series),
        warnings=warnings,
        origin=ORIGIN,
    )


def publish_two_forecasts(reports):
    """Archive the forecast of `AS_OF` below `reports`, and a copy as that of the week before."""
    archive.publish(f"file://{reports}", make_figures())
    newest = reports / "forecasts" / str(AS_OF)
    shutil.copytree(
        newest,
        newest.with_name(str(AS_OF - timedelta(days=7))),
    )
