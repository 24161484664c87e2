"""The pages of the report as finished texts, the only input of the PDF's and the web page's templates; among
them the headline figures and rates with their comparisons."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, quiet, table
from ecommerce.sales.report import chart_files, terms
from ecommerce.sales.report.figures.model import (
    BASES,
    HEADLINE,
    LEAST_COVERAGE,
    RATES,
    Figures,
)
from ecommerce.sales.report.findings import sentences
from ecommerce.sales.report.view import (
    forecast_tables,
    notices,
    quality_tables,
    sales_tables,
)
from ecommerce.sales.report.view.sales_tables import days_before

CHOICE = ("week_before", "day_before", "average", "year_before")
"""In the order in which one comparison is chosen where there is room for one."""
SHOWN = ("week_before", "average", "day_before", "year_before")
"""In the order in which the comparisons of a tile are chosen, `MOST_SHOWN` of them."""
TILES, MOST_SHOWN = 4, 2
NOTED = "*"
NOTHING_YET, NO_ORDERS = "nothing to compare with yet", "no orders to average"
_AVERAGE = "Average order value: gross sales less discounts, divided by orders."
_LABELS = {each: meaning[0] for each, meaning in (*HEADLINE.items(), *RATES.items())}
_DEFINED = "All definitions: docs/DEFINITIONS.md."


def page_texts(figures: Figures) -> dict[str, Any]:
    """Return everything that a page shows, for any template.

    The top of the report (`title`, `day`, `long_day`, `scope`, `footer`, `notices`, `findings`, `tiles`,
    `small_tiles`, `expected`, `footnote`); `changed`, the change of net sales in half a line, and
    `changed_since`, the day it is since, or nothing; `sections` in reading order (see `reporting.sections`);
    `annex`: its `title`, a `note` and the id of its first section; `charts`, the alternative texts of the
    drawn charts by file name; and `pictures`, files of product pictures by SKU, which the caller may fill.
    """
    day, zone = figures.business_date, figures.provenance.timezone
    hours = (
        figures.provenance.window_end - figures.provenance.window_start
    ) / timedelta(hours=1)
    clocks = (
        "" if hours == 24 else f" ({hours:g} hours)"
    )  # on a day on which the clocks change
    return {
        "title": f"Daily sales report {day}",
        "day": day.isoformat(),
        "long_day": text.long_day(day),
        "footer": f"Daily sales report · business day {day} ({zone})",
        "scope": [
            f"Amounts in {figures.currency}",
            f"Midnight to midnight{clocks}, {zone}",
        ],
        "notices": notices.notices(figures),
        "findings": [*forecast_tables.target_sentence(figures), *sentences(figures)],
        "tiles": tiles(figures),
        "small_tiles": small_tiles(figures),
        "expected": forecast_tables.verdict_line(figures),
        "footnote": " ".join(
            [*(footnotes(figures) or [_AVERAGE]), *without_sales(figures), _DEFINED]
        ),
        "changed": sales_tables.change_words(figures),
        "changed_since": text.short_day(figures.changes.base)
        if figures.changes
        else "",
        "sections": _sections(figures),
        "annex": {
            "title": "Annex",
            "note": "details and data quality",
            "first": "figures",
        },
        "charts": chart_files.alternatives(figures),
        "pictures": {},
    }


def _sections(figures: Figures) -> list[Section]:
    breakdowns, website = (
        sales_tables.breakdowns(figures),
        sales_tables.website(figures),
    )
    customers = ("customers", "new_customers", "returning_customers", "repeat_share")
    rates = ("discounts", "discount_rate", "returns", "return_rate")
    repeat = "repeat share: returning ÷ all customers"
    return [
        sales_tables.trend(figures),
        forecast_tables.expected(figures),
        forecast_tables.month(figures),
        *breakdowns[:3],
        sales_tables.products(figures),
        *sales_tables.contributions(figures),
        summary(figures, "customers", "Customers", customers, note=repeat),
        summary(
            figures,
            "rates",
            "Discounts and returns",
            rates,
            note="rates in % of gross sales",
        ),
        sales_tables.return_reasons(figures),
        *website[:2],
        forecast_tables.outlook(figures),
        # The annex
        figures_table(figures),
        forecast_tables.series(figures),
        *breakdowns[3:],
        *website[2:],
        *quality_tables.sections(figures),
    ]


def base_names(figures: Figures, figure: str = "") -> dict[str, str]:
    """Return the labels of `BASES` on this day; the average may be of fewer days for a `figure`."""
    before, week = days_before(figures)
    year = figures.business_date - timedelta(days=364)  # the same weekday
    names = (
        before,
        week,
        terms.average_name(figures.averaged_days_of(figure)),
        f"{text.short_day(year)} {year.year}",
    )
    return dict(zip(BASES, names, strict=True))


def without_sales(figures: Figures) -> list[str]:
    """Return the name of the average, where some of its days had no sales."""
    closed = figures.averaged_days_without_sales
    return [f"{terms.average_name(figures.averaged_days, closed)}."] if closed else []


def footnotes(figures: Figures) -> list[str]:
    """Return the notes of the headline figures."""
    notes = ((HEADLINE[name].label, figures.headline[name].note) for name in HEADLINE)
    return [f"{NOTED}{label}: {text.clean(note)}." for label, note in notes if note]


def known_bases(figures: Figures) -> list[str]:
    """Return the `BASES` that at least one figure of the day can be compared with; one day is no average."""
    known = figures.headline.values()
    bases = [
        base
        for base in BASES
        if any(getattr(figure, base) is not None for figure in known)
    ]
    return [base for base in bases if base != "average" or figures.averaged_days > 1]


def tiles(figures: Figures) -> list[dict[str, Any]]:
    """Return each of the first headline figures: `label`, `value`; `changes` against each of `known_bases`
    (`words`, `label`, `tone`); `shown`, at most `MOST_SHOWN` of them; `change`, the one of choice."""
    return [_tile(figures, headline) for headline in list(HEADLINE)[:TILES]]


def small_tiles(figures: Figures) -> list[dict[str, Any]]:
    """Return the other headline figures, as `tiles`, and the gross margin where it is known."""
    small = [_tile(figures, headline) for headline in list(HEADLINE)[TILES:]]
    margin = figures.margin
    if margin and margin.rate is not None:
        no_change = {"words": "", "label": "", "tone": 0}
        values = {
            "Cost of goods": text.amount(margin.cost_of_goods, figures.currency),
            "Gross profit": text.amount(margin.gross_profit, figures.currency),
            "Gross margin": text.share(margin.rate),
            "Cost coverage": text.share(margin.coverage),
        }
        for label, value in values.items():
            tile = {"label": label, "value": value, "change": no_change}
            small.append(tile | {"changes": [], "shown": [no_change]})
    return small


def figures_table(figures: Figures) -> Section:
    """Return all headline figures and rates with all comparisons."""
    bases = known_bases(figures)
    remarks = [
        *without_sales(figures),
        *_shorter_averages(figures, [*HEADLINE, *RATES]),
    ]
    if not bases:
        remarks = [
            "No day before this one is loaded and complete, so there is no comparison."
        ]
    remarks += _without_margin(figures)
    note = "net sales: gross sales less discounts and returns; "
    note += f"pp: percentage points; {text.MANIFOLD}: more than tenfold; {text.NOTHING}: no data"
    return _table(
        figures,
        ("figures", "All figures"),
        [*HEADLINE, *RATES],
        bases,
        note=note,
        remarks=remarks,
    )


def _without_margin(figures: Figures) -> list[str]:
    """Return why there is no gross margin although some sales have a cost."""
    if figures.margin is None or figures.margin.rate is not None:
        return []
    covered = text.share(figures.margin.coverage)
    least = text.share(LEAST_COVERAGE, places=0)
    return [
        f"No gross margin: {covered} of net sales have a cost, and {least} are needed."
    ]


def _shorter_averages(figures: Figures, wanted: Iterable[str]) -> list[str]:
    """Return which of the `wanted` figures and rates have an average of fewer days: `Returns: 10-day average,
    of the days with this data.`"""
    remarks = []
    for each in wanted:
        days = figures.averaged_days_of(each)
        if 0 < days < figures.averaged_days:
            label = _LABELS[each]
            remarks.append(
                f"{label}: {terms.average_name(days)}, of the days with this data."
            )
    return remarks


def summary(
    figures: Figures, section_id: str, title: str, wanted: Sequence[str], *, note: str
) -> Section:
    """Return a few figures and rates, `wanted` by their names in `HEADLINE` and `RATES`, with one
    comparison."""
    bases = [base for base in CHOICE if base in known_bases(figures)][:1]
    remarks = _shorter_averages(figures, wanted) if "average" in bases else []
    return _table(
        figures, (section_id, title), wanted, bases, note=note, remarks=remarks
    )


def _tile(figures: Figures, headline: str) -> dict[str, Any]:
    (label, kind, good), entry = HEADLINE[headline], figures.headline[headline]
    names, changes = base_names(figures, headline), {}
    for base in known_bases(figures):
        before = getattr(entry, base)
        words, tone = (
            text.change(entry.value, before),
            terms.direction(entry.value, before, good),
        )
        changes[base] = {"words": words, "label": f"vs {names[base]}", "tone": tone}
    stated = {
        base: change
        for base, change in changes.items()
        if change["words"] != text.NOTHING
    }
    shown = [base for base in SHOWN if base in stated][:MOST_SHOWN]
    why = NO_ORDERS if entry.value is None else NOTHING_YET
    nothing = {"words": "", "label": why, "tone": 0}
    return {
        "label": f"{label}{NOTED}" if entry.note else label,
        "value": text.figure(entry.value, kind, figures.currency),
        "changes": list(changes.values()),
        "shown": [change for base, change in stated.items() if base in shown]
        or [nothing],
        "change": next((stated[base] for base in CHOICE if base in stated), nothing),
    }


def _table(
    figures: Figures,
    heading: tuple[str, str],
    wanted: Iterable[str],
    bases: Sequence[str],
    **more: Any,
) -> Section:
    columns = [name("Figure"), number("This day")]
    columns += [
        each
        for base in bases
        for each in (quiet(base_names(figures)[base]), number("Change"))
    ]
    return table(
        *heading,
        columns,
        [_row(figures, each, bases) for each in wanted],
        empty="",
        **more,
    )


def _row(figures: Figures, each: str, bases: Iterable[str]) -> list[str]:
    words: Callable[[Decimal | None], str] = text.share
    if each in RATES:
        label, entry, change = RATES[each].label, figures.rates[each], _points
    else:
        label, entry, change = HEADLINE[each].label, figures.headline[each], text.change
        words = partial(
            text.figure, kind=HEADLINE[each].kind, currency=figures.currency
        )
    values = [getattr(entry, base) for base in bases]
    compared = (
        cell for value in values for cell in (words(value), change(entry.value, value))
    )
    return [label, words(entry.value), *compared]


def _points(value: Decimal | None, base: Decimal | None) -> str:
    if value is None or base is None:
        return text.NOTHING
    points = ((value - base) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "+" if points > 0 else "" if points else "±"
    return f"{sign}{text.quantity(points)} pp"
