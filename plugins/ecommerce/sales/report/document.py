"""The report as PDF: lays figures and charts out with the Typst template `include/templates/report.typ`.

The template reads one JSON file of finished texts, so nothing that comes from data is ever evaluated. Fonts
are those of the matplotlib and Typst wheels; the system's serve only scripts that these lack.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ecommerce.core.staging import storage_path
from ecommerce.core.templates import TEMPLATES
from ecommerce.sales.report import charts
from ecommerce.sales.report.figures import Figures, Product
from ecommerce.sales.report.texts import page_texts

log = logging.getLogger(__name__)

PDF, PREVIEW = "report.pdf", "page-1.png"
_PREVIEW_PPI = 110
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
    charts.draw(figures, folder, lower_by=lower_by)
    with tempfile.TemporaryDirectory(prefix="report-") as work:
        root = Path(work)
        for name in charts.CHARTS:
            shutil.copy(folder / name, root / name)
        texts["pictures"] = _pictures(figures.products, root)
        (root / "report.json").write_text(json.dumps(texts), encoding="utf-8")
        shutil.copy(TEMPLATES / "report.typ", root / "main.typ")  # Typst reads nothing outside its root
        _compile(root, folder / PDF, int(figures.provenance.generated_at.timestamp()))
        shutil.copy(root / PREVIEW, folder / PREVIEW)


def _pictures(products: Sequence[Product], root: Path) -> list[str]:
    """Copy the products' thumbnails into `root`; their names there, in order, empty where there is none. A
    report does not fail for a picture."""
    names = []
    for number, product in enumerate(products):
        name = f"picture-{number}.png" if product.thumbnail else ""
        if product.thumbnail:
            try:
                picture = storage_path(product.thumbnail).read_bytes()
                if not picture.startswith(_PNG):
                    raise ValueError("it is no PNG file")
                (root / name).write_bytes(picture)
            except (OSError, ValueError) as error:
                log.warning("the report goes without the picture %s: %s", product.thumbnail, error)
                name = ""
        names.append(name)
    return names


def _compile(root: Path, pdf: Path, timestamp: int) -> None:
    import matplotlib as mpl
    import typst

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    compiler = typst.Compiler(root / "main.typ", root=root, font_paths=[fonts])
    compiler.compile(output=pdf, format="pdf", timestamp=timestamp)
    compiler.compile(output=root / "page-{p}.png", format="png", ppi=_PREVIEW_PPI)
