"""The report's texts as the parts a page is made of."""

from __future__ import annotations

from typing import Any

from ecommerce.sales.report import charts
from ecommerce.sales.report.sections import Section, facts, name, number, sentences, table, word

_AMOUNTS = [number(each) for each in ("Units", "Gross sales", "Discounts", "Returns", "Net sales")]


def report(texts: dict[str, Any]) -> dict[str, Any]:
    """`top` (notices, tiles and so on), `sections`, and `charts`: what each chart shows, by its file name."""
    return {
        "scope": texts["scope"],
        "notices": texts["notices"],
        "findings": texts.get("findings", []),
        "tiles": texts["tiles"],
        "small_tiles": texts["small_tiles"],
        "small_tiles_note": texts["small_tiles_note"],
        "footnote": texts["footnote"],
        "expected": texts["expected"],
        "charts": {
            charts.TREND: texts["trend_alt"],
            charts.CHANNELS: "Net sales by channel",
            charts.CATEGORIES: "Net sales by category",
        },
        "sections": texts.get("sections") or _sections(texts),
    }


def _sections(texts: dict[str, Any]) -> list[Section]:
    orders = number("Orders")
    quality, note = texts["quality"], texts["amounts_note"]
    found = [
        table(
            "figures",
            "All figures",
            [name("Figure"), number("This day"), *map(number, texts["figure_columns"])],
            texts["figure_rows"],
            empty="",
            note=texts["figures_note"],
        ),
        table("channels", "Channels", [name("Channel"), orders, *_AMOUNTS], texts["channels"], empty="No sales.", note=note, chart=charts.CHANNELS),
        table("categories", "Categories", [name("Category"), *_AMOUNTS], texts["categories"], empty="No sales.", note=note, chart=charts.CATEGORIES),
        table("countries", "Countries", [name("Country"), orders, *_AMOUNTS], texts["countries"], empty="No sales.", note=note),
    ]
    if texts["attribute"]:
        title = texts["attribute"]["title"]
        found.append(table("attribute", title, [name(title), orders, *_AMOUNTS], texts["attribute"]["rows"], empty="No sales.", note=note))
    found.append(
        table(
            "products",
            "Products",
            [word("SKU"), name("Product"), name("Category"), number("Units"), number("Sales")],
            texts["products"],
            empty="No sales.",
            note=texts["products_note"],
            keys=[row[0] for row in texts["products"]],
        )
    )
    found += _expected(texts["expectation"])
    found += _website(texts["website"]) if texts["website"] else []
    found += _quality(quality)
    found.append(facts("provenance", "Provenance", texts["provenance"]))
    return found


def _expected(texts: dict[str, Any]) -> list[Section]:
    columns = ["Forecast", "On four days of five", "On 19 days of 20", "This day"]
    return [
        table(
            "expectation",
            "Forecast and actual",
            [name("Series"), *map(number, columns), word("Verdict")],
            texts["rows"],
            empty=texts["nothing"],
            note=texts["note"],
            remarks=texts["remarks"],
        )
    ]


def _website(texts: dict[str, Any]) -> list[Section]:
    return [
        table("funnel", "Website", [name("Step"), number("Sessions"), *map(number, texts["columns"])], texts["steps"], empty="No sessions.", note=texts["note"]),
        table("devices", "Devices", [name("Device"), *map(number, ("Sessions", "Purchases", "Share"))], texts["devices"], empty="No sessions."),
    ]


def _quality(texts: dict[str, Any]) -> list[Section]:
    return [
        table(
            "sources",
            "Sources",
            [name("Source"), word("State"), *map(number, ("Rows read", "Accepted", "Rejected", "Superseded", "Orders there", "Orders loaded"))],
            texts["sources"],
            empty="No source was read.",
            note=texts["note"],
        ),
        table(
            "totals",
            "Control totals",
            [name("Source"), *map(number, ("Source says", "Loaded", "Difference")), word("Read at")],
            texts["totals"],
            empty="No source was read.",
        ),
        table(
            "rejects",
            "Rejected rows",
            [word("Source"), word("Reason"), number("Rows"), name("Where"), name("What"), name("As it came")],
            texts["rejects"],
            empty="None.",
        ),
        table("restatements", "Restated days", [word("Day"), word("Figure"), number("Before"), number("Now"), name("Reason")], texts["restatements"], empty="None."),
        sentences("warnings", "Warnings", texts["warnings"], empty="None."),
        sentences("limits", "What no run can see", texts["limits"], empty="Nothing."),
    ]
