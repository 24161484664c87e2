"""Rejected rows as people look for them: where a row stands, which field is at fault, what was expected
there.

The transform keeps each of them with a reason, a detail such as `unit_price = ten`, and the record itself.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from pydantic import model_validator

from ecommerce.core.text import clean, count, mask_e_mails, source_name
from ecommerce.sales.report.figures.base import Part
from ecommerce.sources import PARTNER_FILES, SALES_DB, SOURCES

LONGEST_VALUE = 60
_LONGEST_ID = 40

EXPECTED = {
    "missing_value": "a value",
    "invalid_number": "a number such as 12.50",
    "too_many_digits": "at most 11 digits before the decimal point and 4 after it",
    "invalid_quantity": "a quantity above zero",
    "negative_price": "no negative amount",
    "invalid_currency": "a currency's three letters, such as EUR",
    "invalid_timestamp": "date, time and offset, such as 2026-11-19T15:00:00Z",
    "timestamp_out_of_range": "a moment from the year 2000 on, at most a day after it was read",
    "undated_draft": "a date; a draft has none until it is placed",
    "order_rejected": "an order that can be read: it was rejected itself",
    "unknown_order": "an order that the source has",
    "duplicate_line": "each line number once in an order; another line with this one says something else",
    "order_of_other_partner": "an order number that no other partner has used before",
    "malformed_line": "as many fields as the header has, every quote closed",
    "bad_encoding": "text in UTF-8",
    "file_unreadable": "a CSV file in UTF-8 with one header, or such a file compressed by gzip",
    "file_too_large": "a file within PARTNER_FILE_MAX_LINES, _BYTES and _SECONDS",
    "missing_column": "a header with every required column",
}
"""What was expected of a field, by the code of the reason."""
_EXPECTED_OF = {
    ("invalid_number", "line_number"): "a whole number, not negative",
    ("invalid_number", "rate"): "a number above zero",
    ("too_many_digits", "quantity"): "at most 7 digits before the decimal point and 4 after it",
    ("too_many_digits", "unit_price"): "at most 10 digits before the decimal point and 4 after it",
    ("invalid_timestamp", "rate_date"): "a date such as 2026-11-19",
    ("timestamp_out_of_range", "rate_date"): "a date from 1990 on, not in the future",
    ("malformed_line", "exchange_rates"): "one cell for each currency of the header",
}
"""The same, where it is another for this field (or source)."""
_OF_NO_FIELD = frozenset(
    {"malformed_line", "bad_encoding", "file_unreadable", "file_too_large", "missing_column"}
)

Row = Mapping[str, Any]


class RejectSample(Part):
    """One rejected row. Where it stands: `file` and `line` of a delivered file (no line: the file as a
    whole), `order_id` and `line_number` of an order, or a `record` that belongs to none, in words. `value`
    is what stood in `field`, personal data masked; None where nothing did."""

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

    @model_validator(mode="before")
    @classmethod
    def _of_older_reports(cls, given: Any) -> Any:
        """Samples of reports that were archived with the record as it was read."""
        if isinstance(given, Mapping) and isinstance(given.get("samples"), list):
            samples = [
                sample_of(given["source"], given["reason"], each)
                if isinstance(each, Mapping) and "raw" in each
                else each
                for each in given["samples"]
            ]
            return {**given, "samples": samples}
        return given


def rejects(rows: Iterable[Row]) -> list[Rejects]:
    """Rows of `rejected_rows` by source and reason, in their order; each has the number of all
    `reason_rows`."""
    found = []
    for (source, reason), group in groupby(rows, key=lambda row: (row["source"], row["reason"])):
        some = list(group)
        samples = [sample_of(source, reason, row) for row in some]
        found.append(Rejects(source=source, reason=reason, rows=some[0]["reason_rows"], samples=samples))
    return found


def sample_of(source: str, reason: str, row: Row) -> RejectSample:
    """One row as a sample. The transform has masked personal data already; an address in a free text must not
    get past here either."""
    record = _record(source, row)
    field, value = _fault(reason, row.get("detail") or "", record)
    is_file = source == PARTNER_FILES or source not in SOURCES
    expected = _EXPECTED_OF.get((reason, field or source)) or EXPECTED.get(reason)
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


def cells(all_rejects: Iterable[Rejects]) -> list[list[str]]:
    """The table's rows: source, reason, rows, where, found, expected. The first three are said once."""
    lines = []
    for each in all_rejects:
        first = [source_name(each.source), each.reason.replace("_", " "), count(each.rows)]
        for sample in each.samples:
            lines.append([*first, _where(sample), _found(sample), clean(sample.expected)])
            first = ["", "", ""]
    return lines


def _where(sample: RejectSample) -> str:
    places = []
    if sample.file:
        line = "the whole file" if sample.line is None else f"line {sample.line}"
        places.append(f"{clean(sample.file)}, {line}")
    if sample.order_id:
        number = f", line {clean(sample.line_number)}" if sample.line_number and not sample.file else ""
        places.append(f"order {clean(sample.order_id)}{number}")
    if sample.record:
        places.append(clean(sample.record))
    return "; ".join(places)


def _found(sample: RejectSample) -> str:
    if sample.field is None:
        return clean(sample.value)
    name = clean(sample.field)
    return f"{name} is empty" if sample.value is None else f"{name}: {clean(sample.value)}"


def _fault(reason: str, detail: str, record: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The field at fault and what stands in it; without field what is wrong, in words."""
    if match := re.fullmatch(r"(\w+) = (.*)", detail, re.DOTALL):
        return match[1], _short(match[2], LONGEST_VALUE)
    if match := re.fullmatch(r"(\w+) is empty", detail):
        return match[1], None
    if reason in _OF_NO_FIELD or not re.fullmatch(r"\w+(; \w+)*", detail):
        return None, _short(detail, LONGEST_VALUE)
    names = detail.split("; ")  # the extract of the sales database names fields alone
    values = ", ".join(record[name] for name in names if record.get(name))
    return ", ".join(names), _short(values, LONGEST_VALUE)


def _record(source: str, row: Row) -> dict[str, str]:
    """The fields of the record as it was read, as texts; those that can be read of one that was cut off."""
    raw = row.get("raw") or ""
    try:
        found = json.loads(raw)
    except ValueError:
        found = dict(re.findall(r'"(\w+)":\s*"?([^",{}\[\]]+)', raw)) if raw.startswith("{") else None
    if isinstance(found, dict):
        return {name: str(value) for name, value in found.items() if value not in (None, "", [], {})}
    if source == SALES_DB and row.get("file"):
        return _of_the_database(row["file"], raw)
    return {}


def _of_the_database(query: str, raw: str) -> dict[str, str]:
    from ecommerce.sources.sales_db.extraction import COLUMNS

    names = COLUMNS.get(query, "").split()
    values = next(csv.reader([raw.replace("\0", "")]), [])
    return dict(zip(names, values, strict=False)) if len(values) == len(names) else {}


def _name(record: Mapping[str, str]) -> str | None:
    """What names a record that is no line of an order."""
    if refund := record.get("refund_id"):
        return f"refund {_short(refund)}"
    if "rate" in record and "currency" in record:
        return f"rate of {_short(record['currency'])} on {_short(record.get('rate_date')) or 'no day'}"
    return None


def _short(text: str | None, longest: int = _LONGEST_ID) -> str | None:
    return clean(mask_e_mails(text), longest) or None if text else None
