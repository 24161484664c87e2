"""The texts of the forecast report: for the PDF and the page, and for the mail."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.core.named_weeks import calendar_week, week_name, week_sentence
from ecommerce.forecast.report import tables
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.weeks import HORIZON, LEAST_DAYS, WEEKS
from ecommerce.forecast.wording import TOTAL, series_name, signed_percent
from ecommerce.mail import transport as mail
from ecommerce.reporting.sections import notice

LEAST_DIFFERENCE = Decimal("0.05")
"""Of a usual week, for a week to be named."""


def page_texts(figures: ForecastFigures) -> dict[str, Any]:
    """Return all texts of the PDF and the page, by the names that their templates use."""
    as_of = figures.as_of
    last_day = as_of + timedelta(days=HORIZON - 1)
    tiles = [
        _forecast_tile(figures, 1, "Coming week", "a usual week"),
        _forecast_tile(figures, WEEKS, "Coming four weeks", "four usual weeks"),
        _last_week_tile(figures),
        _error_tile(figures),
    ]
    currency = f"Gross sales in {figures.currency}"
    chart_alt = (
        f"Daily gross sales of the eight weeks before {as_of}, and the forecast of the "
        "next four weeks with its 80 % and 95 % intervals"
    )
    return {
        "day": as_of.isoformat(),
        "timezone": figures.provenance.timezone,
        "scope": [currency, f"Based on data before {as_of}"],
        "page_url": mail.page_url(f"forecast/{as_of}/", "sales-forecast"),
        "lead": lead(figures),
        "heading": text.span(as_of, last_day),
        "notices": notices(figures),
        "tiles": tiles,
        "chart_alt": chart_alt,
        "sections": tables.sections(figures),
    }


def mail_texts(figures: ForecastFigures) -> dict[str, Any]:
    """Return the texts of the mail: those of the page, and two tables narrow enough for a phone."""
    texts = page_texts(figures)
    rows = {section["id"]: section["rows"] for section in texts["sections"]}
    last_week = []
    for day, forecast, _, actual, _, change, verdict in rows["last-week"]:
        last_week.append([(day, verdict), forecast, actual, change])
    changes = []
    for name, kind, usual, coming, _, change in rows["changes"]:
        changes.append([(text.clean(name, 80), kind), usual, coming, change])
    texts.update(
        subject=subject(figures),
        currency=figures.currency,
        last_week=last_week,
        changes=changes,
        promotions=len(figures.promotions),
        champion=text.clean(figures.card.champion),
        generated_at=text.instant(figures.provenance.generated_at),
    )
    return texts


def subject(figures: ForecastFigures) -> str:
    """Return the mail's subject: `Forecast for the week from Mon 16 Nov: gross sales 142,300 USD, +4.1 % vs a
    usual week`."""
    monday = text.short_day(figures.as_of)
    if figures.total is None:
        return f"Forecast from {monday}: not enough history"
    week = figures.total.weeks[0]
    versus = text.versus(week, figures.total.usual_week, "a usual week")
    sales = f"{text.count(week)} {figures.currency}{versus}"
    return f"Forecast for the week from {monday}: gross sales {sales}"


def lead(figures: ForecastFigures) -> str:
    """Return the sentence on the coming week that differs most from a usual one, as the daily report has it;
    empty without a forecast or a usual week."""
    if figures.total is None or not figures.total.usual_week:
        return ""
    usual = figures.total.usual_week
    differences = [abs(week - usual) for week in figures.total.weeks]
    largest = max(differences)
    if largest < LEAST_DIFFERENCE * usual:
        share = text.share(LEAST_DIFFERENCE, places=0)
        return f"No week of the next four differs by {share} or more from a usual week."
    number = differences.index(largest)
    monday = figures.as_of + timedelta(weeks=number)
    name = f"The week from {text.short_day(monday)}"
    event = figures.events[number]
    if event:
        name = week_name(event, calendar_week(monday))
    return week_sentence(name, figures.total.weeks[number], usual, figures.currency)


def notices(figures: ForecastFigures) -> list[dict[str, Any]]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`."""
    shown = []
    needed = f"a forecast needs {LEAST_DAYS} days of history"
    too_new = [
        series_name(name, {}) for name in figures.skipped if not name.startswith("sku:")
    ]
    if figures.total is None:
        words = f"No category has enough history: {needed}. See Data notes."
        shown.append(notice("No forecast", words, urgent=True))
    elif too_new:
        words = f"{text.listed(too_new, tables.MOST_NAMED)}: {needed}."
        shown.append(notice("Without a forecast", words))
    if figures.drift.reasons:
        reasons = "; ".join(figures.drift.reasons)
        shown.append(notice("Drift", f"In the last four weeks {reasons}.", urgent=True))
    incomplete = [
        text.short_day(day.day) for day in figures.last_week if not day.complete
    ]
    if incomplete:
        words = f"Sales of {text.listed(incomplete)} may be missing, also from comparisons with last week."
        shown.append(notice("Incomplete", words))
    return shown


def _forecast_tile(
    figures: ForecastFigures, weeks: int, title: str, base: str
) -> dict[str, Any]:
    """Return the tile of the next `weeks` weeks, compared with as many usual ones."""
    forecast = usual = None
    if figures.total:
        forecast = sum(figures.total.weeks[:weeks], Decimal(0))
        if figures.total.usual_week is not None:
            usual = figures.total.usual_week * weeks
    tone = text.direction(forecast, usual, 1)
    change = _line(text.change(forecast, usual), f"vs {base}", tone)
    return _tile(title, text.count(forecast), change, _line(text.count(usual), base))


def _last_week_tile(figures: ForecastFigures) -> dict[str, Any]:
    actual, forecast = figures.last_week_sales, figures.last_week_forecast
    outside = None
    if forecast is not None:
        outside = sum(bool(day.mark) for day in figures.last_week)
    return _tile(
        "Last week",
        text.count(actual),
        _line(text.change(actual, forecast), "vs forecast"),
        _line(text.count(outside), "outside 80 % interval"),
    )


def _error_tile(figures: ForecastFigures) -> dict[str, Any]:
    title = "Forecast error, last 8 weeks"
    for score in figures.scores:
        if score.of == TOTAL:
            bias = _line(signed_percent(score.bias), "bias")
            covered = _line(text.share(score.covered_80), "in the 80 % interval")
            return _tile(title, text.share(score.error), bias, covered)
    return _tile(title, text.NOTHING)


def _line(words: str, label: str, tone: int = 0) -> dict[str, Any]:
    return {"words": words, "label": label, "tone": tone}


def _tile(title: str, value: str, *lines: dict[str, Any]) -> dict[str, Any]:
    """Return a tile with the lines that have a figure."""
    changes = [line for line in lines if line["words"] != text.NOTHING]
    return {"label": title, "value": value, "changes": changes}
