"""The texts of a report as lines that a person can review."""

from ecommerce.sales.report.view.page import page_texts

SINGLE = ("title", "long_day", "footer", "changed", "changed_since", "footnote")


def page(figures):
    """Return what the page of a day shows: the top, its sections, and the alternative texts of charts."""
    texts = page_texts(figures)
    lines = [*_top(texts)]
    for section in texts["sections"]:
        lines += _section(section)
    lines += [f"chart {chart}: {words}" for chart, words in texts["charts"].items()]
    return "\n".join(lines)


def top(figures):
    """Return what the page of a day shows above its sections."""
    return "\n".join(_top(page_texts(figures)))


def sections(figures, *ids):
    """Return some sections of the page of a day."""
    lines = []
    for section in page_texts(figures)["sections"]:
        if section["id"] in ids:
            lines += _section(section)
    return "\n".join(lines)


def _top(texts):
    for name in SINGLE:
        yield f"{name}: {texts[name]}"
    yield f"scope: {' · '.join(texts['scope'])}"
    for notice in texts["notices"]:
        urgent = " (urgent)" if notice["urgent"] else ""
        yield f"notice{urgent}: {notice['title']}: {notice['words']}"
    for finding in texts["findings"]:
        yield f"finding: {finding}"
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        yield f"tile: {tile['label']} {tile['value']}"
        yield f"  choice: {_change(tile['change'])}"
        yield f"  shown: {'; '.join(map(_change, tile['shown']))}"
    yield f"expected: {texts['expected']}"


def _change(change):
    tone = {1: " (good)", 0: "", -1: " (bad)"}[change["tone"]]
    return f"{change['words']} {change['label']}{tone}"


def _section(section):
    chart = f" [{section['chart']}]" if section["chart"] else ""
    yield ""
    yield f"{section['id']}: {section['title']} ({section['note']}){chart}"
    if section["columns"]:
        yield f"  {' | '.join(column['name'] for column in section['columns'])}"
    for row in section["rows"]:
        yield f"  {' | '.join(row)}"
    if section["empty"]:
        yield f"  empty: {section['empty']}"
    for remark in section["remarks"]:
        yield f"  remark: {remark}"
