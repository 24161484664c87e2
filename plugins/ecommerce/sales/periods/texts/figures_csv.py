"""`figures.csv` of a period: its figures as one long table, as that of a day."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from more_itertools import always_iterable

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.text import inert
from ecommerce.reporting.parts import Part
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.report.texts.figures_csv import COLUMNS as COLUMNS_OF_DAY
from ecommerce.sales.report.texts.figures_csv import csv_text

COLUMNS = ("period", *COLUMNS_OF_DAY[1:])


def figures_csv(figures: PeriodFigures) -> str:
    """Return the figures as one long table with `COLUMNS`: a section for each field of `PeriodFigures` that
    is a part or has several, with values and cells as in that of a day. `complete`: of a day in the section
    `days`, of the period in all others."""
    table: list[Sequence[object]] = [COLUMNS]
    for section, name, part in _parts(figures):
        complete = getattr(part, "complete", not figures.unfinished)
        for figure, value in part:
            if type(value) not in (int, Decimal):
                continue
            currency = ""
            if _is_money(name if section == "headline" else figure, value):
                currency = getattr(part, "currency", figures.currency)
            row = [
                figures.period,
                section,
                inert(name),
                figure,
                value,
                currency,
                str(complete).lower(),
            ]
            table.append(row)
    return csv_text(table)


def _parts(figures: PeriodFigures) -> Iterator[tuple[str, str, Part]]:
    """Yield section, name and part: the name of a row is its first field."""
    for figure, entry in figures.headline.items():
        yield "headline", figure, entry
    for section, content in figures:
        for part in always_iterable(content, Part):
            if isinstance(part, Part):
                _, first = next(iter(part))
                name = str(first) if isinstance(first, str | date) else ""
                yield section, name, part


def _is_money(figure: str, value: Decimal | int) -> bool:
    if figure in HEADLINE:
        return HEADLINE[figure].kind == "money"
    return isinstance(value, Decimal) and not figure.endswith("coverage")
