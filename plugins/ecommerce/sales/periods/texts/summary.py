"""The summary of a period: how it went, what changed most, and what is coming, in at most three sentences,
and the badge. The same in PDF, mail, chat and page."""

from ecommerce.core import text
from ecommerce.core.templates import render, render_lines
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.drivers import named_drivers
from ecommerce.sales.periods.texts.names import (
    base_name,
    before_words,
    period_name,
    slice_name,
)
from ecommerce.sales.report.figures.summary import State, Trust
from ecommerce.sales.report.texts.summary import rendered_sentences
from ecommerce.sales.report.texts.trust import badge_of


def summary_texts(figures: PeriodFigures) -> Values:
    """Return `sentences` and `trust`, as that of a day's report."""
    facts = _facts(figures) | {"drivers": named_drivers(figures)}
    sentences = rendered_sentences("summary/period_sentences.txt", facts)
    return {"sentences": sentences, "trust": _trust(figures).model_dump()}


def subject(figures: PeriodFigures) -> str:
    """Return `Sales week 48, Germany: 142,300 USD, +4 % vs the week before`; the badge follows where the
    period is not complete."""
    facts = _facts(figures) | {
        "title": short_title(figures),
        "badge": badge(figures),
    }
    return render("summary/period_subject.txt", facts).strip()


def short_title(figures: PeriodFigures) -> str:
    """Return the period and the slice inside a sentence: `week 48, Germany and Austria`."""
    names = (period_name(figures.period), slice_name(figures.only))
    return ", ".join(filter(None, names))


def badge(figures: PeriodFigures) -> str:
    """Return ` (incomplete)`; nothing for a period that is complete."""
    return badge_of(_trust(figures))


def _trust(figures: PeriodFigures) -> Trust:
    """Return the badge of a period."""
    state: State = "complete"
    if figures.unfinished:
        state = "incomplete"
    elif figures.unconverted:
        state = "may_change"
    clauses = render_lines("summary/period_badge.txt", _facts(figures))
    return Trust(state=state, label=terms.label(state), words="; ".join(clauses))


def _facts(figures: PeriodFigures) -> Values:
    """Return what the templates state of a period."""
    period = figures.period
    return {
        "figures": figures,
        "period": period,
        "name": period_name(period),
        "next": period_name(period.next),
        "before_words": before_words(period),
        "year_before": base_name(period, "year_before"),
        "level": text.share(0, places=0),
        "manifold": text.MANIFOLD,
    }
