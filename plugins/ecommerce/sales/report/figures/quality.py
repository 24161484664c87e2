"""Data quality: how far a day's figures can be trusted, where they come from, and the warnings about them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from pydantic import Field

from ecommerce.core.data_warnings import CHECK, DataWarning, data_warning, wording
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.reporting import archive
from ecommerce.sales.report.figures.base import Part, Row
from ecommerce.sales.report.figures.rejected import Rejects


class CurrencyTotals(Part):
    """The amounts of one source in one currency. `unexplained_amount`: neither loaded, superseded nor
    rejected; a loss where it is not about 0."""

    source: str
    currency: str
    source_amount: Decimal
    loaded_amount: Decimal
    superseded_amount: Decimal
    rejected_amount: Decimal
    unexplained_amount: Decimal


class SourceQuality(Part):
    """The rows and unconverted amounts of the day's latest read of one source."""

    source: str
    status: str
    read_at: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    rows_read: int | None
    rows_accepted: int | None
    rows_rejected: int | None
    rows_superseded: int | None
    source_orders: int | None
    orders_loaded: int | None
    source_amount: Decimal | None
    amount_loaded: Decimal | None


class Unconverted(Part):
    """Amounts without an exchange rate, in their own currency; the headline sums leave them out."""

    currency: str
    orders: int
    gross_sales: Decimal
    discounts: Decimal
    returns: Decimal
    net_sales: Decimal


class Cause(Part):
    """Why a mailed day changed; `source` and `channel` are None where the cause is no order of the day."""

    kind: str
    source: str | None = None
    channel: str | None = None
    orders: int = 0


class Restatement(Part):
    """A headline figure of a mailed day that has changed: as mailed, as it is now, and the causes; without
    any, a load computed the day again. `detected_at` is of its last change."""

    business_date: date
    figure: str
    old: Decimal | None
    new: Decimal | None
    causes: list[Cause] = Field(default_factory=list)
    detected_at: datetime


class RefusedFile(Part):
    """A delivered file that no run could load, and why. `is_loaded`: an earlier version of it is loaded."""

    file: str
    detail: str
    is_loaded: bool


class Quality(Part):
    """How far the figures can be trusted. `empty_sources` have no order, on a day that usually has many;
    orders of `doubtful_sources` may be missing although the day counts as complete; a partner is
    `<source>: <partner>`. `first_loaded` is the first business day that ever had a daily run: since then
    all days but the `missing_days` are loaded; `first_exported` is the first day of any export, whose days
    have no daily run. `restatements`: newest day first, figures in the headline's order. `warnings`: the
    worst first. `limits`: sentences on changes of a source that no run can see."""

    complete: bool
    missing_sources: list[str]
    empty_sources: list[str] = Field(default_factory=list)
    doubtful_sources: list[str] = Field(default_factory=list)
    refused_files: list[RefusedFile] = Field(default_factory=list)
    sources: list[SourceQuality]
    totals: list[CurrencyTotals] = Field(default_factory=list)
    rejects: list[Rejects]
    unconverted: list[Unconverted]
    missing_days: list[date]
    first_loaded: date | None = None
    first_exported: date | None = None
    fill_command: str | None
    restatements: list[Restatement]
    warnings: list[DataWarning]
    limits: list[str] = Field(default_factory=list)


class Provenance(archive.Provenance):
    """With the business day's window; read times are in `Quality.sources`."""

    window_start: datetime
    window_end: datetime


def collected_warnings(
    day: date, *groups: Iterable[Mapping[str, Any]]
) -> list[DataWarning]:
    """Return the warnings of all groups for the report of `day`, each once, the worst first; e-mail addresses
    are masked. A check of days that are all after `day` is left out: those days have checks of their own."""
    warnings: dict[str, DataWarning] = {}
    for each in chain(*groups):
        kept = {
            name: mask_e_mails(value) if isinstance(value, str) else value
            for name, value in each.items()
        }
        if (
            kept["kind"] == CHECK
            and kept.get("days")
            and min(kept["days"]) > day.isoformat()
        ):
            continue
        warnings.setdefault(json.dumps(kept, sort_keys=True, default=str), kept)
    return sorted(warnings.values(), key=lambda warning: -wording(warning).weight)


def file_warnings(rows: Sequence[Row]) -> list[DataWarning]:
    """Return the warnings of the rows of `file_warnings.sql`."""
    warnings = [json.loads(row["warning"]) for row in rows if row["warning"]]
    for row in rows:
        if row["file"]:
            kind = "new_version_refused" if row["is_loaded"] else "file_refused"
            warnings.append(data_warning(kind, file=row["file"], detail=row["detail"]))
    return warnings


def no_delivery_warnings(
    day: date, missing_sources: Iterable[str], refused: Collection[RefusedFile]
) -> list[DataWarning]:
    """Return a warning of each partner whose file of `day` is missing, unless it was refused, which has a
    warning of its own."""
    warnings = []
    for source in missing_sources:
        partner = source.partition(": ")[2]
        was_refused = any(each.file.startswith(f"{partner}_{day}.") for each in refused)
        if partner and not was_refused:
            warnings.append(data_warning("no_delivery", partner=partner, day=str(day)))
    return warnings


def export_warnings(rows: Iterable[Row]) -> list[DataWarning]:
    """Return the warnings of the rows of `history_loads.sql`: exports that were loaded, or loaded in part."""
    warnings = []
    for row in rows:
        facts = {name: row[name] for name in ("source", "run_id", "orders")}
        if row["rows_rejected"]:
            reasons = f" ({row['reasons']})" if row["reasons"] else ""
            facts |= {
                "rejected": row["rows_rejected"],
                "rows": row["rows_read"],
                "reasons": reasons,
            }
        kind = "export_rejects" if row["rows_rejected"] else "export_loaded"
        warnings.append(data_warning(kind, **facts))
    return warnings
