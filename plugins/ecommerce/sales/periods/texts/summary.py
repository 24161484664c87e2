"""The summary of a period: how it went, what changed most, and what is coming, in at most three sentences,
and the badge. The same in PDF, mail, chat and page."""

from ecommerce.core.templates import render, render_lines
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.facts import facts_of
from ecommerce.sales.report.figures.summary import State, Trust
from ecommerce.sales.report.texts.summary import rendered_sentences
from ecommerce.sales.report.texts.trust import badge_of


def summary_texts(figures: PeriodFigures) -> Values:
    """Return `sentences` and `trust`, as that of a day's report."""
    template = "summary/period_sentences.txt"
    sentences = rendered_sentences(template, facts_of(figures))
    return {"sentences": sentences, "trust": trust_of(figures).model_dump()}


def subject(figures: PeriodFigures) -> str:
    """Return `Sales week 48, Germany: 142,300 USD, +4 % vs the week before`; the badge follows where the
    period is not complete."""
    facts = facts_of(figures) | {"badge": badge_of(trust_of(figures))}
    return render("summary/period_subject.txt", facts).strip()


def trust_of(figures: PeriodFigures) -> Trust:
    """Return the badge of a period."""
    state: State = "complete"
    if figures.unfinished:
        state = "incomplete"
    elif figures.unconverted:
        state = "may_change"
    clauses = render_lines("summary/period_badge.txt", facts_of(figures))
    return Trust(state=state, label=terms.label(state), words="; ".join(clauses))
