"""The forecast chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. SVG for the page, a narrower SVG for phones, PNG for the mail."""

from typing import Any

from ecommerce.core.text import short_day
from ecommerce.forecast.report.figures import OUTSIDE_80, OUTSIDE_95, ForecastFigures
from ecommerce.reporting.charts import Chart, axis

SVG = "forecast.svg"
NARROW_SVG = "forecast-narrow.svg"
PNG = "forecast.png"
PNG_DPI = 190
_OUTSIDE = {OUTSIDE_80: 80, OUTSIDE_95: 95}


def chart(figures: ForecastFigures, *, narrow: bool = False) -> Chart:
    """Return the lines of past and coming days, wide or for phones. Each day has `label` and `expected`:
    `forecast` and the bounds of both intervals. A past day has `actual` and `outside`, 80 or 95 where it is
    outside that interval; its figures may be None."""
    amounts: list[Any] = []
    past = []
    for day in figures.past:
        values = day.model_dump(include={"actual", "expected"})
        outside = _OUTSIDE.get(day.mark)
        past.append({"label": short_day(day.day), "outside": outside} | values)
        amounts.append(day.actual)
        if day.expected:
            amounts.append(day.expected.upper_80)
    coming = []
    if figures.total:
        for coming_day in figures.total.days:
            expected = coming_day.expected.model_dump()
            coming.append({"label": short_day(coming_day.day), "expected": expected})
            amounts.append(coming_day.expected.upper_95)
    alt = (
        f"Daily gross sales of the eight weeks before {figures.as_of}, and the forecast of the next "
        "four weeks with its 80 % and 95 % intervals"
    )
    return {
        "kind": "forecast",
        "file": NARROW_SVG if narrow else SVG,
        "alt": alt,
        "past": past,
        "coming": coming,
        "narrow": narrow,
        "axis": axis(amounts),
    }
