"""The report as PDF: figures and charts, laid out by `include/templates/report.typ`."""

import logging
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from ecommerce.reporting.typesetting import typeset
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.view.page import page_texts
from ecommerce.storage.staging import storage_path

log = logging.getLogger(__name__)

PDF, PREVIEW = "report.pdf", "page-1.png"


def write(figures: Figures, folder: Path) -> None:
    """Write `report.pdf`, `page-1.png` (a picture of page one) and the charts into `folder`. The same figures
    give the same bytes: the PDF's date is `provenance.generated_at`."""
    charts = [path for path in chart_files.draw(figures, folder) if path.name != chart_files.TREND_PNG]
    files = {path.name: path.read_bytes() for path in charts}
    with tempfile.TemporaryDirectory(prefix="trends-") as work:
        low = chart_files.draw_low_trend(figures, Path(work))
        files[low.name] = low.read_bytes()
    thumbnails = _thumbnails(figures)
    typeset(
        "report.typ",
        page_texts(figures) | {"pictures": {sku: name for sku, (name, _) in thumbnails.items()}},
        files | dict(thumbnails.values()),
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )


def _thumbnails(figures: Figures) -> dict[str, tuple[str, bytes]]:
    """Return name and content of each thumbnail by SKU; a report does not fail for a picture."""
    products: list[Any] = [*figures.products]
    if figures.changes:
        products += [*figures.changes.rising, *figures.changes.falling]
    thumbnails: dict[str, tuple[str, bytes]] = {}
    for number, each in enumerate(products):
        if each.sku not in thumbnails and each.thumbnail and (picture := _picture(each.thumbnail)):
            thumbnails[each.sku] = (f"picture-{number}.png", picture)
    return thumbnails


def _picture(uri: str) -> bytes | None:
    """Return the content of a complete PNG file, else None."""
    from PIL import Image

    try:
        picture = bytes(storage_path(uri).read_bytes())
        with Image.open(BytesIO(picture), formats=["PNG"]) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        log.warning("the report has no picture %s: %s", uri, error)
        return None
    return picture
