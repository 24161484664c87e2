"""The sections of a period's report. What a slice does not have has no row, and its section is left out."""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE, LEAST_COST_COVERAGE
from ecommerce.core.templates import render, render_rows
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.sections import (
    Column,
    Section,
    TableColumn,
    amounts,
    column_table,
    counts,
    name,
    named,
    number,
    quiet,
    table,
    word,
)
from ecommerce.sales import terms
from ecommerce.sales.periods.archive import DAYS_CHART
from ecommerce.sales.periods.figures import PeriodDay, PeriodFigures
from ecommerce.sales.periods.texts.drivers import dimensions_of, drivers
from ecommerce.sales.periods.texts.names import BASES, base_name, period_name
from ecommerce.sales.report.texts import returns
from ecommerce.sales.report.texts.breakdowns import by_dimension
from ecommerce.sales.report.texts.products import product_table
from ecommerce.sales.report.texts.website import STEPS

MOST_ROWS = 10
"""Of a breakdown; the last one is all others. figures.json and figures.csv have all."""
RENDERED = ("customers", "costs", "payouts", "funnel", "restated", "figures")
"""The sections of templates that follow the others, in reading order."""


def sections(figures: PeriodFigures) -> list[Section]:
    """Return the sections that have rows, in reading order."""
    changes = _changes(figures, "net_sales")
    breakdowns = []
    for dimension in dimensions_of(figures):
        breakdown = by_dimension(figures, dimension, changes=changes, most=MOST_ROWS)
        breakdowns.append(breakdown)
    every = [
        _days(figures),
        *_rendered(figures, "outlook", "drivers"),
        *_products(figures),
        *breakdowns,
        *returns.tables(figures),
        *_rendered(figures, *RENDERED),
    ]
    return [section for section in every if section["rows"]]


def days_description(figures: PeriodFigures) -> str:
    """Return the days in a sentence: the lowest and the highest."""
    return render("remarks/period_days.txt", {"figures": figures}).strip()


def _days(figures: PeriodFigures) -> Section:
    """Return the days with their chart; a day alone has none."""
    shown = figures.days if len(figures.days) > 1 else []
    return column_table(
        "days",
        "Net sales by day",
        shown,
        named("Day", "day", text.short_day),
        amounts("Net sales", "net_sales", figures.currency),
        counts("Orders", "orders"),
        amounts("Forecast", "forecast", figures.currency),
        (word("State"), _state),
        empty="",
        note=figures.currency,
        chart=_days_chart(figures),
    )


def _state(day: PeriodDay) -> str:
    if day.complete:
        return "complete"
    return "not loaded" if day.net_sales is None else "incomplete"


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
    alt = days_description(figures)
    return charts.days(DAYS_CHART, alt, days, mean_name="Forecast")


def _products(figures: PeriodFigures) -> list[Section]:
    changes = _changes(figures, "sales")
    tables = []
    for part, title in (
        ("products", "Top products"),
        ("rising", "Rising products"),
        ("falling", "Falling products"),
    ):
        rows = getattr(figures, part)
        tables.append(product_table(part, title, rows, figures.currency, changes))
    return tables


def _changes(figures: PeriodFigures, amount: str) -> list[TableColumn]:
    """Return the columns of an amount in the period before and of its change; none where there is no period
    to compare with."""
    if figures.headline["net_sales"].before is None:
        return []
    before = terms.capital(base_name(figures.period, "before"))
    return [
        (quiet(before), lambda row: text.amount(row.before, figures.currency)),
        (number("Change"), lambda row: own_change(getattr(row, amount), row.before)),
    ]


def own_change(now: Decimal, before: Decimal | None) -> str:
    """Return a change in percent, or `new`; there is none from a negative amount."""
    if now and before == 0:
        return "new"
    return text.change(now, max(before or 0, 0))


def _rendered(figures: PeriodFigures, *parts: str) -> list[Section]:
    """Return the sections of templates: the first row has title and note, the second one the headings, or
    `facts` where the section has names and words."""
    facts = {
        "figures": figures,
        "drivers": drivers(figures),
        "headline": HEADLINE,
        "bases": {base: base_name(figures.period, base) for base in BASES},
        "next": period_name(figures.period.next),
        "steps": STEPS,
        "least_coverage": Decimal(LEAST_COST_COVERAGE) / 100,
        "signed": terms.signed,
    }
    rendered = []
    for part in parts:
        (title, note), headings, *rows = render_rows(f"periods/{part}.txt", facts)
        section = table(part, title, [], rows, empty="", note=note)
        if headings == ["facts"]:
            section["kind"] = "facts"
        else:
            section["columns"] = [_column(heading) for heading in headings]
        rendered.append(section)
    return rendered


def _column(heading: str) -> Column:
    """Return the column of a heading, one of numbers where it begins with `>`."""
    if heading.startswith(">"):
        return number(heading.removeprefix(">"))
    return name(heading)
