"""The notices of page one, the subject's warnings, and alarms: what affects the trust in a day's figures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ecommerce.core.data_warnings import wording
from ecommerce.core.text import clean, listed, source_name, with_currency
from ecommerce.reporting.sections import notice
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.quality import RefusedFile
from ecommerce.sales.report.view import restatements

MOST_NAMES, MOST_CURRENCIES, MOST_IN_A_SUBJECT = 6, 5, 2


def notices(figures: Figures) -> list[dict[str, Any]]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`
    each."""
    notices = []
    quality = figures.quality
    if not quality.complete:
        notices.append(notice("INCOMPLETE", f"{_missing(figures)}. Figures will change.", urgent=True))
    elif doubtful := [source_title(each) for each in quality.doubtful_sources]:
        names = f"{listed(doubtful, MOST_NAMES, 'other sources')} {_form(doubtful, 'has', 'have')}"
        words = f"{names} far fewer sales of this day than usual, or none. Figures may change."
        notices.append(notice("May be incomplete", words, urgent=True))
    missing = _missing_partners(figures)
    if refused := [each for each in quality.refused_files if is_news(each, missing)]:
        others = f", and {len(refused) - 1} more of its kind" if len(refused) > 1 else ""
        notices.append(notice("Delivery refused", f"{_refused(refused[0])}{others}.", urgent=True))
    if not figures.has_sales:
        notices.append(notice("No sales", f"No counted orders on {figures.business_date}."))
    if quality.unconverted:
        amounts = [with_currency(each.net_sales, each.currency) for each in quality.unconverted]
        without = f"without an exchange rate to {figures.currency}; not in the figures below."
        words = f"{listed(amounts, MOST_CURRENCIES, 'more currencies')} {without}"
        notices.append(notice("Unconverted", words, urgent=True))
    if broken := website.warnings(figures.website, figures.business_date):
        found, meaning, *_ = wording(broken[0])
        notices.append(notice("Website", f"{found[:1].upper()}{found[1:]}: {meaning}."))
    if quality.restatements:
        words = restatements.notice_words(quality.restatements, figures.business_date, figures.currency)
        notices.append(notice("Restated", f"{words}."))
    return notices


def incomplete_words(figures: Figures) -> str | None:
    """Return why the day is incomplete, short enough for a subject: "alpenmarkt has not delivered"; None
    where it is complete."""
    return None if figures.quality.complete else _lacking(figures, MOST_IN_A_SUBJECT, is_long=False)


def doubtful_words(figures: Figures) -> str | None:
    """Return the sources and partners for which the day may be incomplete, short enough for a subject, or
    None."""
    names = [source_title(each) for each in figures.quality.doubtful_sources]
    return listed(names, MOST_IN_A_SUBJECT, "other sources") if names and figures.quality.complete else None


def alarms(figures: Figures) -> list[str]:
    """Return what is wrong with the day although all its sources were read, so that no failed task has sent
    it."""
    weekday = f"{figures.business_date:%A}"
    missing = _missing_partners(figures)
    return [
        *(f"{partner} has delivered no valid file" for partner in missing),
        *(
            f"{source_title(source)} has no orders, and had 20 or more on each of the last four {weekday}s"
            for source in figures.quality.empty_sources
        ),
        *(_refused(each) for each in figures.quality.refused_files if is_news(each, missing)),
    ]


def is_news(refused: RefusedFile, missing: Collection[str]) -> bool:
    """Return whether a refused file deserves a sentence of its own: its partner is not `missing` anyway."""
    return refused.is_loaded or _partner(refused) not in missing


def source_title(source: str) -> str:
    """Return the name of a source, or the partner of `partner_files: <partner>`."""
    return clean(source.partition(": ")[2]) or source_name(source)


def _refused(each: RefusedFile) -> str:
    partner, file, detail = _partner(each), clean(each.file), clean(each.detail)
    if each.is_loaded:
        return (
            f"{partner} has delivered {file} again, and the new version is invalid ({detail}); the figures "
            "are those of the version loaded before"
        )
    return f"{partner} has delivered {file}, which is invalid ({detail}); its orders are in no figure"


def _partner(each: RefusedFile) -> str:
    return clean(each.file.partition(".csv")[0].rpartition("_")[0])


def _missing_partners(figures: Figures) -> list[str]:
    partners = (source.partition(": ")[2] for source in figures.quality.missing_sources)
    return [clean(partner) for partner in partners if partner]


def _missing(figures: Figures) -> str:
    line = _lacking(figures, MOST_NAMES, is_long=True)
    quality = figures.quality
    begins_with_partner = _missing_partners(figures) or (
        not quality.missing_sources and any(": " in each for each in quality.empty_sources[:1])
    )
    return line if begins_with_partner else line[:1].upper() + line[1:]  # a partner's name stays as it is


def _in_a_sentence(source: str) -> str:
    title = source_title(source)
    return title if ": " in source else f"{title[:1].lower()}{title[1:]}"


def _lacking(figures: Figures, most: int, *, is_long: bool) -> str:
    """Return what is missing: at most so many names of a kind. Orders of a source that was not read since the
    day ended may be loaded: the hourly sync reads the current day."""
    partners = _missing_partners(figures)
    unread = [_in_a_sentence(each) for each in figures.quality.missing_sources if ": " not in each]
    empty = [_in_a_sentence(each) for each in figures.quality.empty_sources]
    what, when = (" a valid file", " since the day ended") if is_long else ("", "")
    parts = (
        (partners, "other partners", "has", "have", f"not delivered{what}"),
        (unread, "other sources", "was", "were", f"not read{when}"),
        (empty, "other sources", "has", "have", "no orders"),
    )
    lines = [
        f"{listed(names, most, others)} {_form(names, one, more)} {end}"
        for names, others, one, more, end in parts
        if names
    ]
    return ", ".join(lines) or "not every source of this day was read"


def _form(names: list[str], one: str, more: str) -> str:
    return one if len(names) == 1 else more
