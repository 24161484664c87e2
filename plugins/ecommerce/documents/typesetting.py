"""Documents as PDF, laid out by a Typst template of include/templates.

A template reads one JSON file of finished texts, so nothing that comes from data is ever evaluated; what
the templates share is in `family.typ`. Fonts are those of the matplotlib and Typst wheels; the system's serve
only scripts that these lack.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ecommerce.core.templates import TEMPLATES

FAMILY, TEXTS = "family.typ", "texts.json"
_PREVIEW_PPI = 110


def typeset(
    template: str,
    texts: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    *,
    pdf: Path,
    preview: Path,
    made_at: datetime,
) -> None:
    """Write a document and a picture of its first page. The same arguments give the same bytes.

    Args:
        template: a file of include/templates.
        texts: what the template reads as `/texts.json`, plain JSON.
        pictures: files that lie beside the template, by their names.
        pdf: the document to write.
        preview: the PNG of page one to write.
        made_at: the date that the PDF bears (aware).
    """
    with tempfile.TemporaryDirectory(prefix="document-") as work:
        root = Path(work)  # Typst reads nothing outside it
        for name, data in pictures.items():
            (root / name).write_bytes(data)
        (root / TEXTS).write_text(json.dumps(texts), encoding="utf-8")
        shutil.copy(TEMPLATES / FAMILY, root / FAMILY)
        shutil.copy(TEMPLATES / template, root / "main.typ")
        _compile(root, pdf, int(made_at.timestamp()))
        shutil.copy(root / "page-1.png", preview)


def _compile(root: Path, pdf: Path, timestamp: int) -> None:
    import matplotlib as mpl
    import typst

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    compiler = typst.Compiler(root / "main.typ", root=root, font_paths=[fonts])
    compiler.compile(output=pdf, format="pdf", timestamp=timestamp)
    compiler.compile(output=root / "page-{p}.png", format="png", ppi=_PREVIEW_PPI)
