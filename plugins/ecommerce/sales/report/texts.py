"""What the report's pages say, as finished texts: the only input of the Typst template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.sales.report import expectation, quality, website
from ecommerce.sales.report.figures import AMOUNTS, FIGURES, HEADLINE, Breakdown, Figures

_ROWS_ON_PAGE_ONE = 10
_TILES = 4
_NOTED = "*"
_MOST_VALUES = 30
"""Of an attribute, which may have any number of them; figures.json and figures.csv have all."""


def page_texts(figures: Figures) -> dict[str, Any]:
    """Everything the template prints, by the names it uses."""
    day, currency, zone = figures.business_date, figures.currency, figures.provenance.timezone
    products = [
        [
            *map(text.clean, (each.sku, each.name, each.category)),
            text.quantity(each.units),
            text.amount(each.sales, currency),
        ]
        for each in figures.products
    ]
    return {
        "title": f"Daily sales report {day}",
        "day": day.isoformat(),
        "long_day": text.long_day(day),
        "footer": f"Daily sales report · business day {day} ({zone})",
        "scope": [f"Amounts in {currency}", f"Midnight to midnight, {zone}"],
        **_top(figures),
        "small_tiles_note": f"Small figures: change against {_bases(figures)[1]}.",
        "trend_note": currency,
        "trend_alt": f"Net sales of the 28 days up to {day}",
        "top_countries": _top_countries(figures),
        "top_products": [
            [name or sku, units, sales] for sku, name, _, units, sales in products[:_ROWS_ON_PAGE_ONE]
        ],
        "figure_columns": [column for base in _bases(figures) for column in (base, "Change")],
        "figure_rows": [_figure_row(figures, name) for name in HEADLINE],
        "figures_note": "net sales are gross sales less discounts less returns; without tax and shipping",
        "amounts_note": f"amounts in {currency}",
        "products_note": f"gross sales less discounts, in {currency}",
        "channels": _breakdown(figures.channels, text.source_name, currency),
        "categories": [
            [name, *cells]  # an order with two categories cannot be counted under one
            for name, _, *cells in _breakdown(figures.categories, text.clean, currency)
        ],
        "countries": _breakdown(figures.countries, country_name, currency),
        "attribute": figures.attribute
        and {
            "title": attribute_title(figures.attribute),
            "rows": _breakdown(_with_rest(figures.attributes, _MOST_VALUES), text.clean, currency),
        },
        "products": products,
        "expectation": expectation.page_texts(
            figures.expectation, day, currency, complete=figures.quality.complete
        ),
        "website": website.page_texts(figures.website, day),
        "quality": quality.page_texts(figures),
        "provenance": _provenance(figures),
    }


def attribute_title(name: str) -> str:
    """`sales_channel` as a heading: `Sales channel`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def country_name(code: str) -> str:
    """The English name of an ISO 3166 code; an unknown code itself, `Unknown` for `ZZ`."""
    from babel import Locale

    return "Unknown" if code == "ZZ" else str(Locale("en").territories.get(code) or text.clean(code))


def _top(figures: Figures) -> dict[str, Any]:
    """What page one and the mail begin with."""
    tiles = [_tile(figures, name) for name in HEADLINE]
    noted = [(HEADLINE[name].label, note) for name in HEADLINE if (note := figures.headline[name].note)]
    return {
        "notices": quality.notices(figures),
        "tiles": tiles[:_TILES],
        "small_tiles": tiles[_TILES:],
        "expected": expectation.line(figures.expectation, figures.currency),
        "footnote": " ".join(f"{_NOTED}{label}: {text.clean(note)}." for label, note in noted),
    }


def _bases(figures: Figures) -> tuple[str, str, str]:
    before, week = (text.short_day(figures.business_date - timedelta(days=days)) for days in (1, 7))
    return before, week, text.average_name(figures.averaged_days)


def _tile(figures: Figures, name: str) -> dict[str, Any]:
    meaning, entry = HEADLINE[name], figures.headline[name]
    changes = [
        {
            "words": text.change(entry.value, base),
            "label": f"vs {label}",
            "tone": text.direction(entry.value, base, meaning.good),
        }
        for label, base in zip(
            _bases(figures), (entry.day_before, entry.week_before, entry.average), strict=True
        )
    ]
    value = text.figure(entry.value, meaning.kind, figures.currency)
    label = f"{meaning.label}{_NOTED}" if entry.note else meaning.label
    return {"label": label, "value": value, "changes": changes, "change": changes[1]}


def _figure_row(figures: Figures, name: str) -> list[str]:
    meaning, entry = HEADLINE[name], figures.headline[name]
    row = [meaning.label, text.figure(entry.value, meaning.kind, figures.currency)]
    for base in (entry.day_before, entry.week_before, entry.average):
        row += [text.figure(base, meaning.kind, figures.currency), text.change(entry.value, base)]
    return row


def _top_countries(figures: Figures) -> list[list[str]]:
    rows = figures.countries
    total = sum((row.net_sales for row in rows), Decimal(0))
    return [
        [
            country_name(row.name),
            text.count(row.orders or 0),
            text.amount(row.net_sales, figures.currency),
            text.share(row.net_sales, total),
        ]
        for row in _with_rest(rows, _ROWS_ON_PAGE_ONE)
    ]


def _with_rest(rows: Sequence[Breakdown], most: int) -> list[Breakdown]:
    """The first `most` rows; when there are more, the last one adds up all the others."""
    if len(rows) <= most:
        return list(rows)
    others = rows[most - 1 :]
    sums = {name: sum((getattr(row, name) for row in others), Decimal(0)) for name in FIGURES}
    orders = sum(row.orders or 0 for row in others)
    return [*rows[: most - 1], Breakdown(name=f"{len(others)} others", orders=orders, **sums)]


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


def _provenance(figures: Figures) -> list[list[str]]:
    origin = figures.provenance
    return [
        ["Business day", f"{figures.business_date} in {origin.timezone}"],
        ["In UTC", f"{text.instant(origin.window_start)} to {text.instant(origin.window_end)}, end excluded"],
        ["Made by", f"DAG {origin.dag_id}, run {origin.run_id}"],
        ["Code version", origin.code_version],
        ["Generated at", text.instant(origin.generated_at)],
        ["Orders", "count when their status is a sale and they are no test orders"],
    ]
