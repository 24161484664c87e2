"""The report as PDF: figures and chart, laid out by `include/templates/forecast.typ`."""

from __future__ import annotations

from pathlib import Path

from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import Figures
from ecommerce.forecast.report.view import page_texts
from ecommerce.reporting.typesetting import typeset

PDF, PREVIEW = "forecast.pdf", "page-1.png"
_NOTICE_HEIGHT = 9.5
"""Millimetres that a notice of two lines takes on page one."""


def write(figures: Figures, folder: Path) -> None:
    """Write `forecast.pdf`, `page-1.png` (a picture of page one) and the chart into `folder`. The same
    figures give the same bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    drawn = charts.draw(figures, folder, lower_by=_NOTICE_HEIGHT * len(texts["notices"]))
    typeset(
        "forecast.typ",
        texts,
        {drawn.name: drawn.read_bytes()},
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )
