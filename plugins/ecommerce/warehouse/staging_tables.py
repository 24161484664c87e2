"""One load's staging tables: the manifests' files, loaded into BigQuery by load jobs.

A small load has one job: the rows of all its files are in one table, `rendering.BUNDLE`, with their table's
name in `table_name` and the union of the tables' columns. A larger load has a job for each table.

Table names and job ids derive from the run and the content: a retry of a load re-attaches to its jobs, and
any other load has tables of its own. Tables expire. Which tables there are is in the domain's `LoadSpec`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from more_itertools import constrained_batches

from ecommerce.core.business_day import days_between
from ecommerce.core.errors import ContractError
from ecommerce.core.values import Row
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import (
    Manifest,
    is_local,
    local_or_uri,
    storage_errors,
    storage_path,
)
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.column_types import Column, api_field, parquet_schema
from ecommerce.warehouse.rendering import (
    BUNDLE,
    render,
    staged_columns,
    staging_table,
)
from ecommerce.warehouse.spec import LoadSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud.bigquery import LoadJob

SUCCESS = "success"
HISTORY = "history"
"""How a source was read: live, or as part of an export, which completes no day and moves no watermark."""

SMALL_RECORDS = 50_000
"""A load of fewer accepted records is bundled: each load job costs BigQuery about a second, whatever its
size."""
GROUP_ROWS = 50_000
"""The rows of files that are written together: each row group has metadata of every column, and the file of a
small shop few rows."""
COUNTS = (
    "source_orders",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rows_superseded",
)
"""The control totals that the audit has by their names."""
_TABLE_NAME = Column(
    "table_name",
    "STRING",
    required=True,
    description="Table of the row.",
)


@dataclass(frozen=True)
class StagedLoad:
    """One load and its staging tables.

    Args:
        warehouse: The warehouse.
        spec: The domain's load.
        manifests: Manifests of the loadable folders; there may be none.
        business_date: The run's business day, which is recomputed even if nothing was read.
        run_id: The run, of which a second load replaces the audit and rejected rows of the same sources.
        dag_id: The DAG, named in labels and job ids.
        unread: The status in the audit of each source without a manifest: `failed` (the day is incomplete
            until a run has read it), or `off` (by policy).
        status: That of the manifests' sources in the audit: `SUCCESS`, or `HISTORY` of an export.
        last_day: Of a run of several days, which begin with `business_date`.
    """

    warehouse: Warehouse
    spec: LoadSpec
    manifests: Sequence[Manifest]
    business_date: date
    run_id: str
    dag_id: str
    unread: Mapping[str, str] = field(default_factory=dict)
    status: str = SUCCESS
    last_day: date | None = None

    @property
    def days(self) -> list[date]:
        """The run's days, in order."""
        return days_between(self.business_date, self.last_day or self.business_date)

    @cached_property
    def is_bundled(self) -> bool:
        """Whether all rows are in the one table `BUNDLE`."""
        return sum(manifest.rows for manifest in self.manifests) < SMALL_RECORDS

    @cached_property
    def suffix(self) -> str:
        """The short hash in the names of the tables. It changes at noon and midnight (UTC): tables expire
        a day after the jobs that filled them, so those of earlier jobs remain for at least twelve hours."""
        now = datetime.now(UTC)
        identity = (
            self.dag_id,
            self.run_id,
            self.business_date,
            now.date(),
            now.hour // 12,
            [manifest.sha256 for manifest in self.manifests],
            sorted(self.unread.items()),
        )
        return hashlib.sha256(repr(identity).encode()).hexdigest()[:12]

    def rendered(
        self, statement: str, days: Collection[date] = (), **values: Any
    ) -> str:
        """Render one of the spec's statements for these tables; the other arguments are those of `render`."""
        return render(
            self.spec.path(statement),
            days=days,
            staging=self.suffix,
            bundled=self.is_bundled,
            spec=self.spec,
            settings=self.warehouse.settings,
            business_date=self.business_date,
            last_day=self.days[-1],
            **values,
        )

    def target(self, table: str) -> str:
        """Return the name of a staging table, `dataset.table`."""
        name = staging_table(table, self.suffix)
        return f"{self.warehouse.settings.staging_dataset}.{name}"


def stage(staged: StagedLoad) -> None:
    """Fill the staging tables, all at the same time.

    Raises:
        ContractError: a file's columns are not the table's.
        StagingError: a file cannot be read.
        PipelineError: BigQuery refused a job, or cannot be reached (see `bigquery_errors`).
    """
    names = (BUNDLE,) if staged.is_bundled else staged.spec.uploaded
    with scratch_folder() as folder:
        jobs = {name: _begin_load_job(staged, name, folder) for name in names}
    for name, job in jobs.items():
        with bigquery_errors(f"load {name}"):
            staged.warehouse.result(job, f"load {name}")


def _begin_load_job(staged: StagedLoad, name: str, folder: Path) -> LoadJob:
    """Begin the load job of a staging table. The files with its rows are copied to one, in `folder`, unless
    BigQuery can read or receive them as they are."""
    warehouse = staged.warehouse
    uris: list[str] = []
    if staged.is_bundled:
        tables = staged.spec.uploaded
        target = bundle_columns(staged.spec)
    else:
        tables = (name,)
        target = staged_columns(staged.spec, name)
        uris = _checked_uris(staged, name)
    source: Path | list[str] = uris
    if len(uris) == 1 and is_local(uris[0]):
        source = Path(local_or_uri(uris[0]))
    elif not uris or not uris[0].startswith("gs://"):
        source = folder / f"{name}.parquet"
        _write_rows(staged, tables, target, source)
    fields = [api_field(column, nullable=True) for column in target]
    begin = partial(warehouse.begin_load, source, staged.target(name), fields)
    with bigquery_errors(f"load {name}"):
        return warehouse.start(begin, f"load-{staged.suffix}-{name}")


def _write_rows(
    staged: StagedLoad, tables: Iterable[str], target: Iterable[Column], file: Path
) -> None:
    """Write the rows of tables to one file with the columns `target`; those that a table lacks are NULL."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = parquet_schema(target)
    with parquet.ParquetWriter(file, schema) as writer:
        for table in tables:
            for batches in constrained_batches(
                _batches(staged, table), GROUP_ROWS, strict=False
            ):
                parts = [schema.empty_table()]
                for batch in batches:
                    names = pa.repeat(table, batch.num_rows)
                    rows = batch.append_column(_TABLE_NAME.name, names)
                    parts.append(pa.Table.from_batches([rows]))
                filled = pa.concat_tables(parts, promote_options="permissive")
                writer.write_table(filled.select(schema.names).cast(schema))


def _batches(staged: StagedLoad, table: str) -> Iterator[pa.RecordBatch]:
    """Return the rows of a table's files, of which only some are in memory at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    if table == "load_audit":
        schema = parquet_schema(staged_columns(staged.spec, table))
        yield pa.RecordBatch.from_pylist(audit_rows(staged), schema)
    for uri in _checked_uris(staged, table):
        with storage_errors(uri), storage_path(uri).open("rb") as stream:
            # Threads of pyarrow that read a Python file may abort the process while it exits.
            rows = parquet.ParquetFile(stream, pre_buffer=False)
            yield from rows.iter_batches(use_threads=False)


def bundle_columns(spec: LoadSpec) -> list[Column]:
    """Return the columns of the staging table of a small load: the union of the tables'."""
    union = {_TABLE_NAME.name: _TABLE_NAME}
    for table in spec.uploaded:
        for column in staged_columns(spec, table):
            union.setdefault(column.name, column)
    return list(union.values())


def audit_rows(staged: StagedLoad) -> list[Row]:
    """Return a load's rows of `load_audit`, one for each day and source, without the counts of the load
    itself. The first day has the totals of the reads."""
    rows = []
    for day in staged.days:
        of_run = {"business_date": day, "run_id": staged.run_id}
        for manifest in staged.manifests:
            rows.append(of_run | _audit_row(staged, manifest, day))
        for source, status in staged.unread.items():
            rows.append(of_run | {"source": source, "status": status})
    return rows


def _audit_row(staged: StagedLoad, manifest: Manifest, day: date) -> Row:
    totals = manifest.control_totals
    missing = []
    for delivery in totals.get("missing_deliveries", ()):
        partner, _, due = delivery.rpartition("_")
        if due == str(day):
            missing.append(partner)
    row = manifest.facts() | {
        "business_date": day,
        "status": staged.status,
        "missing_deliveries": missing,
    }
    if day != staged.business_date:
        return row
    for name in COUNTS:
        row[name] = totals.get(name)
    if (amount := totals.get("source_amount")) is not None:
        row["source_amount"] = Decimal(amount).quantize(Decimal("0.0001"))
    if (known := totals.get("known_deliveries")) is not None:
        row["known_deliveries"] = ",".join(known)
    return row


def _checked_uris(staged: StagedLoad, table: str) -> list[str]:
    """Return the URIs of a table's files, after comparing their columns."""
    expected = [column.name for column in staged_columns(staged.spec, table)]
    uris = []
    for manifest in staged.manifests:
        names = manifest.columns.get(f"{table}.parquet")
        if names is None:
            continue
        if list(names) != expected:
            day = manifest.business_date
            raise ContractError(
                f"{table}.parquet of {manifest.source} has the columns {', '.join(names)}, and the table "
                f"needs {', '.join(expected)}, in this order: correct the transform. Where an update added "
                f"columns, read the sources again: make backfill FROM={day} TO={day} AGAIN=1"
            )
        uris.append(f"{manifest.uri}/{table}.parquet")
    return uris


def check_totals(staged: StagedLoad, totals: Iterable[Row]) -> None:
    """Compare the staged rows, by the rows `totals` of `staged_totals.sql`, with the manifests' totals.

    Raises:
        ContractError: keys are not unique, or totals differ.
    """
    counted = staged.spec.counted
    stored: dict[Any, Decimal] = defaultdict(Decimal)
    for row in totals:
        source = row["source"]
        rows = row["entries"]
        keys = row["different_keys"]
        if rows != keys:
            raise ContractError(
                f"{source}: {row['name']}: {rows} rows have {keys} different keys: "
                "correct the transform"
            )
        stored[source, "amount"] += row["amount"] or 0
        if row["name"] == counted:
            stored[source, counted] = rows
    for manifest in staged.manifests:
        source = manifest.source
        for name in (counted, "amount"):
            written = manifest.control_totals.get(name)
            total = stored[source, name]
            if written is not None and Decimal(written) != total:
                raise ContractError(
                    f"{source}: {name}: the transform wrote {written}, BigQuery has {total}"
                )
