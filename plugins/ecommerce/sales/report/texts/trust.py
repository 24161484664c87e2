"""The trust in a day's figures: one badge with one clause, the alarms, and the subject's warning.

Everything else about data quality is in the annex.
"""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.reporting.parts import total
from ecommerce.sales.days.quality import RefusedFile
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.summary import State, Trust
from ecommerce.sales.terms import source_title

LABELS: dict[State, str] = {
    "complete": "Complete",
    "may_change": "May change",
    "incomplete": "Incomplete",
}
ALL_READ = "all sources in use were read, and every due file is loaded"
MOST_NAMES = 2
MOST_CURRENCIES = 3
UNCONVERTED_PART = Decimal("0.03")
"""Of the day's orders: fewer without an exchange rate are in the annex alone."""
REJECTED_PART = Decimal("0.01")
"""Of the records read: fewer rejected ones are in the annex alone."""


def trust_of(figures: Figures) -> Trust:
    """Return the badge of a day; of several reasons, the one that changes the figures most."""
    quality = figures.quality
    refused = _refused_alone(figures)
    if not quality.complete:
        return _trust("incomplete", missing_words(figures))
    if quality.doubtful_sources:
        names = text.listed(
            map(source_title, quality.doubtful_sources), MOST_NAMES, "others"
        )
        return _trust("may_change", f"orders of {names} may be missing")
    if unconverted := _unconverted(figures):
        return _trust("may_change", unconverted)
    if refused:
        return _trust("may_change", _refused(refused[0]))
    return _trust("complete", f"{ALL_READ}{_rejected(figures)}")


def _trust(state: State, words: str) -> Trust:
    return Trust(state=state, label=LABELS[state], words=words)


def _rejected(figures: Figures) -> str:
    """Return how many records of orders were rejected, where they are `REJECTED_PART` or more."""
    sources = [row for row in figures.quality.sources if row.source_orders is not None]
    rejected = total(sources, "rows_rejected")
    read = total(sources, "rows_read")
    if not rejected or rejected < REJECTED_PART * read:
        return ""
    verb = text.plural(rejected, "was", "were")
    return (
        f"; {text.count(rejected)} of {text.number_of(read, 'record')} {verb} rejected"
    )


def missing_words(figures: Figures) -> str:
    """Return why a day is incomplete: "alpenmarkt has delivered no valid file for Thu 19 Nov"."""
    quality = figures.quality
    day = text.short_day(figures.business_date)
    partners: list[str] = []
    sources: list[str] = []
    for source in quality.missing_sources:
        names = partners if ": " in source else sources
        names.append(source)
    clauses = [
        _clause(partners, "has", "have", f"delivered no valid file for {day}"),
        _clause(sources, "was", "were", "not read"),
        _clause(quality.empty_sources, "has", "have", "no orders"),
    ]
    words = ", ".join(clause for clause in clauses if clause)
    return words or "not every source of this day was read"


def _clause(names: list[str], singular: str, plural: str, end: str) -> str:
    if not names:
        return ""
    verb = text.plural(len(names), singular, plural)
    return f"{text.listed(map(source_title, names), MOST_NAMES, 'others')} {verb} {end}"


def _unconverted(figures: Figures) -> str:
    """Return what has no exchange rate, where it is more than `UNCONVERTED_PART` of the day's orders."""
    unconverted = figures.quality.unconverted
    orders = figures.value("orders")
    without_rate = total(unconverted, "orders")
    if without_rate <= UNCONVERTED_PART * orders:
        return ""
    names = [text.clean(row.currency) for row in unconverted if row.orders]
    currencies = text.listed(names, MOST_CURRENCIES, "more currencies")
    share = text.share(without_rate, orders, places=0)
    verb = text.plural(without_rate, "has", "have")
    what = text.number_of(without_rate, "order")
    return f"{what} in {currencies} ({share} of the day) {verb} no exchange rate"


def alarms(figures: Figures) -> list[str]:
    """Return what is wrong with the day although all its sources were read, so that no failed task has sent
    it."""
    sentences = []
    for partner in _missing_partners(figures):
        sentences.append(f"{partner} has delivered no valid file for this day")
    for source in figures.quality.empty_sources:
        title = source_title(source)
        sentences.append(
            f"{title} has no orders, and usually has 10 or more on such a day"
        )
    for refused in _refused_alone(figures):
        sentences.append(_refused(refused))
    return sentences


def _missing_partners(figures: Figures) -> list[str]:
    partners = []
    for source in figures.quality.missing_sources:
        partner = text.clean(source.partition(": ")[2])
        if partner:
            partners.append(partner)
    return partners


def _refused_alone(figures: Figures) -> list[RefusedFile]:
    """Return the refused files that deserve a sentence of their own: no missing delivery explains them."""
    missing = _missing_partners(figures)
    refused = []
    for file in figures.quality.refused_files:
        if file.is_loaded or file.partner not in missing:
            refused.append(file)
    return refused


def _refused(refused: RefusedFile) -> str:
    file = text.clean(refused.file)
    detail = text.clean(refused.detail)
    if refused.is_loaded:
        return (
            f"{refused.partner} has delivered {file} again, and the new version is invalid ({detail}); the "
            "figures are those of the version loaded before"
        )
    return f"{refused.partner} has delivered {file}, which is invalid ({detail}); its orders are in no figure"
