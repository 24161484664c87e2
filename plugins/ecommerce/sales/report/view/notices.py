"""The notices of page one, the subject's warnings, and alarms: what affects the trust in a day's figures."""

from collections.abc import Collection
from typing import Any

from ecommerce.core.data_warnings import wording
from ecommerce.core.text import clean, listed, with_currency
from ecommerce.reporting.sections import notice
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.quality import RefusedFile
from ecommerce.sales.report.findings import capital, source_title
from ecommerce.sales.report.view import restatements

MOST_NAMES, MOST_CURRENCIES, MOST_IN_A_SUBJECT = 6, 5, 2


def notices(figures: Figures) -> list[dict[str, Any]]:
    """Return what a reader must know before the first figure, worst first: `title`, `words`, `urgent`
    each."""
    notices = []
    quality, day = figures.quality, figures.business_date
    if missing_sources := missing_words(figures, MOST_NAMES):
        notices.append(notice("INCOMPLETE", f"{missing_sources}. Figures will change.", urgent=True))
    elif names := doubtful_words(figures, MOST_NAMES):
        words = f"Far fewer sales than usual, or none: {names}. Figures may change."
        notices.append(notice("May be incomplete", words, urgent=True))
    missing = _missing_partners(figures)
    if refused := [each for each in quality.refused_files if is_news(each, missing)]:
        others = f", and {len(refused) - 1} more of its kind" if len(refused) > 1 else ""
        notices.append(notice("Delivery refused", f"{_refused(refused[0])}{others}.", urgent=True))
    if not figures.has_sales:
        notices.append(notice("No sales", f"No counted orders on {day}."))
    if quality.unconverted:
        amounts = [with_currency(each.net_sales, each.currency) for each in quality.unconverted]
        words = f"{listed(amounts, MOST_CURRENCIES, 'more currencies')} have no exchange rate to "
        words += f"{figures.currency}: not in the amounts below, but in the orders and units."
        notices.append(notice("Unconverted", words, urgent=True))
    if broken := website.warnings(figures.website, day):
        found, meaning, *_ = wording(broken[0])
        notices.append(notice("Website", f"{capital(found)}: {meaning}."))
    if quality.restatements:
        words = "; ".join(restatements.first_lines(quality.restatements, figures.currency, most=1))
        notices.append(notice("Restated", f"{words}."))
    return notices


def missing_words(figures: Figures, most: int = MOST_IN_A_SUBJECT) -> str:
    """Return why the day is incomplete, with at most so many names of a kind: "alpenmarkt has not delivered";
    nothing where it is complete."""
    quality = figures.quality
    parts = (
        ([each for each in quality.missing_sources if ": " in each], "has", "have", "not delivered"),
        ([each for each in quality.missing_sources if ": " not in each], "was", "were", "not read"),
        (quality.empty_sources, "has", "have", "no orders"),
    )
    lines = [
        f"{listed(map(source_title, names), most, 'others')} {one if len(names) == 1 else more} {end}"
        for names, one, more, end in parts
        if names
    ]
    return "" if quality.complete else ", ".join(lines) or "not every source of this day was read"


def doubtful_words(figures: Figures, most: int = MOST_IN_A_SUBJECT) -> str:
    """Return at most so many of the sources and partners for which the day may be incomplete."""
    names = map(source_title, figures.quality.doubtful_sources)
    return listed(names, most, "others") if figures.quality.complete else ""


def alarms(figures: Figures) -> list[str]:
    """Return what is wrong with the day although all its sources were read, so that no failed task has sent
    it."""
    weekday, missing = f"{figures.business_date:%A}", _missing_partners(figures)
    return [
        *(f"{each} has delivered no valid file for this day" for each in missing),
        *(
            f"{source_title(source)} has no orders, and had 20 or more on each of the last four {weekday}s"
            for source in figures.quality.empty_sources
        ),
        *(_refused(each) for each in figures.quality.refused_files if is_news(each, missing)),
    ]


def is_news(refused: RefusedFile, missing: Collection[str]) -> bool:
    """Return whether a refused file deserves a sentence of its own: its partner is not `missing` anyway."""
    return refused.is_loaded or _partner(refused) not in missing


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
