"""The months of an export: their control totals, transform and summary, and the exchange rates of its days.

The staging folder `export` has `moved.parquet`: lines of orders whose lines name several days, under the day
that counts (order_days.sql).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from more_itertools import flatten

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.errors import ConfigurationError, ContractError, PipelineError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.core.values import Row, Values
from ecommerce.sales import loading, source_policy
from ecommerce.sales.transform import transform
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES
from ecommerce.sources.delivered_files import json_warnings
from ecommerce.storage import staging
from ecommerce.storage.duckdb import (
    connect_duckdb,
    define_values,
    run_sql_file,
    set_variables,
)
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.load import LoadResult, load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Month:
    """A month `YYYY-MM` of an export: first and last shop day of its orders, and sums over its lines.
    `amounts` are decimal texts by currency, `export` is the folder of the control totals. The first month
    also takes the records that belong to no month; `without_month` counts them."""

    month: str
    first_day: date
    last_day: date
    rows: int
    orders: int
    amounts: dict[str, str]
    export: str
    is_first: bool
    without_month: int


@dataclass(slots=True)
class ControlTotals:
    """The totals of an export over all its records (`rows`). `export` is the staging folder with them,
    `folders` are those of its files. `left_out` counts records of days outside the range, `without_day` those
    without a readable day, `rejected` the unreadable ones."""

    export: str
    folders: list[str]
    months: list[Month] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    without_day: int = 0
    rejected: int = 0
    warnings: list[DataWarning] = field(default_factory=list)


def compute_totals(
    manifests: Sequence[Manifest],
    first_day: date,
    last_day: date,
) -> ControlTotals:
    """Compute the control totals of an export, and write the staging folder `export` next to its files, whose
    manifests are in the order of their names. Orders of shop days before `first_day` and after `last_day` are
    left out; lines without a readable day are not.

    Raises:
        ConfigurationError: no order is in the range.
        ContractError: more than a fifth of the records, and more than 50, are unusable.
    """
    first = manifests[0]
    target = f"{first.uri.rsplit('/', 2)[0]}/export"
    totals = _totals_of_files(manifests, target)
    unusable = totals.without_day + totals.rejected
    files = {"files": [manifest.file("lines.parquet") for manifest in manifests]}
    facts = {
        "first_day": first_day,
        "last_day": last_day,
        "export": target,
        "unusable": unusable,
    }
    with (
        staging.publish(target) as draft,
        connect_duckdb(target) as duck,
    ):
        run_sql_file(duck, "extract/history/order_days", files)
        define_values(duck)
        named = {"source": first.source}
        totals.warnings += json_warnings(duck, "extract/history/spellings", named)
        moved = {"target": f"{draft.path}/moved.parquet"}
        run_sql_file(duck, "extract/history/moved_lines", files | moved)
        rows = run_sql_file(duck, "extract/history/source_totals", files | facts)
        totals.months = from_plain(list[Month], rows)
        totals.left_out = totals.rows - unusable - sum(row["rows"] for row in rows)
        draft.seal(
            **first.facts(),
            rows=len(manifests),
            columns={},
            control_totals=to_plain(totals),
        )
    log.info("%s: %s", first.source, totals)
    if not totals.months:
        raise ConfigurationError(
            f"none of the export's records ({totals.rows}) belongs to a day from {first_day} to {last_day}: "
            "nothing to load"
        )
    return totals


def _totals_of_files(manifests: Sequence[Manifest], export: str) -> ControlTotals:
    """Return the sums over the files of an export, without its months; ContractError as `compute_totals`."""
    totals = ControlTotals(export, [manifest.uri for manifest in manifests])
    for manifest in manifests:
        of_file = manifest.control_totals
        totals.rows += manifest.rows
        totals.without_day += of_file["without_day"]
        totals.rejected += of_file["rejected"]
        totals.warnings += of_file["warnings"]
    unusable = totals.without_day + totals.rejected
    if _are_too_many(unusable, totals.rows):
        raise ContractError(
            f"{unusable} of {counted(totals.rows, 'record')} cannot be used (without a readable ordered_at: "
            f"{totals.without_day}; malformed: {totals.rejected}): nothing was loaded; is this the layout of "
            "partner files?"
        )
    return totals


def transform_month(month: Month, run_id: str) -> Manifest:
    """Gather a month's lines and transform them; return the manifest of the loadable folder.

    Raises:
        ContractError: more than a fifth of the month's lines, and more than 50, are rejected.
        StagingError: the staged files are gone.
    """
    raw = gather_lines(month)
    manifest = transform(raw, run_id=run_id, mapping=PARTNER_FILES.name)
    totals = manifest.control_totals
    rows = totals["rows_read"] - month.without_month
    rejected = totals["rows_rejected"] - month.without_month
    if _are_too_many(rejected, rows):
        raise ContractError(
            f"{month.month}: {rejected} of {counted(rows, 'line')} rejected, so the month is not loaded: "
            f"{totals['rejected']}"
        )
    return manifest


def _are_too_many(rejected: int, rows: int) -> bool:
    """Return whether more than a fifth of `rows`, and more than 50, were rejected."""
    return rejected > 50 and rejected * 5 > rows


def gather_lines(month: Month) -> Manifest:
    """Write the raw folder of a month, in the layout of the partner files' extract."""
    export = staging.read_manifest(month.export)
    totals = from_plain(ControlTotals, export.control_totals)
    run_folder = month.export.rpartition("/")[0]
    folder = f"{run_folder}/{month.month}/{export.source}"
    settings = load_settings()
    files = [staging.local_or_uri(uri) for uri in totals.folders]
    with (
        staging.publish(folder) as draft,
        connect_duckdb(export.uri, memory_limit="300MB") as duck,
    ):
        set_variables(
            duck,
            lines=[f"{file}/lines.parquet" for file in files],
            rejects=[f"{file}/rejects.parquet" for file in files],
            moved=export.file("moved.parquet"),
            first_day=month.first_day,
            last_day=month.last_day,
            is_first=month.is_first,
            folder=str(draft.path),
        )
        define_values(duck)
        run_sql_file(duck, "extract/history/gather_month")
        lines = {"lines": f"{draft.path}/lines.parquet"}
        statement = f"extract/{PARTNER_FILES.name}/control_totals"
        [control_totals] = run_sql_file(duck, statement, lines)
        control_totals["warnings"] = totals.warnings if month.is_first else []
        draft.seal(
            source=export.source,
            business_date=month.first_day,
            rows=control_totals["source_lines"],
            columns={},
            read_at=export.read_at,
            window_start=day_window(month.first_day, settings.shop_timezone).start,
            window_end=day_window(month.last_day, settings.shop_timezone).end,
            control_totals=control_totals,
        )
    return staging.read_manifest(folder)


def load_rates(totals: ControlTotals, run: DagRun) -> LoadResult | None:
    """Load the exchange rates of an export's days; a daily run reads those of its own weeks only. Return None
    where none are needed, or the source is off, or optional and fails: other currencies stay unconverted.

    Raises:
        PipelineError: the rates are required and cannot be read, or they cannot be loaded.
    """
    settings = load_settings()
    currencies = set(flatten(month.amounts for month in totals.months))
    # A line without a currency is rejected.
    if not currencies - {settings.reporting_currency, ""}:
        log.info(
            "all amounts are in %s: no rates are needed", settings.reporting_currency
        )
        return None
    reason = source_policy.reason_to_skip(EXCHANGE_RATES.name)
    if reason:
        log.warning("%s: other currencies stay unconverted", reason)
        return None
    # The day before: the audit has one load per run and day, and the first month has the first day.
    first = day_window(totals.months[0].first_day, settings.shop_timezone)
    day = first.shifted(-1)
    run_folder = totals.export.rpartition("/")[0]
    folder = f"{run_folder}/{EXCHANGE_RATES.name}"
    window = ReadWindow(EXCHANGE_RATES.name, day, day.start, day.end, folder)
    try:
        rates = EXCHANGE_RATES.source().extract(window)
    except PipelineError as error:
        if source_policy.read_policies()[window.source] == source_policy.REQUIRED:
            raise
        log.warning("%s: other currencies stay unconverted", error)
        return None
    loadable = transform(rates, run_id=run.run_id)
    return load_manifest(loading.ORDERS, run, loadable, status=HISTORY)


def summarize(manifest: Manifest) -> Values:
    """Summarize the month of a loadable folder. A dry run has the same summaries as the load.

    Returns:
        plain JSON: `month` (`YYYY-MM`; the first one takes rows without a readable day), `COUNTS`, `orders`,
        `amounts` (gross, of the accepted lines: decimal text by currency), `rejected` (reason, rows, places:
        file and line of the first three).
    """
    files = {
        "orders": manifest.file("orders.parquet"),
        "lines": manifest.file("order_lines.parquet"),
    }
    rejected = []
    with connect_duckdb(manifest.uri, memory_limit="300MB") as duck:
        [totals] = run_sql_file(duck, "extract/history/transformed_totals", files)
        if "rejected_rows.parquet" in manifest.columns:
            rows = {"rejected": manifest.file("rejected_rows.parquet")}
            rejected = run_sql_file(duck, "extract/history/rejected_by_reason", rows)
    counts = {name: manifest.control_totals[name] for name in COUNTS}
    month = f"{manifest.business_date:%Y-%m}"
    return {"month": month, "rejected": rejected, **counts, **totals}


def log_summary(
    months: Sequence[Row],
    *,
    limit: float,
    is_dry_run: bool,
) -> None:
    """Log the summary of an export by `months`, and fail where more than `limit` per cent of its rows were
    rejected; in a dry run, which loads nothing, these are a warning."""
    rows = 0
    rejected = 0
    for month in months:
        rows += month["rows_read"]
        rejected += month["rows_rejected"]
        log.info(
            "%(month)s: %(rows_read)s rows read, %(rows_accepted)s accepted, %(rows_rejected)s rejected, "
            "%(rows_superseded)s superseded; %(orders)s orders of %(amounts)s",
            month,
        )
        for reason in month["rejected"]:
            log.info("rejected: %(reason)s %(rows)s, such as %(places)s", reason)
    if not rejected:
        return
    result = f"{rejected:,} of {counted(rows, 'row')} ({rejected / rows:.1%}) rejected"
    if rejected * 100 > limit * rows and not is_dry_run:
        raise ContractError(
            f"{result}, more than {limit} %: the log has the reasons. The accepted rows are loaded: fix the "
            "export and load it again, undo the load with make undo-history, or leave it"
        )
    log.warning("%s (a load may have at most %s %%)", result, limit)
