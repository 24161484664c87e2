"""Transforms one source's raw staging folder into its loadable one, by include/sql/transform/<domain>.

`<source>.sql` maps the raw files to the domain's staged layout, then the numbered steps run, which name no
source (staged_columns.md describes both layouts). DuckDB spills to disk; only counts pass through Python.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.errors import ContractError, StagingError
from ecommerce.core.paths import INCLUDE
from ecommerce.core.values import Values
from ecommerce.storage import staging
from ecommerce.storage.duckdb import run_sql_file
from ecommerce.storage.staging import Manifest
from ecommerce.transform.database import open_database, step_errors

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

log = logging.getLogger(__name__)

FOLDER = INCLUDE / "sql" / "transform"
# Half of DuckDB's usual row group: what a writer holds in memory is one of them per thread. Level 1 writes
# order lines with a fifth less processor time than the default, and no larger. The load reads every row, so
# Bloom filters gain nothing.
WRITE_OPTIONS = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 61440, "
    "WRITE_BLOOM_FILTER false"
)
FEW_BYTES = 1_000_000
"""Of a raw folder: up to this size, about 50,000 rows, the views of the steps become tables."""
_VIEW = re.compile(r"(?im)^((?:create(?:\s+or\s+replace)?|alter)\s+)view\b")
"""A statement about a view. Any spelling counts, because a source's view could not replace a table."""


@dataclass(frozen=True, slots=True)
class TransformSpec:
    """What one domain transforms, by the SQL files of include/sql/transform/<folder>.

    `first_steps` run before the source's own file, the numbered files after it, `accounting.sql` last. It
    returns one row with at least rows_read, rows_accepted, rows_rejected, rows_superseded, rejected (counts
    by reason) and warnings (see `core.data_warnings`). The rows of a step `<n>_<table>` that ends with a
    query become `<table>.parquet`; without rows, only a table of `required_tables` has such a file.
    `prepare` defines the domain's functions and variables.
    """

    folder: str
    first_steps: tuple[str, ...]
    required_tables: tuple[str, ...]
    prepare: Callable[[DuckDBPyConnection], None] | None = None

    def steps(self, mapping: str) -> list[Path]:
        """Return the SQL files before the accounting in order; `mapping` is the source's own."""
        folder = FOLDER / self.folder
        named = [folder / f"{name}.sql" for name in (*self.first_steps, mapping)]
        return named + sorted(folder.glob("[0-9]*.sql"))


def run_transform(
    spec: TransformSpec,
    manifest: Manifest,
    *,
    run_id: str,
    mapping: str = "",
) -> Manifest:
    """Transform a raw folder into the loadable folder `<run folder>/transformed/<source>`, and return its
    manifest, whose control totals include the accounts, raw_sha256 and run_id. `run_id` is also in every row;
    `mapping` is the source whose SQL file maps the raw folder, by default the manifest's.

    The raw folder, which holds personal data, is removed afterwards. A second call returns the first result,
    so a repair of another source reads nothing twice.

    Raises:
        StagingError: raw and loadable files are missing, or the raw ones are not the manifest's.
        ContractError: the raw files violate the source's contract, or a record was lost.
    """
    run_folder, _, _ = manifest.uri.rpartition("/")
    folder = f"{run_folder}/transformed/{manifest.source}"
    if not staging.exists(manifest.uri) and staging.exists(folder):
        done = staging.read_manifest(folder)
        if done.control_totals["raw_sha256"] == manifest.sha256:
            log.info("using the earlier result at %s", folder)
            return done
    staged = staging.read_manifest(manifest.uri)
    if staged.sha256 != manifest.sha256:
        raise StagingError(
            f"the files at {manifest.uri} have been read again since: clear the extract task with downstream"
        )
    with staging.publish(folder) as draft:
        with open_database(manifest, run_id, draft.path) as duck:
            accounts = _run_steps(
                duck,
                spec,
                manifest,
                draft.path,
                mapping or manifest.source,
            )
        _check_nothing_is_lost(manifest.source, accounts)
        extracted = manifest.control_totals.get("warnings", ())
        accounts["warnings"] = [*extracted, *accounts["warnings"]]
        draft.seal(
            **manifest.facts(),
            rows=accounts["rows_accepted"],
            control_totals={
                **manifest.control_totals,
                **accounts,
                "raw_sha256": manifest.sha256,
                "run_id": run_id,
            },
        )
    staging.discard(manifest.uri)
    return staging.read_manifest(folder)


def _run_steps(
    duck: DuckDBPyConnection,
    spec: TransformSpec,
    manifest: Manifest,
    folder: Path,
    mapping: str,
) -> Values:
    """Run the SQL files, write the tables of the spec, and return the accounts."""
    if manifest.bytes <= FEW_BYTES:
        # Few rows are one thread's work; a second one only waits for it.
        duck.execute("SET threads = 1")
    if spec.prepare:
        spec.prepare(duck)
    unneeded = []
    for step in spec.steps(mapping):
        _, _, table = step.stem.partition("_")
        file = folder / f"{table}.parquet"
        with step_errors(f"{manifest.source}: {step.name}"):
            rows = _run_step(duck, _read_step(step, manifest), file)
        if rows == 0 and table not in spec.required_tables:
            unneeded.append(file)
    # The accounting also reads tables without rows.
    with step_errors(f"{manifest.source}: accounting.sql"):
        [accounts] = run_sql_file(duck, f"transform/{spec.folder}/accounting")
    for file in unneeded:
        file.unlink()
    accounts["warnings"] = [json.loads(warning) for warning in accounts["warnings"]]
    return accounts


def _read_step(step: Path, manifest: Manifest) -> str:
    """Return the SQL of a step. In a small folder, views are tables, also a source's own: DuckDB plans a view
    again in each statement that reads it, which then takes longer than the rows."""
    sql = step.read_text(encoding="utf-8")
    if manifest.bytes <= FEW_BYTES:
        return _VIEW.sub(r"\1TABLE", sql)
    return sql


def _run_step(duck: DuckDBPyConnection, sql: str, file: Path) -> int | None:
    """Run a step. Where it ends with a query, write the rows to `file`, and return their number."""
    import duckdb

    *definitions, last = duck.extract_statements(sql)
    for definition in definitions:
        duck.execute(definition)
    if last.type != duckdb.StatementType.SELECT:
        duck.execute(last)
        return None
    query = last.query.strip().removesuffix(";")
    duck.execute(f"COPY ({query}\n) TO ? ({WRITE_OPTIONS})", [str(file)])
    [rows] = duck.fetchone() or (0,)
    return int(rows)


def _check_nothing_is_lost(source: str, accounts: Values) -> None:
    """Log a source's accounts, and raise ContractError where they do not add up."""
    read = accounts["rows_read"]
    accepted = accounts["rows_accepted"]
    rejected = accounts["rows_rejected"]
    superseded = accounts["rows_superseded"]
    counts = f"{accepted} accepted, {rejected} rejected, {superseded} superseded"
    log.info("%s: %s records read, %s", source, read, counts)
    if read != accepted + rejected + superseded:
        raise ContractError(
            f"{source}: {read} records were read, but {counts}: a record was lost or counted twice; "
            "look for a key that two records of the source share (customers, files)"
        )
