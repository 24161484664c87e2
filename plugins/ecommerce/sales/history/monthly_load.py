"""The months of an export, gathered from all files and transformed, and the exchange rates of its days."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import PipelineError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sales import loading, source_policy
from ecommerce.sales.history.control_totals import are_unusable
from ecommerce.sales.transform import transform as run_transform
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES, module
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.storage.xcom import from_xcom
from ecommerce.warehouse.load import LoadResult

if TYPE_CHECKING:
    import duckdb

OUTPUTS = ("lines", "rejects", "files", "removed_orders", "known_orders")
"""The raw files that partner_files.sql of the transform reads."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExportMonth:
    """Month `number` of the `of` months of an export. `export` is the staging folder of its control totals,
    `month` like `2019-01`; `first_day` and `last_day` are the first and last of its shop days with orders."""

    export: str
    month: str
    number: int
    of: int
    first_day: date
    last_day: date

    @property
    def is_first(self) -> bool:
        """Whether it takes the rows without a readable day, and the malformed ones."""
        return self.number == 1


def months_of(totals: Mapping[str, Any]) -> list[ExportMonth]:
    """Return the months of an export, in order; `totals` as `control_totals.compute_totals` returns them."""
    months = [dict(month) for month in totals["months"]]
    return [
        from_xcom(ExportMonth, month | {"export": totals["export"], "number": number, "of": len(months)})
        for number, month in enumerate(months, start=1)
    ]


def transform(month: ExportMonth, run_id: str) -> Manifest:
    """Gather a month's lines and transform them, unless an earlier attempt did; return the manifest of the
    loadable folder.

    Raises:
        StagingError: the files that were read are gone.
        ContractError: as `transform.transform`.
    """
    export = staging.read_manifest(month.export)
    folder = f"{month.export.rsplit('/', 1)[0]}/{month.month}"
    transformed = f"{folder}/transformed/{export.source}"
    if staging.exists(transformed):
        manifest = staging.read_manifest(transformed)
        if manifest.control_totals["export_sha256"] == export.sha256:
            log.info("%s is transformed already", month.month)
            return manifest
    raw = gather(month, export, f"{folder}/{export.source}")
    return run_transform(raw, run_id=run_id, mapping=PARTNER_FILES)


def reason_to_refuse(manifest: Manifest) -> str:
    """Return why the month of a loadable folder cannot be loaded: too many of its own lines were rejected.
    Empty where it can."""
    totals = manifest.control_totals
    # The first month also has the rows of no month.
    read, rejected = (totals[name] - totals["without_day"] for name in ("rows_read", "rows_rejected"))
    if not are_unusable(rejected, read):
        return ""
    return (
        f"{manifest.business_date:%Y-%m}: {rejected} of {read} lines were rejected {totals['rejected']}; "
        "the month was not loaded"
    )


def gather(month: ExportMonth, export: Manifest, folder: str) -> Manifest:
    """Write the raw folder of a month, in the layout of the partner files' extract.

    Args:
        month: the month.
        export: the manifest of its export.
        folder: the staging URI to write.
    """
    timezone, of_export = load_settings().shop_timezone, export.control_totals
    with staging.publish(folder) as draft, connect_duckdb(export.uri, memory_limit="300MB") as duck:
        _write_month(duck, month, export, draft.path)
        lines = f"{draft.path}/lines.parquet"
        totals = duck.execute(read_sql("extract/partner_files/control_totals.sql"), {"lines": lines})
        names = [column[0] for column in totals.description or []]
        control_totals = dict(zip(names, totals.fetchall()[0], strict=True)) | {
            "export_sha256": export.sha256,
            "without_day": 0,
            "warnings": [],
        }
        if month.is_first:
            control_totals["without_day"] = of_export["without_day"] + sum(of_export["rejected"].values())
            control_totals["warnings"] = of_export["warnings"]
        ((rejects,),) = duck.execute(
            "SELECT count(*) FROM read_parquet(?)", [f"{draft.path}/rejects.parquet"]
        ).fetchall()
        draft.seal(
            source=export.source,
            business_date=month.first_day,
            rows=control_totals["source_lines"] + rejects,
            columns={f"{name}.parquet": [] for name in OUTPUTS},
            read_at=export.read_at,
            window_start=day_window(month.first_day, timezone).start,
            window_end=day_window(month.last_day, timezone).end,
            control_totals=control_totals,
        )
    return staging.read_manifest(folder)


def _write_month(duck: duckdb.DuckDBPyConnection, month: ExportMonth, export: Manifest, folder: Path) -> None:
    files = export.file("files.parquet")
    folders = [row[0] for row in duck.execute("SELECT folder FROM read_parquet(?)", [files]).fetchall()]
    lines, rejects = (
        [staging.local_or_uri(f"{each}/{name}.parquet") for each in folders] for name in ("lines", "rejects")
    )
    duck.execute(
        read_sql("extract/history/month_lines.sql"),
        {
            "files": lines,
            "moved": export.file("moved.parquet"),
            "first_day": month.first_day,
            "last_day": month.last_day,
            "is_first": month.is_first,
            "target": f"{folder}/lines.parquet",
        },
    )
    duck.execute(
        read_sql("extract/history/month_rejects.sql"),
        {"rejects": rejects, "is_first": month.is_first, "target": f"{folder}/rejects.parquet"},
    )
    duck.execute("SET VARIABLE files = ?", [files])
    duck.execute("SET VARIABLE folder = ?", [str(folder)])
    duck.execute(read_sql("extract/history/month_files.sql"))


def load_rates(totals: Mapping[str, Any], run: DagRun) -> LoadResult | None:
    """Load the exchange rates of an export's days; a daily run reads those of its own weeks only. Return None
    where no rates are needed, or the source is off, or optional and fails: amounts stay unconverted.

    Raises:
        PipelineError: as the daily run's extract, transform and load of the rates.
    """
    settings = load_settings()
    currencies = {currency for month in totals["months"] for currency in month["amounts"]}
    if not currencies - {settings.reporting_currency, ""}:
        log.info("all amounts are in %s: no rates are needed", settings.reporting_currency)
        return None
    policy = source_policy.source_policy()[EXCHANGE_RATES]
    if policy == source_policy.OFF:
        log.warning("%s is off: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    first = date.fromisoformat(totals["months"][0]["first_day"])
    # The day before: the audit has one load per run and day, and the first month has the first day.
    day = day_window(first, settings.shop_timezone).shifted(-1)
    folder = f"{totals['export'].rsplit('/', 1)[0]}/{EXCHANGE_RATES}"
    try:
        raw = module(EXCHANGE_RATES).extract(ReadWindow(EXCHANGE_RATES, day, day.start, day.end, folder))
    except PipelineError:
        if policy == source_policy.REQUIRED:
            raise
        log.exception("continuing without %s: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    return loading.load_history(run, run_transform(raw, run_id=run.run_id))
