"""The parts that a report's page is made of, as plain data that any template can lay out: PDF or HTML.

A section has these keys:

- `id`, `title`, and a small `note` next to the title
- `kind`: `table`, `list` (each row is one sentence) or `facts` (rows of a name and its words)
- `columns`: of a table; each has `name`, `align` (`left`, `right`), `grow`, its share of the width that the
  others leave (0: as wide as its cells), `quiet`: whether it is less prominent than the others, and `roomy`:
  whether a narrow screen leaves it out
- `rows`: cells that are ready to print, harmless in any layout once a template escapes them
- `keys`: for rows of products, their SKUs in the same order, to find their pictures by; else empty
- `chart`: the chart that shows the same (see `reporting.charts`), or None
- `remarks`: sentences below
- `annex`: whether it belongs to the annex
- `empty`: why there is nothing, in half a line; nothing where there are rows
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from ecommerce.core.templates import render_rows
from ecommerce.core.values import Values
from ecommerce.reporting.charts import Chart

Part = TypeVar("Part", bound=BaseModel)

Column = Values
Section = Values


def with_others(
    rows: Sequence[Part],
    most: int,
    amount: str,
    *,
    label: str = "name",
    alone: str | None = None,
) -> list[Part]:
    """Return at most `most` rows, in reading order; where there are more, the last one, `4 others`, adds up
    the numbers of those left out. `label` is the field with the name of a row. The largest by the absolute
    value of the field `amount` are shown: a large negative amount would make the sum of the others negative.
    The row named `alone` is always shown."""
    if len(rows) <= most:
        return list(rows)
    ranked = sorted(
        rows,
        key=lambda row: (getattr(row, label) != alone, -abs(getattr(row, amount))),
    )
    others = ranked[most - 1 :]
    totals: Values = {label: f"{len(others)} others"}
    for row in others:
        for field, value in row:
            if isinstance(value, int | Decimal):
                totals[field] = totals.get(field, 0) + value
    rest = others[0].model_copy(update=totals)
    return [*sorted(ranked[: most - 1], key=rows.index), rest]


def table(
    section_id: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    empty: str,
    note: str = "",
    chart: Chart | None = None,
    keys: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> Section:
    """Return a section with a table, or with `empty` in its place where it has no row."""
    return {
        "id": section_id,
        "kind": "table",
        "annex": False,
        "title": title,
        "note": note,
        "columns": columns,
        "rows": rows,
        "keys": keys,
        "chart": chart if rows else None,
        "remarks": remarks,
        "empty": "" if rows else empty,
    }


def columns_of(*headings: str) -> list[Column]:
    """Return columns by their headings. One begins with `>` for figures, `~` for less prominent ones, `:` for
    short words, and before these `-` where a narrow screen leaves it out; `*` and a number at its end state
    `grow`, which is 1 by default for words."""
    columns = []
    for heading in headings:
        words, _, grow = heading.lstrip("->~:").partition("*")
        marks = heading.removesuffix(heading.lstrip("->~:"))
        columns.append(
            {
                "name": words,
                "align": "right" if {">", "~"} & set(marks) else "left",
                "grow": 0.0 if marks.strip("-") else float(grow or 1),
                "quiet": "~" in marks,
                "roomy": "-" in marks,
            }
        )
    return columns


def rendered_table(template: str, facts: Values, **more: Any) -> Section:
    """Return the section of a template as of `render_rows`, with its name as `id`. The first row has the
    title, the note and the words for a section without rows; the second one has the headings as of
    `columns_of`, or the `kind` of a section without any: `facts` or `list`. `more` as in `table`."""
    (title, note, empty), headings, *rows = render_rows(template, facts)
    columns = columns_of(*headings)
    section_id = Path(template).stem
    section = table(section_id, title, columns, rows, empty=empty, note=note, **more)
    if headings in (["facts"], ["list"]):
        section |= {"kind": headings[0], "columns": []}
    return section


def charts_of(sections: Iterable[Section]) -> list[Chart]:
    """Return the charts of the sections that have one."""
    return [section["chart"] for section in sections if section["chart"]]
