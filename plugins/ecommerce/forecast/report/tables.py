"""The tables of the forecast report, defined once for the PDF, the page and the mail. Forecasts are shown in
whole units of the currency: cents would promise an accuracy that no forecast has."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import (
    DayForecast,
    Drift,
    ForecastFigures,
    PastDay,
)
from ecommerce.forecast.report.scoring import LEAST_SCORED_DAYS
from ecommerce.forecast.wording import kind_name, series_name, signed_percent
from ecommerce.reporting.sections import (
    Section,
    column_table,
    facts,
    name,
    number,
    sentences,
    table,
    word,
)

MOST_CHANGES, MOST_NAMED = 7, 20
_USUAL = "usual week: the median of the previous 8 weeks"
_FIGURES_OF_DAY = ("Forecast", "80 % interval", "Actual", "Difference", "Change")
_DAY = (name("Day"), *map(number, _FIGURES_OF_DAY), word("Verdict"))


def sections(figures: ForecastFigures) -> list[Section]:
    """Return all tables in reading order."""
    return [
        *_of_days(figures),
        *_of_series(figures),
        _notes(figures),
        *_of_model(figures),
    ]


def _of_days(figures: ForecastFigures) -> list[Section]:
    week = figures.last_week
    forecast, actual = figures.last_week_forecast, figures.last_week_sales
    difference, change = _difference(actual, forecast), text.change(actual, forecast)
    total = [
        "Week",
        text.count(forecast),
        "",
        text.count(actual),
        difference,
        change,
        "",
    ]
    return [
        column_table(
            "coming",
            "Next four weeks",
            figures.total.days if figures.total else [],
            (name("Day"), lambda row: text.short_day(row.day)),
            (number("Forecast"), lambda row: text.count(row.expected.forecast)),
            (number("80 % interval"), lambda row: _interval(row.expected, 80)),
            (number("95 % interval"), lambda row: _interval(row.expected, 95)),
            empty="No forecast: no category has enough history.",
            note=f"daily gross sales in {figures.currency}; the chart also shows the past eight weeks",
            chart=charts.SVG,
        ),
        table(
            "last-week",
            "Last week: forecast vs actual",
            _DAY,
            [*map(_day, week), total] if any(each.expected for each in week) else [],
            empty="No forecast was available for last week.",
            note="the verdict names the days with sales outside the 80 % or 95 % interval",
        ),
        table(
            "past",
            "Past eight weeks",
            _DAY,
            [_day(each) for each in reversed(figures.past)],
            empty="No past day has data.",
            note="each day with the last forecast made before it, newest day first",
        ),
    ]


def _of_series(figures: ForecastFigures) -> list[Section]:
    products: dict[tuple[date, date, Decimal], list[str]] = defaultdict(list)
    for each in figures.promotions:
        label = (
            "Whole shop"
            if each.sku is None
            else series_name(f"sku:{each.sku}", figures.products)
        )
        products[each.first, each.last, each.discount_percent].append(label)
    hidden = len(products) - MOST_NAMED
    weeks = [
        number(text.short_day(figures.as_of + timedelta(weeks=week)))
        for week in range(4)
    ]
    return [
        column_table(
            "changes",
            "Largest expected changes",
            [
                *figures.changes("category", "channel")[:MOST_CHANGES],
                *figures.changes("sku")[:MOST_CHANGES],
            ],
            (name("Series", 2), lambda row: series_name(row.name, figures.products)),
            (name("Kind"), lambda row: text.clean(row.category) or kind_name(row.name)),
            (number("Usual week"), lambda row: text.count(row.usual_week)),
            (number("Coming week"), lambda row: text.count(row.week(0))),
            (
                number("Difference"),
                lambda row: _difference(row.week(0), row.usual_week),
            ),
            (number("Change"), lambda row: text.change(row.week(0), row.usual_week)),
            empty="No series has a usual week.",
            note=f"{_USUAL}; categories and channels, then products",
        ),
        column_table(
            "promotions",
            "Promotions in the next four weeks",
            [*products.items()][:MOST_NAMED],
            (word("When"), lambda row: text.span(*row[0][:2])),
            (
                name("Products"),
                lambda row: text.listed(dict.fromkeys(row[1]), MOST_NAMED + 1),
            ),
            (number("Discount"), lambda row: f"{text.quantity(row[0][2])} %"),
            empty="No promotions are announced.",
            note="as announced in promotions.csv; included in the forecast",
            remarks=[f"and {text.count(hidden)} more (figures.json)"]
            if hidden > 0
            else [],
        ),
        column_table(
            "scores",
            "Forecast accuracy",
            figures.scores,
            (
                name("Kind"),
                lambda row: (
                    f"{kind_name(row.of) or 'Total'}, by {'week' if row.of == 'sku' else 'day'}"
                ),
            ),
            (number("Series"), lambda row: text.count(row.series)),
            (number("Scored"), lambda row: text.count(row.periods)),
            (number("Forecast"), lambda row: text.count(row.forecast)),
            (number("Actual"), lambda row: text.count(row.actual)),
            (number("Error (WAPE)"), lambda row: text.share(row.error)),
            (number("Bias"), lambda row: signed_percent(row.bias)),
            (number("In 80 %"), lambda row: text.share(row.covered_80)),
            (number("In 95 %"), lambda row: text.share(row.covered_95)),
            empty="No day that has ended had a forecast.",
            note="last eight weeks; each day with the last forecast made before it, products by whole weeks",
            remarks=[_drift(figures.drift)],
        ),
        column_table(
            "series",
            "Every series by week",
            figures.series,
            (name("Series"), lambda row: series_name(row.name, figures.products)),
            (word("Kind"), lambda row: kind_name(row.name)),
            (number("Usual week"), lambda row: text.count(row.usual_week)),
            *(
                (heading, lambda row, week=week: text.count(row.week(week)))
                for week, heading in enumerate(weeks)
            ),
            (number("Change"), lambda row: text.change(row.week(0), row.usual_week)),
            empty="None.",
            note=f"{_USUAL}; change: of the first week",
        ),
    ]


def _notes(figures: ForecastFigures) -> Section:
    gaps = text.listed(figures.gaps, MOST_NAMED, "more days (figures.json)")
    return sentences(
        "notes",
        "Data notes",
        [
            *(
                f"No forecast of {series_name(series, figures.products)}: {text.clean(why)}"
                for series, why in figures.skipped.items()
            ),
            *([f"Days missing from the warehouse: {gaps}"] if gaps else []),
            *map(text.clean, figures.warnings),
        ],
        empty="None.",
        note="series without a forecast, gaps in the history, warnings of the partner's files and of checks",
    )


def _of_model(figures: ForecastFigures) -> list[Section]:
    card, origin = figures.card, figures.provenance
    why = f"the default: {text.clean(card.why) or 'no model has been selected yet'}"
    if card.selected:
        reason = f": {text.clean(card.why).rstrip('.')}" if card.why else ""
        day = card.selected.rpartition("/")[2][:10]
        why = f"selected on {day}{reason} (record {text.clean(card.selected)})"
    return [
        column_table(
            "kinds",
            "Training data and back-test",
            card.kinds,
            (word("Kind"), lambda row: kind_name(row.kind)),
            (number("Series"), lambda row: text.count(row.series)),
            (number("History from"), lambda row: row.first_day.isoformat()),
            (number("Days"), lambda row: text.count(row.days)),
            (name("Weights"), lambda row: _weights(row.weights)),
            (number("Error over 13 weeks"), lambda row: _error(row.error)),
            (
                number("Error of the naive forecast"),
                lambda row: _error(row.error_of_last_week),
            ),
            empty="No model was trained.",
            note="errors are WAPE; naive forecast: the same weekday of the week before",
        ),
        facts(
            "card",
            "Model card",
            [
                ["Champion", f"{text.clean(card.champion)}, {why}"],
                [
                    "Error of the total",
                    f"{text.share(card.total_error)} (WAPE by day) over 13 weeks",
                ],
                ["Forecasts", text.clean(card.forecasts)],
                ["Does not forecast", text.clean(card.not_for)],
                ["Stored in", text.clean(origin.model)],
                [
                    "Data",
                    f"days before {figures.as_of} in {origin.timezone}, and announced promotions",
                ],
                ["Run", f"DAG {origin.dag_id}, run {origin.run_id}"],
                ["Code version", origin.code_version],
                ["Generated at", text.instant(origin.generated_at)],
            ],
        ),
    ]


def _day(each: PastDay) -> list[str]:
    forecast = each.expected.forecast if each.expected else None
    return [
        text.short_day(each.day),
        text.count(forecast),
        _interval(each.expected, 80),
        text.count(each.actual),
        _difference(each.actual, forecast),
        text.change(each.actual, forecast),
        each.mark if each.complete or each.actual is None else "incomplete",
    ]


def _interval(expected: DayForecast | None, level: int) -> str:
    if expected is None:
        return text.NOTHING
    lower, upper = (
        text.count(getattr(expected, f"{side}_{level}")) for side in ("lower", "upper")
    )
    return f"{lower} {text.NOTHING} {upper}"


def _error(error: Decimal | None) -> str:
    return "nothing to score" if error is None else text.share(error)


def _difference(value: Decimal | None, base: Decimal | None) -> str:
    if value is None or base is None:
        return text.NOTHING
    rounded = text.count(value - base)
    return f"+{rounded}" if value > base and rounded != "0" else rounded


def _weights(weights: dict[str, Decimal]) -> str:
    ranked = sorted(weights.items(), key=lambda pair: -pair[1])
    return ", ".join(
        f"{text.clean(model)} {text.share(weight)}" for model, weight in ranked
    )


def _drift(drift: Drift) -> str:
    if drift.score.periods < LEAST_SCORED_DAYS:
        return (
            f"Drift is judged from {LEAST_SCORED_DAYS} days with a forecast in the last four weeks; there "
            f"are {drift.score.periods}."
        )
    return (
        f"Last four weeks: the total's error was {text.share(drift.score.error)} (back-test: "
        f"{text.share(drift.usual_error)}), its bias {signed_percent(drift.score.bias)}, and "
        f"{text.share(drift.score.covered_80)} of days were within their 80 % interval. "
        f"The forecast {'drifts' if drift.reasons else 'does not drift'}."
    )
