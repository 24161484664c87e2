"""Whether every form of a daily report says what the oracle computed: PDF, mail, JSON, CSV and the page in
the Airflow UI.

The amounts are written here by Python's own formatting, not by the pipeline's.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from ecommerce.sales import delivery
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import Figures, figures_hash
from tests.oracle import Oracle, rounded
from tests.oracle_day import Expected
from tests.oracle_report import NEARLY, SECTIONS
from tests.unit.pages import made_up
from tests.unit.pages.reading import text_of

MINUS = "\N{MINUS SIGN}"
MONEY = (
    "net_sales",
    "gross_sales",
    "discounts",
    "returns",
    "average_order_value",
    "tax",
    "shipping",
)
COUNTS = ("orders", "customers", "new_customers", "returning_customers")


def lacking(oracle: Oracle, figures: Figures, folder: Path) -> list[str]:
    """What a form of the report does not say although it must; `folder` takes the report's files.

    `figures` are taken as they are for the report's own words only. What is looked for comes from the oracle.
    """
    expected = Expected(oracle, figures.business_date)
    forms = dict(_texts(figures, folder))
    parts = [*_comparisons(expected), *_parts(expected), *_changes(expected)]
    findings = list(_numbers_of_findings(figures, expected))
    wanted = [
        (form, words) for form in forms for words in (*_amounts(expected), *findings)
    ]
    wanted += [(form, words) for form in ("pdf", "page") for words in parts]
    return [
        f"{form}: no {words}"
        for form, words in wanted
        if not re.search(rf"(?<![\d.,]){re.escape(words)}(?![\d]|[.,]\d)", forms[form])
    ] + list(_cells(figures, folder, expected))


def _texts(figures: Figures, folder: Path) -> Iterator[tuple[str, str]]:
    """The words of each form that people read."""
    uri = _archived(figures, folder)
    pdf = (folder / "reports" / str(figures.business_date) / archive.PDF).read_bytes()
    reader = PdfReader(io.BytesIO(pdf))
    pages = reader.pages
    # The labels of a chart are outlines; its alternative text has them.
    charts = _alternatives(reader.trailer["/Root"]["/StructTreeRoot"])
    yield (
        "pdf",
        " ".join(" ".join([*(page.extract_text() for page in pages), *charts]).split()),
    )
    yield "page one", " ".join(pages[0].extract_text().split())
    message = delivery.report_message(*archive.read_report(uri, figures_hash(figures)))
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part
        yield f"mail, {kind}", text_of(part.get_content())
    yield "page", _page(figures, folder)


def _alternatives(part: Any) -> Iterator[str]:
    part = part.get_object()
    if isinstance(part, dict):
        if "/Alt" in part:
            yield str(part["/Alt"])
        part = part.get("/K", [])
        part = part if isinstance(part, list) else [part]
    if isinstance(part, list):
        for each in part:
            yield from _alternatives(each)


def _archived(figures: Figures, folder: Path) -> str:
    return archive.publish(f"file://{folder}/reports", figures)


def _page(figures: Figures, folder: Path) -> str:
    """The day's page of somebody who may see it."""
    import pytest
    from fastapi.testclient import TestClient

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REPORTS_URI", f"file://{folder}/reports")
        answer = TestClient(made_up.application()).get(f"/{figures.business_date}/")
    assert answer.status_code == 200
    return text_of(answer.text)


def _amounts(expected: Expected) -> Iterator[str]:
    """The headline, which every form has."""
    day = expected.summary[expected.day]
    for name in MONEY:
        if day[name] is not None:
            yield money(day[name])
    for name in COUNTS:
        yield f"{day[name]:,}"


def _comparisons(expected: Expected) -> Iterator[str]:
    """What the headline is compared with."""
    for name in MONEY:
        days = [expected.of(back, name) for back in (1, 7, 364)]
        yield from (money(value) for value in days if value is not None)
        mean = expected.mean(expected.averaged, name)
        yield from map(money, _safely_rounded([mean] if mean is not None else []))
    for name in COUNTS:
        counts = [expected.of(back, name) for back in (1, 7, 364)]
        yield from (f"{value:,}" for value in counts if value is not None)


def _parts(expected: Expected) -> Iterator[str]:
    """What the PDF and the page have beside the headline: breakdowns and month to date."""
    for kind in ("category", "country", "channel"):
        now = expected.net_by(kind, expected.day)
        yield from (money(value) for value in now.values() if _cents(value))
    first = expected.day.replace(day=1)
    days = [first + timedelta(each) for each in range((expected.day - first).days + 1)]
    there = [
        expected.summary[each]["net_sales"] for each in days if each in expected.summary
    ]
    yield money(Decimal(sum(there)))


def _changes(expected: Expected) -> Iterator[str]:
    """What contributes most to the change; of more than six, the last bar of the PDF is all the others, and
    returns of whole orders have a bar of their own."""
    if not expected.base:
        return
    for kind in ("category", "country", "channel"):
        days = (expected.day, expected.base)
        now, before = (expected.net_by(kind, day, expected.excluded) for day in days)
        changes = {
            name: now.get(name, Decimal(0)) - before.get(name, Decimal(0))
            for name in {*now, *before}
        }
        alone = [changes.pop("unallocated")] if "unallocated" in changes else []
        largest = [*alone, *sorted(changes.values(), key=abs, reverse=True)][:5]
        yield from (
            money(abs(value)) for value in _safely_rounded(largest) if _cents(value)
        )


def _numbers_of_findings(figures: Figures, expected: Expected) -> Iterator[str]:
    for finding in figures.findings:
        if finding.kind == "contribution" and expected.base:
            kind, name, _, *left_out = finding.about
            moved = [each.removeprefix("channel:") for each in left_out]
            now, before = (
                expected.net_by(kind, day, expected.excluded, moved)
                for day in (expected.day, expected.base)
            )
            change = now[name] - before[name]
            yield from (money(abs(value)) for value in _safely_rounded([change]))


def _cells(figures: Figures, folder: Path, expected: Expected) -> Iterator[str]:
    """What JSON and CSV say otherwise, to the last decimal. The figures themselves are compared with the
    oracle by `oracle_report.differences`."""
    place = folder / "reports" / str(figures.business_date)
    if (
        Figures.model_validate_json((place / archive.FIGURES_JSON).read_text())
        != figures
    ):
        yield "json: other figures"
    rows = list(csv.DictReader(io.StringIO((place / archive.FIGURES_CSV).read_text())))
    cells = {(row["section"], row["name"], row["figure"]): row["value"] for row in rows}
    true: dict[tuple[str, str, str], Decimal | None] = {
        ("headline", "", name): expected.summary[expected.day][name]
        for name in (*MONEY, *COUNTS)
    }
    for kind, section in SECTIONS.items():
        for name, value in expected.net_by(kind, expected.day).items():
            if rounded(value):
                true[section, name, "net_sales"] = value
    for cell, value in true.items():
        found = cells.get(cell, "no cell")
        if (found == "") != (value is None) or (
            value is not None and not _nearly(found, value)
        ):
            yield f"csv: {' '.join(cell)} is {found} instead of {value}"


def _nearly(found: str, true: Decimal) -> bool:
    try:
        return abs(Decimal(found) - true) < NEARLY
    except InvalidOperation:
        return False


def money(value: Decimal) -> str:
    """As people write it."""
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}".replace("-", MINUS)


def _cents(value: Decimal) -> bool:
    return bool(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _safely_rounded(values: Iterable[Decimal]) -> Iterator[Decimal]:
    """Those that the rounding of each currency's amount, in the aggregates, cannot turn to another cent."""
    for value in values:
        rest = abs(value * 100) % 1
        if abs(rest - Decimal("0.5")) > Decimal("0.05"):
            yield value
