"""The report as PDF: figures and charts, laid out by `include/templates/report.typ`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ecommerce.core.staging import storage_path
from ecommerce.documents.typesetting import typeset
from ecommerce.sales.report import charts
from ecommerce.sales.report.figures import Figures, Product
from ecommerce.sales.report.texts import page_texts

log = logging.getLogger(__name__)

PDF, PREVIEW = "report.pdf", "page-1.png"
_PNG = b"\x89PNG\r\n\x1a\n"
_NOTICE_HEIGHT = 9.5
"""Millimetres that a notice of two lines takes on page one."""
_LINE_HEIGHT = 6.0
"""Millimetres that the line on what was expected takes there."""


def write(figures: Figures, folder: Path) -> None:
    """Write `report.pdf`, `page-1.png` (a picture of page one) and the charts into `folder`. The same figures
    give the same bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    lower_by = _NOTICE_HEIGHT * len(texts["notices"]) + (_LINE_HEIGHT if texts["expected"] else 0)
    drawn = charts.draw(figures, folder, lower_by=lower_by)
    thumbnails = _thumbnails(figures.products)
    texts["pictures"] = [name for name, _ in thumbnails]
    typeset(
        "report.typ",
        texts,
        {path.name: path.read_bytes() for path in drawn} | {name: data for name, data in thumbnails if name},
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )


def _thumbnails(products: Sequence[Product]) -> list[tuple[str, bytes]]:
    """A name and the thumbnail of each product, in order; both empty where there is none. A report does not
    fail for a picture."""
    found = []
    for number, product in enumerate(products):
        name, picture = "", b""
        if product.thumbnail:
            try:
                picture = storage_path(product.thumbnail).read_bytes()
                if not picture.startswith(_PNG):
                    raise ValueError("it is no PNG file")
                name = f"picture-{number}.png"
            except (OSError, ValueError) as error:
                log.warning("the report goes without the picture %s: %s", product.thumbnail, error)
        found.append((name, picture))
    return found
