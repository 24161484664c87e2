"""The data quality of a business day: how far its figures can be trusted, and the warnings about them."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ecommerce.core.business_day import days_between
from ecommerce.core.data_warnings import CHECK, DataWarning, data_warning, wording
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.text import clean, counted
from ecommerce.core.values import Row, Values
from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.days.rejected_rows import Rejects, rejects
from ecommerce.sales.days.restatements import Restatement, restatements
from ecommerce.sales.loading import ORDERS
from ecommerce.sources import live_sources
from ecommerce.storage import report_archive

DAYS = 28
MOST_SAMPLES = 3
LEAST_LOSS = Decimal("0.01")
"""As the macro `is_loss` of `load_totals.sql`."""
OFF = "off"
"""The state of a source that is switched off."""


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


class RefusedFile(Part):
    """A delivered file that no run could load, and why. `is_loaded`: an earlier version of it is loaded."""

    file: str
    detail: str
    is_loaded: bool

    @property
    def partner(self) -> str:
        """The partner in the name of the file, `<partner>_<date>.csv…`."""
        return clean(self.file.partition(".csv")[0].rpartition("_")[0])


class ImplausibleAmount(Part):
    """An implausible amount, loaded as it is: `discount`, `negative_discount` or `refund`. `base_amount`:
    what it exceeds, a line's amount or an order's total; of a negative discount its line's amount. `excess`:
    by how much it changes net sales if it is an error."""

    kind: str
    source: str
    order_id: str
    amount: Decimal
    base_amount: Decimal
    excess: Decimal

    @property
    def effect(self) -> Decimal:
        """The change of net sales, with its sign."""
        return self.excess if self.kind == "negative_discount" else -self.excess


class Quality(Part):
    """How far the figures can be trusted. `empty_sources` have no order, on a day that usually has many;
    orders of `doubtful_sources` may be missing although the day counts as complete; a partner is
    `<source>: <partner>`. `first_loaded` is the first business day that ever had a daily run: since then
    all days but the `missing_days` are loaded; `first_exported` is the first day of any export, whose days
    have no daily run. `restatements`: newest day first, figures in the headline's order. `warnings`: the
    worst first. `limits`: sentences on changes of a source that no run can see."""

    complete: bool
    missing_sources: list[str]
    empty_sources: list[str] = []
    doubtful_sources: list[str] = []
    refused_files: list[RefusedFile] = []
    sources: list[SourceQuality]
    totals: list[CurrencyTotals] = []
    rejects: list[Rejects]
    unconverted: list[Unconverted]
    missing_days: list[date]
    first_loaded: date | None = None
    first_exported: date | None = None
    fill_command: str | None
    restatements: list[Restatement]
    warnings: list[DataWarning]
    limits: list[str] = []


class Provenance(report_archive.Provenance):
    """With the business day's window; read times are in `Quality.sources`."""

    window_start: datetime
    window_end: datetime


def quality_of(queries: DayQueries, warnings: Iterable[DataWarning] = ()) -> Quality:
    """Return the quality of a day's figures; `warnings` are those about the website."""
    files = queries.rows("file_warnings")
    refused = RefusedFile.list_of(row for row in files if row["file"])
    today = queries.today
    sources = SourceQuality.list_of(queries.rows("sources"))
    stored_warnings = [
        *queries.warnings,
        *_no_delivery_warnings(queries.day, today["missing_sources"], refused),
        *_file_warnings(files),
        *_export_warnings(queries.rows("history_loads")),
        *warnings,
    ]
    totals = queries.warehouse.query(
        "report/currency_totals.sql", spec=ORDERS, first=queries.day, day=queries.day
    )
    without_rate = queries.breakdown("currency")
    unconverted = [Unconverted.of(row, currency=row["name"]) for row in without_rate]
    [first_export] = queries.rows("first_export")
    return Quality.of(
        today,
        doubtful_sources=list(queries.doubtful_sources) if today["complete"] else [],
        refused_files=refused,
        sources=sources,
        totals=CurrencyTotals.list_of(totals),
        rejects=rejects(queries.rows("rejects", most=MOST_SAMPLES)),
        unconverted=unconverted,
        restatements=restatements(queries.rows("restated_figures")),
        warnings=collected_warnings(queries.day, stored_warnings),
        limits=_limits(queries, sources),
        **first_export,
        **_run_days(queries),
    )


def _run_days(queries: DayQueries) -> Values:
    """Return the fields on days with a daily run: the first one, those missing of the last 28, and the
    command that loads them."""
    path = "warehouse/tables/load_audit/daily_runs.sql"
    rows = queries.warehouse.query(path, spec=ORDERS, day=queries.day)
    loaded = {row["business_date"] for row in rows}
    first = min(loaded, default=None)
    earliest = max(first or queries.day, queries.day - timedelta(days=DAYS))
    before = days_between(earliest, queries.day - timedelta(days=1))
    missing = [day for day in before if day not in loaded]
    command = None
    if missing:
        command = f"make backfill FROM={missing[0]} TO={missing[-1]}"
    return {"missing_days": missing, "first_loaded": first, "fill_command": command}


def _limits(queries: DayQueries, sources: Iterable[SourceQuality]) -> list[str]:
    """Return the limits of the sources in use: changes that runs notice late or never."""
    in_use = {source.source for source in sources if source.status != OFF}
    days = {
        "reconcile_days": counted(queries.settings.reconcile_days, "day"),
        "refund_lookback_days": counted(queries.settings.refund_lookback_days, "day"),
    }
    limits = []
    for source in live_sources().values():
        limit = source.platform.limits.format_map(days)
        if source.name in in_use and limit and limit not in limits:
            limits.append(limit)
    return limits


def collected_warnings(day: date, warnings: Iterable[DataWarning]) -> list[DataWarning]:
    """Return the warnings for the report of `day`, each once, the worst first; e-mail addresses are masked.
    A check of days that are all after `day` is left out: those days have checks of their own."""
    collected = []
    for warning in warnings:
        days = warning.get("days")
        if warning["kind"] == CHECK and days and min(days) > day.isoformat():
            continue
        masked = {}
        for field, value in warning.items():
            masked[field] = mask_e_mails(value) if isinstance(value, str) else value
        if masked not in collected:
            collected.append(masked)
    return sorted(collected, key=lambda warning: -wording(warning).weight)


def _file_warnings(rows: Sequence[Row]) -> Iterator[DataWarning]:
    """Yield the warnings of the rows of `file_warnings.sql`."""
    for row in rows:
        if row["warning"]:
            yield json.loads(row["warning"])
        if row["file"]:
            kind = "new_version_refused" if row["is_loaded"] else "file_refused"
            yield data_warning(kind, file=row["file"], detail=row["detail"])


def _no_delivery_warnings(
    day: date, missing_sources: Iterable[str], refused: Collection[RefusedFile]
) -> Iterator[DataWarning]:
    """Yield a warning of each partner whose file of `day` is missing, unless it was refused, which has a
    warning of its own."""
    for source in missing_sources:
        partner = source.partition(": ")[2]
        was_refused = any(file.file.startswith(f"{partner}_{day}.") for file in refused)
        if partner and not was_refused:
            yield data_warning("no_delivery", partner=partner, day=str(day))


def _export_warnings(rows: Iterable[Row]) -> Iterator[DataWarning]:
    """Yield the warnings of the rows of `history_loads.sql`: exports that were loaded, or loaded in part."""
    for row in rows:
        fields = {field: row[field] for field in ("source", "run_id", "orders")}
        if not row["rows_rejected"]:
            yield data_warning("export_loaded", **fields)
            continue
        yield data_warning(
            "export_rejects",
            **fields,
            rejected=row["rows_rejected"],
            rows=row["rows_read"],
            reasons=f" ({row['reasons']})" if row["reasons"] else "",
        )


def is_loss(unexplained: Decimal) -> bool:
    """Return whether an unexplained amount is more than rounding."""
    return abs(unexplained) >= LEAST_LOSS
