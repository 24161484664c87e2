"""The sections of a report."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ecommerce.reporting.sections import Section
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts import (
    breakdowns,
    contributions,
    forecast,
    headline,
    month,
    outlook,
    products,
    quality,
    returns,
    trend,
    website,
)
from ecommerce.sales.report.texts.base import Cell


class ReportSection(Protocol):
    """A module with the texts of a section."""

    def tables(self, figures: Figures, /) -> list[Section]:
        """Return the section's tables; those of the annex have the key `annex`."""

    def cells(self, figures: Figures, /) -> Iterator[Cell]:
        """Yield the section's cells of `figures.csv`."""


SECTIONS: Sequence[ReportSection] = (
    headline,
    trend,
    forecast,
    month,
    breakdowns,
    products,
    contributions,
    returns,
    website,
    outlook,
    quality,
)
"""In reading order."""
