"""The net sales of the last 28 days."""

from datetime import date

from ecommerce.core import text
from ecommerce.core.templates import render
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.sections import Section, rendered_table
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures

CHART = "trend.svg"


def tables(figures: Figures) -> list[Section]:
    """Return the table of the days, with its chart."""
    facts = {"figures": figures}
    return [rendered_table("tables/trend.txt", facts, chart=_chart(figures))]


def description(figures: Figures) -> str:
    """Return the trend in a sentence: its lowest and its highest day."""
    return render("remarks/trend.txt", {"figures": figures}).strip()


def _chart(figures: Figures) -> Chart:
    days = []
    # Before the first daily run, no day is missing.
    first = figures.quality.first_loaded or date.min
    for day in figures.trend:
        chart_day = {
            "label": text.short_day(day.business_date),
            "height": day.net_sales,
            "mean": day.weekday_mean,
            "complete": day.complete,
            "missing": day.net_sales is None and day.business_date > first,
        }
        days.append(chart_day)
    average = None
    # The average of a single day is none.
    if figures.averaged_days > 1:
        average = figures.headline["net_sales"].average
    return charts.trend(
        CHART,
        description(figures),
        days,
        mean_name="Weekday average (last 4 weeks)",
        average=average,
        average_name=terms.average_name(figures.averaged_days),
    )
