"""What the report's mail says, as finished texts: the only input of its templates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from ecommerce.core import text
from ecommerce.sales.report import expectation, findings, quality
from ecommerce.sales.report.figures import HEADLINE, Breakdown, Figures

MOST_ROWS = 12
"""Of a table or list: programs cut a mail that is long, and the report is attached."""
_TILES = 4
_NOTED = "*"
_LONGEST_REASON = 90
"""Characters of a subject that say what is missing: the headline must show beside them."""
_CHOICE = ("week_before", "day_before", "average", "year_before")
"""What a figure is compared with where there is room for one comparison: the first that there is."""
_UNCHANGED = (
    "The headline figures are as they were mailed. What has changed is in the breakdowns, the products, the "
    "missing sources or the amounts without an exchange rate."
)


class Correction(Protocol):
    """A headline figure as the latest mail of the same day stated it, and as it is now."""

    @property
    def figure(self) -> str:
        """One of `figures.HEADLINE`."""

    @property
    def mailed(self) -> Decimal | None:
        """What people were told."""

    @property
    def now(self) -> Decimal | None:
        """What is known now."""


class Comparison(NamedTuple):
    """What a figure is compared with: how that is called, its value, the change in percent, and whether the
    change is welcome (1), is not (-1), or is neither (0)."""

    base: str
    value: Decimal
    change: str
    tone: int


def mail_texts(figures: Figures, corrections: Sequence[Correction] | None = None) -> dict[str, Any]:
    """What the mail says, by the names its templates use. `corrections` are what has changed since the day's
    latest mail; None where this is the first mail of its day."""
    noted = [(HEADLINE[name].label, note) for name in HEADLINE if (note := figures.headline[name].note)]
    return {
        "subject": subject(figures, corrected=corrections is not None),
        "corrected": None if corrections is None else correction_lines(figures, corrections),
        "first_line": first_line(figures),
        "long_day": text.long_day(figures.business_date),
        "currency": figures.currency,
        "timezone": figures.provenance.timezone,
        # The mail lists the restated figures themselves.
        "notices": [each for each in quality.notices(figures) if each["title"] != "Restated"],
        "findings": [findings.words(each, figures.currency) for each in figures.findings],
        "tiles": [_tile(figures, name) for name in list(HEADLINE)[:_TILES]],
        **_small_figures(figures),
        "expected": expectation.line(figures.expectation, figures.currency),
        "footnote": " ".join(f"{_NOTED}{label}: {text.clean(note)}." for label, note in noted),
        "trend": trend_words(figures),
        "channels": _channels(figures),
        "restated": quality.restatement_lines(figures),
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: Figures, *, corrected: bool = False) -> str:
    """`Thu 19 Nov: 20,642.52 USD, +1.3 %`; in front, where it is so, `Corrected: ` and what is missing."""
    headline = f"{text.short_day(figures.business_date)}: {_net_sales(figures)}"
    if chosen := _chosen(figures, "net_sales"):
        headline += f", {chosen.change}"
    if missing := quality.incomplete_words(figures):
        headline = f"INCOMPLETE: {text.clean(missing, _LONGEST_REASON)} · {headline}"
    return f"Corrected: {headline}" if corrected else headline


def first_line(figures: Figures) -> str:
    """Net sales, the change, and what they are compared with."""
    said = f"Net sales of {text.short_day(figures.business_date)}: {_net_sales(figures)}"
    if chosen := _chosen(figures, "net_sales"):
        base = _money(chosen.value, figures.currency)
        return f"{said}, {chosen.change} against {chosen.base} ({base})."
    return f"{said}. There is nothing yet to compare it with."


def correction_lines(figures: Figures, corrections: Sequence[Correction]) -> list[str]:
    """What has changed since people were told: `Net sales 18,716.13 → 20,373.40, +8.9 %`, in the order of
    `HEADLINE`. What is new is what `figures` say, so that text and attachment agree. A difference that is not
    seen is none."""
    mailed = {each.figure: each.mailed for each in corrections}
    lines = []
    for name, (label, kind, _) in HEADLINE.items():
        before, now = mailed.get(name), figures.headline[name].value
        said = [text.figure(value, kind, figures.currency) for value in (before, now)]
        if name in mailed and said[0] != said[1]:
            change = text.change(now, before)
            by = f", {change}" if change != text.NOTHING else ""
            lines.append(f"{label} {said[0]} → {said[1]}{by}")
    return lines or [_UNCHANGED]


def trend_words(figures: Figures) -> str:
    """What the picture of the trend shows, in words."""
    day, days = figures.business_date, figures.trend
    said = f"Net sales of the {len(days)} days up to {text.short_day(day)}: {_net_sales(figures)} on that day"
    known = [
        (each.net_sales, each.business_date) for each in days if each.complete and each.net_sales is not None
    ]
    if len(known) > 1:
        lowest, highest = (
            f"{text.amount(value, figures.currency)} ({text.short_day(when)})"
            for value, when in (min(known), max(known))
        )
        said += f", lowest {lowest}, highest {highest}"
    if (average := figures.headline["net_sales"].average) is not None:
        said += f", {text.average_name(figures.averaged_days)} {text.amount(average, figures.currency)}"
    if missing := len(days) - len(known):
        said += f"; {missing} {'day is' if missing == 1 else 'days are'} not loaded or not complete"
    return f"{said}."


def comparisons(figures: Figures, name: str) -> dict[str, Comparison]:
    """What the headline figure `name` can be compared with, by the names of `figures.Figure`, in reading
    order."""
    day, entry = figures.business_date, figures.headline[name]
    before, week, year = (day - timedelta(days=days) for days in (1, 7, 364))
    named = {
        "day_before": text.short_day(before),
        "week_before": text.short_day(week),
        "average": text.average_name(figures.averaged_days),
        "year_before": f"{text.short_day(year)} {year.year}",
    }
    found = {}
    for base, called in named.items():
        value: Decimal | None = getattr(entry, base)
        change = text.change(entry.value, value)
        if value is not None and change != text.NOTHING:
            tone = text.direction(entry.value, value, HEADLINE[name].good)
            found[base] = Comparison(called, value, change, tone)
    return found


def _chosen(figures: Figures, name: str) -> Comparison | None:
    found = comparisons(figures, name)
    return next((found[base] for base in _CHOICE if base in found), None)


def _tile(figures: Figures, name: str) -> dict[str, Any]:
    return {
        "label": _label(figures, name),
        "value": _value(figures, name),
        "changes": [
            {"words": each.change, "label": f"vs {each.base}", "tone": each.tone}
            for each in comparisons(figures, name).values()
        ],
    }


def _small_figures(figures: Figures) -> dict[str, Any]:
    """The other headline figures as a table with one comparison: a figure that lacks it names its own."""
    names = list(HEADLINE)[_TILES:]
    chosen = {name: _chosen(figures, name) for name in names}
    usual = next((each.base for each in chosen.values() if each), "")
    rows = []
    for name, found in chosen.items():
        change = found.change if found else text.NOTHING
        other = f" vs {found.base}" if found and found.base != usual else ""
        rows.append([_label(figures, name), _value(figures, name), f"{change}{other}"])
    if not usual:
        return {"small_columns": ["Figure", "This day"], "small_rows": [row[:2] for row in rows]}
    return {"small_columns": ["Figure", "This day", f"vs {usual}"], "small_rows": rows}


def _label(figures: Figures, name: str) -> str:
    return HEADLINE[name].label + (_NOTED if figures.headline[name].note else "")


def _value(figures: Figures, name: str) -> str:
    return text.figure(figures.headline[name].value, HEADLINE[name].kind, figures.currency)


def _channels(figures: Figures) -> list[list[str]]:
    """Name, orders, net sales; the last row adds up those for which there is no room."""
    rows, others = figures.channels, figures.channels[MOST_ROWS - 1 :]
    if len(rows) <= MOST_ROWS:
        return [_channel(text.source_name(each.name), [each], figures.currency) for each in rows]
    rest = _channel(f"{len(others)} others", others, figures.currency)
    shown = [
        _channel(text.source_name(each.name), [each], figures.currency) for each in rows[: MOST_ROWS - 1]
    ]
    return [*shown, rest]


def _channel(name: str, rows: Sequence[Breakdown], currency: str) -> list[str]:
    net_sales = sum((each.net_sales for each in rows), Decimal(0))
    return [name, text.count(sum(each.orders or 0 for each in rows)), text.amount(net_sales, currency)]


def _net_sales(figures: Figures) -> str:
    return _money(figures.headline["net_sales"].value, figures.currency)


def _money(value: Decimal | None, currency: str) -> str:
    return text.NOTHING if value is None else f"{text.amount(value, currency)} {currency}"
