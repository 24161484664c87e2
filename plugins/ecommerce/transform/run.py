"""Transforms one source's raw staging folder into its loadable one, by include/sql/transform/<domain>.

`<source>.sql` maps the raw files to the domain's staged layout, then the numbered steps run, which name no
source (staged_columns.md describes both layouts). DuckDB spills to disk; only counts pass through Python.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.errors import ContractError, PipelineError, StagingError
from ecommerce.core.paths import INCLUDE
from ecommerce.core.values import Row, Values
from ecommerce.storage import staging
from ecommerce.storage.duckdb import run_sql_file
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Draft, Manifest
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
    query become `<table>.parquet`; without rows, only a table of `required_tables` has such a file. The
    column `source` of the rows is not written for a table of `without_source`. A mapping of `joint_mappings`
    takes the raw folders of several sources.
    `prepare` defines the domain's functions and variables.
    """

    folder: str
    first_steps: tuple[str, ...]
    required_tables: tuple[str, ...]
    without_source: tuple[str, ...] = ()
    joint_mappings: tuple[str, ...] = ()
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
    folder = _loadable_folder(manifest)
    if not staging.exists(manifest.uri) and staging.exists(folder):
        done = staging.read_manifest(folder)
        if done.control_totals["raw_sha256"] == manifest.sha256:
            log.info("using the earlier result at %s", folder)
            return done
    _transform(spec, [manifest], run_id, mapping or manifest.source)
    return staging.read_manifest(folder)


def run_transforms(
    spec: TransformSpec, manifests: Sequence[Manifest], run_id: str, mapping: str
) -> list[Manifest]:
    """Transform raw folders as `run_transform`; those of a joint mapping, all small, in one pass of the SQL
    files: to plan them takes longer than the rows of a shop.

    Where the pass fails, each folder is transformed alone, so that only an invalid one fails.
    """
    if len(manifests) > 1 and mapping in spec.joint_mappings:
        try:
            _transform(spec, manifests, run_id, mapping)
        except PipelineError as error:
            log.info("each source is transformed alone: %s", error)
    return [
        run_transform(spec, manifest, run_id=run_id, mapping=mapping)
        for manifest in manifests
    ]


def _loadable_folder(manifest: Manifest) -> str:
    run_folder, _, _ = manifest.uri.rpartition("/")
    return f"{run_folder}/transformed/{manifest.source}"


def _transform(
    spec: TransformSpec, manifests: Sequence[Manifest], run_id: str, mapping: str
) -> None:
    """Transform raw folders in one pass, publish the loadable ones, and remove the raw ones."""
    drafts = {}
    with ExitStack() as opened:
        for manifest in manifests:
            staged = staging.read_manifest(manifest.uri)
            if staged.sha256 != manifest.sha256:
                raise StagingError(
                    f"the files at {manifest.uri} have been read again since: clear the extract task with "
                    "downstream"
                )
            folder = staging.publish(_loadable_folder(manifest))
            drafts[manifest.source] = opened.enter_context(folder)
        duck = opened.enter_context(open_database(manifests, run_id))
        is_small = manifests[0].bytes <= FEW_BYTES
        rows = _run_steps(duck, spec, spec.steps(mapping), drafts, is_small)
        for manifest, accounts in zip(manifests, rows, strict=True):
            _check_nothing_is_lost(manifest.source, accounts)
            extracted = manifest.control_totals.get("warnings", ())
            found = [json.loads(warning) for warning in accounts["warnings"]]
            accounts["warnings"] = [*extracted, *found]
            drafts[manifest.source].seal(
                **manifest.facts(),
                rows=accounts["rows_accepted"],
                control_totals={
                    **manifest.control_totals,
                    **accounts,
                    "raw_sha256": manifest.sha256,
                    "run_id": run_id,
                },
            )
    for manifest in manifests:
        staging.discard(manifest.uri)


def _run_steps(
    duck: DuckDBPyConnection,
    spec: TransformSpec,
    steps: list[Path],
    drafts: Mapping[str, Draft],
    is_small: bool,
) -> list[Row]:
    """Run the SQL files, write the tables of the spec for each source, and return the accounts."""
    import duckdb

    if is_small:
        # Few rows are one thread's work; a second one only waits for it.
        duck.execute("SET threads = 1")
    if spec.prepare:
        spec.prepare(duck)
    sources = " ".join(drafts)
    unneeded = []
    for step in steps:
        _, _, table = step.stem.partition("_")
        with step_errors(f"{sources}: {step.name}"):
            *definitions, last = duck.extract_statements(_read_step(step, is_small))
            for definition in definitions:
                duck.execute(definition)
            if last.type != duckdb.StatementType.SELECT:
                duck.execute(last)
                continue
            query = last.query.strip().removesuffix(";")
            # Later steps read the rows as they were written, which costs less than the query again.
            if is_small:
                duck.execute(f"CREATE TABLE written_{table} AS {query}")
                query = f"FROM written_{table}"
            if len(drafts) > 1:
                _write_by_source(duck, spec, table, drafts)
                continue
            [draft] = drafts.values()
            file = draft.path / f"{table}.parquet"
            columns = "* EXCLUDE (source)" if table in spec.without_source else "*"
            query = f"FROM ({query}\n) AS step_rows SELECT {columns}"
            copied = f"COPY ({query}) TO ? ({WRITE_OPTIONS})"
            [rows] = duck.execute(copied, [str(file)]).fetchone() or (0,)
            if rows == 0 and table not in spec.required_tables:
                unneeded.append(file)
            if not is_small:
                duck.read_parquet(str(file)).create_view(f"written_{table}")
    # The accounting also reads files without rows.
    with step_errors(f"{sources}: accounting.sql"):
        accounts = run_sql_file(duck, f"transform/{spec.folder}/accounting")
    for file in unneeded:
        file.unlink()
    return accounts


def _write_by_source(
    duck: DuckDBPyConnection,
    spec: TransformSpec,
    table: str,
    drafts: Mapping[str, Draft],
) -> None:
    """Write the rows of `written_<table>` as a file of each source, by one statement: one for each source
    takes longer than its rows."""
    has_source = table not in spec.without_source
    with scratch_folder() as folder:
        duck.execute(
            f"COPY written_{table} TO ? "
            f"({WRITE_OPTIONS}, PARTITION_BY (source), WRITE_PARTITION_COLUMNS {has_source})",
            [str(folder)],
        )
        for source, draft in drafts.items():
            file = str(draft.path / f"{table}.parquet")
            written = list(folder.glob(f"source={source}/*"))
            if written:
                [part] = written
                shutil.move(part, file)
            elif table in spec.required_tables:
                duck.table(f"written_{table}").limit(0).write_parquet(file)


def _read_step(step: Path, is_small: bool) -> str:
    """Return the SQL of a step. In a small folder, views are tables, also a source's own: DuckDB plans a view
    again in each statement that reads it, which then takes longer than the rows."""
    sql = step.read_text(encoding="utf-8")
    return _VIEW.sub(r"\1TABLE", sql) if is_small else sql


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
