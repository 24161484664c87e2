"""The trust in a day's figures: one badge with one clause, the alarms, and the subject's warning.

Everything else about data quality is in the annex.
"""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.templates import render_lines
from ecommerce.core.values import Values
from ecommerce.reporting.parts import ZERO, total
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.summary import State, Trust

UNCONVERTED_PART = Decimal("0.03")
"""Of the day's orders: fewer without an exchange rate are in the annex alone."""
REJECTED_PART = Decimal("0.01")
"""Of the records read: fewer rejected ones are in the annex alone."""


def trust_of(figures: Figures) -> Trust:
    """Return the badge of a day; of several reasons, the one that changes the figures most."""
    facts = _facts(figures)
    state: State = "complete"
    if not figures.quality.complete:
        state = "incomplete"
    elif figures.quality.doubtful_sources or facts["without_rate"] or facts["refused"]:
        state = "may_change"
    clauses = render_lines("summary/badge.txt", facts | {"state": state})
    return Trust(state=state, label=terms.label(state), words=", ".join(clauses))


def badge_of(trust: Trust) -> str:
    """Return ` (incomplete)` for a subject; nothing where the figures are complete."""
    return "" if trust.state == "complete" else f" ({trust.label.lower()})"


def alarms(figures: Figures) -> list[str]:
    """Return what is wrong with the day although all its sources were read, so that no failed task has sent
    it."""
    return render_lines("summary/alarms.txt", _facts(figures))


def _facts(figures: Figures) -> Values:
    """Return what the templates state: the missing sources that are files of partners (`late`), the others
    (`unread`), `partners`, the names of those without a valid file, and the `refused` files. The numbers of
    orders `without_rate` in `unconverted`, and of `rejected` records of those `read`, are 0 where they are
    too few to be stated."""
    quality = figures.quality
    late = [source for source in quality.missing_sources if ": " in source]
    partners = [text.clean(source.partition(": ")[2]) for source in late]
    unread = [source for source in quality.missing_sources if ": " not in source]
    # Of the others, a missing delivery is stated.
    refused = []
    for file in quality.refused_files:
        if file.is_loaded or file.partner not in partners:
            refused.append(file)
    sources = [row for row in quality.sources if row.source_orders is not None]
    read = total(sources, "rows_read")
    rejected = total(sources, "rows_rejected")
    unconverted = [row for row in quality.unconverted if row.orders]
    without_rate = total(unconverted, "orders")
    if without_rate <= UNCONVERTED_PART * figures.value("orders"):
        without_rate = ZERO
    return {
        "figures": figures,
        "partners": partners,
        "late": late,
        "unread": unread,
        "refused": refused,
        "without_rate": without_rate,
        "unconverted": unconverted,
        "read": read,
        "rejected": rejected if rejected >= REJECTED_PART * read else 0,
    }
