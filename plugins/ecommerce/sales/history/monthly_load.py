"""The months of an export, each gathered from all files and transformed, and the rates that its days need."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ContractError, PipelineError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sales import loading, source_policy
from ecommerce.sales.history.control_totals import FEW
from ecommerce.sales.transform import transform as run_transform
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES, module
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.load import LoadResult

if TYPE_CHECKING:
    import duckdb

OUTPUTS = ("lines", "rejects", "files", "removed_orders", "known_orders")
"""The raw files that partner_files.sql of the transform reads."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Month:
    """One month of an export: number `number` of `of`. `export` is the staging folder of its control totals.
    `month` is like `2019-01`; `first_day` and `last_day` are the first and last of its shop days with
    orders."""

    export: str
    month: str
    number: int
    of: int
    first_day: date
    last_day: date


def months_of(totals: Mapping[str, Any]) -> list[Month]:
    """The months of an export, in order; `totals` is what `totals.sum_up` returned."""
    found = totals["months"]
    return [
        Month(
            export=totals["export"],
            month=each["month"],
            number=number,
            of=len(found),
            first_day=date.fromisoformat(each["first_day"]),
            last_day=date.fromisoformat(each["last_day"]),
        )
        for number, each in enumerate(found, start=1)
    ]


def transform(month: Month, run_id: str) -> Manifest:
    """Gather a month's lines and transform them; the manifest of the loadable folder. Done before for the
    same export, it returns what that left.

    Raises:
        StagingError: the files that were read are gone.
        ContractError: as `transform.transform`.
    """
    export = staging.read_manifest(month.export)
    folder = f"{month.export.rsplit('/', 1)[0]}/{month.month}"
    done = f"{folder}/transformed/{export.source}"
    manifest = staging.read_manifest(done) if staging.exists(done) else None
    if manifest and manifest.control_totals["export_sha256"] == export.sha256:
        log.info("%s was transformed before: taking the result", month.month)
    else:
        raw = gather(month, export, f"{folder}/{export.source}")
        manifest = run_transform(raw, run_id=run_id, mapping=PARTNER_FILES)
    return manifest


def refuse_unusable(manifest: Manifest) -> None:
    """Let a month not be loaded whose loadable folder says that its lines are not what they should be.

    Raises:
        ContractError: more than a fifth of the month's own lines was rejected.
    """
    if is_unusable(manifest):
        read, rejected = _own_rows(manifest)
        raise ContractError(
            f"{manifest.business_date:%Y-%m}: {rejected} of {read} lines were rejected "
            f"{manifest.control_totals['rejected']}; "
            "the month was not loaded"
        )


def is_unusable(manifest: Manifest) -> bool:
    """Whether more than a fifth of a month's own lines was rejected."""
    read, rejected = _own_rows(manifest)
    return rejected > FEW and rejected * 5 > read


def _own_rows(manifest: Manifest) -> tuple[int, int]:
    """Read and rejected, without the rows that no month has: the first month takes them."""
    totals = manifest.control_totals
    of_none = totals["without_day"]
    return totals["rows_read"] - of_none, totals["rows_rejected"] - of_none


def gather(month: Month, export: Manifest, folder: str) -> Manifest:
    """The raw folder of a month, as partner files' extract leaves one. The first month has all rejects."""
    timezone = load_settings().shop_timezone
    is_first = month.number == 1
    with staging.publish(folder) as draft, connect_duckdb(export.uri, memory_limit="300MB") as duck:
        _write(duck, month, export, draft.path)
        totals = duck.execute(
            read_sql("extract/partner_files/control_totals.sql"), {"lines": f"{draft.path}/lines.parquet"}
        )
        names = [column[0] for column in totals.description or []]
        control_totals = dict(zip(names, totals.fetchall()[0], strict=True))
        records = 0
        for name in ("lines", "rejects"):
            file = f"{draft.path}/{name}.parquet"
            records += duck.execute("SELECT count(*) FROM read_parquet(?)", [file]).fetchall()[0][0]
        without_day = export.control_totals["without_day"] + sum(export.control_totals["rejected"].values())
        draft.seal(
            source=export.source,
            business_date=month.first_day,
            rows=records,
            columns={f"{name}.parquet": [] for name in OUTPUTS},
            read_at=export.read_at,
            window_start=day_window(month.first_day, timezone).start,
            window_end=day_window(month.last_day, timezone).end,
            control_totals=control_totals
            | {
                "export_sha256": export.sha256,
                "without_day": without_day if is_first else 0,
                "warnings": export.control_totals["warnings"] if is_first else [],
            },
        )
    return staging.read_manifest(folder)


def load_rates(totals: Mapping[str, Any], run: DagRun) -> LoadResult | None:
    """Load the rates of the days in `totals`, as `months_of`; None when there is nothing to load.

    A daily run asks for those of its own weeks only. Where the source is off, or optional and fails, amounts
    stay unconverted.

    Raises:
        PipelineError: as the daily run's extract, transform and load of the rates.
    """
    settings = load_settings()
    currencies = {currency for month in totals["months"] for currency in month["amounts"]}
    if not currencies - {settings.reporting_currency, ""}:
        log.info("all amounts are in %s: no rates are needed", settings.reporting_currency)
        return None
    matters = source_policy.source_policy()[EXCHANGE_RATES]
    if matters == source_policy.OFF:
        log.warning("%s is off: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    first = date.fromisoformat(totals["months"][0]["first_day"])
    # The day before: the audit of a run has one load per day, and the first month has the first day.
    day = day_window(first, settings.shop_timezone).shifted(-1)
    folder = f"{totals['export'].rsplit('/', 1)[0]}/{EXCHANGE_RATES}"
    try:
        raw = module(EXCHANGE_RATES).extract(ReadWindow(EXCHANGE_RATES, day, day.start, day.end, folder))
    except PipelineError:
        if matters == source_policy.REQUIRED:
            raise
        log.exception("going on without %s: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    return loading.load_history(run, run_transform(raw, run_id=run.run_id))


def _write(duck: duckdb.DuckDBPyConnection, month: Month, export: Manifest, folder: Path) -> None:
    files = export.file("files.parquet")
    folders = [row[0] for row in duck.execute("SELECT folder FROM read_parquet(?)", [files]).fetchall()]
    is_first = month.number == 1

    def parts(name: str) -> list[str]:
        return [staging.local_or_uri(f"{each}/{name}.parquet") for each in folders]

    duck.execute(
        read_sql("extract/history/month_lines.sql"),
        {
            "files": parts("lines"),
            "moved": export.file("moved.parquet"),
            "first_day": month.first_day,
            "last_day": month.last_day,
            "is_first": is_first,
            "target": f"{folder}/lines.parquet",
        },
    )
    duck.execute(
        read_sql("extract/history/month_rejects.sql"),
        {"rejects": parts("rejects"), "is_first": is_first, "target": f"{folder}/rejects.parquet"},
    )
    duck.execute("SET VARIABLE files = ?", [files])
    duck.execute("SET VARIABLE folder = ?", [str(folder)])
    duck.execute(read_sql("extract/history/month_files.sql"))
