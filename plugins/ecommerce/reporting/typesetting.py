"""Documents as PDF, laid out by a Typst template of include/templates.

A template reads one JSON file of finished texts, so data is never evaluated; what
the templates share is in `family.typ`. Documents are tagged for screen readers (PDF/UA-1) and can be archived
(PDF/A-2a): every font is embedded, every letter can be read and copied.
"""

import json
import logging
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from ecommerce.core.templates import TEMPLATES
from ecommerce.core.text import unbroken
from ecommerce.reporting.drawing import FAMILIES, font_paths, printable
from ecommerce.storage.scratch import scratch_folder

log = logging.getLogger(__name__)

FAMILY, TEXTS = "family.typ", "texts.json"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
AIR = (1.0, 1.5, 0.6, 2.0, 2.6, 3.2, 0.3)
"""Factors of the gaps between sections, in the order in which they are tried."""
LEAST_FULL = 1 / 3
"""Of a page: a last one with less on it is moved to the page before, or filled by wider gaps."""
_PREVIEW_PPI, _FILL_PPI = 110, 36
_TOP, _BOTTOM = 13 / 297, 281 / 297
"""Where the texts of an A4 page begin and end, as `family.typ` has it."""


def typeset(
    template: str,
    texts: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    *,
    pdf: Path,
    preview: Path,
    made_at: datetime,
) -> None:
    """Write the document `pdf`, dated `made_at` (aware), and a picture of its first page, the PNG `preview`.
    The template reads `texts`, plain JSON, as `/texts.json`, and `pictures` as files next to it. The same
    arguments give the same bytes. The gaps are those of `AIR` that leave no page less than a third full.
    Where the pictures are not fit for PDF/A or PDF/UA, the document is an ordinary PDF, and the log shows
    why."""
    import pypdfium2

    with scratch_folder() as root:  # Typst reads nothing outside it
        for name, data in pictures.items():
            (root / name).write_bytes(data)
        (root / TEXTS).write_text(
            unbroken(printable(json.dumps(texts, ensure_ascii=False))), encoding="utf-8"
        )
        shutil.copy(TEMPLATES / FAMILY, root / FAMILY)
        shutil.copy(TEMPLATES / template, root / "main.typ")
        pdf.write_bytes(_compile(root, int(made_at.timestamp()), pdf.name))
    # Typst's own pictures cut the upper edge off some charts.
    with pypdfium2.PdfDocument(pdf) as document:
        document[0].render(scale=_PREVIEW_PPI / 72).to_pil().save(preview)


def _compile(root: Path, timestamp: int, name: str) -> bytes:
    import typst

    folders = sorted({path.parent for path in font_paths().values()})
    compiler = typst.Compiler(
        root / "main.typ", root=root, font_paths=folders, ignore_system_fonts=True
    )
    options: dict[str, Any] = {
        "format": "pdf",
        "timestamp": timestamp,
        "pdf_standards": STANDARDS,
    }
    best, most = b"", -1.0
    for air in AIR:
        options["sys_inputs"] = {"fonts": ",".join(FAMILIES), "air": str(air)}
        try:
            pdf = compiler.compile(**options)
        except typst.TypstError as error:
            log.warning("%s is neither PDF/A nor PDF/UA: %s", name, error.message)
            options["pdf_standards"] = []
            pdf = compiler.compile(**options)
        if (least := min(fills(cast("bytes", pdf)))) > most:
            best, most = cast("bytes", pdf), least
        if most >= LEAST_FULL:
            break
    return best


def fills(pdf: bytes) -> list[float]:
    """Return how far each page is filled, from its top margin: 0 to 1."""
    import pypdfium2
    from PIL import ImageOps

    filled = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            drawn = page.render(scale=_FILL_PPI / 72, grayscale=True).to_pil()
            texts = drawn.crop((0, 0, drawn.width, round(drawn.height * _BOTTOM)))
            _, _, _, lowest = ImageOps.invert(texts).getbbox() or (0, 0, 0, 0)
            filled.append((lowest / drawn.height - _TOP) / (_BOTTOM - _TOP))
    return filled
