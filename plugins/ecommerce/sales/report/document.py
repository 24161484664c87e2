"""The report as PDF: lays figures and charts out with the Typst template `include/templates/report.typ`.

The template reads one JSON file of finished texts, so nothing that comes from data is ever evaluated. Fonts
are those of the matplotlib and Typst wheels; the system's serve only scripts that these lack.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from ecommerce.core.templates import TEMPLATES
from ecommerce.sales.report import charts
from ecommerce.sales.report.figures import Figures
from ecommerce.sales.report.texts import page_texts

PDF, PREVIEW = "report.pdf", "page-1.png"
_PREVIEW_PPI = 110
_NOTICE_HEIGHT = 9.5
"""Millimetres that a notice of two lines takes on page one."""


def write(figures: Figures, folder: Path) -> None:
    """Write `report.pdf`, `page-1.png` (a picture of page one) and the charts into `folder`. The same figures
    give the same bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    charts.draw(figures, folder, lower_by=_NOTICE_HEIGHT * len(texts["notices"]))
    with tempfile.TemporaryDirectory(prefix="report-") as work:
        root = Path(work)
        for name in charts.CHARTS:
            shutil.copy(folder / name, root / name)
        (root / "report.json").write_text(json.dumps(texts), encoding="utf-8")
        shutil.copy(TEMPLATES / "report.typ", root / "main.typ")  # Typst reads nothing outside its root
        _compile(root, folder / PDF, int(figures.provenance.generated_at.timestamp()))
        shutil.copy(root / PREVIEW, folder / PREVIEW)


def _compile(root: Path, pdf: Path, timestamp: int) -> None:
    import matplotlib as mpl
    import typst

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    compiler = typst.Compiler(root / "main.typ", root=root, font_paths=[fonts])
    compiler.compile(output=pdf, format="pdf", timestamp=timestamp)
    compiler.compile(output=root / "page-{p}.png", format="png", ppi=_PREVIEW_PPI)
