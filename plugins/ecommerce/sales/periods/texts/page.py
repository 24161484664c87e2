"""The report of a period as finished texts, the only input of all its templates: PDF, web page, mail and
chat."""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE, LEAST_COST_COVERAGE
from ecommerce.core.templates import render, render_lines
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.drivers import drivers
from ecommerce.sales.periods.texts.headline import tiles
from ecommerce.sales.periods.texts.names import names_of, slice_name
from ecommerce.sales.periods.texts.tables import sections
from ecommerce.sales.report.figures.summary import State, Trust
from ecommerce.sales.report.texts.drivers import LONGEST_NAME, MOST_DRIVERS
from ecommerce.sales.report.texts.headline import NOTE, TILES
from ecommerce.sales.report.texts.summary import rendered_sentences
from ecommerce.sales.report.texts.trust import badge_of
from ecommerce.sales.report.texts.website import STEPS


def page_texts(figures: PeriodFigures) -> Values:
    """Return everything that a page shows, by the names of `sales.report.texts.page.page_texts`, without what
    a period does not have. `kind` is the name of the report, `slice` that of the slice, or empty. The summary
    has at most three sentences: how the period went, what changed most, and what is coming.

    The mail has the same texts, with the sections by their ids as `parts`; those of another mail are made by
    `with_corrections`. `read_mail` sets `page_url`, the delivery `subscription`, and `has_pdf` where the PDF
    is attached.
    """
    facts = _facts(figures)
    trust = _trust(figures, facts)
    badge = badge_of(trust)
    subject = render("summary/period_subject.txt", facts | {"badge": badge})
    sentences = rendered_sentences("summary/period_sentences.txt", facts)
    kind, title, footer, *scope = render_lines("periods/page.txt", facts)
    all_tiles = tiles(figures, facts["names"])
    parts = {section["id"]: section for section in sections(figures, facts)}
    return {
        "title": title,
        "kind": kind,
        "period_kind": figures.kind,
        "day": str(figures.period),
        "short_day": facts["title"],
        "long_day": facts["names"].title,
        "slice": facts["slice"],
        "currency": figures.currency,
        "timezone": figures.provenance.timezone,
        "scope": scope,
        "footer": footer,
        "subject": subject.strip(),
        "badge": badge,
        "summary": {"sentences": sentences, "trust": trust.model_dump()},
        "tiles": all_tiles[:TILES],
        "small_tiles": all_tiles[TILES:],
        "footnote": f"{terms.capital(NOTE)}. All definitions: docs/DEFINITIONS.md.",
        "sections": list(parts.values()),
        "parts": parts,
        "corrected": None,
        "subscription": "",
        "has_pdf": False,
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def _facts(figures: PeriodFigures) -> Values:
    """Return the figures, their names, and the rules that templates need."""
    names = names_of(figures.period)
    only = slice_name(figures.only)
    return {
        "figures": figures,
        "period": figures.period,
        "names": names,
        "slice": only,
        # Inside a sentence: `week 48, Germany and Austria`.
        "title": ", ".join(filter(None, [names.name, only])),
        "has_sales": any(entry.value for entry in figures.headline.values()),
        "drivers": drivers(figures),
        "most_drivers": MOST_DRIVERS,
        "longest_name": LONGEST_NAME,
        "headline": HEADLINE,
        "steps": STEPS,
        "least_coverage": Decimal(LEAST_COST_COVERAGE) / 100,
        "level": text.share(0, places=0),
        "manifold": text.MANIFOLD,
        "signed": terms.signed,
    }


def _trust(figures: PeriodFigures, facts: Values) -> Trust:
    """Return the badge of a period."""
    state: State = "complete"
    if figures.unfinished:
        state = "incomplete"
    elif figures.unconverted:
        state = "may_change"
    clauses = render_lines("summary/period_badge.txt", facts)
    return Trust(state=state, label=terms.label(state), words="; ".join(clauses))
