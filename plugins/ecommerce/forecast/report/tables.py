"""The tables of the forecast report, defined once for the PDF, the page and the mail. Forecasts are shown in
whole units of the currency: cents would promise an accuracy that no forecast has."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import (
    Drift,
    ForecastFigures,
    PastDay,
)
from ecommerce.forecast.report.scoring import LEAST_SCORED_DAYS
from ecommerce.forecast.weeks import WEEKS
from ecommerce.forecast.wording import kind_name, series_name, signed_percent
from ecommerce.reporting.sections import (
    Column,
    Section,
    facts,
    name,
    number,
    sentences,
    table,
    word,
)

MOST_CHANGES, MOST_NAMED = 7, 20
_USUAL = "usual week: the median of the previous 8 weeks"
_PAST_COLUMNS = [
    name("Day"),
    number("Forecast"),
    number("80 % interval"),
    number("Actual"),
    number("Difference"),
    number("Change"),
    word("Verdict"),
]

Cell = str | date | Decimal | int | None
Rows = list[list[Cell]]


def sections(figures: ForecastFigures) -> list[Section]:
    """Return all tables in reading order."""
    return [
        _coming_days(figures),
        _last_week(figures),
        _past_days(figures),
        _changes(figures),
        _promotions(figures),
        _scores(figures),
        _series(figures),
        _notes(figures),
        _kinds(figures),
        _model_card(figures),
    ]


def _table(
    section_id: str,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    **more: Any,
) -> Section:
    """Return a table of days, amounts in whole units, and texts; `more` as for `sections.table`."""
    cells = [[_words(cell) for cell in row] for row in rows]
    return table(section_id, title, columns, cells, **more)


def _words(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return text.short_day(cell)
    return text.count(cell)


def _coming_days(figures: ForecastFigures) -> Section:
    rows: Rows = []
    for day in figures.coming:
        expected = day.expected
        narrow = _interval(expected.lower_80, expected.upper_80)
        wide = _interval(expected.lower_95, expected.upper_95)
        rows.append([day.day, expected.forecast, narrow, wide])
    return _table(
        "coming",
        "Next four weeks",
        [
            name("Day"),
            number("Forecast"),
            number("80 % interval"),
            number("95 % interval"),
        ],
        rows,
        empty="No forecast: no category has enough history.",
        note=f"daily gross sales in {figures.currency}; the chart also shows the past eight weeks",
        chart=charts.SVG,
    )


def _last_week(figures: ForecastFigures) -> Section:
    rows = []
    if any(day.expected for day in figures.last_week):
        rows = [_past_day(day) for day in figures.last_week]
        forecast, actual = figures.last_week_forecast, figures.last_week_sales
        difference = _difference(actual, forecast)
        change = text.change(actual, forecast)
        rows.append(["Week", forecast, "", actual, difference, change, ""])
    return _table(
        "last-week",
        "Last week: forecast vs actual",
        _PAST_COLUMNS,
        rows,
        empty="No forecast was available for last week.",
        note="the verdict names the days with sales outside the 80 % or 95 % interval",
    )


def _past_days(figures: ForecastFigures) -> Section:
    return _table(
        "past",
        "Past eight weeks",
        _PAST_COLUMNS,
        map(_past_day, reversed(figures.past)),
        empty="No past day has data.",
        note="each day with the last forecast made before it, newest day first",
    )


def _past_day(day: PastDay) -> list[Cell]:
    forecast, actual = day.forecast, day.actual
    interval, verdict = text.NOTHING, day.mark
    if day.expected:
        interval = _interval(day.expected.lower_80, day.expected.upper_80)
    if actual is not None and not day.complete:
        verdict = "incomplete"
    difference, change = _difference(actual, forecast), text.change(actual, forecast)
    return [day.day, forecast, interval, actual, difference, change, verdict]


def _changes(figures: ForecastFigures) -> Section:
    rows: Rows = []
    for kinds in ("category", "channel"), ("sku",):
        for series in figures.largest_changes(kinds)[:MOST_CHANGES]:
            coming, usual = series.weeks[0], series.usual_week
            row: list[Cell] = [
                series_name(series.name, figures.products),
                text.clean(series.category) or kind_name(series.name),
                usual,
                coming,
                _difference(coming, usual),
                text.change(coming, usual),
            ]
            rows.append(row)
    return _table(
        "changes",
        "Largest expected changes",
        [
            name("Series", 2),
            name("Kind"),
            number("Usual week"),
            number("Coming week"),
            number("Difference"),
            number("Change"),
        ],
        rows,
        empty="No series has a usual week.",
        note=f"{_USUAL}; categories and channels, then products",
    )


def _promotions(figures: ForecastFigures) -> Section:
    products: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for promotion in figures.promotions:
        label = "Whole shop"
        if promotion.sku is not None:
            label = series_name(f"sku:{promotion.sku}", figures.products)
        days = text.span(promotion.first, promotion.last)
        discount = f"{text.quantity(promotion.discount_percent)} %"
        products[days, discount][label] = True
    rows = []
    for (days, discount), labels in products.items():
        rows.append([days, text.listed(labels, MOST_NAMED + 1), discount])
    return _table(
        "promotions",
        "Promotions in the next four weeks",
        [word("When"), name("Products"), number("Discount")],
        rows,
        empty="No promotions are announced.",
        note="as announced in promotions.csv; included in the forecast",
    )


def _scores(figures: ForecastFigures) -> Section:
    rows: Rows = []
    for score in figures.scores:
        period = "day"
        if score.of == "sku":
            period = "week"
        row: list[Cell] = [
            f"{kind_name(score.of) or 'Total'}, by {period}",
            score.series,
            score.periods,
            score.forecast,
            score.actual,
            text.share(score.error),
            signed_percent(score.bias),
            text.share(score.covered_80),
            text.share(score.covered_95),
        ]
        rows.append(row)
    return _table(
        "scores",
        "Forecast accuracy",
        [
            name("Kind"),
            number("Series"),
            number("Scored"),
            number("Forecast"),
            number("Actual"),
            number("Error (WAPE)"),
            number("Bias"),
            number("In 80 %"),
            number("In 95 %"),
        ],
        rows,
        empty="No day that has ended had a forecast.",
        note="last eight weeks; each day with the last forecast made before it, products by whole weeks",
        remarks=[_drift(figures.drift)],
    )


def _series(figures: ForecastFigures) -> Section:
    columns = [name("Series"), word("Kind"), number("Usual week")]
    for week in range(WEEKS):
        monday = figures.as_of + timedelta(weeks=week)
        columns.append(number(text.short_day(monday)))
    columns.append(number("Change"))
    rows = []
    for series in figures.series:
        row = [
            series_name(series.name, figures.products),
            kind_name(series.name),
            series.usual_week,
            *series.weeks,
            text.change(series.weeks[0], series.usual_week),
        ]
        rows.append(row)
    return _table(
        "series",
        "Every series by week",
        columns,
        rows,
        empty="None.",
        note=f"{_USUAL}; change: of the first week",
    )


def _notes(figures: ForecastFigures) -> Section:
    notes = []
    for series, reason in figures.skipped.items():
        name_of_series = series_name(series, figures.products)
        notes.append(f"No forecast of {name_of_series}: {text.clean(reason)}")
    if figures.gaps:
        gaps = text.listed(figures.gaps, MOST_NAMED, "more days (figures.json)")
        notes.append(f"Days missing from the warehouse: {gaps}")
    notes += map(text.clean, figures.warnings)
    return sentences(
        "notes",
        "Data notes",
        notes,
        empty="None.",
        note="series without a forecast, gaps in the history, warnings of the partner's files and of checks",
    )


def _kinds(figures: ForecastFigures) -> Section:
    rows: Rows = []
    for kind in figures.card.kinds:
        weights = sorted(kind.weights.items(), key=lambda pair: -pair[1])
        members = [f"{text.clean(model)} {text.share(part)}" for model, part in weights]
        row: list[Cell] = [
            kind_name(kind.kind),
            kind.series,
            kind.first_day.isoformat(),
            kind.days,
            ", ".join(members),
            text.share(kind.error),
            text.share(kind.error_of_last_week),
        ]
        rows.append(row)
    return _table(
        "kinds",
        "Training data and back-test",
        [
            word("Kind"),
            number("Series"),
            number("History from"),
            number("Days"),
            name("Weights"),
            number("Error over 13 weeks"),
            number("Error of the naive forecast"),
        ],
        rows,
        empty="No model was trained.",
        note="errors are WAPE; naive forecast: the same weekday of the week before",
    )


def _model_card(figures: ForecastFigures) -> Section:
    card, origin = figures.card, figures.provenance
    selected = f"{card.selected or 'the default model'}; {card.why}"
    total_error = f"{text.share(card.total_error)} (WAPE by day) over 13 weeks"
    pairs = {
        "Champion": text.clean(card.champion),
        "Selected": text.clean(selected.removesuffix("; ")),
        "Error of the total": total_error,
        "Forecasts": text.clean(card.forecasts),
        "Does not forecast": text.clean(card.not_for),
        "Stored in": text.clean(origin.model),
        "Data": f"days before {figures.as_of} in {origin.timezone}, and announced promotions",
        "Run": f"DAG {origin.dag_id}, run {origin.run_id}",
        "Code version": origin.code_version,
        "Generated at": text.instant(origin.generated_at),
    }
    return facts("card", "Model card", list(pairs.items()))


def _interval(lower: Decimal, upper: Decimal) -> str:
    return f"{text.count(lower)} {text.NOTHING} {text.count(upper)}"


def _difference(value: Decimal | None, base: Decimal | None) -> str:
    if value is None or base is None:
        return text.NOTHING
    rounded = text.count(value - base)
    if value > base and rounded != "0":
        return f"+{rounded}"
    return rounded


def _drift(drift: Drift) -> str:
    score = drift.score
    if score.periods < LEAST_SCORED_DAYS:
        return (
            f"Drift is judged from {LEAST_SCORED_DAYS} days with a forecast in the last four weeks; there "
            f"are {score.periods}."
        )
    return (
        f"Last four weeks: the total's error was {text.share(score.error)} (back-test: "
        f"{text.share(drift.usual_error)}), its bias {signed_percent(score.bias)}, and "
        f"{text.share(score.covered_80)} of days were within their 80 % interval."
    )
