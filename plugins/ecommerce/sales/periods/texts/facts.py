"""What the templates state of a period."""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE, LEAST_COST_COVERAGE
from ecommerce.core.values import Values
from ecommerce.sales import terms
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.drivers import drivers
from ecommerce.sales.periods.texts.names import names_of, slice_name
from ecommerce.sales.report.texts.drivers import LONGEST_NAME, MOST_DRIVERS
from ecommerce.sales.report.texts.website import STEPS


def facts_of(figures: PeriodFigures) -> Values:
    """Return the figures, their names, and the rules that templates need."""
    period = figures.period
    names = names_of(period)
    only = slice_name(figures.only)
    return {
        "figures": figures,
        "period": period,
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
