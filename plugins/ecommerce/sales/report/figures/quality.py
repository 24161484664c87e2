"""The data quality of a day, with the warnings about its web events, and the provenance of the report."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.text import share as share_words
from ecommerce.core.text import source_name
from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.days.quality import (
    ImplausibleAmount,
    Provenance,
    Quality,
    quality_of,
)
from ecommerce.sales.report.figures.website import Website

FEWEST = 10
ALARMING_DROP = Decimal("0.2")
"""Tracking is broken when the matched share of at least so many orders drops by so much."""


class DataQuality(Part):
    """The quality of the figures, and where they come from; `implausible` amounts, the largest effect on net
    sales first."""

    quality: Quality
    implausible: list[ImplausibleAmount] = []
    provenance: Provenance


def read(
    queries: DayQueries, website: Website | None, origin: Provenance
) -> DataQuality:
    """Return the quality of the figures, with the warnings about the web events of the day."""
    return DataQuality(
        quality=quality_of(queries, website_warnings(website, queries.day)),
        implausible=ImplausibleAmount.list_of(queries.rows("implausible")),
        provenance=origin,
    )


def website_warnings(website: Website | None, day: date) -> Iterator[DataWarning]:
    """Yield what is wrong with the web events of `day`; nothing where none were loaded in 28 days."""
    if website is None:
        return
    if not website.steps:
        yield data_warning("events_not_loaded", day=str(day))
    for row in website.tracked:
        share = Decimal(row.seen) / max(row.orders, 1)
        if row.usual is None or row.orders < FEWEST:
            continue
        if share < row.usual - ALARMING_DROP:
            yield data_warning(
                "tracking_broken",
                matched=row.seen,
                orders=row.orders,
                source=source_name(row.source),
                share=share_words(share),
                usual=share_words(row.usual),
            )
