"""The texts of the forecast report: for the PDF and the page, and for the mail."""

from __future__ import annotations

from typing import Any

from ecommerce.core import text
from ecommerce.forecast.data.history import TOTAL
from ecommerce.forecast.report import tables
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.report.wording import percent, signed_percent
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.reporting.sections import notice


def page_texts(figures: ForecastFigures) -> dict[str, Any]:
    """Return all texts of the PDF and the page, by the names that their templates use."""
    return {
        "title": f"Weekly sales forecast {figures.as_of}",
        "day": figures.as_of.isoformat(),
        "footer": f"Weekly sales forecast · as of {figures.as_of} ({figures.provenance.timezone})",
        "scope": [f"Gross sales in {figures.currency}", f"Based on data before {figures.as_of}"],
        **_top(figures),
        "sections": tables.sections(figures),
    }


def mail_texts(figures: ForecastFigures) -> dict[str, Any]:
    """Return the texts of the mail, its tables narrow enough for a phone."""
    last_week, changes = (section(figures)["rows"] for section in (tables.last_week, tables.largest_changes))
    return {
        "subject": subject(figures),
        "currency": figures.currency,
        **_top(figures),
        "last_week": [
            [day, forecast, actual, change, mark] for day, forecast, _, actual, _, change, mark in last_week
        ],
        "changes": [
            [(text.clean(name, 80), kind), usual, coming, change]
            for name, kind, usual, coming, _, change in changes
        ],
        "promotions": len(figures.promotions),
        "champion": text.clean(figures.card.champion),
        "timezone": figures.provenance.timezone,
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: ForecastFigures) -> str:
    """Return the mail's subject: `Forecast from Mon 16 Nov: 142,300 USD next week, +4.1 %`."""
    begins = f"Forecast from {text.short_day(figures.as_of)}"
    if figures.total is None:
        return f"{begins}: not enough history"
    week, before = figures.total.week(0), figures.sum_before(DAYS)
    change = f", {text.change(week, before)}" if before else ""
    return f"{begins}: {text.count(week)} {figures.currency} next week{change}"


def notices(figures: ForecastFigures) -> list[dict[str, Any]]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`."""
    shown = []
    if figures.total is None:
        shown.append(notice("No forecast", "No category has enough history; see Skipped.", urgent=True))
    if figures.drift.reasons:
        reasons = "; ".join(figures.drift.reasons)
        shown.append(notice("Drift", f"In the last four weeks {reasons}.", urgent=True))
    if incomplete := [text.short_day(each.day) for each in figures.last_week if not each.complete]:
        words = f"Sales of {text.listed(incomplete)} may be missing, also from comparisons with last week."
        shown.append(notice("Incomplete", words))
    return shown


def _top(figures: ForecastFigures) -> dict[str, Any]:
    return {
        "heading": text.span(figures.as_of, figures.last_day),
        "notices": notices(figures),
        "tiles": [
            _forecast_tile(figures, DAYS, "Coming week", "last week"),
            _forecast_tile(figures, HORIZON, "Coming four weeks", "last four weeks"),
            _last_week_tile(figures),
            _error_tile(figures),
        ],
        "chart_alt": f"Daily gross sales of the eight weeks before {figures.as_of}, and the forecast of the "
        "next four weeks with its 80 % and 95 % intervals",
    }


def _forecast_tile(figures: ForecastFigures, days: int, label: str, base: str) -> dict[str, Any]:
    forecast = figures.total.sum(0, days) if figures.total else None
    before = figures.sum_before(days)
    change = _line(text.change(forecast, before), f"vs {base}", text.direction(forecast, before, 1))
    return {
        "label": label,
        "value": text.count(forecast),
        "changes": [change, _line(text.count(before), base)],
    }


def _last_week_tile(figures: ForecastFigures) -> dict[str, Any]:
    actual, forecast = figures.sum_before(DAYS), figures.last_week_forecast
    outside = sum(bool(each.mark) for each in figures.last_week)
    changes = [
        _line(text.change(actual, forecast), "vs forecast"),
        _line(text.count(None if forecast is None else outside), "days outside 80 %"),
    ]
    return {"label": "Last week", "value": text.count(actual), "changes": changes}


def _error_tile(figures: ForecastFigures) -> dict[str, Any]:
    score = next((each for each in figures.scores if each.of == TOTAL), None)
    changes = [
        _line(signed_percent(score.bias if score else None), "bias"),
        _line(percent(score.covered_80 if score else None), "in 80 % interval"),
    ]
    return {
        "label": "Forecast error, 8 weeks",
        "value": percent(score.error if score else None),
        "changes": changes,
    }


def _line(words: str, label: str, tone: int = 0) -> dict[str, Any]:
    return {"words": words, "label": label, "tone": tone}
