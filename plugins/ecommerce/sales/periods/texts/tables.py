"""The sections of a period's report. What a slice does not have has no row, and its section is left out."""

from ecommerce.core import text
from ecommerce.core.templates import render
from ecommerce.core.values import Values
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.sections import Section, rendered_table
from ecommerce.sales import terms
from ecommerce.sales.periods.archive import DAYS_CHART
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.drivers import dimensions_of
from ecommerce.sales.report.texts import returns
from ecommerce.sales.report.texts.breakdowns import by_dimension
from ecommerce.sales.report.texts.products import product_table

MOST_ROWS = 10
"""Of a breakdown; the last one is all others. figures.json and figures.csv have all."""
LAST = ("customers", "costs", "payouts", "funnel", "restated", "figures")
"""The sections of templates that follow the others, in reading order."""


def sections(figures: PeriodFigures, facts: Values) -> list[Section]:
    """Return the sections that have rows, in reading order. `facts`: what their templates need."""
    currency = figures.currency
    before = ""
    if figures.headline["net_sales"].before is not None:
        before = terms.capital(facts["names"].before)
    breakdowns = [
        by_dimension(figures, dimension, before=before, most=MOST_ROWS)
        for dimension in dimensions_of(figures)
    ]
    every = [
        rendered_table("periods/days.txt", facts, chart=_days_chart(figures)),
        rendered_table("periods/outlook.txt", facts),
        rendered_table("periods/drivers.txt", facts),
        product_table("products", "Top products", figures.products, currency, before),
        product_table("rising", "Rising products", figures.rising, currency, before),
        product_table("falling", "Falling products", figures.falling, currency, before),
        *breakdowns,
        *returns.tables(figures),
        *[rendered_table(f"periods/{part}.txt", facts) for part in LAST],
    ]
    return [section for section in every if section["rows"]]


def _days_chart(figures: PeriodFigures) -> Chart:
    days = []
    for day in figures.days:
        label = str(day.day.day)
        if figures.kind == "week":
            label = text.short_day(day.day)
        chart_day = {
            "label": label,
            "height": day.net_sales,
            "mean": day.forecast,
            "complete": day.complete,
            "missing": day.net_sales is None,
        }
        days.append(chart_day)
    # The lowest and the highest.
    alt = render("remarks/period_days.txt", {"figures": figures}).strip()
    chart = charts.trend(DAYS_CHART, alt, days, mean_name="Forecast")
    return chart | {"kind": "days"}
