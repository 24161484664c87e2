"""Charts as plain data that `include/templates/charts.typ` draws: in a PDF, and as files for pages and mails.

A chart is a dict: `file`, its name in the archive; `kind`, the function of the template that draws it; `alt`,
its alternative text; and the data of its kind. Texts are ready to print. Amounts are Decimals or floats,
because the template only makes lengths of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import ceil, floor, log10
from typing import Any, NamedTuple

from ecommerce.core.text import compact, listed
from ecommerce.core.values import Values

Chart = Values
Amount = Decimal | float
Day = Mapping[str, Any]

MOST_TICKS = 5
_ROUND = (1, 2, 2.5, 5, 10)
_MARGIN = 1.05
"""The length of an axis, as a multiple of its highest amount."""


class Bar(NamedTuple):
    """A row of bars: its label, the length of its bar, and two figures."""

    label: str
    length: Amount
    figure: str = ""
    detail: str = ""


def bars(file: str, title: str, rows: Sequence[Bar]) -> Chart:
    """Return horizontal bars; labels that do not fit are shortened. The alternative text is the `title` with
    the rows."""
    words = listed(f"{row.label} {row.figure}" for row in rows)
    bars = [row._asdict() for row in rows]
    return {"kind": "bars", "file": file, "alt": f"{title}: {words}.", "rows": bars}


def trend(
    file: str,
    alt: str,
    days: Sequence[Day],
    *,
    mean_name: str,
    average: Amount | None = None,
    average_name: str = "",
) -> Chart:
    """Return a column for each day, the last one dark, an incomplete one hatched, a missing one a cross;
    strokes for the means of weekdays and a line for the average, where they are known. Each day has `label`,
    `height` and `mean`, that of its weekday (None where unknown), `complete` and `missing`. The kind `days`
    has a label below each column."""
    heights = [day["height"] for day in days]
    means = [day["mean"] for day in days]
    return {
        "kind": "trend",
        "file": file,
        "alt": alt,
        "days": days,
        "mean_name": mean_name,
        "average": average,
        "average_name": average_name,
        "axis": axis([*heights, *means, average]),
    }


def interval(file: str, alt: str, day: Day) -> Chart:
    """Return a day within its forecast: both intervals as bands, the forecast as a stroke, the day as a
    diamond. Amounts of `day`: `actual`, `forecast`, `lower_80`, `upper_80`, `lower_95`, `upper_95`."""
    return {"kind": "interval", "file": file, "alt": alt, "day": day}


def intervals(file: str, alt: str, days: Sequence[Day]) -> Chart:
    """Return coming days: the 80 % interval of each as a bar, its forecast as a stroke. Each has `label`,
    `forecast`, `lower_80` and `upper_80`."""
    return {
        "kind": "intervals",
        "file": file,
        "alt": alt,
        "days": days,
        "axis": axis(day[edge] for day in days for edge in ("lower_80", "upper_80")),
    }


def axis(amounts: Iterable[Amount | None]) -> Values:
    """Return an axis for the known amounts, which includes zero: `low`, `high`, and `ticks`, each with `at`
    and `label`."""
    known = [0.0, *(float(amount) for amount in amounts if amount is not None)]
    low = min(known) * _MARGIN
    high = max(known) * _MARGIN
    places = ticks(low, high) if low < high else [0.0]
    labels = [{"at": place, "label": compact(place)} for place in places]
    if low == high:
        # An axis without amounts has a length, too.
        high = 1.0
    return {"low": low, "high": high, "ticks": labels}


def ticks(low: float, high: float) -> list[float]:
    """Return the round numbers between `low` and the higher `high`: multiples of 1, 2, 2.5 or 5 times a power
    of ten, at most `MOST_TICKS`."""
    least_step = (high - low) / MOST_TICKS
    magnitude = 10.0 ** floor(log10(least_step))
    steps = [factor * magnitude for factor in _ROUND]
    step = min(step for step in steps if step > least_step)
    return [number * step for number in range(ceil(low / step), floor(high / step) + 1)]
