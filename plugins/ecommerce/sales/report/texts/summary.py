"""The summary of a day: how it went, why, what is coming, and payouts that are not explained, in at most four
sentences, and the badge of trust. The same in PDF, mail, chat, page and figures.json.

docs/DEFINITIONS.md, *Summary*, has the rules. Amounts are in whole units of the reporting currency.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.templates import render, render_lines
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.report.figures.contributions import Changes
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.month import Target
from ecommerce.sales.report.figures.summary import (
    Driver,
    Finding,
    Summary,
)
from ecommerce.sales.report.texts import headline
from ecommerce.sales.report.texts.drivers import SMALLEST_PART, drivers_of, is_cost
from ecommerce.sales.report.texts.headline import base_name, base_of_choice
from ecommerce.sales.report.texts.month import shop_target
from ecommerce.sales.report.texts.outlook import week_title
from ecommerce.sales.report.texts.trust import trust_of
from ecommerce.sales.report.texts.unusual import most_unusual

MOST_WITH_UNUSUAL = 2
"""Drivers that are stated together with something unusual."""
UNFINISHED_PART = 10
"""Of the days of the month: the target is not judged where more than one in so many is unfinished."""


def summarized(figures: Figures) -> Figures:
    """Return the figures with their summary and its facts."""
    summary = summary_of(figures)
    compared = figures.changes.compared if figures.changes else None
    total_change = compared.change if compared else Decimal(0)
    findings = []
    for driver in summary.drivers:
        about = [driver.dimension, driver.name]
        numbers = {"change": driver.change, "total_change": total_change}
        findings.append(Finding(kind="contribution", about=about, numbers=numbers))
    unusual = summary.unusual
    if unusual:
        numbers = {"amount": unusual.amount}
        finding = Finding(kind=unusual.kind, about=[unusual.about], numbers=numbers)
        findings.append(finding)
    return figures.model_copy(update={"summary": summary, "findings": findings})


def summary_of(figures: Figures) -> Summary:
    """Return the summary of a day."""
    drivers: list[Driver] = []
    changes = None
    trust = trust_of(figures)
    # Only changes that are final, and since the day that the first sentence compares with.
    is_base = chosen_base(figures) == _base_of_changes(figures)
    if trust.state == "complete" and is_base:
        changes = figures.changes
    if changes and changes.compared and figures.has_sales:
        drivers = drivers_of(changes.compared)
    named = [driver.category or driver.name for driver in drivers]
    unusual = most_unusual(figures, named)
    if unusual:
        drivers = drivers[:MOST_WITH_UNUSUAL]
    reasons = []
    if changes:
        reasons = render_lines("summary/reasons.txt", _facts(changes, drivers))
    if unusual:
        reasons.append(unusual.words)
    return Summary(
        trust=trust,
        sentences=_sentences(figures, reasons),
        drivers=drivers,
        unusual=unusual,
    )


def _sentences(figures: Figures, reasons: Sequence[str]) -> list[str]:
    """Return the sentences of `summary/sentences.txt`; `reasons` are the clauses of the second."""
    day = figures.business_date
    texts = {
        "figures": figures,
        "day": day,
        "base": named_base(figures, chosen_base(figures)),
        "week_before": named_base(figures, "week_before"),
        "earlier": named_base(figures, _base_of_changes(figures)),
        "manifold": text.MANIFOLD,
        "level": text.share(0, places=0),
        "reasons": reasons,
        "week": terms.inside(week_title(figures.outlook)),
        "target": _judged_target(figures),
        "is_month_over": (day + timedelta(days=1)).month != day.month,
    }
    return rendered_sentences("summary/sentences.txt", texts)


def rendered_sentences(template: str, texts: Values) -> list[str]:
    """Render a template whose lines are clauses of sentences; an empty line ends a sentence."""
    sentences = []
    for paragraph in render(template, texts).split("\n\n"):
        clauses = "; ".join(filter(None, paragraph.split("\n")))
        if clauses:
            # A date may end with a full stop: `12. Nov.`
            sentences.append(f"{terms.capital(clauses).removesuffix('.')}.")
    return sentences


def named_base(figures: Figures, base: str) -> Values | None:
    """Return `value` of one of `BASES` of net sales, and in `words` its name in a sentence: `last Monday`,
    `the 28-day average`; None where it is not known."""
    value = figures.headline["net_sales"].base(base) if base else None
    if value is None:
        return None
    words = base_name(figures, base, "net_sales")
    if base == "week_before":
        words = terms.last_weekday(figures.business_date)
    elif base == "average":
        words = f"the {words}"
    return {"value": value, "words": words}


def _base_of_changes(figures: Figures) -> str:
    """Return the base of the day that changes are stated since; empty without one."""
    if figures.changes is None:
        return ""
    days_back = (figures.business_date - figures.changes.base).days
    return "week_before" if days_back == 7 else "day_before"


def _judged_target(figures: Figures) -> Target | None:
    """Return the target of the whole shop; None without one, or where too many of the month's days so far are
    incomplete or not loaded."""
    month = figures.month
    target = shop_target(figures)
    if month is None or target is None or not target.target:
        return None
    is_known = month.unfinished * UNFINISHED_PART <= figures.business_date.day
    return target if is_known else None


def chosen_base(figures: Figures) -> str:
    """Return the one of `BASES` that net sales are compared with; empty without one."""
    return base_of_choice(headline.changes(figures, "net_sales"))


def _facts(changes: Changes, drivers: Sequence[Driver]) -> Values:
    """Return what `summary/reasons.txt` states of the changes: the channels that began or ended in `moves`,
    those first that explain the direction of the change; the drivers that `drove` in its direction, and the
    `others`."""
    moves = []
    least = SMALLEST_PART * abs(changes.before)
    for verb, names in (("started", changes.began), ("ended", changes.ended)):
        rows = [row for row in changes.channels if row.name in names]
        if any(abs(row.change) >= least for row in rows):
            moves.append({"verb": verb, "rows": rows})
    if changes.change < 0:
        moves.reverse()
    drove = []
    # Else the change is not the one that the first sentence states.
    is_whole = not changes.like_for_like and not changes.unconverted
    if is_whole and abs(changes.change) >= least:
        drove = [row for row in drivers if row.change * changes.change > 0]
    others = [driver for driver in drivers if driver not in drove]
    return {"moves": moves, "drove": drove, "others": others, "is_cost": is_cost}
