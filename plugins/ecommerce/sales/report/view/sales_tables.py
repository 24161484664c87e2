"""Where the sales are made and what changed them: breakdowns, products, contributions, website."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import (
    Cell,
    Column,
    Section,
    column_table,
    name,
    number,
    quiet,
    roomy,
    table,
    with_others,
    word,
)
from ecommerce.sales.report import chart_files, terms
from ecommerce.sales.report.figures.base import (
    CATEGORY,
    CHANNEL,
    COUNTRY,
    DIMENSIONS,
    Dimension,
    total,
)
from ecommerce.sales.report.figures.model import AMOUNTS, FIGURES, Figures
from ecommerce.sales.report.figures.website import STEPS
from ecommerce.sales.report.findings import capital, left_out

MOST_CATEGORIES, MOST_VALUES, MOST_CONTRIBUTIONS = 21, 30, 20
"""Rows of a table, the last one for all others; figures.json and figures.csv have all."""
PRODUCT: tuple[Column, Cell] = (
    name("Product"),
    lambda row: text.clean(row.name or row.sku),
)
SOURCE: tuple[Column, Cell] = (
    name("Source"),
    lambda row: text.source_name(row.source),
)
_NO_SALES = "No sales."


def change_words(figures: Figures) -> str:
    """Return the change in half a line: `net sales 16,120.00 → 18,342.56 USD, +2,222.56 (+13.8 %)`."""
    changes, currency = figures.changes, figures.currency
    if changes is None:
        return no_base(figures)
    before, now = (
        text.amount(changes.before, currency),
        text.amount(changes.now, currency),
    )
    difference = terms.signed(changes.now - changes.before, currency)
    percent = text.change(changes.now, changes.before)
    in_percent = f" ({percent})" if percent != text.NOTHING else ""
    return f"net sales {before} → {now} {currency}, {difference}{in_percent}{_without(figures)}"


def days_before(figures: Figures) -> list[str]:
    """Return the names of the day before and of the day a week before."""
    day = figures.business_date
    return [text.short_day(day - timedelta(days=back)) for back in (1, 7)]


def no_base(figures: Figures) -> str:
    """Return why no change is stated."""
    before, week = days_before(figures)
    return f"No change is stated: neither {week} nor {before} is loaded and complete."


def trend(figures: Figures) -> Section:
    """Return the net sales of the last days."""
    return column_table(
        "trend",
        f"Net sales, last {len(figures.trend)} days",
        figures.trend,
        (name("Day"), lambda day: text.short_day(day.business_date)),
        (number("Net sales"), money("net_sales", figures.currency)),
        counts("Orders", "orders"),
        (word("State"), _state),
        empty="",
        note=figures.currency,
        chart=chart_files.TREND,
    )


def breakdowns(figures: Figures) -> list[Section]:
    """Return the sales by channel, category and country, and by `REPORT_ATTRIBUTE` where it is set."""
    sections = [
        _breakdown(figures, each, chart_files.sales_chart(each))
        for each in (CHANNEL, CATEGORY, COUNTRY)
    ]
    if figures.attribute:
        title = label(figures.attribute)
        sections.append(
            _breakdown(figures, Dimension(title, "attributes", "attribute", text.clean))
        )
    return sections


def products(figures: Figures) -> Section:
    """Return the products with the largest sales."""
    return column_table(
        "products",
        "Top products",
        figures.products,
        (roomy(name("SKU", 0.7)), lambda each: text.clean(each.sku)),
        (name("Product", 2), lambda each: text.clean(each.name or each.sku)),
        (roomy(name("Category")), lambda each: terms.category(each.category or "")),
        (number("Units"), lambda each: text.quantity(each.units)),
        (number("Sales"), money("sales", figures.currency)),
        keys=[each.sku for each in figures.products],
        empty=_NO_SALES,
        note=f"gross sales less discounts, in {figures.currency}",
    )


def return_reasons(figures: Figures) -> Section:
    """Return the returns by reason."""
    returns = total(figures.return_reasons, "amount")
    return column_table(
        "return_reasons",
        "Returns by reason",
        # Where customers write reasons themselves, there are many.
        with_others(
            figures.return_reasons,
            MOST_CATEGORIES,
            ("refunds", "amount"),
            label="reason",
        ),
        (
            name("Reason"),
            lambda row: label(text.clean(row.reason)) or "No reason given",
        ),
        counts("Refunds", "refunds"),
        (number("Amount"), money("amount", figures.currency)),
        (number("Share"), lambda row: text.share(row.amount, returns)),
        empty="No returns on this day.",
        note=f"as given by the source; amounts in {figures.currency}",
    )


def contributions(figures: Figures) -> list[Section]:
    """Return the contributions by category, country and channel, then the products."""
    base = text.short_day(figures.changes.base) if figures.changes else "Before"
    movers = (
        ("rising", "Rising products", "rose"),
        ("falling", "Falling products", "fell"),
    )
    return [
        *(_contributions(figures, each, base) for each in DIMENSIONS),
        *(_movers(figures, *each, base) for each in movers),
    ]


def website(figures: Figures) -> list[Section]:
    """Return the funnel; with it devices, products viewed but not purchased, and orders matched to web
    events."""
    site = figures.website
    empty = ""
    if site is None:
        empty = "No web events were loaded in the last 28 days."
    elif not site.steps:
        empty = "The web events of this day are not loaded."
    if site is None or empty:
        return [table("funnel", "Funnel", [], [], empty=empty)]
    before, week = days_before(figures)
    first = site.steps[0].sessions
    previous = {}
    last = first
    for step in site.steps:
        previous[step.step] = last
        last = step.sessions
    return [
        column_table(
            "funnel",
            "Funnel",
            site.steps,
            (name("Step"), lambda row: STEPS[row.step]),
            counts("Sessions", "sessions"),
            (number("Of all sessions"), lambda row: _share(row.sessions, first)),
            (
                number("Of previous step"),
                lambda row: _share(row.sessions, previous[row.step]),
            ),
            counts(before, "day_before"),
            (number("Change"), lambda row: _change(row.sessions, row.day_before)),
            counts(week, "week_before"),
            (number("Change"), lambda row: _change(row.sessions, row.week_before)),
            empty="No sessions.",
            note=f"sessions that reached each step; bot sessions excluded: {text.count(site.bot_sessions)}",
            chart=chart_files.FUNNEL,
        ),
        column_table(
            "devices",
            "By device",
            site.devices,
            (name("Device"), lambda each: label(text.clean(each.device))),
            counts("Sessions", "sessions"),
            counts("Purchases", "purchases"),
            (number("Conversion"), lambda each: _share(each.purchases, each.sessions)),
            empty="No sessions.",
        ),
        column_table(
            "viewed",
            "Viewed but not purchased",
            site.viewed,
            PRODUCT,
            counts("Visitors", "visitors"),
            empty="None.",
            note="products viewed on this day that no order of the day contains",
        ),
        column_table(
            "tracked",
            "Orders matched to web events",
            site.tracked,
            SOURCE,
            counts("Orders", "orders"),
            counts("Matched", "seen"),
            (number("Share"), lambda each: _share(each.seen, each.orders)),
            (
                number("28 days"),
                lambda each: (
                    text.NOTHING if each.usual is None else _share(each.usual, 1)
                ),
            ),
            empty="No source sells on the website.",
            note="28 days: share in the 28 days before",
        ),
    ]


def label(name: str) -> str:
    """Return a name from data as words: `arrived_broken` → `Arrived broken`."""
    return capital(name.replace("_", " ").strip())


def counts(heading: str, field: str) -> tuple[Column, Cell]:
    """Return the column of the numbers `field` of its rows."""
    return number(heading), lambda row: text.count(getattr(row, field))


def money(field: str, currency: str = "") -> Cell:
    """Return the function from a row to its amount `field`, in `currency` or that of the row."""
    return lambda row: text.amount(getattr(row, field), currency or row.currency)


def _state(day: Any) -> str:
    return (
        "complete"
        if day.complete
        else "not loaded"
        if day.net_sales is None
        else "incomplete"
    )


def _breakdown(figures: Figures, dimension: Dimension, chart: str = "") -> Section:
    rows, currency = dimension.rows(figures), figures.currency
    shown = with_others(
        rows,
        MOST_CATEGORIES if chart else MOST_VALUES,
        ("orders", *FIGURES),
        size=lambda row: row.net_sales,
        alone=terms.UNALLOCATED,
    )
    sales = total(rows, "net_sales")
    # An order with two categories cannot be counted under one.
    orders = [] if dimension is CATEGORY else [counts("Orders", "orders")]
    return column_table(
        dimension.plural if chart else dimension.column,
        f"By {dimension.name.lower()}",
        shown,
        (name(dimension.name.capitalize()), lambda row: dimension.label(row.name)),
        *orders,
        (roomy(number("Units")), lambda row: text.quantity(row.units)),
        *((roomy(number(label(each))), money(each, currency)) for each in AMOUNTS[:-1]),
        (number("Net sales"), money("net_sales", currency)),
        (quiet("Share"), lambda row: text.share(row.net_sales, sales)),
        empty=_NO_SALES,
        note=f"amounts in {currency}",
        chart=chart,
    )


def _contributions(figures: Figures, dimension: Dimension, base: str) -> Section:
    rows = dimension.rows(figures.changes)
    return column_table(
        f"changes_{dimension.plural}",
        f"By {dimension.name}",
        with_others(
            rows, MOST_CONTRIBUTIONS, ("before", "now"), alone=terms.UNALLOCATED
        ),
        (name(dimension.name.capitalize()), lambda row: dimension.label(row.name)),
        *_both_days(figures, base, "Contribution"),
        (quiet("Change"), chart_files.own_change),
        empty="No sales on either day." if figures.changes else no_base(figures),
        note=f"contribution to the change of net sales in {figures.currency}{_without(figures)}",
        chart=chart_files.changes_chart(dimension),
    )


def _movers(
    figures: Figures, section_id: str, title: str, verb: str, base: str
) -> Section:
    rows = getattr(figures.changes, section_id) if figures.changes else []
    return column_table(
        section_id,
        title,
        rows,
        PRODUCT,
        *_both_days(figures, base, "Change"),
        keys=[row.sku for row in rows],
        empty=f"No product {verb}." if figures.changes else no_base(figures),
        note=f"gross sales less discounts, in {figures.currency}",
    )


def _both_days(
    figures: Figures, base: str, difference: str
) -> Sequence[tuple[Column, Cell]]:
    return (
        (quiet(base), money("before", figures.currency)),
        (number("This day"), money("now", figures.currency)),
        (
            number(difference),
            lambda row: terms.signed(row.now - row.before, figures.currency),
        ),
    )


def _without(figures: Figures) -> str:
    return left_out(figures.changes.unconverted) if figures.changes else ""


def _share(part: Decimal | int, whole: int) -> str:
    return text.share(Decimal(part), Decimal(whole))


def _change(count: int, base: int | None) -> str:
    return text.change(Decimal(count), None if base is None else Decimal(base))
