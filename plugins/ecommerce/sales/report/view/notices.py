"""The notices of page one, the subject's warnings, alarms, and restated figures: what affects the trust in a
day's figures."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from ecommerce.core import text
from ecommerce.core.data_warnings import wording
from ecommerce.reporting.sections import notice
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.model import HEADLINE, Figures
from ecommerce.sales.report.figures.quality import Cause, RefusedFile, Restatement
from ecommerce.sales.report.figures.restatements import distinct
from ecommerce.sales.report.findings import capital, source_title
from ecommerce.sources import SOURCES

MOST_NAMES, MOST_CURRENCIES, MOST_IN_A_SUBJECT = 6, 5, 2
MOST_DAYS, MOST_LINES, MOST_CAUSES = 10, 5, 3
_LONGEST_REASON = 160
NO_CAUSE = "computed again by a later load"
_WORDINGS = {
    "late": "{orders} loaded late from {place}",
    "changed": "{orders} changed in {place}",
    "cancelled": "{orders} cancelled in {place}",
    "removed": "{orders} deleted in {place}",
    "refunded": "refunds of {orders} recorded late in {place}",
    "unrefunded": "refunds of {orders} reversed in {place}",
    "rates": "exchange rates published after the report",
    "first_orders": "earlier orders of these customers were loaded",
}


def notices(figures: Figures) -> list[dict[str, Any]]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`
    each."""
    notices = []
    quality, day = figures.quality, figures.business_date
    if missing_sources := missing_words(figures, MOST_NAMES):
        notices.append(
            notice(
                "INCOMPLETE", f"{missing_sources}. Figures will change.", urgent=True
            )
        )
    elif names := doubtful_words(figures, MOST_NAMES):
        words = f"Far fewer sales than usual or than were stored: {names}. Figures may change."
        notices.append(notice("May be incomplete", words, urgent=True))
    if refused := _refused_alone(figures):
        others = (
            f", and {len(refused) - 1} more of its kind" if len(refused) > 1 else ""
        )
        notices.append(
            notice("Delivery refused", f"{_refused(refused[0])}{others}.", urgent=True)
        )
    if not figures.has_sales:
        notices.append(notice("No sales", f"No counted orders on {day}."))
    if quality.unconverted:
        amounts = [
            text.with_currency(each.net_sales, each.currency)
            for each in quality.unconverted
        ]
        words = f"{text.listed(amounts, MOST_CURRENCIES, 'more currencies')} have no exchange rate to "
        words += f"{figures.currency}: not in the amounts below, but in the orders and units."
        notices.append(notice("Unconverted", words, urgent=True))
    if broken := website.warnings(figures.website, day):
        found, meaning, *_ = wording(broken[0])
        notices.append(notice("Website", f"{capital(found)}: {meaning}."))
    if quality.restatements:
        words = "; ".join(
            restated_lines(quality.restatements, figures.currency, most=1)
        )
        notices.append(notice("Restated", f"{words}."))
    return notices


def missing_words(figures: Figures, most: int = MOST_IN_A_SUBJECT) -> str:
    """Return why the day is incomplete, with at most so many names of a kind: "alpenmarkt has delivered no
    valid file for Thu 19 Nov"; nothing where it is complete."""
    quality = figures.quality
    no_file = f"delivered no valid file for {text.short_day(figures.business_date)}"
    parts = (
        (
            [each for each in quality.missing_sources if ": " in each],
            "has",
            "have",
            no_file,
        ),
        (
            [each for each in quality.missing_sources if ": " not in each],
            "was",
            "were",
            "not read",
        ),
        (quality.empty_sources, "has", "have", "no orders"),
    )
    lines = [
        f"{text.listed(map(source_title, names), most, 'others')} {text.plural(len(names), one, more)} {end}"
        for names, one, more, end in parts
        if names
    ]
    return (
        ""
        if quality.complete
        else ", ".join(lines) or "not every source of this day was read"
    )


def doubtful_words(figures: Figures, most: int = MOST_IN_A_SUBJECT) -> str:
    """Return at most so many of the sources and partners for which the day may be incomplete."""
    names = map(source_title, figures.quality.doubtful_sources)
    return text.listed(names, most, "others") if figures.quality.complete else ""


def alarms(figures: Figures) -> list[str]:
    """Return what is wrong with the day although all its sources were read, so that no failed task has sent
    it."""
    return [
        *(
            f"{each} has delivered no valid file for this day"
            for each in _missing_partners(figures)
        ),
        *(
            f"{source_title(source)} has no orders, and usually has 10 or more on such a day"
            for source in figures.quality.empty_sources
        ),
        *map(_refused, _refused_alone(figures)),
    ]


def _refused_alone(figures: Figures) -> list[RefusedFile]:
    """Return the refused files that deserve a sentence of their own: no missing delivery explains them."""
    missing = _missing_partners(figures)
    return [
        each
        for each in figures.quality.refused_files
        if each.is_loaded or _partner(each) not in missing
    ]


def _refused(each: RefusedFile) -> str:
    partner, file, detail = (
        _partner(each),
        text.clean(each.file),
        text.clean(each.detail),
    )
    if each.is_loaded:
        return (
            f"{partner} has delivered {file} again, and the new version is invalid ({detail}); the figures "
            "are those of the version loaded before"
        )
    return f"{partner} has delivered {file}, which is invalid ({detail}); its orders are in no figure"


def _partner(each: RefusedFile) -> str:
    return text.clean(each.file.partition(".csv")[0].rpartition("_")[0])


def _missing_partners(figures: Figures) -> list[str]:
    partners = (source.partition(": ")[2] for source in figures.quality.missing_sources)
    return [text.clean(partner) for partner in partners if partner]


def reason(causes: Iterable[Cause]) -> str:
    """Return why the figures of a day changed, by its first causes."""
    words = text.listed(map(_cause, causes), MOST_CAUSES, "other causes")
    return text.clean(words, _LONGEST_REASON) or NO_CAUSE


def restated_lines(
    restatements: Iterable[Restatement], currency: str, most: int = MOST_LINES
) -> list[str]:
    """Return one line per business day, newest first, with its first figure: "Wed 18 Nov: net sales 18,716.13
    → 20,373.40, +8.9 %: 13 orders loaded late from the file of alpenmarkt". A last line counts the days
    beyond `most`. `restatements` are in the order of `figures.restatements.merged`."""
    days = [
        next(group)
        for _, group in groupby(restatements, key=lambda each: each.business_date)
    ]
    lines = []
    for each in days[:most]:
        label, old, new, change = _values(each, currency)
        percent = f", {change}" if change != text.NOTHING else ""
        day = text.short_day(each.business_date)
        lines.append(
            f"{day}: {_inside(label)} {old} → {new}{percent}: {reason(each.causes)}"
        )
    return [*lines, *_earlier_days(len(days) - most)]


def restated_rows(
    restatements: Iterable[Restatement], currency: str, most: int | None = None
) -> list[list[str]]:
    """Return rows of business day, figure, mailed, now, change, reason; only the first row of a day has the
    day and the reasons of all its figures. A last row counts the days beyond `most` (None: there is no
    limit). `restatements` as of `restated_lines`."""
    days = [
        list(group)
        for _, group in groupby(restatements, key=lambda each: each.business_date)
    ]
    lines = []
    for day in days[:most]:
        name = text.short_day(day[0].business_date)
        why = reason(distinct(cause for each in day for cause in each.causes))
        for each in day:
            lines.append([name, *_values(each, currency), why])
            name = why = ""
    hidden = _earlier_days(len(days) - most) if most is not None else []
    return lines + [[words, *[""] * 4, "in figures.json"] for words in hidden]


def _earlier_days(count: int) -> list[str]:
    return [f"and {text.number_of(count, 'earlier day')}"] if count > 0 else []


def _values(each: Restatement, currency: str) -> list[str]:
    label, kind, _ = HEADLINE[each.figure]
    old, new = (text.figure(value, kind, currency) for value in (each.old, each.new))
    return [label, old, new, text.change(each.new, each.old)]


def _cause(cause: Cause) -> str:
    source = cause.source or ""
    if cause.channel not in (None, source):
        place = f"the file of {text.clean(cause.channel)}"
    elif source in SOURCES:
        place = f"the {_inside(text.source_name(source))}"
    else:
        place = f"the export {text.clean(source)}"
    return _WORDINGS[cause.kind].format(
        place=place, orders=text.number_of(cause.orders, "order")
    )


def _inside(label: str) -> str:
    return label[:1].lower() + label[1:]
