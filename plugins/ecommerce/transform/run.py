"""Transforms one source's raw staging folder into its loadable one, by include/sql/transform/<domain>.

`<source>.sql` maps the raw files to the domain's staged layout, then the numbered steps run, which name no
source (staged_columns.md describes both layouts). DuckDB spills to disk; only counts pass through Python.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.errors import ContractError, PipelineError, StagingError
from ecommerce.core.paths import INCLUDE
from ecommerce.core.values import Values
from ecommerce.storage import staging
from ecommerce.storage.duckdb import run_sql_file
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
    column `source` of the rows is not written for a table of `without_source`.
    `prepare` defines the domain's functions and variables.
    """

    folder: str
    first_steps: tuple[str, ...]
    required_tables: tuple[str, ...]
    without_source: tuple[str, ...] = ()
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


def run_joint_transform(
    spec: TransformSpec,
    manifests: Sequence[Manifest],
    *,
    run_id: str,
    mapping: str,
) -> list[Manifest]:
    """Transform small raw folders as `run_transform`, in one pass of the SQL files: to plan them takes longer
    than the rows of a shop. `mapping` maps the raw folders of several sources.

    Where the pass fails, each folder is transformed alone, so that only an invalid one fails.
    """
    waiting = [manifest for manifest in manifests if staging.exists(manifest.uri)]
    if len(waiting) > 1:
        try:
            _transform(spec, waiting, run_id, mapping)
        except PipelineError as error:
            log.info("each source is transformed alone, because one failed: %s", error)
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
    for manifest in manifests:
        staged = staging.read_manifest(manifest.uri)
        if staged.sha256 != manifest.sha256:
            raise StagingError(
                f"the files at {manifest.uri} have been read again since: clear the extract task with "
                "downstream"
            )
    with ExitStack() as published:
        drafts = {}
        for manifest in manifests:
            draft = staging.publish(_loadable_folder(manifest))
            drafts[manifest.source] = published.enter_context(draft)
        with open_database(manifests, run_id) as duck:
            steps = _Pass(duck, spec, drafts, manifests[0].bytes <= FEW_BYTES)
            accounts = steps.run(mapping)
        for manifest in manifests:
            _seal(drafts[manifest.source], manifest, accounts[manifest.source], run_id)
    for manifest in manifests:
        staging.discard(manifest.uri)


def _seal(draft: Draft, manifest: Manifest, accounts: Values, run_id: str) -> None:
    _check_nothing_is_lost(manifest.source, accounts)
    extracted = manifest.control_totals.get("warnings", ())
    warnings = [json.loads(warning) for warning in accounts["warnings"]]
    draft.seal(
        **manifest.facts(),
        rows=accounts["rows_accepted"],
        control_totals={
            **manifest.control_totals,
            **accounts,
            "warnings": [*extracted, *warnings],
            "raw_sha256": manifest.sha256,
            "run_id": run_id,
        },
    )


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass of the SQL files over the raw folders of one source, or of several small ones."""

    duck: DuckDBPyConnection
    spec: TransformSpec
    drafts: Mapping[str, Draft]
    """By source."""
    is_small: bool

    def run(self, mapping: str) -> dict[str, Values]:
        """Run the SQL files, write the tables of the spec, and return the accounts by source."""
        if self.is_small:
            # Few rows are one thread's work; a second one only waits for it.
            self.duck.execute("SET threads = 1")
        if self.spec.prepare:
            self.spec.prepare(self.duck)
        sources = " ".join(self.drafts)
        unneeded = []
        for step in self.spec.steps(mapping):
            with step_errors(f"{sources}: {step.name}"):
                unneeded += self._run_step(step)
        # The accounting also reads tables without rows.
        with step_errors(f"{sources}: accounting.sql"):
            rows = run_sql_file(self.duck, f"transform/{self.spec.folder}/accounting")
        for file in unneeded:
            file.unlink()
        return {row.pop("source"): row for row in rows}

    def _run_step(self, step: Path) -> list[Path]:
        """Run a step. Where it ends with a query, write its rows, and return the files that need not be."""
        import duckdb

        sql = _read_step(step, self.is_small)
        *definitions, last = self.duck.extract_statements(sql)
        for definition in definitions:
            self.duck.execute(definition)
        if last.type != duckdb.StatementType.SELECT:
            self.duck.execute(last)
            return []
        _, _, table = step.stem.partition("_")
        query = last.query.strip().removesuffix(";")
        return self._write(table, query)

    def _write(self, table: str, query: str) -> list[Path]:
        """Write the rows of a query to `<table>.parquet` of each source, and define `written_<table>`, from
        which later steps read them. Return the files without rows that are not required."""
        written = f"written_{table}"
        if self.is_small:
            self.duck.execute(f"CREATE TABLE {written} AS {query}")
            query = f"FROM {written}"
        if table in self.spec.without_source:
            columns = "* EXCLUDE (source)"
        else:
            columns = "*"
        copied = f"COPY (FROM ({query}\n) AS step_rows SELECT {columns}"
        if len(self.drafts) > 1:
            copied += " WHERE source = $source"
        unneeded = []
        for source, draft in self.drafts.items():
            file = draft.path / f"{table}.parquet"
            parameters = {"file": str(file)}
            if len(self.drafts) > 1:
                parameters["source"] = source
            self.duck.execute(f"{copied}) TO $file ({WRITE_OPTIONS})", parameters)
            [rows] = self.duck.fetchone() or (0,)
            if rows == 0 and table not in self.spec.required_tables:
                unneeded.append(file)
        if not self.is_small:
            self.duck.execute(f"CREATE VIEW {written} AS FROM read_parquet('{file}')")
        return unneeded


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
