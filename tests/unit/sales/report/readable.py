"""The texts of a report as lines that a person can review."""

from ecommerce.reporting.sections import charts_of
from ecommerce.sales.report.texts.page import page_texts

SINGLE = ("title", "long_day", "footer", "changed", "changed_since", "footnote")


def page(figures):
    """Return what the page of a day shows: the top, its sections, and the alternative texts of charts."""
    return lines_of_page(page_texts(figures))


def lines_of_page(texts):
    """Return the texts of a page, as `page`."""
    lines = [*_top(texts)]
    for section in texts["sections"]:
        lines += _section(section)
    for chart in charts_of(texts["sections"]):
        lines.append(f"chart {chart['file']}: {chart['alt']}")
    return "\n".join(lines)


def page_one(texts):
    """Return what page one of a document states of a day or a period."""
    trust = texts["summary"]["trust"]
    stated = [
        texts["long_day"],
        " ".join(texts["summary"]["sentences"]),
        f"{trust['label']} {trust['words']}",
    ]
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        stated += [tile["label"], tile["value"]]
    return stated


def section(figures, section_id):
    """Return a section of the page of a day, as its templates get it."""
    for found in page_texts(figures)["sections"]:
        if found["id"] == section_id:
            return found
    raise AssertionError(section_id)


def _top(texts):
    for name in SINGLE:
        yield f"{name}: {texts.get(name, '')}"
    yield f"scope: {' · '.join(texts['scope'])}"
    yield from _summary(texts["summary"])
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        yield f"tile: {tile['label']} {tile['value']}"
        yield f"  choice: {_change(tile['change'])}"
        yield f"  shown: {'; '.join(map(_change, tile['changes']))}"
    # A period has none.
    if "expected" in texts:
        yield f"expected: {texts['expected']}"


def _summary(summary):
    yield from summary["sentences"]
    trust = summary["trust"]
    yield f"[{trust['state']}] {trust['label']}: {trust['words']}"


def _change(change):
    tone = {1: " (good)", 0: "", -1: " (bad)"}[change["tone"]]
    return f"{change['words']} {change['label']}{tone}"


def _section(section):
    chart = f" [{section['chart']['file']}]" if section["chart"] else ""
    annex = " (annex)" if section.get("annex") else ""
    yield ""
    yield f"{section['id']}: {section['title']} ({section['note']}){chart}{annex}"
    if section["columns"]:
        yield f"  {' | '.join(column['name'] for column in section['columns'])}"
    for row in section["rows"]:
        yield f"  {' | '.join(row)}"
    if section["empty"]:
        yield f"  empty: {section['empty']}"
    for remark in section["remarks"]:
        yield f"  remark: {remark}"
