"""The forecast chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. SVG for the page, a narrower SVG for phones, PNG for the mail."""

from ecommerce.core.text import short_day
from ecommerce.core.values import Json
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.reporting.charts import Chart, axis

SVG = "forecast.svg"
NARROW_SVG = "forecast-narrow.svg"
PNG = "forecast.png"
PNG_DPI = 190


def chart(figures: ForecastFigures) -> Chart:
    """Return the lines of past and coming days. Each day has `label` and `expected`: `forecast` and the
    bounds of both intervals. A past day has `actual` and `outside`, 80 or 95 where it is outside that
    interval; its figures may be None."""
    past: list[Json] = []
    coming: list[Json] = []
    amounts = []
    for day in figures.past:
        values = day.model_dump(include={"actual", "expected"})
        past.append({"label": short_day(day.day), "outside": day.outside} | values)
        amounts.append(day.actual)
        if day.expected:
            amounts.append(day.expected.upper_80)
    if figures.total:
        for coming_day in figures.total.days:
            expected = coming_day.expected
            label = short_day(coming_day.day)
            coming.append({"label": label, "expected": expected.model_dump()})
            amounts.append(expected.upper_95)
    return {
        "kind": "forecast",
        "file": SVG,
        "alt": f"Daily gross sales of the eight weeks before {figures.as_of}, and the forecast of the next "
        "four weeks with its 80 % and 95 % intervals",
        "past": past,
        "coming": coming,
        "narrow": False,
        "axis": axis(amounts),
    }
