"""Documents as PDF, laid out by a Typst template of include/templates.

A template reads one JSON file of finished texts, so nothing that comes from data is ever evaluated; what
the templates share is in `family.typ`. Documents are tagged for screen readers (PDF/UA-1) and can be archived
(PDF/A-2a): every font is embedded, every letter can be read and copied.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.templates import TEMPLATES
from ecommerce.documents import fonts

if TYPE_CHECKING:
    from typst import Compiler, Fonts, PDFStandard

log = logging.getLogger(__name__)

FAMILY, TEXTS = "family.typ", "texts.json"
STANDARDS: tuple[PDFStandard, ...] = ("a-2a", "ua-1")
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
    """Write a document and a picture of its first page. The same arguments give the same bytes. Where the
    pictures are not fit for PDF/A or PDF/UA, the document is an ordinary PDF, and the log says why.

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
        (root / TEXTS).write_text(fonts.printable(json.dumps(texts, ensure_ascii=False)), encoding="utf-8")
        shutil.copy(TEMPLATES / FAMILY, root / FAMILY)
        shutil.copy(TEMPLATES / template, root / "main.typ")
        _compile(root, pdf, int(made_at.timestamp()))
        _picture(pdf, preview)


def _compile(root: Path, pdf: Path, timestamp: int) -> None:
    import typst

    compiler = typst.Compiler(
        root / "main.typ",
        root=root,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"fonts": ",".join(fonts.FAMILIES)},
    )
    try:
        _compile_pdf(compiler, pdf, timestamp, STANDARDS)
    except typst.TypstError as error:
        _compile_pdf(compiler, pdf, timestamp, ())
        log.warning("%s is neither PDF/A nor PDF/UA: %s", pdf.name, error.message)


def _compile_pdf(compiler: Compiler, pdf: Path, timestamp: int, standards: tuple[PDFStandard, ...]) -> None:
    compiler.compile(output=pdf, format="pdf", timestamp=timestamp, pdf_standards=list(standards))


def _picture(pdf: Path, preview: Path) -> None:
    """Draw page one as people see it. Typst's own pictures cut the upper edge off some charts."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        document[0].render(scale=_PREVIEW_PPI / 72).to_pil().save(preview)


@cache
def _fonts() -> Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=list(fonts.folders()))
