"""Documents as PDF and charts as SVG and PNG, laid out by Typst templates of include/templates.

A template reads one JSON file of finished texts, so data is never evaluated; what the templates share is in
`family.typ` and `charts.typ`. Documents are tagged for screen readers (PDF/UA-1) and can be archived
(PDF/A-2a): every font is embedded, every letter can be read and copied. SVG files contain text as outlines.

The fonts are part of Python packages and of include/fonts, never of the system, so that a document has the
same bytes on every machine. DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Armenian) and Noto
Emoji, in one colour, are in include/fonts, because no maintained package on PyPI has them; Noto Sans CJK
(Chinese, Japanese, Korean) and Noto Sans Devanagari are on PyPI. The last family has a box for every other
letter, which names its script.
"""

import json
import logging
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ecommerce.core.paths import INCLUDE
from ecommerce.core.templates import TEMPLATES
from ecommerce.core.text import unbroken
from ecommerce.core.values import Values
from ecommerce.reporting.charts import Chart
from ecommerce.storage.scratch import scratch_folder

log = logging.getLogger(__name__)

FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Emoji",
    "Noto Sans Devanagari",
    "Last Resort High-Efficiency",
)
"""In this order: a letter is printed in the first that has it."""
STANDARDS: list[Any] = ["a-2a", "ua-1"]
MAIL_DPI = 280
"""The resolution of a chart as wide as a mail."""
_PREVIEW_PPI = 110
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\U000f0000-\U0010ffff]"
)
"""Neither PDF/A nor XML may have these."""


def typeset(
    template: str,
    texts: Values,
    pictures: Mapping[str, bytes],
    *,
    pdf: Path,
    preview: Path | None,
    made_at: datetime,
) -> None:
    """Write the document `pdf`, dated `made_at` (aware), and a picture of its first page, the PNG `preview`,
    where it has a path. The template reads `texts` as `/texts.json` (plain JSON, Decimals as numbers), in
    which `pictures` has the names of the PNG files next to it by the keys of `pictures`. The same arguments
    give the same bytes. Where the pictures are not fit for PDF/A or PDF/UA, the document is an ordinary PDF,
    and the log shows why."""
    import pypdfium2
    import typst

    with _compiler(template, texts, pictures) as compiler:
        options = {"format": "pdf", "timestamp": int(made_at.timestamp())}
        try:
            document = compiler.compile(**options, pdf_standards=STANDARDS)
        except typst.TypstError as error:
            log.warning("%s is neither PDF/A nor PDF/UA: %s", pdf.name, error.message)
            document = compiler.compile(**options)
    pdf.write_bytes(document)
    if preview is None:
        return
    with pypdfium2.PdfDocument(pdf) as pages:
        pages[0].render(scale=_PREVIEW_PPI / 72).to_pil().save(preview)


def draw(charts: Sequence[Chart], folder: Path, *, png_dpi: int = 0) -> None:
    """Write the `file` of each chart into `folder`: SVG without a background. With `png_dpi`, write PNG of
    that resolution on white in its place, for mail programs, which show no SVG."""
    suffix = "png" if png_dpi else "svg"
    texts = {"charts": charts, "background": bool(png_dpi)}
    with _compiler("chart_files.typ", texts, {}) as compiler:
        pages = compiler.compile(format=suffix, ppi=png_dpi or None)
    # Typst returns a single page without a list.
    if isinstance(pages, bytes):
        pages = [pages]
    for chart, page in zip(charts, pages, strict=True):
        (folder / chart["file"]).with_suffix(f".{suffix}").write_bytes(page)


@cache
def _fonts() -> Any:
    """Return the `typst.Fonts`, which are read once: a run makes many documents."""
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        font_paths=[
            INCLUDE / "fonts",
            Path(str(files("noto_cjk_sans_jp_regular"))),
            Path(str(files("fontpkg_noto_sans_devanagari"))) / "files",
        ],
    )


@contextmanager
def _compiler(
    template: str, texts: Values, pictures: Mapping[str, bytes]
) -> Iterator[Any]:
    """Return a compiler of a template with its texts and pictures, which reads no other file."""
    import typst

    names = {key: f"picture-{number}.png" for number, key in enumerate(pictures)}
    texts = texts | {"pictures": names}
    content = json.dumps(texts, ensure_ascii=False, default=float)
    # Byte order marks are no text.
    content = content.replace("\ufeff", "")
    content = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", content)
    with scratch_folder() as root:
        (root / "texts.json").write_text(unbroken(content), encoding="utf-8")
        for key, picture in pictures.items():
            (root / names[key]).write_bytes(picture)
        for source in TEMPLATES.glob("*.typ"):
            shutil.copy(source, root)
        yield typst.Compiler(
            root / template,
            root=root,
            font_paths=_fonts(),
            sys_inputs={"fonts": ",".join(FAMILIES)},
        )
