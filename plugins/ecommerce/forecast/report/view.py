"""What the report's pages and its mail say, as finished texts: the only input of the templates.

Forecasts are stated in whole units of the currency: cents would promise what no forecast keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from ecommerce.core import text
from ecommerce.forecast.data.history import KIND_NAMES, TOTAL
from ecommerce.forecast.report.figures import (
    ComingPromotion,
    Expected,
    Figures,
    KindCard,
    PastDay,
    Series,
)
from ecommerce.forecast.scoring import LEAST_SCORED_DAYS, Score
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.reporting.sections import notice

TINY = Decimal("0.002")
"""A change that is a smaller part of the shop's usual week is not listed."""
MOST_CHANGES, MOST_NAMED = 7, 20
MOST_LINES = 40
"""Of a list; figures.json has all."""
ONE = Decimal(1)
_ONE_OF = {TOTAL: "", "category": "Category", "channel": "Channel", "sku": "Article"}


class Change(NamedTuple):
    """A series that is expected to sell otherwise than in its usual week."""

    series: Series
    usual: Decimal
    coming: Decimal

    @property
    def difference(self) -> Decimal:
        """What is expected more, or less."""
        return self.coming - self.usual


def page_texts(figures: Figures) -> dict[str, Any]:
    """Everything the template prints, by the names it uses."""
    zone = figures.provenance.timezone
    return {
        "title": f"Weekly sales forecast {figures.as_of}",
        "day": figures.as_of.isoformat(),
        "heading": text.span(figures.as_of, figures.last_day),
        "footer": f"Weekly sales forecast · made as of {figures.as_of} ({zone})",
        "scope": [f"Gross sales in {figures.currency}", f"Made from what was known before {figures.as_of}"],
        **_top(figures),
        "chart_alt": _chart_words(figures),
        "promotions": _cut(_announced(figures.promotions), 3),
        "scores": [_score(each) for each in figures.scores],
        "drift": _drift(figures),
        "series": [_series_row(each) for each in figures.series if each.usual_week or each.sum(0, 4 * DAYS)],
        "weeks": [text.short_day(figures.as_of + timedelta(days=DAYS * week)) for week in range(4)],
        "skipped": _cut(
            [[name_of(series), _kind_of(series), text.clean(why)] for series, why in figures.skipped.items()],
            3,
        ),
        "gaps": _gaps(figures.gaps),
        "warnings": _few([text.clean(each) for each in figures.warnings]),
        "kinds": [_kind(each) for each in figures.card.kinds],
        "card": _card(figures),
        "provenance": _provenance(figures),
    }


def mail_texts(figures: Figures) -> dict[str, Any]:
    """What the mail says, by the names its templates use."""
    return {
        "subject": subject(figures),
        "heading": text.span(figures.as_of, figures.last_day),
        "currency": figures.currency,
        **_mail_tables(_top(figures)),
        "chart_alt": _chart_words(figures),
        "promotions": len(figures.promotions),
        "champion": text.clean(figures.card.champion),
        "timezone": figures.provenance.timezone,
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: Figures) -> str:
    """`Forecast from Mon 16 Nov: 142,300 USD next week, +4.1 %`."""
    begins = f"Forecast from {text.short_day(figures.as_of)}"
    if figures.total is None:
        return f"{begins}: nothing could be forecast"
    week, before = figures.total.week(0), figures.sum_before(DAYS)
    change = f", {text.change(week, before)}" if before else ""
    return f"{begins}: {text.count(week)} {figures.currency} next week{change}"


def name_of(series: str) -> str:
    """What people call a series: the category, the channel, the article's number."""
    kind, _, name = series.partition(":")
    if series == TOTAL:
        return "Total"
    return text.source_name(name) if kind == "channel" else text.clean(name)


def changes(figures: Figures, kinds: Sequence[str]) -> list[Change]:
    """The series of some kinds whose coming week differs most from their usual one, the largest first; tiny
    differences are left out, and so are series that are the only one of their kind."""
    total = figures.total
    least = TINY * (total.usual_week or total.week(0)) if total else Decimal(0)
    found = []
    for kind in kinds:
        of_kind = [each for each in figures.series if each.name.startswith(f"{kind}:")]
        if len(of_kind) > 1:
            found += [
                Change(each, each.usual_week, each.week(0)) for each in of_kind if each.usual_week is not None
            ]
    kept = [each for each in found if abs(each.difference) >= max(least, Decimal("0.5"))]
    return sorted(kept, key=lambda each: (-abs(each.difference), each.series.name))


def notices(figures: Figures) -> list[dict[str, Any]]:
    """What a reader must know before the first figure: `title`, `words`, `urgent` each, worst first."""
    found = []
    if figures.total is None:
        found.append(notice("No forecast", "No category has enough history; see Skipped.", urgent=True))
    if figures.drift.reasons:
        words = f"In the last four weeks {'; '.join(figures.drift.reasons)}."
        found.append(notice("Drift", words, urgent=True))
    incomplete = [each.day for each in figures.last_week if not each.complete]
    if incomplete:
        days = ", ".join(map(text.short_day, incomplete))
        words = f"Sales of {days} may still be missing: comparisons with last week are not even."
        found.append(notice("Incomplete", words))
    return found


def _top(figures: Figures) -> dict[str, Any]:
    """What page one and the mail begin with."""
    return {
        "notices": notices(figures),
        "tiles": [*_coming_tiles(figures), _last_week_tile(figures), _error_tile(figures)],
        "last_week": _last_week(figures),
        "changes": [
            _change_row(each)
            for kinds in (("category", "channel"), ("sku",))
            for each in changes(figures, kinds)[:MOST_CHANGES]
        ],
    }


def _mail_tables(top: dict[str, Any]) -> dict[str, Any]:
    """What page one begins with, its tables narrow enough for a telephone."""
    last_week = [[day, said, came, off, mark] for day, said, _, came, _, off, mark in top["last_week"]]
    changes = [
        [(text.clean(name, 80), kind), usual, coming, change]
        for name, kind, usual, coming, _, change in top["changes"]
    ]
    return top | {"last_week": last_week, "changes": changes}


def _coming_tiles(figures: Figures) -> list[dict[str, Any]]:
    tiles = []
    total = figures.total
    for days, label, base in (
        (DAYS, "Coming week", "vs last week"),
        (HORIZON, "Coming four weeks", "vs last four weeks"),
    ):
        value, before = total.sum(0, days) if total else None, figures.sum_before(days)
        lines = [_line(text.change(value, before), base, text.direction(value, before, 1))]
        lines.append(_line(text.count(before), "came then"))
        tiles.append({"label": label, "value": text.count(value), "changes": lines})
    return tiles


def _last_week_tile(figures: Figures) -> dict[str, Any]:
    came = figures.sum_before(DAYS)
    said = _sum_said(figures.last_week)
    unusual = sum(bool(each.mark) for each in figures.last_week)
    return {
        "label": "Last week",
        "value": text.count(came),
        "changes": [
            _line(text.change(came, said), "vs its forecast"),
            _line(text.NOTHING if said is None else text.count(unusual), "unusual days"),
        ],
    }


def _error_tile(figures: Figures) -> dict[str, Any]:
    found = next((each for each in figures.scores if each.of == TOTAL), None)
    return {
        "label": "Forecast error, eight weeks",
        "value": _percent(found.error if found else None),
        "changes": [
            _line(_signed(found.bias if found else None), "bias"),
            _line(_percent(found.covered_80 if found else None), "in 80 % interval"),
        ],
    }


def _last_week(figures: Figures) -> list[list[str]]:
    """By day, and their sum; no row where no forecast was in force."""
    week = figures.last_week
    if not any(each.expected for each in week):
        return []
    rows = [
        [
            text.short_day(each.day),
            text.count(_said(each)),
            _interval(each.expected),
            text.count(each.actual),
            *_difference(each.actual, _said(each)),
            each.mark if each.complete else "incomplete",
        ]
        for each in week
    ]
    said, came = _sum_said(week), figures.sum_before(DAYS)
    return [*rows, ["Week", text.count(said), "", text.count(came), *_difference(came, said), ""]]


def _said(each: PastDay) -> Decimal | None:
    return each.expected.forecast if each.expected else None


def _sum_said(week: Sequence[PastDay]) -> Decimal | None:
    said = [each.expected.forecast for each in week if each.expected]
    return sum(said, Decimal(0)) if len(said) == len(week) else None


def _difference(value: Decimal | None, base: Decimal | None) -> tuple[str, str]:
    if value is None or base is None:
        return text.NOTHING, text.NOTHING
    return _signed_count(value - base), text.change(value, base)


def _interval(expected: Expected | None) -> str:
    if expected is None:
        return text.NOTHING
    return f"{text.count(expected.lower_80)} to {text.count(expected.upper_80)}"


def _change_row(each: Change) -> list[str]:
    return [
        name_of(each.series.name),
        text.clean(each.series.category) or _kind_of(each.series.name),
        text.count(each.usual),
        text.count(each.coming),
        _signed_count(each.difference),
        text.change(each.coming, each.usual),
    ]


def _series_row(each: Series) -> list[str]:
    return [
        name_of(each.name),
        _kind_of(each.name),
        text.count(each.usual_week),
        *(text.count(each.week(week)) for week in range(4)),
        text.change(each.week(0), each.usual_week),
    ]


def _announced(promotions: Sequence[ComingPromotion]) -> list[list[str]]:
    """Promotions of the same days and discount in one row."""
    together: dict[tuple[date, date, Decimal], list[str]] = {}
    for each in promotions:
        what = "Whole shop" if each.sku is None else text.clean(each.sku)
        named = together.setdefault((each.first, each.last, each.discount_percent), [])
        named.extend([] if what in named else [what])
    return [
        [text.span(first, last), text.listed(named, MOST_NAMED + 1), f"{text.quantity(percent)} %"]
        for (first, last, percent), named in together.items()
    ]


def _score(each: Score) -> list[str]:
    unit = "weeks" if each.of == "sku" else "days"
    return [
        f"{_kind_name(each.of)}, by {unit[:-1]}",
        text.count(each.series),
        text.count(each.periods),
        text.count(each.forecast),
        text.count(each.actual),
        _percent(each.error),
        _signed(each.bias),
        _percent(each.covered_80),
        _percent(each.covered_95),
    ]


def _drift(figures: Figures) -> str:
    found = figures.drift
    if not found.is_judged:
        return (
            f"Drift is judged by the total of the last four weeks, of which {found.score.periods} days are "
            f"scored; {LEAST_SCORED_DAYS} are needed."
        )
    usual = _percent(found.usual_error)
    facts = (
        f"In the last four weeks the total's error was {_percent(found.score.error)} (back-test: {usual}), "
        f"its bias {_signed(found.score.bias)}, and {_percent(found.score.covered_80)} of the days lay in "
        "their 80 % interval."
    )
    return f"{facts} {'The forecast drifts.' if found.reasons else 'The forecast does not drift.'}"


def _kind(each: KindCard) -> list[str]:
    parts = sorted(each.weights.items(), key=lambda pair: -pair[1])
    weights = ", ".join(f"{text.clean(name)} {_percent(part)}" for name, part in parts)
    return [
        _kind_name(each.kind),
        text.count(each.series),
        each.first_day.isoformat(),
        text.count(each.days),
        weights,
        _percent(each.error),
        _percent(each.error_of_last_week),
    ]


def _card(figures: Figures) -> list[list[str]]:
    card = figures.card
    if card.selected:
        day = card.selected.rpartition("/")[2][:10]
        said = f": {text.clean(card.why).rstrip('.')}" if card.why else ""
        why = f"selected on {day}{said} (record {text.clean(card.selected)})"
    else:
        why = "by default: none has been selected yet"
    return [
        ["Champion", f"{text.clean(card.champion)}, {why}"],
        ["Error of the total", f"{_percent(card.total_error)} in the back-test of 13 weeks"],
        ["Forecasts", text.clean(card.forecasts)],
        ["Not for", text.clean(card.not_for)],
        ["Model", text.clean(figures.provenance.model)],
    ]


def _provenance(figures: Figures) -> list[list[str]]:
    origin = figures.provenance
    return [
        [
            "Made from",
            f"what was known before {figures.as_of} in {origin.timezone}, and announced promotions",
        ],
        ["Made by", f"DAG {origin.dag_id}, run {origin.run_id}"],
        ["Code version", origin.code_version],
        ["Generated at", text.instant(origin.generated_at)],
    ]


def _gaps(days: Iterable[date]) -> str:
    """Days in a row as one span."""
    spans = []
    for _, together in groupby(enumerate(days), lambda pair: pair[1] - timedelta(days=pair[0])):
        found = [day for _, day in together]
        spans.append(f"{found[0]}" if len(found) == 1 else f"{found[0]} to {found[-1]}")
    return ", ".join(_few(spans))


def _chart_words(figures: Figures) -> str:
    return (
        f"Daily gross sales of the eight weeks before {figures.as_of}, and what is expected of the four "
        "weeks from then on, with intervals of 80 and 95 %"
    )


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"and {more} more (figures.json)"] if more > 0 else lines


def _cut(rows: list[list[str]], columns: int) -> list[list[str]]:
    more = len(rows) - MOST_LINES
    rest = [[f"and {more} more", *[""] * (columns - 1)]] if more > 0 else []
    return rows[:MOST_LINES] + rest


def _line(words: str, label: str, tone: int = 0) -> dict[str, Any]:
    return {"words": words, "label": label, "tone": tone}


def _kind_of(series: str) -> str:
    return _ONE_OF[series.partition(":")[0]]


def _percent(part: Decimal | None) -> str:
    return text.NOTHING if part is None else text.share(part, ONE)


def _signed(part: Decimal | None) -> str:
    return text.NOTHING if part is None else text.change(ONE + part, ONE)


def _signed_count(value: Decimal) -> str:
    words = text.count(value)
    return f"+{words}" if value > 0 and words != "0" else words


def _kind_name(kind: str) -> str:
    return "Total" if kind == TOTAL else KIND_NAMES.get(kind, kind)
