"""The texts of the forecast report, defined once for the PDF, the page and the mail, from the templates of
include/templates/forecast. Forecasts are shown in whole units of the currency: cents would promise an
accuracy that no forecast has."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from ecommerce.core.airflow_urls import page_url
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import week_name
from ecommerce.core.templates import render, render_lines, render_rows
from ecommerce.core.text import count, quantity, span, versus
from ecommerce.core.values import Json, Values
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.weeks import HORIZON, LEAST_DAYS, WEEKS
from ecommerce.forecast.wording import KIND_NAMES, series_name
from ecommerce.reporting.sections import Section, rendered_table

MOST_NAMED = 20
LEAST_DIFFERENCE = Decimal("0.05")
"""Of a usual week, for a week to be named."""
MAILED_KINDS = (KIND_NAMES["category"], KIND_NAMES["channel"])
FORMATS: Values = {
    "calendar_week": calendar_week,
    "count": count,
    "kinds": KIND_NAMES,
    "least_days": LEAST_DAYS,
    "least_difference": LEAST_DIFFERENCE,
    "series_name": series_name,
    "versus": versus,
    "week_name": week_name,
}
"""What the templates use besides the figures."""


def page_texts(figures: ForecastFigures) -> Json:
    """Return all texts of the PDF and the page, by the names that their templates use."""
    as_of = figures.as_of
    facts = FORMATS | {"figures": figures}
    chart = charts.chart(figures)
    mondays = [as_of + timedelta(weeks=week) for week in range(WEEKS)]
    return {
        "day": as_of.isoformat(),
        "subject": render("forecast/subject.txt", facts).strip(),
        "timezone": figures.provenance.timezone,
        "scope": render_lines("forecast/scope.txt", facts),
        "page_url": page_url(f"forecast/{as_of}/", "sales-forecast"),
        "lead": lead(figures),
        "heading": span(as_of, as_of + timedelta(days=HORIZON - 1)),
        "notices": notices(facts),
        "chart": chart,
        "sections": [
            rendered_table("forecast/weeks.txt", facts, chart=chart),
            rendered_table("forecast/last-week.txt", facts),
            _promotions(figures),
            rendered_table("forecast/scores.txt", facts),
            rendered_table("forecast/series.txt", facts | {"mondays": mondays}),
            rendered_table("forecast/notes.txt", facts),
        ],
        "model": render("forecast/model.txt", facts).strip(),
    }


def mail_texts(figures: ForecastFigures) -> Json:
    """Return the texts of the mail: those of the page, and tables narrow enough for a phone."""
    texts = page_texts(figures)
    rows = {section["id"]: section["rows"] for section in texts["sections"]}
    series = []
    for title, kind, usual, coming, *_, difference in rows["series"]:
        if kind in MAILED_KINDS:
            series.append([title, usual, coming, difference])
    return texts | {
        "weeks": rows["weeks"],
        "last_week": rows["last-week"],
        "series": series,
    }


def lead(figures: ForecastFigures) -> str:
    """Return the sentence on the coming week that differs most from a usual one; empty without a forecast or
    a usual week."""
    usual = figures.net_usual_week
    if not figures.net_weeks or not usual:
        return ""
    weeks = zip(figures.net_weeks, figures.events, strict=False)
    week, event = max(weeks, key=lambda pair: abs(pair[0].net_sales - usual))
    facts = FORMATS | {"figures": figures, "week": week, "event": event}
    return render("forecast/lead.txt", facts).strip()


def notices(facts: Values) -> list[Json]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`."""
    shown = []
    for title, words, urgency in render_rows("forecast/notices.txt", facts):
        urgent = urgency == "urgent"
        shown.append({"title": title, "words": words, "urgent": urgent})
    return shown


def _promotions(figures: ForecastFigures) -> Section:
    products = defaultdict(list)
    for promotion in figures.promotions:
        label = "Whole shop"
        if promotion.sku is not None:
            label = series_name(f"sku:{promotion.sku}", figures.products)
        days = span(promotion.first, promotion.last)
        discount = quantity(promotion.discount_percent)
        products[days, discount].append(label)
    facts = {"promotions": products, "most_named": MOST_NAMED}
    return rendered_table("forecast/promotions.txt", facts)
