"""The pages of the report as finished texts, the only input of the PDF's and the web page's templates."""

from operator import itemgetter

from more_itertools import flatten

from ecommerce.core import text
from ecommerce.core.templates import render_lines
from ecommerce.core.values import Values
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts import (
    breakdowns,
    contributions,
    forecast,
    headline,
    month,
    outlook,
    payments,
    products,
    quality,
    returns,
    trend,
    website,
)
from ecommerce.sales.report.texts.summary import summary_of

SECTIONS = (
    headline,
    trend,
    forecast,
    month,
    breakdowns,
    products,
    contributions,
    returns,
    payments,
    website,
    outlook,
    quality,
)
"""The modules of the sections, in reading order; `tables` returns those of a section, and those of the annex
have the key `annex`."""
_AVERAGE = "Average order value: gross sales less discounts, divided by orders."
_DEFINED = "All definitions: docs/DEFINITIONS.md."


def page_texts(figures: Figures) -> Values:
    """Return everything that a page shows, for any template.

    The top of the report (`title`, `day`, `long_day`, `scope`, `footer`, `summary`, `tiles`, `small_tiles`,
    `expected`, `footnote`); `changed`, the change of net sales in half a line, and `changed_since`, the day
    it is since, or nothing; and `sections` in reading order (see `reporting.sections`), those of the annex
    last.
    """
    day = figures.business_date
    zone = figures.provenance.timezone
    notes = headline.footnotes(figures) or [_AVERAGE]
    footnote = [*notes, headline.without_sales(figures), _DEFINED]
    sections = flatten(section.tables(figures) for section in SECTIONS)
    since = ""
    if figures.changes:
        since = text.short_day(figures.changes.base)
    return top_texts(figures) | {
        "title": f"Daily sales report {day}",
        "footer": f"Daily sales report · business day {day} ({zone})",
        "scope": render_lines("summary/scope.txt", {"figures": figures}),
        "expected": forecast.verdict_line(figures),
        "footnote": " ".join(filter(None, footnote)),
        "changed": contributions.change_words(figures),
        "changed_since": since,
        "sections": sorted(sections, key=itemgetter("annex")),
    }


def top_texts(figures: Figures) -> Values:
    """Return what page and mail begin with, as in `page_texts`. The summary of an older version's report is
    made now."""
    day = figures.business_date
    summary = figures.summary or summary_of(figures)
    return {
        "day": day.isoformat(),
        "long_day": text.long_day(day),
        "summary": summary.model_dump(include={"sentences", "trust"}),
        "tiles": headline.tiles(figures),
        "small_tiles": [*headline.small_tiles(figures), *payments.tiles(figures)],
    }
