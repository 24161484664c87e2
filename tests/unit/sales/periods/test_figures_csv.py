"""figures.csv of a period: that of a week in full."""

import csv
import io
import re

from ecommerce.sales.periods.texts.figures_csv import COLUMNS, figures_csv
from tests.unit.sales.periods import samples


def test_every_figure_of_a_week(snapshot):
    text = figures_csv(samples.week())
    assert text == snapshot
    heading, *rows = csv.reader(io.StringIO(text))
    assert tuple(heading) == COLUMNS
    places = {tuple(row[:4]) for row in rows}
    assert len(places) == len(rows)


def test_incomplete_days_another_currency_and_a_name_that_is_a_formula(snapshot):
    paid = samples.week().payouts[0].model_copy(update={"currency": "GBP"})
    row = samples.period_row("=1+1", samples.D(5))
    figures = samples.week(
        days=samples.incomplete_week().days, payouts=[paid], channels=[row]
    )
    sections = re.compile("^2026-W48,(days|payouts|channels|target),.*", re.MULTILINE)
    lines = [found.group() for found in sections.finditer(figures_csv(figures))]
    assert "\n".join(lines) == snapshot
