"""Parsing the partner's files, and rejecting invalid rows.

Both are CSV with commas and a header, UTF-8 with or without a byte order mark. Columns are found by name;
further ones are ignored, with a warning. A row that cannot be used is kept with its line and the reason; too
many of them are an error (`MOST_REJECTED`).

- A promotion lasts from `start_date` to `end_date`, both included. An empty `sku`, or `*`, is the whole shop.
  Promotions may overlap: a product is on promotion once.
- A week of the market index begins on a Monday. Of several rows for one week the last counts, because
  corrections are appended; a warning reports it.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import IO, Any, Generic, TypeVar

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ContractError
from ecommerce.core.text import clean, counted, listed
from ecommerce.sources.csv_records import Record, header, records
from ecommerce.storage.staging import Manifest, storage_errors, storage_path

PROMOTIONS, MARKET_INDEX = "promotions.csv", "market_index.csv"
MOST_REJECTED = Decimal("0.1")
"""The share of rows above which a file is refused."""
WHOLE_SHOP = ("", "*")
LONGEST_SKU, LONGEST_RAW = 200, 1_000
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Dates outside are mistakes."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_WEEK = timedelta(days=7)


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
    folder = storage_path(manifest.uri)
    with storage_errors(manifest.uri):
        # Read whole: an object store's `readline` takes no size, which `csv_records` limits.
        streams = [io.BytesIO((folder / name).read_bytes()) for name in (PROMOTIONS, MARKET_INDEX)]
    promotions, index = read_promotions(streams[0]), read_market_index(streams[1])
    announced, rejected = Announced(promotions.rows, index.rows), promotions.rejected + index.rejected
    return PartnerFiles(announced, rejected, promotions.warnings + index.warnings)


def read_promotions(stream: IO[bytes]) -> Parsed[Promotion]:
    """Parse the promotions of a file, in its order; ContractError where it is empty, is no CSV in UTF-8,
    lacks a column, or too many of its rows cannot be used."""
    columns = ("start_date", "end_date", "sku", "discount_percent")
    return _read(stream, PROMOTIONS, columns, _promotion, "there is no promotion")


def read_market_index(stream: IO[bytes]) -> Parsed[MarketWeek]:
    """Parse the weeks of a file, by date, each once; raises as `read_promotions`. Gaps are no fault of any
    row."""
    found = _read(stream, MARKET_INDEX, ("week_start", "index"), _week, "there is no week")
    by_week = {row.week_start: row for row in found.rows}
    weeks, warnings = sorted(by_week), [*found.warnings]
    starts = Counter(row.week_start for row in found.rows)
    if repeated := sorted(start for start, rows in starts.items() if rows > 1):
        warnings.append(
            f"{MARKET_INDEX}: the last row counts of several for the weeks of {listed(repeated, 4)}"
        )
    if gaps := [each + _WEEK for each, following in pairwise(weeks) if following - each > _WEEK]:
        warnings.append(f"{MARKET_INDEX}: weeks are missing from {listed(gaps, 4)} on")
    return Parsed(tuple(by_week[week] for week in weeks), found.rejected, tuple(warnings))


def _read(
    stream: IO[bytes],
    file: str,
    columns: Sequence[str],
    parse: Callable[[Mapping[str, str]], Row],
    nothing: str,
) -> Parsed[Row]:
    names = _header(stream, file, columns)
    rows: list[Row] = []
    rejected: list[dict[str, Any]] = []
    for record in records(stream, len(names)):
        try:
            values = _values(record, names)
            rows.append(parse({name: values[name].strip() for name in columns}))
        except _Unusable as fault:
            raw = mask_e_mails(record.text[: 4 * LONGEST_RAW].decode(errors="replace"))
            reason, detail = fault.args
            row = {"file": file, "line_number": record.number, "reason": reason, "detail": detail}
            rejected.append(row | {"raw": clean(raw, LONGEST_RAW)})
    warnings = []
    if more := [name for name in names if name not in columns]:
        warnings.append(f"{file} has columns that are not read: {clean(', '.join(more))}")
    if not (rows or rejected):
        warnings.append(f"{file} has a header and no row: {nothing}")
    if rejected:
        bad, read = len(rejected), len(rows) + len(rejected)
        found = f"{file}: {bad} of {counted(read, 'row')} cannot be used"
        first = "line {line_number}: {detail}".format_map(rejected[0])
        if not rows or (bad > 1 and bad > MOST_REJECTED * read):
            raise ContractError(f"{found}, more than one in {1 / MOST_REJECTED:.0f}; the first is {first}")
        warnings.append(f"{found}, the first of them {first}")
    return Parsed(tuple(rows), tuple(rejected), tuple(warnings))


def _header(stream: IO[bytes], file: str, columns: Sequence[str]) -> list[str]:
    try:
        names = header(stream)
    except ValueError as error:
        raise ContractError(f"{file} cannot be read: {error}") from None
    if missing := [name for name in columns if name not in names]:
        raise ContractError(
            f"{file} lacks {' and '.join(missing)}: its columns are {clean(', '.join(names))}, and should be "
            f"{', '.join(columns)}, separated by commas"
        )
    if repeated := [name for name in columns if names.count(name) > 1]:
        raise ContractError(f"{file} has the column {repeated[0]} more than once")
    return names


def _values(record: Record, names: Sequence[str]) -> dict[str, str]:
    if record.fault:
        raise _Unusable(*record.fault)
    return {name: value or "" for name, value in zip(names, record.values, strict=True)}


def _promotion(values: Mapping[str, str]) -> Promotion:
    start, end = _date(values, "start_date"), _date(values, "end_date")
    if end < start:
        raise _Unusable("end_before_start", f"it ends on {end}, before it starts on {start}")
    percent = _positive(values, "discount_percent")
    if percent > 100:
        raise _Unusable("invalid_number", f"discount_percent {percent} is more than 100")
    sku = values["sku"]
    if len(sku) > LONGEST_SKU or clean(sku, LONGEST_SKU) != sku:
        raise _Unusable("invalid_text", f"sku {clean(sku, 50)!r} is too long, or no single line of letters")
    return Promotion(start, end, None if sku in WHOLE_SHOP else sku, percent)


def _week(values: Mapping[str, str]) -> MarketWeek:
    start = _date(values, "week_start")
    if start.weekday():
        raise _Unusable("not_a_monday", f"week_start {start} is a {start:%A}, and weeks begin on Mondays")
    return MarketWeek(start, _positive(values, "index"))


def _date(values: Mapping[str, str], name: str) -> date:
    text = _filled(values, name)
    with suppress(ValueError):
        if _DATE.fullmatch(text) and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
            return date.fromisoformat(text)
    raise _Unusable(
        "invalid_date",
        f"{name} {clean(text, 50)!r} is no date such as 2026-11-27 between {FIRST_YEAR} and {LAST_YEAR}",
    )


def _positive(values: Mapping[str, str], name: str) -> Decimal:
    text = _filled(values, name)
    if not _NUMBER.fullmatch(text) or not Decimal(text):
        raise _Unusable("invalid_number", f"{name} {clean(text, 50)!r} is no number above 0, such as 12.5")
    return Decimal(text)


def _filled(values: Mapping[str, str], name: str) -> str:
    if not values[name]:
        raise _Unusable("missing_value", f"{name} is empty")
    return values[name]
