"""One load's staging tables: the manifests' files, loaded into BigQuery by load jobs.

Table names and job ids derive from the run and the content: a retry of a load re-attaches to its jobs, and
any other load has tables of its own. Tables expire. Which tables there are is in the domain's `LoadSpec`.
"""

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, BinaryIO

from ecommerce.core.errors import ContractError
from ecommerce.storage.staging import Manifest, storage_errors, storage_path
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import REQUEST_SECONDS, Warehouse
from ecommerce.warehouse.rendering import Column, columns, render, staging_table
from ecommerce.warehouse.schema import api_field, arrow_type
from ecommerce.warehouse.spec import LoadSpec

SUCCESS, HISTORY = "success", "history"
"""How a source was read: live, or as part of an export, which completes no day and moves no watermark."""

Input = list[str] | Callable[[], BinaryIO]
"""The input of one load job: URIs in Google Cloud Storage, or a function that opens one Parquet file."""
SMALL_BYTES = 8 * 1024**2
"""The size of a manifest's files up to which they share load jobs; each is then read into memory."""
_READ = ("source", "read_at", "window_start", "window_end")
_COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_superseded")
_KNOWN = Column(
    "known_deliveries",
    "STRING",
    required=False,
    description="Checksums that the extract knew.",
)
"""Of `load_audit` in staging only: the list in the manifest, joined by commas; NULL where it has none."""


@dataclass(frozen=True)
class Staging:
    """One load and its staging tables. `missing` and `off` are sources without manifest, `status` is that of
    the others in `load_audit`: `SUCCESS` or `HISTORY`."""

    warehouse: Warehouse
    spec: LoadSpec
    manifests: Sequence[Manifest]
    business_date: date
    run_id: str
    dag_id: str
    missing: Collection[str] = ()
    off: Collection[str] = ()
    status: str = SUCCESS

    @cached_property
    def suffix(self) -> str:
        """The short hash in the names of the tables. It changes with the calendar day: tomorrow the tables
        have expired, and the jobs that filled them must run again."""
        parts = [
            *(self.dag_id, self.run_id, self.business_date.isoformat()),
            datetime.now(UTC).date().isoformat(),
            *(each.sha256 for each in self.manifests),
            *(f"{source} failed" for source in sorted(self.missing)),
            *(f"{source} off" for source in sorted(self.off)),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def rendered(
        self, statement: str, days: Collection[date] = (), **values: Any
    ) -> str:
        """Render one of the spec's statements for these tables; the other arguments are those of `render`."""
        own: dict[str, Any] = {
            "staging": self.suffix,
            "spec": self.spec,
            "settings": self.warehouse.settings,
        }
        return render(self.spec.path(statement), days=days, **own, **values)

    def target(self, table: str) -> str:
        """Return the name of a staging table in the API."""
        warehouse, name = self.warehouse, staging_table(table, self.suffix)
        return f"{warehouse.client.project}.{warehouse.settings.staging_dataset}.{name}"

    def fields(self, table: str) -> list[Any]:
        """Return the columns of a staging table as the API's `SchemaField`."""
        return [
            api_field(column, nullable=True)
            for column in staged_columns(self.spec, table)
        ]


def stage(into: Staging) -> None:
    """Fill the staging tables.

    Raises:
        ContractError: a file's columns are not the table's.
        StagingError: a file cannot be read.
        PipelineError: as `bigquery_errors`.
    """
    import pyarrow as pa

    spec = into.spec
    inputs = {table: _files(spec, table, into.manifests) for table in spec.files}
    audit = pa.Table.from_pylist(audit_rows(into), schema=_schema(spec, "load_audit"))
    inputs["load_audit"] = [partial(_parquet, [audit])]
    for table in (table for table, parts in inputs.items() if not parts):
        _create_empty(into, table)
    jobs = [
        (table, number, part)
        for table, parts in inputs.items()
        for number, part in enumerate(parts)
    ]
    # The first job of a table empties it, so the others begin when all first ones have ended.
    for together in (
        [each for each in jobs if not each[1]],
        [each for each in jobs if each[1]],
    ):
        for table, job in [
            (table, _begin(into, table, part, number))
            for table, number, part in together
        ]:
            with bigquery_errors(f"load {table}"):
                into.warehouse.result(job, f"load {table}")


def staged_columns(spec: LoadSpec, table: str) -> list[Column]:
    """Return the columns of a table's Parquet files and staging table, in order."""
    staged = [
        column
        for column in columns(table)
        if column.name not in spec.not_staged.get(table, ())
    ]
    return [*staged, _KNOWN] if table == "load_audit" else staged


def audit_rows(load: Staging) -> list[dict[str, Any]]:
    """Return a load's rows of `load_audit`, one for each source, without the counts of the load itself."""
    key = {"business_date": load.business_date, "run_id": load.run_id}
    rows = [{**key, "source": source, "status": "failed"} for source in load.missing]
    rows += [{**key, "source": source, "status": "off"} for source in load.off]
    for manifest in load.manifests:
        totals = manifest.control_totals
        amount, known = totals.get("source_amount"), totals.get("known_deliveries")
        rows.append(
            {
                **key,
                "status": load.status,
                **{name: getattr(manifest, name) for name in _READ},
                "source_orders": totals.get("source_orders"),
                "source_amount": None
                if amount is None
                else Decimal(amount).quantize(Decimal("0.0001")),
                **{name: totals.get(name) for name in _COUNTS},
                "missing_deliveries": totals.get("missing_deliveries", []),
                "known_deliveries": None if known is None else ",".join(known),
            }
        )
    return rows


def _files(spec: LoadSpec, table: str, manifests: Sequence[Manifest]) -> list[Input]:
    """Return the inputs of a table's load jobs, of which each costs BigQuery a second: files in Google Cloud
    Storage share one, and small files another."""
    in_google, small = list[str](), list[str]()
    streams: list[Input] = []
    expected = [column.name for column in staged_columns(spec, table)]
    for manifest in manifests:
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
        uri = f"{manifest.uri}/{table}.parquet"
        if uri.startswith("gs://"):
            in_google.append(uri)
        elif manifest.bytes <= SMALL_BYTES:
            small.append(uri)
        else:
            streams.append(partial(storage_path(uri).open, "rb"))
    if small:
        streams.append(partial(_joined, spec, table, small))
    return [in_google, *streams] if in_google else streams


def _begin(into: Staging, table: str, data: Input, number: int) -> Any:
    """Begin the load job of `data`; number 0 truncates the staging table."""
    from google.cloud import bigquery

    warehouse = into.warehouse
    lists = bigquery.ParquetOptions()
    lists.enable_list_inference = (
        True  # else BigQuery reads a Parquet list as a record `list.element`
    )
    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        schema=into.fields(table),
        parquet_options=lists,
        write_disposition="WRITE_APPEND" if number else "WRITE_TRUNCATE",
        create_disposition="CREATE_IF_NEEDED",
        labels=dict(warehouse.labels),
    )

    def begin(job_id: str) -> Any:
        place = warehouse.settings.bigquery_location
        options: dict[str, Any] = {
            "job_id": job_id,
            "job_config": config,
            "location": place,
        }
        if callable(data):
            with data() as stream:
                return warehouse.client.load_table_from_file(
                    stream, into.target(table), timeout=REQUEST_SECONDS, **options
                )
        return warehouse.client.load_table_from_uri(
            data, into.target(table), **options, **warehouse.bounded()
        )

    with bigquery_errors(f"load {table}"):
        return warehouse.start(begin, f"load-{into.suffix}-{table}-{number}")


def _create_empty(into: Staging, table: str) -> None:
    from google.cloud import bigquery

    empty = bigquery.Table(into.target(table), schema=into.fields(table))
    with bigquery_errors(f"create staging table of {table}"):
        into.warehouse.client.create_table(
            empty, exists_ok=True, **into.warehouse.bounded()
        )


def _joined(spec: LoadSpec, table: str, uris: Sequence[str]) -> BinaryIO:
    import pyarrow.parquet as pq

    parts = []
    for uri in uris:
        with storage_errors(uri), storage_path(uri).open("rb") as stream:
            # Threads of pyarrow that read a Python file may abort the process while it exits.
            part = pq.read_table(stream, use_threads=False, pre_buffer=False)
            parts.append(part.cast(_schema(spec, table)))
    return _parquet(parts)


def _parquet(parts: Sequence[Any]) -> BinaryIO:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.concat_tables(parts), sink)
    sink.seek(0)
    return sink


def _schema(spec: LoadSpec, table: str) -> Any:
    import pyarrow as pa

    return pa.schema(
        [(column.name, arrow_type(column)) for column in staged_columns(spec, table)]
    )


def compare(into: Staging, totals: Iterable[Mapping[str, Any]]) -> None:
    """Compare the staged rows, by the rows `totals` of `staged_totals.sql`, with the manifests' totals.

    Raises:
        ContractError: keys are not unique, or totals differ.
    """
    counted = into.spec.counted
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    counts: dict[str, int] = {}
    for row in totals:
        name, source, rows, keys = (
            row["name"],
            row["source"],
            row["entries"],
            row["different_keys"],
        )
        if rows != keys:
            found = f"{name} has more rows ({rows}) than different keys ({keys})"
            raise ContractError(
                f"{source}: {found if keys else f'{rows} rows belong to {name}'}: correct the transform"
            )
        amounts[source] += row["amount"] or 0
        if name == counted:
            counts[source] = rows
    for manifest in into.manifests:
        count, amount = counts.get(manifest.source, 0), amounts[manifest.source]
        promised = (
            manifest.control_totals.get(counted),
            manifest.control_totals.get("amount"),
        )
        if promised[0] not in (None, count) or (
            promised[1] is not None and Decimal(promised[1]) != amount
        ):
            raise ContractError(
                f"{manifest.source}: the transform left {promised[0]} {counted} and an amount of "
                f"{promised[1]}, but {count} {counted} and {amount} arrived in BigQuery"
            )
