"""The texts of the forecast report: for the PDF and the page, and for the mail."""

from datetime import timedelta

from ecommerce.core import text
from ecommerce.forecast.report import tables
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.weeks import HORIZON, LEAST_DAYS
from ecommerce.mail import transport as mail
from ecommerce.reporting.sections import notice
from ecommerce.storage.plain import Json


def page_texts(figures: ForecastFigures) -> Json:
    """Return all texts of the PDF and the page, by the names that their templates use."""
    as_of = figures.as_of
    last_day = as_of + timedelta(days=HORIZON - 1)
    currency = f"Gross sales in {figures.currency}"
    origin = figures.provenance
    selected = figures.card.selected or figures.card.why or "default"
    model = (
        f"Model {figures.card.champion} ({selected}), trained on data before {as_of}, stored in "
        f"{origin.model}. Code version {origin.code_version}, generated at "
        f"{text.instant(origin.generated_at)}."
    )
    chart_alt = (
        f"Daily gross sales of the eight weeks before {as_of}, and the forecast of the "
        "next four weeks with its 80 % and 95 % intervals"
    )
    return {
        "day": as_of.isoformat(),
        "timezone": origin.timezone,
        "scope": [currency, f"Based on data before {as_of}"],
        "page_url": mail.page_url(f"forecast/{as_of}/", "sales-forecast"),
        "heading": text.span(as_of, last_day),
        "notices": notices(figures),
        "chart_alt": chart_alt,
        "sections": tables.sections(figures),
        "model": model,
    }


def mail_texts(figures: ForecastFigures) -> Json:
    """Return the texts of the mail: those of the page, and two tables narrow enough for a phone."""
    texts = page_texts(figures)
    rows = {section["id"]: section["rows"] for section in texts["sections"]}
    series = []
    for name, kind, usual, coming, *_, change in rows["series"]:
        if kind != "Product":
            series.append([name, usual, coming, change])
    return texts | {
        "subject": subject(figures),
        "currency": figures.currency,
        "last_week": rows["last-week"],
        "series": series,
    }


def subject(figures: ForecastFigures) -> str:
    """Return the mail's subject: `Forecast for the week from Mon 16 Nov: gross sales 142,300 USD, +4.1 % vs a
    usual week`."""
    monday = text.short_day(figures.as_of)
    if figures.total is None:
        return f"Forecast from {monday}: not enough history"
    week = figures.total.weeks[0]
    versus = text.versus(week, figures.total.usual_week, "a usual week")
    sales = f"gross sales {text.count(week)} {figures.currency}"
    return f"Forecast for the week from {monday}: {sales}{versus}"


def notices(figures: ForecastFigures) -> list[Json]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`."""
    shown = []
    if figures.total is None:
        words = f"No category has the {LEAST_DAYS} days of history that a forecast needs. See Data notes."
        shown.append(notice("No forecast", words, urgent=True))
    if figures.drift.reasons:
        reasons = "; ".join(figures.drift.reasons)
        shown.append(notice("Drift", f"In the last four weeks {reasons}.", urgent=True))
    return shown
