"""Names and numbers as the forecast report writes them."""

from __future__ import annotations

from decimal import Decimal

from ecommerce.core import text
from ecommerce.forecast.data.history import KIND_NAMES, TOTAL
from ecommerce.forecast.report.figures import DayForecast, PastDay
from ecommerce.forecast.scoring import LEAST_SCORED_DAYS, Drift

MOST_ROWS = 40
"""Of a list; figures.json has all."""
_SINGULAR = {TOTAL: "", "category": "Category", "channel": "Channel", "sku": "Product"}
_ONE = Decimal(1)


def series_name(series: str) -> str:
    """Return the display name of a series: the category, the channel, the SKU."""
    kind, _, of_kind = series.partition(":")
    if series == TOTAL:
        return "Total"
    return text.source_name(of_kind) if kind == "channel" else text.clean(of_kind)


def kind_of(series: str) -> str:
    """Return the kind of a series; empty for the total."""
    return _SINGULAR[series.partition(":")[0]]


def kind_name(kind: str) -> str:
    """Return the plural name of a kind of series."""
    return "Total" if kind == TOTAL else KIND_NAMES.get(kind, kind)


def percent(part: Decimal | None) -> str:
    """Format a share of 1; a dash for None."""
    return text.NOTHING if part is None else text.share(part, _ONE)


def signed_percent(part: Decimal | None) -> str:
    """Format a share of 1 with its sign; a dash for None."""
    return text.NOTHING if part is None else text.change(_ONE + part, _ONE)


def signed_count(value: Decimal) -> str:
    """Format a difference in whole units with its sign."""
    rounded = text.count(value)
    return f"+{rounded}" if value > 0 and rounded != "0" else rounded


def difference(actual: Decimal | None, forecast: Decimal | None) -> tuple[str, str]:
    """Return `actual` less `forecast`, in whole units and in percent."""
    if actual is None or forecast is None:
        return text.NOTHING, text.NOTHING
    return signed_count(actual - forecast), text.change(actual, forecast)


def interval(expected: DayForecast | None, level: int = 80) -> str:
    """Return an interval, its bounds separated by a dash."""
    if expected is None:
        return text.NOTHING
    lower, upper = (getattr(expected, f"{side}_{level}") for side in ("lower", "upper"))
    return f"{text.count(lower)} {text.NOTHING} {text.count(upper)}"


def day_row(each: PastDay) -> list[str]:
    """Return the row of a past day: forecast, interval, actual, difference, change, verdict."""
    forecast = each.expected.forecast if each.expected else None
    is_partial = each.actual is not None and not each.complete
    return [
        text.short_day(each.day),
        text.count(forecast),
        interval(each.expected),
        text.count(each.actual),
        *difference(each.actual, forecast),
        "incomplete" if is_partial else each.mark,
    ]


def drift_sentence(drift: Drift) -> str:
    """Return whether the forecast drifts, with the figures it is judged by."""
    if not drift.is_judged:
        return (
            f"Drift needs {LEAST_SCORED_DAYS} scored days of the total in the last four weeks; there are "
            f"{drift.score.periods}."
        )
    return (
        f"Last four weeks: the total's error was {percent(drift.score.error)} (back-test: "
        f"{percent(drift.usual_error)}), its bias {signed_percent(drift.score.bias)}, and "
        f"{percent(drift.score.covered_80)} of days were within their 80 % interval. "
        f"The forecast {'drifts' if drift.reasons else 'does not drift'}."
    )


def cut(rows: list[list[str]]) -> list[list[str]]:
    """Return the first `MOST_ROWS` rows, and the number of the others in one more."""
    more = len(rows) - MOST_ROWS
    if more <= 0:
        return rows
    return [*rows[:MOST_ROWS], [f"and {more} more (figures.json)", *[""] * (len(rows[0]) - 1)]]
