"""The texts of the forecast report: its tables, defined once for the PDF, the page and the mail. Forecasts
are shown in whole units of the currency: cents would promise an accuracy that no forecast has."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core.airflow_urls import page_url
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import week_name
from ecommerce.core.text import (
    change,
    clean,
    count,
    instant,
    listed,
    quantity,
    share,
    short_day,
    span,
    versus,
)
from ecommerce.core.values import Json
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ForecastFigures, Known
from ecommerce.forecast.weeks import HORIZON, LEAST_DAYS, WEEKS
from ecommerce.forecast.wording import KIND_NAMES, series_name, signed_percent
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.parts import ZERO
from ecommerce.reporting.sections import (
    Section,
    column_table,
    counts,
    name,
    named,
    number,
    sentences,
    table,
    word,
)

MOST_NAMED = 20
LEAST_DIFFERENCE = Decimal("0.05")
"""Of a usual week, for a week to be named."""


def page_texts(figures: ForecastFigures) -> Json:
    """Return all texts of the PDF and the page, by the names that their templates use."""
    as_of = figures.as_of
    origin = figures.provenance
    selected = figures.card.selected or figures.card.why or "default"
    model = (
        f"Model {figures.card.champion} ({selected}), trained on data before {as_of}, stored in "
        f"{origin.model}. Code version {origin.code_version}, generated at "
        f"{instant(origin.generated_at)}."
    )
    scope = f"Gross sales in {figures.currency}"
    if figures.net_weeks:
        scope = (
            f"Coming weeks in net sales, the rest in gross sales, in {figures.currency}"
        )
    chart = charts.chart(figures)
    return {
        "day": as_of.isoformat(),
        "timezone": origin.timezone,
        "scope": [scope, f"Based on data before {as_of}"],
        "page_url": page_url(f"forecast/{as_of}/", "sales-forecast"),
        "lead": lead(figures),
        "heading": span(as_of, as_of + timedelta(days=HORIZON - 1)),
        "notices": notices(figures),
        "chart": chart,
        "sections": [
            _weeks(figures, chart),
            _last_week(figures),
            _promotions(figures),
            _scores(figures),
            _series(figures),
            _notes(figures),
        ],
        "model": model,
    }


def mail_texts(figures: ForecastFigures) -> Json:
    """Return the texts of the mail: those of the page, and tables narrow enough for a phone."""
    texts = page_texts(figures)
    rows = {section["id"]: section["rows"] for section in texts["sections"]}
    series = []
    for title, kind, usual, coming, *_, difference in rows["series"]:
        if kind in (KIND_NAMES["category"], KIND_NAMES["channel"]):
            series.append([title, usual, coming, difference])
    return texts | {
        "subject": subject(figures),
        "weeks": rows["weeks"],
        "last_week": rows["last-week"],
        "series": series,
    }


def subject(figures: ForecastFigures) -> str:
    """Return the mail's subject: `Forecast for the week from Mon 16 Nov: net sales 142,300 USD, +4.1 % vs a
    usual week`."""
    monday = short_day(figures.as_of)
    if not figures.net_weeks:
        return f"Forecast from {monday}: not enough history"
    sales = figures.net_weeks[0].net_sales
    change_of_week = versus(sales, figures.net_usual_week, "a usual week")
    return (
        f"Forecast for the week from {monday}: net sales {count(sales)} "
        f"{figures.currency}{change_of_week}"
    )


def lead(figures: ForecastFigures) -> str:
    """Return the sentence on the coming week that differs most from a usual one; empty without a forecast or
    a usual week."""
    usual = figures.net_usual_week
    if not figures.net_weeks or not usual:
        return ""
    weeks = zip(figures.net_weeks, figures.events, strict=False)
    week, event = max(weeks, key=lambda pair: abs(pair[0].net_sales - usual))
    sales = week.net_sales
    if abs(sales - usual) < LEAST_DIFFERENCE * usual:
        return "No week of the next four differs by 5 % or more from a usual week."
    when = f"The week from {short_day(week.first)}"
    if event:
        when = week_name(event, calendar_week(week.first))
    parts = f" ({week.parts})" if week.parts else ""
    change_of_week = versus(sales, usual, "a usual week")
    return (
        f"{when} is expected at {count(sales)} {figures.currency} net sales"
        f"{parts}{change_of_week}."
    )


def notices(figures: ForecastFigures) -> list[Json]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`."""
    shown = []
    if not figures.net_weeks:
        words = f"No category has the {LEAST_DAYS} days of history that a forecast needs. See Data notes."
        shown.append({"title": "No forecast", "words": words, "urgent": True})
    if figures.drift.reasons:
        words = f"In the last four weeks {'; '.join(figures.drift.reasons)}."
        shown.append({"title": "Drift", "words": words, "urgent": True})
    incomplete = [day.day for day in figures.last_week if not day.complete]
    if incomplete:
        days = listed(map(short_day, incomplete))
        words = f"Sales of {days} may be missing, also from comparisons with last week."
        shown.append({"title": "Incomplete", "words": words, "urgent": False})
    return shown


def _weeks(figures: ForecastFigures, chart: Chart) -> Section:
    rows = []
    usual = figures.net_usual_week
    for week, event in zip(figures.net_weeks, figures.events, strict=False):
        label = short_day(week.first)
        if event:
            label += f" ({event})"
        sales = week.net_sales
        rows.append([label, count(sales), count(usual), change(sales, usual)])
    return table(
        "weeks",
        "Next four weeks",
        [
            name("Week from"),
            number("Expected"),
            number("Usual week"),
            number("Change"),
        ],
        rows,
        empty="No forecast: no category has enough history.",
        note=f"net sales in {figures.currency}",
        chart=chart,
    )


def _last_week(figures: ForecastFigures) -> Section:
    days = figures.last_week
    rows = []
    for day in days:
        verdict = ""
        if day.outside:
            verdict = f"outside {day.outside} %"
        elif day.actual is not None and not day.complete:
            verdict = "incomplete"
        rows.append(
            [
                short_day(day.day),
                count(day.forecast),
                count(day.actual),
                change(day.actual, day.forecast),
                verdict,
            ]
        )
    forecast = _sum_of_known([day.forecast for day in days])
    actual = _sum_of_known([day.actual for day in days])
    rows.append(["Week", count(forecast), count(actual), change(actual, forecast), ""])
    if not any(day.expected for day in days):
        rows = []
    return table(
        "last-week",
        "Last week: forecast vs actual",
        [
            name("Day"),
            number("Forecast"),
            number("Actual"),
            number("Change"),
            word("Verdict"),
        ],
        rows,
        empty="No forecast was in force last week.",
        note="gross sales",
    )


def _sum_of_known(amounts: list[Any]) -> Known:
    """Return the sum of a week's amounts; None where one is unknown."""
    return None if None in amounts else sum(amounts, ZERO)


def _promotions(figures: ForecastFigures) -> Section:
    products = defaultdict(list)
    for promotion in figures.promotions:
        label = "Whole shop"
        if promotion.sku is not None:
            label = series_name(f"sku:{promotion.sku}", figures.products)
        days = span(promotion.first, promotion.last)
        discount = f"{quantity(promotion.discount_percent)} %"
        products[days, discount].append(label)
    rows = []
    for (days, discount), labels in products.items():
        rows.append([days, listed(labels, MOST_NAMED), discount])
    return table(
        "promotions",
        "Promotions in the next four weeks",
        [word("When"), name("Products"), number("Discount")],
        rows,
        empty="No promotions are announced.",
    )


def _scores(figures: ForecastFigures) -> Section:
    return column_table(
        "scores",
        "Forecast accuracy",
        figures.scores,
        named("Kind", "of", lambda kind: KIND_NAMES.get(kind, "Total")),
        counts("Scored", "periods"),
        (number("Error (WAPE)"), lambda score: share(score.error)),
        (number("Bias"), lambda score: signed_percent(score.bias)),
        (number("In 80 %"), lambda score: share(score.covered_80)),
        empty="No day that has ended had a forecast.",
        note="days of the last eight weeks; of products, weeks",
    )


def _series(figures: ForecastFigures) -> Section:
    columns = [name("Series"), word("Kind"), number("Usual week")]
    for week in range(WEEKS):
        monday = figures.as_of + timedelta(weeks=week)
        columns.append(number(short_day(monday)))
    columns.append(number("Change"))
    rows = []
    for series in figures.series:
        rows.append(
            [
                series_name(series.name, figures.products),
                KIND_NAMES.get(series.name.partition(":")[0], ""),
                count(series.usual_week),
                *map(count, series.weeks),
                change(series.weeks[0], series.usual_week),
            ]
        )
    return table(
        "series",
        "Every series by week",
        columns,
        rows,
        empty="None.",
        note="gross sales; usual week: the median of the previous 8 weeks; change: of the first week",
    )


def _notes(figures: ForecastFigures) -> Section:
    notes = []
    for series, reason in figures.skipped.items():
        skipped = series_name(series, figures.products)
        notes.append(f"No forecast of {skipped}: {clean(reason)}")
    notes += map(clean, figures.warnings)
    return sentences("notes", "Data notes", notes, empty="None.")
