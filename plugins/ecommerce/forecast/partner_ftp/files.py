"""Parsing the partner's files, and rejecting invalid rows.

Both are CSV with commas and a header, UTF-8 with or without a byte order mark. Columns are found by name;
further ones are ignored. A row that cannot be used is kept with its line and the reason; more than one in
`ROWS_PER_REJECTED` are an error.

- A promotion lasts from `start_date` to `end_date`, both included. An empty `sku`, or `*`, is the whole shop.
  Promotions may overlap: a product is on promotion once.
- A week of the market index begins on a Monday. Of several rows for one week the last counts, because
  corrections are appended.
"""

import io
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeVar

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ContractError
from ecommerce.core.text import clean, counted
from ecommerce.sources.csv_records import header, records
from ecommerce.storage.staging import Manifest, storage_errors, storage_path

PROMOTIONS, MARKET_INDEX = "promotions.csv", "market_index.csv"
ROWS_PER_REJECTED = 10
WHOLE_SHOP = ("", "*")
LONGEST_SKU, LONGEST_RAW = 200, 1_000

_DATE = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A discount of `discount_percent` (0 < x <= 100) from `start_date` to `end_date`, both included, for one
    product, or the whole shop if `sku` is None."""

    start_date: date
    end_date: date
    sku: str | None
    discount_percent: Decimal


@dataclass(frozen=True, slots=True)
class MarketWeek:
    """The market index (above 0) of the week that begins on the Monday `week_start`."""

    week_start: date
    index: Decimal


Row = TypeVar("Row", Promotion, MarketWeek)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Row]):
    """The content of a file: valid `rows` in its order (weeks by date), rejected rows as `rejected_rows` has
    them (cut, with e-mail addresses masked; the header is line 1), and warnings."""

    rows: tuple[Row, ...]
    rejected: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Announced:
    """The partner's valid rows: promotions, also of coming days, and the market index by week."""

    promotions: tuple[Promotion, ...] = ()
    market_index: tuple[MarketWeek, ...] = ()


@dataclass(frozen=True, slots=True)
class PartnerFiles:
    """The content of both files: valid rows, rejected ones, and warnings."""

    announced: Announced = Announced()
    rejected: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


class _Unusable(Exception):
    """Why a row is rejected: `args` are the reason code and the detail."""


def read_files(manifest: Manifest) -> PartnerFiles:
    """Parse both files of the raw folder; raises as `read_promotions`, and StagingError where they cannot be
    read."""
    with storage_errors(manifest.uri):
        return read_folder(storage_path(manifest.uri))


def read_folder(folder: Any) -> PartnerFiles:
    """Parse both files of `folder`, a path of any storage; raises as `read_promotions`."""
    promotions = read_promotions((folder / PROMOTIONS).read_bytes())
    index = read_market_index((folder / MARKET_INDEX).read_bytes())
    return PartnerFiles(
        Announced(promotions.rows, index.rows),
        promotions.rejected + index.rejected,
        promotions.warnings + index.warnings,
    )


def read_promotions(content: bytes) -> Parsed[Promotion]:
    """Parse the promotions of a file, in its order; ContractError where it is empty, is no CSV in UTF-8,
    lacks a column, or too many of its rows cannot be used."""
    columns = ("start_date", "end_date", "sku", "discount_percent")
    return _parse(content, PROMOTIONS, columns, _promotion)


def read_market_index(content: bytes) -> Parsed[MarketWeek]:
    """Parse the weeks of a file, by date, each once; raises as `read_promotions`."""
    parsed = _parse(content, MARKET_INDEX, ("week_start", "index"), _week)
    by_week = {row.week_start: row for row in parsed.rows}
    return Parsed(
        tuple(by_week[week] for week in sorted(by_week)),
        parsed.rejected,
        parsed.warnings,
    )


def _parse(
    content: bytes, file: str, columns: Sequence[str], parse_row: Callable[..., Row]
) -> Parsed[Row]:
    """Parse the rows of a file: `parse_row` takes the texts of `columns`, and raises _Unusable."""
    stream = io.BytesIO(content)
    try:
        names = header(stream)
    except ValueError as error:
        raise ContractError(f"{file} cannot be read: {error}") from None
    if any(names.count(name) != 1 for name in columns):
        raise ContractError(
            f"{file} has the columns {clean(', '.join(names))}, and should have {', '.join(columns)}, each "
            "once, separated by commas"
        )
    rows: list[Row] = []
    rejected: list[dict[str, Any]] = []
    for record in records(stream, len(names)):
        try:
            if record.fault:
                raise _Unusable(*record.fault)
            values = dict(zip(names, record.values, strict=True))
            rows.append(parse_row(*((values[name] or "").strip() for name in columns)))
        except _Unusable as fault:
            reason, detail = fault.args
            raw = mask_e_mails(record.text[: 4 * LONGEST_RAW].decode(errors="replace"))
            rejected.append(
                {
                    "file": file,
                    "line_number": record.number,
                    "reason": reason,
                    "detail": detail,
                    "raw": clean(raw, LONGEST_RAW),
                }
            )
    total = len(rows) + len(rejected)
    warnings = []
    if not total:
        warnings.append(f"{file} has a header and no row")
    if rejected:
        first = "line {line_number}: {detail}".format_map(rejected[0])
        summary = (
            f"{file}: {len(rejected)} of {counted(total, 'row')} cannot be used, "
            f"the first of them {first}"
        )
        if not rows or len(rejected) > max(1, total // ROWS_PER_REJECTED):
            raise ContractError(
                f"{summary}; at most one row in {ROWS_PER_REJECTED} may be unusable"
            )
        warnings.append(summary)
    return Parsed(tuple(rows), tuple(rejected), tuple(warnings))


def _promotion(
    start_date: str, end_date: str, sku: str, discount_percent: str
) -> Promotion:
    start, end = _date("start_date", start_date), _date("end_date", end_date)
    if end < start:
        raise _Unusable(
            "end_before_start", f"it ends on {end}, before it starts on {start}"
        )
    percent = _positive("discount_percent", discount_percent)
    if percent > 100:
        raise _Unusable(
            "invalid_number", f"discount_percent {percent} is more than 100"
        )
    if clean(sku, LONGEST_SKU) != sku:
        raise _Unusable(
            "invalid_text",
            f"sku {clean(sku, 50)!r} is too long, or no single line of letters",
        )
    return Promotion(start, end, None if sku in WHOLE_SHOP else sku, percent)


def _week(week_start: str, index: str) -> MarketWeek:
    start = _date("week_start", week_start)
    if start.weekday():
        raise _Unusable(
            "not_a_monday",
            f"week_start {start} is a {start:%A}, and weeks begin on Mondays",
        )
    return MarketWeek(start, _positive("index", index))


def _date(name: str, text: str) -> date:
    with suppress(ValueError):
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    raise _unusable(
        name, text, "invalid_date", "date from 2000 to 2099, such as 2026-11-27"
    )


def _positive(name: str, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text) or not Decimal(text):
        raise _unusable(name, text, "invalid_number", "number above 0, such as 12.5")
    return Decimal(text)


def _unusable(name: str, text: str, reason: str, expected: str) -> _Unusable:
    if not text:
        return _Unusable("missing_value", f"{name} is empty")
    return _Unusable(reason, f"{name} {clean(text, 50)!r} is no {expected}")
