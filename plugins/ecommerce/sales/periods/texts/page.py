"""The report of a period as finished texts, the only input of the PDF's and the web page's templates."""

from ecommerce.core.values import Values
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts import headline, tables
from ecommerce.sales.periods.texts.names import KIND_NAMES, slice_name, title
from ecommerce.sales.periods.texts.summary import summary_texts
from ecommerce.sales.report.texts.headline import NOTE, TILES
from ecommerce.sales.terms import capital


def page_texts(figures: PeriodFigures) -> Values:
    """Return everything that a page shows, by the names of `sales.report.texts.page.page_texts`, without what
    a period does not have. `kind` is the name of the report, `slice` that of the slice, or empty."""
    period = figures.period
    kind = KIND_NAMES[figures.kind]
    only = slice_name(figures.only)
    tiles = headline.tiles(figures)
    return {
        "title": ", ".join(filter(None, [f"{kind} {period}", only])),
        "kind": kind,
        "day": str(period),
        "long_day": title(period),
        "slice": only,
        "scope": [
            f"Amounts in {figures.currency}",
            f"Midnight to midnight, {figures.provenance.timezone}",
        ],
        "footer": " · ".join(filter(None, [kind, str(period), only])),
        "summary": summary_texts(figures),
        "tiles": tiles[:TILES],
        "small_tiles": tiles[TILES:],
        "footnote": f"{capital(NOTE)}. All definitions: docs/DEFINITIONS.md.",
        "changed": "",
        "changed_since": "",
        "sections": tables.sections(figures),
    }
