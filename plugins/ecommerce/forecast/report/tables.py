"""The tables of the forecast report, defined once for the PDF, the page and the mail.

Forecasts are shown in whole units of the currency: cents would promise an accuracy that no forecast has.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.report.wording import (
    cut,
    day_row,
    difference,
    drift_sentence,
    interval,
    kind_name,
    kind_of,
    percent,
    series_name,
    signed_count,
    signed_percent,
)
from ecommerce.forecast.weeks import DAYS, spans
from ecommerce.reporting.sections import Section, facts, name, number, sentences, table, word

MOST_CHANGES, MOST_NAMED = 7, 20
_DAY = [
    name("Day"),
    *map(number, ("Forecast", "80 % interval", "Actual", "Difference", "Change")),
    word("Verdict"),
]
_OUTSIDE = "verdict: actual sales outside the 80 % or 95 % interval"


def sections(figures: ForecastFigures) -> list[Section]:
    """Return all tables in reading order."""
    return [
        _coming(figures),
        last_week(figures),
        _past(figures),
        largest_changes(figures),
        _promotions(figures),
        _scores(figures),
        _series(figures),
        _skipped(figures),
        _gaps(figures),
        _warnings(figures),
        _card(figures),
        _kinds(figures),
        _provenance(figures),
    ]


def last_week(figures: ForecastFigures) -> Section:
    """Return the days of last week and their sum; no row without a forecast in force."""
    week = figures.last_week
    forecast, actual = figures.last_week_forecast, figures.sum_before(DAYS)
    total = ["Week", text.count(forecast), "", text.count(actual), *difference(actual, forecast), ""]
    has_forecast = any(each.expected for each in week)
    return table(
        "last-week",
        "Last week: forecast vs actual",
        _DAY,
        [*map(day_row, week), total] if has_forecast else [],
        empty="No forecast was available for last week.",
        note=_OUTSIDE,
    )


def largest_changes(figures: ForecastFigures) -> Section:
    """Return the series whose coming week differs most from their average week; products last."""
    rows = [
        [
            series_name(each.name),
            text.clean(each.category) or kind_of(each.name),
            text.count(each.usual_week),
            text.count(each.week(0)),
            signed_count(each.difference),
            text.change(each.week(0), each.usual_week),
        ]
        for kinds in (("category", "channel"), ("sku",))
        for each in figures.changes(kinds)[:MOST_CHANGES]
    ]
    return table(
        "changes",
        "Largest expected changes",
        [
            name("Series", 2),
            name("Kind"),
            *map(number, ("Average week", "Coming week", "Difference", "Change")),
        ],
        rows,
        empty="No large changes are expected.",
        note="coming week vs average week (previous 4)",
    )


def _coming(figures: ForecastFigures) -> Section:
    return table(
        "coming",
        "Next four weeks",
        [name("Day"), *map(number, ("Forecast", "80 % interval", "95 % interval"))],
        [
            [
                text.short_day(each.day),
                text.count(each.expected.forecast),
                interval(each.expected),
                interval(each.expected, 95),
            ]
            for each in (figures.total.days if figures.total else [])
        ],
        empty="No forecast: no category has enough history.",
        note=f"daily gross sales in {figures.currency}; the chart also shows the past eight weeks",
        chart=charts.SVG,
    )


def _past(figures: ForecastFigures) -> Section:
    return table(
        "past",
        "Past eight weeks",
        _DAY,
        [day_row(each) for each in reversed(figures.past)],
        empty="No past day has data.",
        note="by the forecast in force on each day, newest first",
    )


def _promotions(figures: ForecastFigures) -> Section:
    """Promotions of the same days and discount share a row."""
    products: dict[tuple[date, date, Decimal], list[str]] = {}
    for each in figures.promotions:
        of_row = products.setdefault((each.first, each.last, each.discount_percent), [])
        of_row.append("Whole shop" if each.sku is None else text.clean(each.sku))
    rows = [
        [
            text.span(first, last),
            text.listed(dict.fromkeys(skus), MOST_NAMED + 1),
            f"{text.quantity(discount)} %",
        ]
        for (first, last, discount), skus in products.items()
    ]
    return table(
        "promotions",
        "Promotions in the next four weeks",
        [word("When"), name("Products"), number("Discount")],
        cut(rows),
        empty="No promotions are announced.",
        note="as announced by the partner; included in the forecast",
    )


def _scores(figures: ForecastFigures) -> Section:
    columns = ("Series", "Scored", "Forecast", "Actual", "Error (WAPE)", "Bias", "In 80 %", "In 95 %")
    return table(
        "scores",
        "Forecast accuracy",
        [name("Kind"), *map(number, columns)],
        [
            [
                f"{kind_name(each.of)}, by {'week' if each.of == 'sku' else 'day'}",
                text.count(each.series),
                text.count(each.periods),
                text.count(each.forecast),
                text.count(each.actual),
                percent(each.error),
                signed_percent(each.bias),
                percent(each.covered_80),
                percent(each.covered_95),
            ]
            for each in figures.scores
        ],
        empty="No forecast day has ended yet.",
        note="last eight weeks, by the forecast in force on each day; products by whole weeks",
        remarks=[drift_sentence(figures.drift)],
    )


def _series(figures: ForecastFigures) -> Section:
    weeks = [text.short_day(figures.as_of + timedelta(days=DAYS * week)) for week in range(4)]
    return table(
        "series",
        "Every series by week",
        [name("Series"), word("Kind"), number("Average"), *map(number, weeks), number("Change")],
        [
            [
                series_name(each.name),
                kind_of(each.name),
                text.count(each.usual_week),
                *(text.count(each.week(week)) for week in range(4)),
                text.change(each.week(0), each.usual_week),
            ]
            for each in figures.series
            if each.usual_week or each.sum(0, 4 * DAYS)
        ],
        empty="None.",
        note="average: average week (previous 4); change: coming week vs average",
    )


def _skipped(figures: ForecastFigures) -> Section:
    rows = [[series_name(each), kind_of(each), text.clean(why)] for each, why in figures.skipped.items()]
    return table(
        "skipped",
        "Skipped",
        [name("Series"), word("Kind"), name("Reason")],
        cut(rows),
        empty="Every series has a forecast.",
        note="series without a forecast",
    )


def _gaps(figures: ForecastFigures) -> Section:
    days = [f"{first}" if first == last else f"{first} to {last}" for first, last in spans(figures.gaps)]
    return sentences(
        "gaps",
        "Gaps",
        [", ".join(days)] if days else [],
        empty="None.",
        note="days missing from the warehouse: excluded from training and evaluation",
    )


def _warnings(figures: ForecastFigures) -> Section:
    rows = cut([[text.clean(each)] for each in figures.warnings])
    note = "about the partner's files and from the checks"
    return sentences("warnings", "Warnings", [each for (each,) in rows], empty="None.", note=note)


def _card(figures: ForecastFigures) -> Section:
    card = figures.card
    why = "default model, no selection yet"
    if card.selected:
        reason = f": {text.clean(card.why).rstrip('.')}" if card.why else ""
        day = card.selected.rpartition("/")[2][:10]
        why = f"selected on {day}{reason} (record {text.clean(card.selected)})"
    return facts(
        "card",
        "Model card",
        [
            ["Champion", f"{text.clean(card.champion)}, {why}"],
            ["Error of the total", f"{percent(card.total_error)} in the back-test of 13 weeks"],
            ["Forecasts", text.clean(card.forecasts)],
            ["Not for", text.clean(card.not_for)],
            ["Model", text.clean(figures.provenance.model)],
        ],
    )


def _kinds(figures: ForecastFigures) -> Section:
    rows = []
    for each in figures.card.kinds:
        weights = sorted(each.weights.items(), key=lambda pair: -pair[1])
        rows.append(
            [
                kind_name(each.kind),
                text.count(each.series),
                each.first_day.isoformat(),
                text.count(each.days),
                ", ".join(f"{text.clean(model)} {percent(weight)}" for model, weight in weights),
                percent(each.error),
                percent(each.error_of_last_week),
            ]
        )
    return table(
        "kinds",
        "Training data and back-test",
        [
            word("Series"),
            *map(number, ("Number", "History from", "Days")),
            name("Weights"),
            *map(number, ("Error over 13 weeks", "Error of the naive forecast")),
        ],
        rows,
        empty="No model was trained.",
        note="naive forecast: the same weekday of the week before",
    )


def _provenance(figures: ForecastFigures) -> Section:
    origin = figures.provenance
    return facts(
        "provenance",
        "Provenance",
        [
            ["Data", f"days before {figures.as_of} in {origin.timezone}, and announced promotions"],
            ["Run", f"DAG {origin.dag_id}, run {origin.run_id}"],
            ["Code version", origin.code_version],
            ["Generated at", text.instant(origin.generated_at)],
        ],
    )
