"""Data quality: how far the figures of a day can be trusted, where they come from, and the warnings about
them; last the provenance of the report."""

import re
from collections.abc import Iterable, Sequence

from more_itertools import flatten, map_reduce, partition

from ecommerce.core import text
from ecommerce.core.data_warnings import (
    ISO_DATE,
    DataWarning,
    days_of,
    wording,
)
from ecommerce.core.text import clean, count
from ecommerce.reporting.sections import (
    Section,
    rendered_table,
    table,
)
from ecommerce.sales import terms
from ecommerce.sales.days import rejected_rows, restatements
from ecommerce.sales.days.quality import is_loss
from ecommerce.sales.report.figures.daily import Figures

MOST_DAYS = 10
"""Of restated days."""
MOST_OTHERS = 10
MOST_NAMED_DAYS = 4
"""Lines about other days, and days in one of them."""
MOST_ALIKE = 3
"""Warnings named in one row."""
LONGEST_LIMIT = 1000
"""Characters; the sentences are the sources' own."""


def tables(figures: Figures) -> list[Section]:
    """Return the tables of the annex in reading order: what needs action is first."""
    quality = figures.quality
    day = figures.business_date
    of_others, of_day = partition(
        lambda warning: day in (days_of(warning) or [day]), quality.warnings
    )
    facts = {
        "figures": figures,
        "quality": quality,
        "is_loss": is_loss,
        "other_warnings": _other_days(of_others),
        "longest_limit": LONGEST_LIMIT,
    }
    commands = list(filter(None, [quality.fill_command]))
    sections = [
        _warnings(of_day),
        rendered_table("tables/other_warnings.txt", facts),
        table(
            "restatements",
            "Restated days",
            restatements.COLUMNS,
            restatements.restated_rows(
                quality.restatements, figures.currency, MOST_DAYS
            ),
            empty="No mailed figure had changed when this report was built.",
            note="mailed figures that have changed since the last report",
        ),
        rendered_table("tables/missing_days.txt", facts, remarks=commands),
        rendered_table("tables/sources.txt", facts),
        rendered_table("tables/totals.txt", facts),
        table(
            "rejects",
            "Rejected rows",
            rejected_rows.COLUMNS,
            rejected_rows.reject_rows(quality.rejects),
            empty="No row was rejected.",
            note="of this day's reads and files; up to three samples per reason, personal data masked",
        ),
        rendered_table("tables/unconverted.txt", facts),
        rendered_table("tables/limits.txt", facts),
        rendered_table("tables/provenance.txt", facts),
    ]
    return [section | {"annex": True} for section in sections]


def _warnings(warnings: Iterable[DataWarning]) -> Section:
    """Return a table of what was found, which may begin with a name, meaning and action. Warnings of one kind
    with the same meaning and action share a row."""
    alike = map_reduce(warnings, keyfunc=_kind_and_advice, valuefunc=_found)
    facts = {"alike": alike, "shortened": _shortened, "most": MOST_ALIKE}
    return rendered_table("tables/warnings.txt", facts)


def _kind_and_advice(warning: DataWarning) -> tuple[str, str, str]:
    words = wording(warning)
    meaning = terms.capital(clean(words.meaning))
    return warning["kind"], meaning, terms.capital(clean(words.action))


def _other_days(warnings: Iterable[DataWarning]) -> list[str]:
    """Return a line for each warning about other days, the newest day first: "Mon 9 Nov: 2 orders …". The
    same warning about several days is one line, in the words of the first."""
    alike = map_reduce(warnings, lambda warning: re.sub(ISO_DATE, "", _found(warning)))
    lines = {}
    for some in alike.values():
        days = sorted(set(flatten(map(days_of, some))))
        shown = text.listed(map(text.short_day, days), MOST_NAMED_DAYS, "more days")
        lines[f"{shown}: {_found(some[0])}"] = days[-1]
    return _shortened(sorted(lines, key=lines.__getitem__, reverse=True), MOST_OTHERS)


def _shortened(lines: Sequence[str], most: int) -> list[str]:
    """Return at most `most` lines, and how many more there are."""
    hidden = len(lines) - most
    if hidden <= 0:
        return list(lines)
    return [*lines[:most], f"{count(hidden)} more in figures.json"]


def _found(warning: DataWarning) -> str:
    """Return what was found, without the business day, which the table or the line names."""
    found = wording(warning).found
    return clean(re.sub(f" (of|for) {warning.get('day')}\\b", "", found))
