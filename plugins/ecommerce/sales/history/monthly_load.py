"""The months of an export: their control totals, transform and summary, and the exchange rates of its days.

The staging folder `export` has `files.parquet` (folder, file, sha256, received_at and lines of each file) and
`moved.parquet` (lines of orders whose lines name several days, under the day that counts; see
order_days.sql).
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError, ContractError, PipelineError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.sales import loading, source_policy
from ecommerce.sales.transform import transform
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.load import LoadResult, load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

SQL = "extract/history"
COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")
OUTPUTS = ("lines", "rejects", "files", "removed_orders", "known_orders")
"""The raw files that the transform of `PARTNER_FILES` reads."""

log = logging.getLogger(__name__)

Month = Mapping[str, Any]
"""One of the `months` of `compute_totals`, with the staging folder `export` of the control totals.
`is_first`: it also has the rows of no month."""


def compute_totals(
    manifests: Sequence[Manifest], first_day: date, last_day: date
) -> dict[str, Any]:
    """Compute the control totals of an export, and write the staging folder `export` next to its files, whose
    manifests are in the order of their names. Orders of shop days before `first_day` and after `last_day` are
    left out; lines without a readable day are not.

    Returns:
        plain JSON: `export` (the folder), `months` (month `YYYY-MM`, first_day, last_day ISO dates of its
        orders, rows, orders, amounts: decimal text by currency), `rows`, `left_out` (rows outside the range),
        `without_day`, `rejected` (counts by reason), `warnings`.

    Raises:
        ConfigurationError: no order is in the range.
        ContractError: more than a fifth of the records is unusable.
    """
    import pyarrow as pa
    from pyarrow import parquet

    one, target = manifests[0], f"{manifests[0].uri.rsplit('/', 2)[0]}/export"
    totals_of = [manifest.control_totals for manifest in manifests]
    rejected: Counter[str] = Counter()
    for each in totals_of:
        rejected.update(each["rejected"])
    rows = sum(manifest.rows for manifest in manifests)
    without_day = sum(each["without_day"] for each in totals_of)
    unusable = without_day + rejected.total()
    if _are_too_many(unusable, rows):
        raise ContractError(
            f"{unusable} of {counted(rows, 'record')} cannot be used (without a readable ordered_at: "
            f"{without_day}; rejected: {dict(rejected) or 'none'}): nothing was loaded; is this the layout "
            "of partner files?"
        )
    lines = [manifest.file("lines.parquet") for manifest in manifests]
    files = [
        {
            "folder": manifest.uri,
            "file": each["file"],
            "sha256": each["sha256"],
            "received_at": datetime.fromisoformat(each["modified_at"]),
            "lines": manifest.rows,
        }
        for manifest, each in zip(manifests, totals_of, strict=True)
    ]
    with (
        staging.publish(target) as draft,
        connect_duckdb(target, memory_limit="400MB") as duck,
    ):
        query(duck, f"{SQL}/order_days", {"files": lines})
        query(
            duck,
            f"{SQL}/moved_lines",
            {"files": lines, "target": f"{draft.path}/moved.parquet"},
        )
        days = {"first_day": first_day, "last_day": last_day}
        months = query(duck, f"{SQL}/source_totals", {"files": lines, **days})
        parquet.write_table(pa.Table.from_pylist(files), draft.path / "files.parquet")
        totals = {
            "months": months,
            "rows": rows,
            "left_out": rows - unusable - sum(month["rows"] for month in months),
            "without_day": without_day,
            "rejected": dict(rejected),
            "warnings": [warning for each in totals_of for warning in each["warnings"]],
        }
        draft.seal(
            source=one.source,
            business_date=one.business_date,
            rows=len(manifests),
            columns={},
            **dict.fromkeys(("read_at", "window_start", "window_end"), one.read_at),
            control_totals=totals,
        )
    log.info("%s: %s", one.source, totals)
    if not months:
        raise ConfigurationError(
            f"none of the export's records ({rows}) belongs to a day from {first_day} to {last_day}: nothing "
            "to load"
        )
    return {"export": target, **totals}


def transform_month(month: Month, run_id: str, *, is_dry_run: bool) -> Manifest:
    """Gather a month's lines and transform them; return the manifest of the loadable folder. In a dry run,
    which loads nothing, too many rejected lines are a warning.

    Raises:
        ContractError: more than a fifth of the month's own lines is rejected.
        PipelineError: as `transform.transform`.
    """
    export = staging.read_manifest(month["export"])
    folder = f"{month['export'].rsplit('/', 1)[0]}/{month['month']}"
    raw = gather(month, export, f"{folder}/{export.source}")
    manifest = transform(raw, run_id=run_id, mapping=PARTNER_FILES.name)
    without_day = 0
    if month["is_first"]:
        without_day = export.control_totals["without_day"] + sum(
            export.control_totals["rejected"].values()
        )
    totals = manifest.control_totals
    read, rejected = (
        totals[name] - without_day for name in ("rows_read", "rows_rejected")
    )
    if _are_too_many(rejected, read):
        refusal = f"{month['month']}: {rejected} of {counted(read, 'line')} rejected {totals['rejected']}"
        if not is_dry_run:
            raise ContractError(f"{refusal}; the month was not loaded")
        log.warning("%s; a load would refuse the month", refusal)
    return manifest


def _are_too_many(rejected: int, rows: int) -> bool:
    """Return whether more than a fifth of `rows`, and more than 50, were rejected."""
    return rejected > 50 and rejected * 5 > rows


def gather(month: Month, export: Manifest, folder: str) -> Manifest:
    """Write the raw folder of a month of `export`, in the layout of the partner files' extract."""
    is_first, of_export, files = (
        month["is_first"],
        export.control_totals,
        export.file("files.parquet"),
    )
    first_day, last_day = (
        date.fromisoformat(month[name]) for name in ("first_day", "last_day")
    )
    timezone = load_settings().shop_timezone
    with (
        staging.publish(folder) as draft,
        connect_duckdb(export.uri, memory_limit="300MB") as duck,
    ):
        folders = duck.execute("SELECT folder FROM read_parquet(?)", [files]).fetchall()
        staged = {
            name: [
                staging.local_or_uri(f"{each}/{name}.parquet") for (each,) in folders
            ]
            for name in ("lines", "rejects")
        }
        targets = {name: f"{draft.path}/{name}.parquet" for name in staged}
        lines = {
            "files": staged["lines"],
            "moved": export.file("moved.parquet"),
            "target": targets["lines"],
        }
        days = {"first_day": first_day, "last_day": last_day}
        query(duck, f"{SQL}/month_lines", lines | days | {"is_first": is_first})
        rejects = {"rejects": staged["rejects"], "target": targets["rejects"]}
        query(duck, f"{SQL}/month_rejects", rejects | {"is_first": is_first})
        duck.execute("SET VARIABLE files = ?", [files])
        duck.execute("SET VARIABLE folder = ?", [str(draft.path)])
        query(duck, f"{SQL}/month_files")
        ((rejected,),) = duck.execute(
            "SELECT count(*) FROM read_parquet(?)", [targets["rejects"]]
        ).fetchall()
        (totals,) = query(
            duck,
            f"extract/{PARTNER_FILES.name}/control_totals",
            {"lines": targets["lines"]},
        )
        totals["warnings"] = of_export["warnings"] if is_first else []
        draft.seal(
            source=export.source,
            business_date=first_day,
            rows=totals["source_lines"] + rejected,
            columns={f"{name}.parquet": [] for name in OUTPUTS},
            read_at=export.read_at,
            window_start=day_window(first_day, timezone).start,
            window_end=day_window(last_day, timezone).end,
            control_totals=totals,
        )
    return staging.read_manifest(folder)


def load_rates(totals: Mapping[str, Any], run: DagRun) -> LoadResult | None:
    """Load the exchange rates of an export's days; a daily run reads those of its own weeks only. Return None
    where no rates are needed, or the source is off, or optional and fails: amounts stay unconverted. Raises
    as the daily run's extract, transform and load of the rates."""
    settings = load_settings()
    currencies = {
        currency for month in totals["months"] for currency in month["amounts"]
    }
    if not currencies - {settings.reporting_currency, ""}:
        log.info(
            "all amounts are in %s: no rates are needed", settings.reporting_currency
        )
        return None
    if reason := source_policy.reason_to_skip(EXCHANGE_RATES.name):
        log.warning("%s: other currencies stay unconverted", reason)
        return None
    first = date.fromisoformat(totals["months"][0]["first_day"])
    # The day before: the audit has one load per run and day, and the first month has the first day.
    day = day_window(first, settings.shop_timezone).shifted(-1)
    folder = f"{totals['export'].rsplit('/', 1)[0]}/{EXCHANGE_RATES.name}"
    try:
        raw = EXCHANGE_RATES.extract(
            ReadWindow(EXCHANGE_RATES.name, day, day.start, day.end, folder)
        )
    except PipelineError as error:
        if source_policy.source_policy()[EXCHANGE_RATES.name] == source_policy.REQUIRED:
            raise
        log.warning(
            "%s failed: other currencies stay unconverted: %s",
            EXCHANGE_RATES.name,
            error,
        )
        return None
    return load_manifest(
        loading.ORDERS, run, transform(raw, run_id=run.run_id), status=HISTORY
    )


def summarize(manifest: Manifest) -> dict[str, Any]:
    """Summarize the month of a loadable folder. A dry run has the same summaries as the load.

    Returns:
        plain JSON: `month` (`YYYY-MM`; the first one takes rows without a readable day), `COUNTS`, `orders`,
        `amounts` (gross, of the accepted lines: decimal text by currency), `rejected` (reason, rows, places:
        file and line of the first three).
    """
    with connect_duckdb(manifest.uri, memory_limit="300MB") as duck:
        files = {
            "orders": manifest.file("orders.parquet"),
            "lines": manifest.file("order_lines.parquet"),
        }
        (totals,) = query(duck, f"{SQL}/transformed_totals", files)
        rejected = []
        if "rejected_rows.parquet" in manifest.columns:
            files = {"rejected": manifest.file("rejected_rows.parquet")}
            rejected = query(duck, f"{SQL}/rejected_by_reason", files)
    return {
        "month": f"{manifest.business_date:%Y-%m}",
        **{name: int(manifest.control_totals[name]) for name in COUNTS},
        "orders": totals["orders"],
        "amounts": totals["amounts"] or {},
        "rejected": rejected,
    }


def log_summary(
    months: Sequence[Mapping[str, Any]], *, limit: Decimal, is_dry_run: bool
) -> None:
    """Log the summary of an export by `months`, and fail where more than `limit` per cent of its rows were
    rejected; in a dry run, which loads nothing, these are a warning."""
    log.info("dry run: nothing is loaded" if is_dry_run else "loaded")
    reasons: Counter[str] = Counter()
    for month in months:
        log.info(
            "%(month)s: %(rows_read)s rows read, %(rows_accepted)s accepted, %(rows_rejected)s rejected, "
            "%(rows_superseded)s superseded; %(orders)s orders of %(amounts)s",
            month,
        )
        for rejects in month["rejected"]:
            log.info("rejected: %(reason)s %(rows)s, such as %(places)s", rejects)
            reasons[rejects["reason"]] += rejects["rows"]
    rows = sum(month["rows_read"] for month in months)
    rejected = sum(month["rows_rejected"] for month in months)
    if not rejected:
        return
    result = f"{rejected:,} of {counted(rows, 'row')} ({rejected / rows:.1%}) rejected: {dict(reasons)}"
    if rejected * 100 > limit * rows and not is_dry_run:
        raise ContractError(
            f"{result}; that is more than {limit} %. The accepted rows are loaded: fix the export and load "
            "it again, undo the load with make undo-history, or leave it"
        )
    log.warning("%s (a load may have at most %s %%)", result, limit)
