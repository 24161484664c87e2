"""Transforms one source's raw staging folder into its loadable one, by include/sql/transform/<domain>.

`<source>.sql` maps the raw files to the domain's staged layout, then the numbered steps run, which name no
source (staged_columns.md describes both layouts). DuckDB spills to disk; only counts pass through Python.
"""

from __future__ import annotations

import hashlib
import html
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.business_day import day_window
from ecommerce.core.email_masking import mask_e_mails, teach_addresses
from ecommerce.core.errors import ContractError, StagingError
from ecommerce.core.paths import INCLUDE
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Values
from ecommerce.storage import staging
from ecommerce.storage.duckdb import (
    connect_duckdb,
    problem_of,
    run_sql_file,
    set_variables,
)
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

log = logging.getLogger(__name__)

FOLDER = INCLUDE / "sql" / "transform"
MEMORY_LIMIT = "340MB"
"""Of DuckDB, which spills beyond it; the process needs about 100 MB more."""
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
        numbered = sorted(folder.glob("[0-9]*.sql"))
        return [FOLDER / "values.sql", *named, *numbered]


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
        transformed = done.control_totals.get("raw_sha256")
        if transformed == manifest.sha256:
            log.info(
                "%s was transformed before: using the result at %s",
                manifest.source,
                folder,
            )
            return done
    staged = staging.read_manifest(manifest.uri)
    if staged.sha256 != manifest.sha256:
        raise StagingError(
            f"the files at {manifest.uri} have been read again since: clear the extract task with downstream"
        )
    with staging.publish(folder) as draft:
        accounts = _run_steps(
            spec,
            manifest,
            run_id,
            draft.path,
            mapping or manifest.source,
        )
        _check_nothing_is_lost(manifest.source, accounts)
        draft.seal(
            **manifest.facts(),
            rows=accounts["rows_accepted"],
            columns=draft.parquet_columns(),
            control_totals={**manifest.control_totals, **accounts},
        )
    staging.discard(manifest.uri)
    return staging.read_manifest(folder)


def _run_steps(
    spec: TransformSpec,
    manifest: Manifest,
    run_id: str,
    folder: Path,
    mapping: str,
) -> Values:
    """Run the SQL files, write the tables of the spec, and return the accounts."""
    unneeded = []
    with _connection(manifest, run_id, folder) as connection:
        if spec.prepare:
            spec.prepare(connection)
        for step in spec.steps(mapping):
            _, _, table = step.stem.partition("_")
            file = folder / f"{table}.parquet"
            with _duckdb_errors(f"{manifest.source}: {step.name}"):
                rows = _run_step(connection, _read_step(step, manifest), file)
            if rows == 0 and table not in spec.required_tables:
                unneeded.append(file)
        with _duckdb_errors(f"{manifest.source}: accounting.sql"):
            [accounts] = run_sql_file(connection, f"transform/{spec.folder}/accounting")
    # The accounting also reads tables without rows.
    for file in unneeded:
        file.unlink()
    extracted = manifest.control_totals.get("warnings", ())
    accounts["warnings"] = [*extracted, *map(json.loads, accounts["warnings"])]
    accounts["raw_sha256"] = manifest.sha256
    accounts["run_id"] = run_id
    return accounts


def _read_step(step: Path, manifest: Manifest) -> str:
    """Return the SQL of a step. In a small folder, views are tables, also a source's own: DuckDB plans a view
    again in each statement that reads it, which then takes longer than the rows."""
    sql = step.read_text(encoding="utf-8")
    if manifest.bytes <= FEW_BYTES:
        return _VIEW.sub(r"\1TABLE", sql)
    return sql


def _run_step(connection: DuckDBPyConnection, sql: str, file: Path) -> int | None:
    """Run a step. Where it ends with a query, write the rows to `file`, and return their number."""
    import duckdb

    *definitions, last = connection.extract_statements(sql)
    for definition in definitions:
        connection.execute(definition)
    if last.type != duckdb.StatementType.SELECT:
        connection.execute(last)
        return None
    query = last.query.strip().removesuffix(";")
    target = f"getvariable('loadable') || '/{file.name}'"
    connection.execute(f"COPY ({query}\n) TO ({target}) ({WRITE_OPTIONS})")
    [rows] = connection.fetchone() or (0,)
    return int(rows)


@contextmanager
def _connection(
    manifest: Manifest,
    run_id: str,
    folder: Path,
) -> Iterator[DuckDBPyConnection]:
    """Open DuckDB with the variables and functions of the SQL files and the key of the customer hash."""
    settings = load_settings()
    day = day_window(manifest.business_date, settings.shop_timezone)
    inner_key, outer_key = padded_keys(settings.customer_hash_key.encode())
    with (
        staging.local_folder(manifest.uri) as raw,
        connect_duckdb(memory_limit=MEMORY_LIMIT) as connection,
    ):
        set_variables(
            connection,
            raw=raw,
            raw_files=[f"{raw}/{name}" for name in sorted(manifest.columns)],
            loadable=str(folder),
            **manifest.facts(),
            run_id=run_id,
            control_totals=json.dumps(dict(manifest.control_totals)),
            shop_timezone=settings.shop_timezone,
            day_start=day.start,
            day_end=day.end,
            # Variables and no constants, so that no statement contains the keys.
            inner_key=inner_key,
            outer_key=outer_key,
            reporting_currency=settings.reporting_currency,
        )
        # DuckDB knows no type of an empty list.
        connection.execute(
            "SET VARIABLE order_attributes = ?::VARCHAR[]",
            [list(settings.order_attributes)],
        )
        # Joins run as written, with the right side in memory: DuckDB estimates that anti joins leave few
        # rows, and would keep the lines in memory instead of the orders.
        connection.execute(
            "SET disabled_optimizers = 'join_order,build_side_probe_side'"
        )
        teach_addresses(connection, settings.customer_hash_key)
        connection.create_function(
            "without_entities", html.unescape, ["VARCHAR"], "VARCHAR"
        )
        yield connection


def padded_keys(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and the outer key of HMAC-SHA256 (RFC 2104)."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    block = key.ljust(64, b"\0")
    inner = bytes(byte ^ 0x36 for byte in block)
    outer = bytes(byte ^ 0x5C for byte in block)
    return inner, outer


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


@contextmanager
def _duckdb_errors(what: str) -> Iterator[None]:
    """Raise masked errors of this package in place of DuckDB's, whose texts may quote a row."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StagingError(f"{what}: {mask_e_mails(str(error))}") from None
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        # It names a column or table.
        raise ContractError(f"{what}: {mask_e_mails(str(error))}") from None
    except duckdb.Error as error:
        raise ContractError(f"{what}: {problem_of(error)}") from None
