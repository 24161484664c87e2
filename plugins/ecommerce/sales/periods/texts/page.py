"""The report of a period as finished texts, the only input of all its templates: PDF, web page, mail and
chat."""

from ecommerce.core import text
from ecommerce.core.templates import render_lines
from ecommerce.core.values import Values
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.facts import facts_of
from ecommerce.sales.periods.texts.headline import tiles
from ecommerce.sales.periods.texts.summary import subject, summary_texts, trust_of
from ecommerce.sales.periods.texts.tables import sections
from ecommerce.sales.report.texts.headline import NOTE, TILES
from ecommerce.sales.report.texts.trust import badge_of
from ecommerce.sales.terms import capital


def page_texts(figures: PeriodFigures) -> Values:
    """Return everything that a page shows, by the names of `sales.report.texts.page.page_texts`, without what
    a period does not have. `kind` is the name of the report, `slice` that of the slice, or empty.

    The mail has the same texts, with the sections by their ids as `parts`; those of another mail are made by
    `with_corrections`. `read_mail` sets `page_url`, the delivery `subscription`, and `has_pdf` where the PDF
    is attached.
    """
    facts = facts_of(figures)
    kind, title, footer, *scope = render_lines("periods/page.txt", facts)
    all_tiles = tiles(figures)
    parts = {section["id"]: section for section in sections(figures)}
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
        "subject": subject(figures),
        "badge": badge_of(trust_of(figures)),
        "summary": summary_texts(figures),
        "tiles": all_tiles[:TILES],
        "small_tiles": all_tiles[TILES:],
        "changed": "",
        "changed_since": "",
        "footnote": f"{capital(NOTE)}. All definitions: docs/DEFINITIONS.md.",
        "sections": list(parts.values()),
        "parts": parts,
        "corrected": None,
        "subscription": "",
        "has_pdf": False,
        "generated_at": text.instant(figures.provenance.generated_at),
    }
