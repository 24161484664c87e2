"""The website: the sections on the funnel, devices, products viewed and matched orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, table
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.website import STEPS, Step, Tracked


def sections(figures: Figures) -> list[Section]:
    """Return the funnel; with it devices, products viewed but not purchased, and orders matched to web
    events."""
    site = figures.website
    if site is None or not site.steps:
        empty = "No web events were loaded in the last 28 days."
        if site is not None:
            empty = "The web events of this day are not loaded."
        return [table("funnel", "Funnel", [], [], empty=empty)]
    before, week = (text.short_day(figures.business_date - timedelta(days=days)) for days in (1, 7))
    columns = ("Sessions", "Of all", "Of the step before", before, "Change", week, "Change")
    return [
        table(
            "funnel",
            "Funnel",
            [name("Step"), *map(number, columns)],
            _step_rows(site.steps),
            empty="No sessions.",
            note="sessions of people, by the step they reached; "
            f"without {text.count(site.bot_sessions)} sessions of bots",
            chart=chart_files.FUNNEL,
        ),
        table(
            "devices",
            "By device",
            [name("Device"), *map(number, ("Sessions", "Purchases", "Conversion"))],
            [
                [
                    text.clean(each.device),
                    text.count(each.sessions),
                    text.count(each.purchases),
                    text.share(Decimal(each.purchases), Decimal(each.sessions)),
                ]
                for each in site.devices
            ],
            empty="No sessions.",
        ),
        table(
            "viewed",
            "Viewed but not purchased",
            [name("Product"), number("Visitors")],
            [[text.clean(each.name or each.sku), text.count(each.visitors)] for each in site.viewed],
            empty="None.",
        ),
        table(
            "tracked",
            "Orders matched to web events",
            [name("Source"), *map(number, ("Orders", "Matched", "Share", "Usually"))],
            list(map(_tracked, site.tracked)),
            empty="No source sells on the website.",
        ),
    ]


def _tracked(each: Tracked) -> list[str]:
    return [
        text.source_name(each.source),
        text.count(each.orders),
        text.count(each.seen),
        text.share(Decimal(each.seen), Decimal(each.orders)),
        text.NOTHING if each.usual is None else text.share(each.usual, Decimal(1)),
    ]


def _step_rows(steps: Sequence[Step]) -> list[list[str]]:
    rows = []
    for step, before in zip(steps, [steps[0], *steps], strict=False):
        sessions = Decimal(step.sessions)
        row = [STEPS[step.step], text.count(sessions)]
        row += [text.share(sessions, Decimal(whole.sessions)) for whole in (steps[0], before)]
        for base in (step.day_before, step.week_before):
            row += [text.count(base), text.change(sessions, None if base is None else Decimal(base))]
        rows.append(row)
    return rows
