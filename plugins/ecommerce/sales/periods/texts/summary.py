"""The summary of a period: how it went, what changed most, and what is coming, in at most three sentences,
and the badge. The same in PDF, mail, chat and page."""

from ecommerce.core import text
from ecommerce.core.templates import render, render_lines
from ecommerce.core.values import Values
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.drivers import drivers, named_drivers
from ecommerce.sales.periods.texts.names import (
    base_name,
    before_words,
    period_name,
    slice_name,
)
from ecommerce.sales.report.texts.corrected import subject_value
from ecommerce.sales.report.texts.summary import rendered_sentences
from ecommerce.sales.terms import capital


def summary_texts(figures: PeriodFigures) -> Values:
    """Return `sentences` and `trust`, as that of a day's report."""
    named = named_drivers(drivers(figures))
    facts = _facts(figures) | {"drivers": named}
    sentences = rendered_sentences("summary/period_sentences.txt", facts)
    return {"sentences": sentences, "trust": _trust(figures)}


def subject(figures: PeriodFigures) -> str:
    """Return `Sales week 48, Germany: 142,300 USD, +4 % vs the week before`; the badge follows where the
    period is not complete."""
    value = subject_value("net_sales", figures.value("net_sales"), figures.currency)
    facts = _facts(figures) | {
        "value": value,
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
    trust = _trust(figures)
    if trust["state"] == "complete":
        return ""
    return f" ({trust['label'].lower()})"


def _trust(figures: PeriodFigures) -> Values:
    """Return the badge: its `state`, as that of a day's report, its `label`, and its `words`."""
    state = "complete"
    if figures.unfinished:
        state = "incomplete"
    elif figures.unconverted:
        state = "may_change"
    clauses = render_lines("summary/period_badge.txt", _facts(figures))
    label = capital(state.replace("_", " "))
    return {"state": state, "label": label, "words": "; ".join(clauses)}


def _facts(figures: PeriodFigures) -> Values:
    """Return what the templates state of a period."""
    period = figures.period
    values = [entry.value for entry in figures.headline.values()]
    return {
        "figures": figures,
        "period": period,
        "name": period_name(period),
        "next": period_name(period.next),
        "before_words": before_words(period),
        "year_before": base_name(period, "year_before"),
        "has_sales": any(values),
        "level": text.share(0, places=0),
        "manifold": text.MANIFOLD,
    }
