"""The texts of the forecast report: for the PDF and the page, and for the mail."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.core.named_weeks import calendar_week, week_name, week_sentence
from ecommerce.forecast.report import tables
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.weeks import DAYS, HORIZON, LEAST_DAYS
from ecommerce.forecast.wording import TOTAL, series_name, signed_percent
from ecommerce.mail import transport as mail
from ecommerce.reporting.sections import notice

LEAST_DIFFERENCE = Decimal("0.05")
"""Of a usual week, for a week to be named."""


def page_texts(figures: ForecastFigures) -> dict[str, Any]:
    """Return all texts of the PDF and the page, by the names that their templates use."""
    score = next((each for each in figures.scores if each.of == TOTAL), None)
    error, bias, covered = (
        (score.error, score.bias, score.covered_80) if score else (None, None, None)
    )
    actual, forecast = figures.last_week_sales, figures.last_week_forecast
    outside = (
        None if forecast is None else sum(bool(each.mark) for each in figures.last_week)
    )
    return {
        "day": figures.as_of.isoformat(),
        "timezone": figures.provenance.timezone,
        "scope": [
            f"Gross sales in {figures.currency}",
            f"Based on data before {figures.as_of}",
        ],
        "page_url": mail.page_url(f"forecast/{figures.as_of}/", "sales-forecast"),
        "lead": lead(figures),
        "heading": text.span(
            figures.as_of, figures.as_of + timedelta(days=HORIZON - 1)
        ),
        "notices": notices(figures),
        "tiles": [
            _forecast_tile(figures, 1, "Coming week", "a usual week"),
            _forecast_tile(
                figures, HORIZON // DAYS, "Coming four weeks", "four usual weeks"
            ),
            _tile(
                "Last week",
                text.count(actual),
                (text.change(actual, forecast), "vs forecast", 0),
                (text.count(outside), "outside 80 % interval", 0),
            ),
            _tile(
                "Forecast error, last 8 weeks",
                text.share(error),
                (signed_percent(bias), "bias", 0),
                (text.share(covered), "in the 80 % interval", 0),
            ),
        ],
        "chart_alt": f"Daily gross sales of the eight weeks before {figures.as_of}, and the forecast of the "
        "next four weeks with its 80 % and 95 % intervals",
        "sections": tables.sections(figures),
    }


def mail_texts(figures: ForecastFigures) -> dict[str, Any]:
    """Return the texts of the mail: those of the page, and two tables narrow enough for a phone."""
    texts = page_texts(figures)
    rows = {section["id"]: section["rows"] for section in texts["sections"]}
    return texts | {
        "subject": subject(figures),
        "currency": figures.currency,
        "last_week": [
            [(day, verdict), forecast, actual, change]
            for day, forecast, _, actual, _, change, verdict in rows["last-week"]
        ],
        "changes": [
            [(text.clean(name, 80), kind), usual, coming, change]
            for name, kind, usual, coming, _, change in rows["changes"]
        ],
        "promotions": len(figures.promotions),
        "champion": text.clean(figures.card.champion),
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: ForecastFigures) -> str:
    """Return the mail's subject: `Forecast for the week from Mon 16 Nov: gross sales 142,300 USD, +4.1 % vs a
    usual week`."""
    begins = text.short_day(figures.as_of)
    if figures.total is None:
        return f"Forecast from {begins}: not enough history"
    week, usual = figures.total.week(0), figures.total.usual_week
    change = f", {text.change(week, usual)} vs a usual week" if usual else ""
    return f"Forecast for the week from {begins}: gross sales {text.count(week)} {figures.currency}{change}"


def lead(figures: ForecastFigures) -> str:
    """Return the sentence on the coming week that differs most from a usual one, as the daily report has it;
    empty without a forecast or a usual week."""
    total = figures.total
    if total is None or not total.usual_week:
        return ""
    usual = total.usual_week
    number = max(
        range(HORIZON // DAYS), key=lambda number: abs(total.week(number) - usual)
    )
    week, event = total.week(number), figures.events[number]
    if abs(week - usual) < LEAST_DIFFERENCE * usual:
        share = text.share(LEAST_DIFFERENCE, places=0)
        return f"No week of the next four differs by {share} or more from a usual week."
    begins = figures.as_of + timedelta(days=number * DAYS)
    name = (
        week_name(event, calendar_week(begins))
        if event
        else f"The week from {text.short_day(begins)}"
    )
    return week_sentence(name, week, usual, figures.currency)


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
        shown.append(
            notice(
                "Without a forecast",
                f"{text.listed(too_new, tables.MOST_NAMED)}: {needed}.",
            )
        )
    if figures.drift.reasons:
        reasons = "; ".join(figures.drift.reasons)
        shown.append(notice("Drift", f"In the last four weeks {reasons}.", urgent=True))
    if incomplete := [
        text.short_day(each.day) for each in figures.last_week if not each.complete
    ]:
        words = f"Sales of {text.listed(incomplete)} may be missing, also from comparisons with last week."
        shown.append(notice("Incomplete", words))
    return shown


def _forecast_tile(
    figures: ForecastFigures, weeks: int, label: str, base: str
) -> dict[str, Any]:
    total = figures.total
    forecast = total.week(0, weeks) if total else None
    usual = total.usual_week * weeks if total and total.usual_week is not None else None
    change = (
        text.change(forecast, usual),
        f"vs {base}",
        text.direction(forecast, usual, 1),
    )
    return _tile(label, text.count(forecast), change, (text.count(usual), base, 0))


def _tile(label: str, value: str, *changes: tuple[str, str, int]) -> dict[str, Any]:
    known = (each for each in changes if each[0] != text.NOTHING)
    lines = [
        {"words": words, "label": line, "tone": tone} for words, line, tone in known
    ]
    return {"label": label, "value": value, "changes": lines}
