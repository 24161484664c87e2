"""Parsing the partner's files, and rejecting invalid rows.

Both are CSV with commas and a header, UTF-8 with or without a byte order mark. Columns are found by name;
further ones are ignored. A row that cannot be used is kept with its line and the reason; more than one in
`ROWS_PER_REJECTED` are an error.

- A promotion lasts from `start_date` to `end_date`, both included. An empty `sku`, or `*`, is the whole shop.
  Promotions may overlap: a product is on promotion once.
- A week of the market index begins on a Monday. Of several rows for one week the last counts, because
  corrections are appended.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ContractError
from ecommerce.core.text import clean, counted
from ecommerce.core.values import Json
from ecommerce.sources.csv_records import UnusableFileError, column_names
from ecommerce.storage.staging import storage_errors

PROMOTIONS = "promotions.csv"
MARKET_INDEX = "market_index.csv"
ROWS_PER_REJECTED = 10
EMPTY = {"": None, "*": None}
"""Texts that mean no value, which is the whole shop for a `sku`."""
LONGEST_RAW = 1_000


def _monday(day: date) -> date:
    if day.weekday():
        raise ValueError(f"it is a {day:%A}, and weeks begin on Mondays")
    return day


Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Number = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=9)]
Sku = Annotated[str, Field(max_length=200, pattern=r"^\P{C}*$")]
"""A text without control characters."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A discount of `discount_percent` (0 < x <= 100) from `start_date` to `end_date`, both included, for one
    product, or the whole shop if `sku` is None."""

    start_date: Day
    end_date: Day
    sku: Sku | None
    discount_percent: Annotated[Number, Field(le=100)]

    def __post_init__(self) -> None:
        if self.end_date < self.start_date:
            raise ValueError(
                f"it ends on {self.end_date}, before it starts on {self.start_date}"
            )


@dataclass(frozen=True, slots=True, order=True)
class MarketWeek:
    """The market index (above 0) of the week that begins on the Monday `week_start`."""

    week_start: Annotated[Day, AfterValidator(_monday)]
    index: Number


@dataclass(frozen=True, slots=True)
class Announced:
    """The partner's valid rows: promotions, also of coming days, and the market index by week."""

    promotions: tuple[Promotion, ...] = ()
    market_index: tuple[MarketWeek, ...] = ()


@dataclass(frozen=True, slots=True)
class PartnerFiles:
    """The content of both files: valid rows, rejected ones as `rejected_rows` has them (cut, with e-mail
    addresses masked; the header is line 1), and warnings."""

    announced: Announced = Announced()
    rejected: list[Json] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_folder(folder: Path) -> PartnerFiles:
    """Parse both files of `folder`, a path of any storage: promotions in the order of the file, weeks by
    date.

    Raises:
        StagingError: the files cannot be read.
        ContractError: a file is empty, is no CSV in UTF-8, lacks a column, or too many of its rows cannot be
            used.
    """
    files = PartnerFiles()
    with storage_errors(str(folder)):
        promotions = _parse(folder / PROMOTIONS, Promotion, files)
        weeks = _parse(folder / MARKET_INDEX, MarketWeek, files)
    # Corrections are appended.
    by_week = {week.week_start: week for week in weeks}
    announced = Announced(tuple(promotions), tuple(sorted(by_week.values())))
    return replace(files, announced=announced)


def _parse(
    path: Path,
    kind: type[Promotion | MarketWeek],
    files: PartnerFiles,
) -> list[Any]:
    """Return the valid rows of a file, and add its rejected ones and its warnings to `files`."""
    file = path.name
    stream = io.BytesIO(path.read_bytes())
    try:
        names, _ = column_names([stream.readline()])
    except UnusableFileError as error:
        raise ContractError(f"{file} cannot be read: {error.detail}") from None
    columns = [column.name for column in fields(kind)]
    if not set(columns).issubset(names):
        shown = clean(", ".join(names))
        expected = ", ".join(columns)
        raise ContractError(
            f"{file} has the columns {shown}, and should have {expected}, separated by commas"
        )
    adapter = TypeAdapter(kind)
    rows = []
    rejected = []
    for number, line in enumerate(stream, start=2):
        if not line.strip():
            continue
        try:
            values = dict(zip(names, _values(line), strict=True))
            rows.append(adapter.validate_python(values))
            continue
        except ValidationError as error:
            reason, detail = _fault(error)
        except (ValueError, csv.Error):
            reason = "malformed_line"
            detail = f"no line of CSV in UTF-8 with {len(names)} values"
        raw = line[: 4 * LONGEST_RAW].decode(errors="replace")
        rejected.append(
            {
                "file": file,
                "row_number": number,
                "reason": reason,
                "detail": detail,
                "raw": clean(mask_e_mails(raw), LONGEST_RAW),
            }
        )
    files.rejected.extend(rejected)
    total = len(rows) + len(rejected)
    if not total:
        files.warnings.append(f"{file} has a header and no row")
    if rejected:
        first = rejected[0]
        summary = (
            f"{file}: {len(rejected)} of {counted(total, 'row')} cannot be used, "
            f"the first of them line {first['row_number']}: {first['detail']}"
        )
        files.warnings.append(summary)
        if not rows or len(rejected) > max(1, total // ROWS_PER_REJECTED):
            raise ContractError(
                f"{summary}; at most one row in {ROWS_PER_REJECTED} may be unusable"
            )
    return rows


def _values(line: bytes) -> list[str | None]:
    """Return the values of a line, None for one of `EMPTY`; csv.Error or ValueError where it is not CSV in
    UTF-8."""
    [cells] = csv.reader([line.decode().strip()], skipinitialspace=True, strict=True)
    values = map(str.strip, cells)
    return [EMPTY.get(value, value) for value in values]


def _fault(error: ValidationError) -> tuple[str, str]:
    """Return the reason code and the detail of an invalid row."""
    problem = error.errors()[0]
    why = problem["msg"].removeprefix("Value error, ")
    column = "".join(map(str, problem["loc"]))
    if not column:
        return "invalid_row", why
    value = clean(str(problem["input"] or ""), 50)
    return f"invalid_{column}", f"{column} {value!r}: {why}"
