"""The shop's sales targets: CSV files `TARGETS_URI/*.csv` become the table `sales_targets`.

Columns: `month` (`2026-11`), `channel` (a channel of the report, or `total`), `net_sales`, and `currency`,
which must be REPORTING_CURRENCY. Of two lines for one month and channel, the later one of the later file
counts.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
)

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.errors import StagingError
from ecommerce.core.paths import INCLUDE
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Values
from ecommerce.storage.staging import storage_errors, storage_path
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.schema import replace_rows


def _first_day(text: object) -> date:
    return date.fromisoformat(f"{text}-01")


class Target(BaseModel, str_strip_whitespace=True):
    """One line of a file."""

    month: Annotated[date, BeforeValidator(_first_day)]
    channel: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    net_sales: Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=4)]
    currency: str


def load_targets(warehouse: Warehouse) -> list[DataWarning]:
    """Store the targets of all files in place of the stored ones; return a warning of each invalid line.

    Where the files cannot be read, the stored targets stay, and the only warning gives the reason: no report
    fails for a file. Raises as `replace_rows`.
    """
    settings = load_settings()
    targets = {}
    warnings = []
    try:
        for place, line in _lines(settings.targets_uri):
            try:
                target = _valid(line, settings.reporting_currency)
            except ValueError as error:
                detail = str(error)
                warnings.append(
                    data_warning("target_unusable", place=place, detail=detail)
                )
            else:
                targets[target.month, target.channel] = target
    except (StagingError, csv.Error) as error:
        return [data_warning("targets_unread", detail=str(error))]
    rows = [target.model_dump(exclude={"currency"}) for target in targets.values()]
    replace_rows(warehouse, "sales_targets", rows)
    return warnings


def _lines(targets_uri: str | None) -> Iterator[tuple[str, Values]]:
    """Yield the lines of all files, each with its place; StagingError or csv.Error where they cannot be
    read."""
    uri = targets_uri or (INCLUDE / "targets").as_uri()
    with storage_errors(uri):
        paths = sorted(storage_path(uri).glob("*.csv"))
        if targets_uri and not paths:
            raise StagingError(f"{uri} has no CSV file")
        for path in paths:
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            reader = csv.DictReader(io.StringIO(text))
            for line in reader:
                yield f"{path.name} line {reader.line_num}", line


def _valid(row: Values, currency: str) -> Target:
    """Return a line as a target; ValueError names the first column that is invalid, and why."""
    try:
        target = Target.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None
    if target.currency != currency:
        raise ValueError(f"currency: must be {currency}")
    return target
