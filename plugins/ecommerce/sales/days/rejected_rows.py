"""Rejected rows: where a row is, which field is invalid, and what was expected.

The transform keeps each with a reason, a detail such as `unit_price = ten`, and the record itself. What was
expected is in include/expected_values.csv.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter

from more_itertools import map_reduce

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.paths import INCLUDE
from ecommerce.core.templates import render_rows
from ecommerce.core.text import clean
from ecommerce.core.values import Row
from ecommerce.reporting.parts import Part
from ecommerce.reporting.sections import columns_of
from ecommerce.sales import terms
from ecommerce.sources import PARTNER_FILES, live_sources

LONGEST_VALUE = 60
LONGEST_ID = 40

COLUMNS = columns_of(
    ":Source",
    "Reason*0.8",
    ">Rows",
    "Where*1.4",
    "Found*1.1",
    "Expected*1.2",
)
"""Of the table of `reject_rows`."""
_OF_NO_FIELD = {
    "malformed_line",
    "bad_encoding",
    "file_unreadable",
    "file_too_large",
    "missing_column",
}


class RejectSample(Part):
    """One rejected row. Its place: `file` and `line` of a delivered file (no line: the file as a
    whole), `order_id` and `line_number` of an order, or the name of a `record` that belongs to none. `value`
    is the content of `field`, personal data masked; None where it is empty."""

    file: str | None = None
    line: int | None = None
    order_id: str | None = None
    line_number: str | None = None
    record: str | None = None
    field: str | None = None
    value: str | None = None
    expected: str | None = None


class Rejects(Part):
    """The rows of one source rejected for one reason, with up to three samples."""

    source: str
    reason: str
    rows: int
    samples: list[RejectSample]


@cache
def expected_values() -> dict[tuple[str, str], str]:
    """Return what a field should have, by the reason of the rejection and the field: that of a reason without
    a field is of all others."""
    expected = {}
    with (INCLUDE / "expected_values.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            expected[row["reason"], row["field"]] = row["expected"]
    return expected


def rejects(rows: Iterable[Row]) -> list[Rejects]:
    """Return the rows of `rejects.sql` by source and reason, in their order."""
    all_rejects = []
    for some in map_reduce(rows, itemgetter("source", "reason")).values():
        samples = [sample_of(row) for row in some]
        all_rejects.append(
            Rejects.of(some[0], rows=some[0]["reason_rows"], samples=samples)
        )
    return all_rejects


def reject_rows(all_rejects: Iterable[Rejects]) -> list[list[str]]:
    """Return rows of `COLUMNS`; source, reason and number of rows are not repeated."""
    facts = {"rejects": all_rejects, "label": terms.label}
    return render_rows("tables/rejects.txt", facts)


def sample_of(row: Row) -> RejectSample:
    """Return one row as a sample. The transform has masked personal data but addresses in free texts."""
    source = row["source"]
    reason = row["reason"]
    record = _record(row.get("raw") or "")
    detail = row.get("detail") or ""
    field, value = _fault(reason, detail, record)
    is_file = source not in live_sources() or source == PARTNER_FILES.name
    values = expected_values()
    expected = values.get((reason, field or ""), values.get((reason, "")))
    if detail.endswith("(not a number with a decimal comma)"):
        expected = "a number such as 12,50"
    elif form := re.search(r"\(does not match (.+)\)$", detail):
        example = datetime(2026, 11, 19, 15, tzinfo=UTC)
        expected = f"a time such as {example.strftime(form[1])}"
    return RejectSample(
        file=_short(row.get("file")) if is_file else None,
        line=(row.get("row_number") or None) if is_file else None,
        order_id=_short(row.get("order_id") or record.get("order_id")),
        line_number=_short(record.get("line_number")),
        record=_name(record),
        field=field,
        value=value,
        expected=expected,
    )


def _fault(
    reason: str, detail: str, record: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Return the invalid field and its value; without a field, what is wrong."""
    if match := re.fullmatch(r"(\w+)(?: = (.*)| is empty)", detail, re.DOTALL):
        return match[1], _short(match[2], LONGEST_VALUE)
    if detail == "line":  # of web events; its content is not kept
        return None, "content not kept"
    if reason in _OF_NO_FIELD or not re.fullmatch(r"\w+(; \w+)*", detail):
        return None, _short(detail, LONGEST_VALUE)
    names = detail.split("; ")  # some extracts name fields alone
    values = ", ".join(record[name] for name in names if record.get(name))
    return ", ".join(names), _short(values, LONGEST_VALUE)


def _record(raw: str) -> dict[str, str]:
    """Return the fields of the record as texts; of one that was cut off, those that can be read."""
    try:
        record = json.loads(raw)
    except ValueError:
        if not raw.startswith("{"):
            return {}
        record = dict(re.findall(r'"(\w+)":\s*"?([^",{}\[\]]+)', raw))
    fields = {}
    if isinstance(record, dict):
        for name, value in record.items():
            if value not in (None, "", [], {}):
                fields[name] = str(value)
    return fields


def _name(record: Mapping[str, str]) -> str | None:
    """Return the name of a record that is no line of an order."""
    if refund := record.get("refund_id"):
        return f"refund {_short(refund)}"
    if "rate" in record and "currency" in record:
        return f"rate of {_short(record['currency'])} on {_short(record.get('rate_date')) or 'no day'}"
    return None


def _short(text: str | None, longest: int = LONGEST_ID) -> str | None:
    return clean(mask_e_mails(text), longest) or None if text else None
