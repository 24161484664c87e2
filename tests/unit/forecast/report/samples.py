"""What a report of a made-up shop is made from: rows of `sales_forecasts`, a history, a model card."""

import random
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import numpy as np

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import data_warning
from ecommerce.forecast.data.history import History
from ecommerce.forecast.data.panel import Panel
from ecommerce.forecast.partner_ftp.files import Promotion
from ecommerce.forecast.report import archive, steps
from ecommerce.forecast.report import figures as model
from ecommerce.forecast.report.figures import DayForecast
from tests import oracle_forecasts

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


UNUSUAL = {AS_OF - timedelta(days=5): 1.12, AS_OF - timedelta(days=3): 1.35}


REJECTED = data_warning(
    "note",
    text="promotions.csv: 1 of 40 rows cannot be used, the first of them line 7: sku",
)


def day(ahead):
    """A day relative to the first that is forecast."""
    return AS_OF + timedelta(days=ahead)


def made(
    series,
    target,
    forecast,
    actual=None,
    **changes,
):
    """A forecast whose intervals reach 10 and 20 % to either side, made on the Monday of its week."""
    monday = min(target, day(27)) - timedelta(days=target.weekday())
    cents = [
        Decimal(str(round(forecast * part, 4))) for part in (1, 0.9, 1.1, 0.8, 1.2)
    ]
    facts = {
        "series": series,
        "target_date": target,
        "made_at": day_window(min(monday, AS_OF), ZONE).start,
        "actual": None if actual is None else Decimal(str(round(actual, 4))),
    }
    return dict(zip(DayForecast.model_fields, cents, strict=True)) | facts | changes


def names(categories=CATEGORIES, skus=12):
    """The series of a shop but the total, with two channels."""
    articles = [
        f"sku:{CATEGORIES[number % 5][:3].upper()}-{number:03}"
        for number in range(skus)
    ]
    return [
        *(f"category:{name}" for name in categories),
        "channel:sales_db",
        "channel:storefront",
        *articles,
    ]


def history(series):
    """Sales by series and day of eight weeks; the total is the sum of the categories."""
    drawn = random.Random(7)
    found = {"total": dict.fromkeys(ALL_DAYS, Decimal(0))}
    for place, name in enumerate(series):
        kind = name.partition(":")[0]
        level = LEVELS[kind] / (1 + place % 5)
        found[name] = {}
        for each in ALL_DAYS:
            pattern = WEEKDAYS[each.weekday()] * UNUSUAL.get(each, 1)
            sold = level * pattern * drawn.uniform(0.9, 1.1)
            found[name][each] = Decimal(str(round(sold, 2)))
            if kind == "category":
                found["total"][each] += found[name][each]
    return found


def expected(each, value):
    """What is sold without what nobody can know."""
    return float(value) / UNUSUAL.get(each, 1)


def rows(actuals, *, past=True, bias=1):
    """The forecasts of eight weeks, each made on its Monday, and of the coming four, with 50 % more in
    Black Friday's week; the former are `bias` times what one expects."""
    drawn = random.Random(5)
    found = []
    for place, (name, values) in enumerate(actuals.items()):
        if past:
            found += [
                made(
                    name,
                    each,
                    bias * expected(each, value) * drawn.uniform(0.94, 1.04),
                    float(value),
                )
                for each, value in values.items()
            ]
        growth = 1 + 0.04 * ((place % 7) - 2)
        for ahead in range(28):
            usual = (
                float(values[day(ahead % 7 - 7)])
                * growth
                * (1.5 if 7 <= ahead < 14 else 1)
            )
            found.append(
                made(name, day(ahead), usual, made_at=day_window(AS_OF, ZONE).start)
            )
    return found


def card(series, **changes):
    """A model card as `training.card` writes it."""
    kinds = []
    for kind, error in (("category", 0.11), ("channel", 0.09), ("sku", 0.42)):
        facts = {
            "kind": kind,
            "series": len([name for name in series if name.startswith(f"{kind}:")]),
            "skipped": {f"{kind}:new": "fewer than 28 days of history"}
            if kind == "sku"
            else {},
            "first_day": "2024-01-02",
            "days": 1049,
            "weights": {"open_weekday_mean": 0.21, "ridge": 0.37, "boosting": 0.42},
            "error": error,
            "error_of_last_week": error * 1.4,
        }
        kinds.append(facts)
    return {
        "champion": "blend",
        "selected": "champions/2026-11-02-0123456789abcdef.json",
        "why": "",
        "forecasts": "gross sales of 28 days in the reporting currency, with 80 % and 95 % intervals",
        "not_for": "later days, net sales, and effects that neither the history nor the promotions show",
        "total_error": 0.08,
        "kinds": kinds,
    } | changes


def known(
    actuals,
    unknown=(),
    gaps=(),
    promotions=PROMOTIONS,
    closed=(),
):
    """What the run knows of a shop."""
    panels = {}
    for kind in ("category", "channel", "sku"):
        series = [name for name in actuals if name.startswith(f"{kind}:")]
        rows = [[actuals[name][day] for name in series] for day in ALL_DAYS]
        values = np.array(rows, dtype=float)
        values[[day in unknown for day in ALL_DAYS]] = np.nan
        values[[day in closed for day in ALL_DAYS]] = 0
        nothing = np.zeros((len(values) + 28, len(series)))
        panels[kind] = Panel(
            ALL_DAYS[0],
            tuple(series),
            values,
            nothing,
            nothing.astype(int),
            np.full(len(values), np.nan),
        )
    categories = {name.removeprefix("sku:"): "Kitchen" for name in panels["sku"].series}
    return History(AS_OF, panels, tuple(gaps), categories, PRODUCTS, tuple(promotions))


def outlook_rows(forecasts, known=0):
    """The total's rows of `outlook.sql`: net sales are 90 % of gross sales, or 1,000 on `known` days."""
    net_rows = []
    for row in forecasts:
        if row["series"] == "total" and row["target_date"] >= AS_OF:
            is_known = row["target_date"] < day(known)
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


@dataclass
class FakeWarehouse:
    """What the queries of the report return of `forecasts`; the days before `AS_OF` that are `complete`, and
    so many after it."""

    forecasts: list[dict]
    complete: list[date]
    known_days: int = 0
    settings = SimpleNamespace(reporting_currency="USD", holiday_calendar="US")

    def query(
        self, path, *, first, day=None, parameters=None, last=None, report_day=None
    ):
        """The rows of a query."""
        if path == "forecast/complete_days.sql":
            return [{"business_date": each} for each in self.complete]
        if path == "forecast/scores.sql":
            complete = [each for each in self.complete if first <= each <= day]
            return oracle_forecasts.scores(self.forecasts, complete)
        if path == "forecast/coming_days.sql":
            begins_at = parameters["begins_at"]
            rows = [row for row in self.forecasts if row["made_at"] == begins_at]
            return sorted(
                rows, key=lambda row: (row["series"] != "total", row["series"])
            )
        if path == "forecast/past_days.sql":
            totals = [row for row in self.forecasts if row["series"] == "total"]
            return [row for row in totals if first <= row["target_date"] <= day]
        assert path == "report/daily_sales/outlook.sql"
        return outlook_rows(self.forecasts, self.known_days)


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
        origin=model.ForecastProvenance(
            dag_id="weekly_sales_forecast",
            run_id="scheduled__2026-11-16T11:00:00+00:00",
            code_version="1f2e3d4c",
            timezone=ZONE,
            model="trained/2026-11-16-0123456789abcdef",
            generated_at=datetime(2026, 11, 16, 11, 4, 5, tzinfo=UTC),
        ),
    )


def publish_two_forecasts(reports):
    """Archive the forecast of `AS_OF` below `reports`, and a copy as that of the week before."""
    archive.publish(f"file://{reports}", make_figures())
    newest = reports / "forecasts" / str(AS_OF)
    shutil.copytree(newest, newest.with_name(str(AS_OF - timedelta(days=7))))
