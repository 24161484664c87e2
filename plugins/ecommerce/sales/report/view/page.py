"""The pages of the report as finished texts, the only input of the PDF's and the web page's templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, quiet, table, with_others, word
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.model import AMOUNTS, FIGURES, HEADLINE, Breakdown, Figures
from ecommerce.sales.report.findings.sentences import sentences
from ecommerce.sales.report.view import (
    captions,
    contribution_tables,
    forecast_tables,
    notices,
    quality_tables,
    website_tables,
)
from ecommerce.sales.report.view.headline import NOTED, TILES, figures_table, summary, tile, without_sales

MOST_CATEGORIES = 21
"""Rows of a breakdown: the 20 largest, and one for all others."""
_MOST_VALUES = 30
"""Of an attribute, which may have any number of them; figures.json and figures.csv have all."""
_NO_SALES = "No sales."
_AVERAGE = "Average order value: gross sales less discounts, divided by orders."
_DEFINED = "All definitions: docs/DEFINITIONS.md."


def page_texts(figures: Figures) -> dict[str, Any]:
    """Return everything that a page shows, for any template.

    The top of the report (`title`, `day`, `long_day`, `scope`, `footer`, `notices`, `findings`, `tiles`,
    `small_tiles`, `expected`, `footnote`); `changed`, the change of net sales in half a line, and
    `changed_since`, the day it is since, or nothing; `sections` in reading order (see `reporting.sections`);
    `annex`: its `title`, a `note` and the id of its first section; `charts`, the alternative texts of the
    drawn charts by file name; and `pictures`, files of product pictures by SKU, which the caller may fill.
    """
    day, zone = figures.business_date, figures.provenance.timezone
    return {
        "title": f"Daily sales report {day}",
        "day": day.isoformat(),
        "long_day": text.long_day(day),
        "footer": f"Daily sales report · business day {day} ({zone})",
        "scope": [f"Amounts in {figures.currency}", f"Midnight to midnight{_hours(figures)}, {zone}"],
        **_top(figures),
        "changed": contribution_tables.sentence(figures),
        "changed_since": text.short_day(figures.changes.base) if figures.changes else "",
        "sections": _sections(figures),
        "annex": {"title": "Annex", "note": "details and data quality", "first": "figures"},
        "charts": captions.alternatives(figures),
        "pictures": {},
    }


def _hours(figures: Figures) -> str:
    """Return the hours of a day on which the clocks change."""
    hours = (figures.provenance.window_end - figures.provenance.window_start) / timedelta(hours=1)
    return "" if hours == 24 else f" ({hours:g} hours)"


def _top(figures: Figures) -> dict[str, Any]:
    """Return the top of page one."""
    tiles = [tile(figures, headline) for headline in HEADLINE]
    noted = [(HEADLINE[name].label, note) for name in HEADLINE if (note := figures.headline[name].note)]
    footnotes = [f"{NOTED}{label}: {text.clean(note)}." for label, note in noted]
    closed = [f"{averaged}." for averaged in without_sales(figures)]
    return {
        "notices": notices.notices(figures),
        "findings": sentences(figures),
        "tiles": tiles[:TILES],
        "small_tiles": tiles[TILES:],
        "expected": forecast_tables.verdict_line(figures),
        "footnote": " ".join([*(footnotes or [_AVERAGE]), *closed, _DEFINED]),
    }


def _sections(figures: Figures) -> list[Section]:
    breakdowns, website = _breakdowns(figures), website_tables.sections(figures)
    return [
        _trend(figures),
        forecast_tables.expected(figures),
        forecast_tables.month(figures),
        *breakdowns[:3],
        _products(figures),
        *contribution_tables.sections(figures),
        summary(
            figures,
            "customers",
            "Customers",
            ("customers", "new_customers", "returning_customers", "repeat_share"),
            note="repeat share: returning ÷ all customers",
        ),
        summary(
            figures,
            "rates",
            "Discounts and returns",
            ("discounts", "discount_rate", "returns", "return_rate"),
            note="rates: ÷ gross sales",
        ),
        _return_reasons(figures),
        *website[:2],
        forecast_tables.outlook(figures),
        # The annex
        figures_table(figures),
        forecast_tables.series(figures),
        *breakdowns[3:],
        *website[2:],
        *quality_tables.sections(figures),
    ]


def _trend(figures: Figures) -> Section:
    rows = []
    for day in figures.trend:
        state = "complete" if day.complete else "not loaded" if day.net_sales is None else "incomplete"
        net_sales = text.amount(day.net_sales, figures.currency)
        rows.append([text.short_day(day.business_date), net_sales, text.count(day.orders), state])
    return table(
        "trend",
        f"Net sales, last {len(figures.trend)} days",
        [name("Day"), number("Net sales"), number("Orders"), word("State")],
        rows,
        empty="",
        note=figures.currency,
        chart=chart_files.TREND,
    )


def _breakdowns(figures: Figures) -> list[Section]:
    currency = figures.currency
    sections = [
        _breakdown_table(figures.channels, "channel", "By channel", text.source_name, currency),
        _breakdown_table(figures.categories, "category", "By category", text.category, currency),
        _breakdown_table(figures.countries, "country", "By country", text.country, currency),
    ]
    for section, chart in zip(
        sections, (chart_files.CHANNELS, chart_files.CATEGORIES, chart_files.COUNTRIES), strict=True
    ):
        section["chart"] = chart if section["rows"] else ""
    if figures.attribute:
        title = attribute_title(figures.attribute)
        label = f"By {title.lower()}"
        sections.append(_breakdown_table(figures.attributes, "attribute", label, text.clean, currency))
    return sections


def _breakdown_table(
    rows: Sequence[Breakdown], kind: str, title: str, name_of: Callable[[str], str], currency: str
) -> Section:
    plural = {"category": "categories", "country": "countries", "channel": "channels"}.get(kind, kind)
    shown = with_others(
        rows,
        MOST_CATEGORIES if kind != "attribute" else _MOST_VALUES,
        ("orders", *FIGURES),
        size=lambda row: row.net_sales,
        alone=lambda row: row.name == text.UNALLOCATED,
    )
    cells = _breakdown(shown, name_of, currency)
    columns = ["Orders", "Units", "Gross sales", "Discounts", "Returns", "Net sales"]
    if kind == "category":  # an order with two categories cannot be counted under one
        cells, columns = [[first, *others] for first, _, *others in cells], columns[1:]
    total = sum((row.net_sales for row in rows), Decimal(0))
    shares = [text.share(row.net_sales, total) for row in shown]
    return table(
        plural,
        title,
        [name(title.removeprefix("By ").capitalize()), *map(number, columns), quiet("Share")],
        [[*row, share] for row, share in zip(cells, shares, strict=True)],
        empty=_NO_SALES,
        note=f"amounts in {currency}",
    )


def _products(figures: Figures) -> Section:
    return table(
        "products",
        "Top products",
        [name("SKU", 0.7), name("Product", 2), name("Category"), number("Units"), number("Sales")],
        [
            [
                *map(text.clean, (each.sku, each.name or each.sku, each.category)),
                text.quantity(each.units),
                text.amount(each.sales, figures.currency),
            ]
            for each in figures.products
        ],
        keys=[each.sku for each in figures.products],
        empty=_NO_SALES,
        note=f"gross sales less discounts, in {figures.currency}",
    )


def _return_reasons(figures: Figures) -> Section:
    total = sum((row.amount for row in figures.return_reasons), Decimal(0))
    # Where customers write reasons themselves, there are many.
    rows = with_others(figures.return_reasons, MOST_CATEGORIES, ("refunds", "amount"), label="reason")
    return table(
        "return_reasons",
        "Returns by reason",
        [name("Reason"), *map(number, ("Refunds", "Amount", "Share"))],
        [
            [
                text.clean(row.reason) or "No reason given",
                text.count(row.refunds),
                text.amount(row.amount, figures.currency),
                text.share(row.amount, total),
            ]
            for row in rows
        ],
        empty="No returns on this day.",
        note=f"reasons of the source, amounts in {figures.currency}",
    )


def attribute_title(name: str) -> str:
    """Return `sales_channel` as a heading: `Sales channel`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _breakdown(rows: Sequence[Breakdown], name_of: Callable[[str], str], currency: str) -> list[list[str]]:
    return [
        [
            name_of(row.name),
            text.count(row.orders),
            text.quantity(row.units),
            *(text.amount(getattr(row, name), currency) for name in AMOUNTS),
        ]
        for row in rows
    ]
