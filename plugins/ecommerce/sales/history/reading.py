"""Reading one file of an export into staging, in bounded memory and without losing a line.

A CSV file is split record by record, as partner files are, so that one bad line costs one line. Its layout
may be in `include/partners/<source>.yaml`.

The folder it leaves: `lines.parquet` (the columns of partner files' lines and `day` DATE, the shop's day of
`ordered_at` or NULL; sorted by it) and `rejects.parquet` (as every source). Control totals: file, bytes,
modified_at (of the listing), sha256, lines, without_day, rejected (counts by reason), warnings.
"""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from ecommerce.core.email_masking import teach_addresses
from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.text import mask_e_mails
from ecommerce.sales.history import parquet
from ecommerce.sales.history.files import Batch, Compression, ExportFile
from ecommerce.sources import delivered_files
from ecommerce.sources.partner_layouts import STANDARD, Layout, partner_layouts
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "300MB"
BLOCK = 1 << 20

log = logging.getLogger(__name__)


def read_batch(batch: Batch) -> dict[str, Any]:
    """Read the files of a batch into staging; files that were read before are not read again. Returns plain
    JSON: `folders` (a staging URI for each file), `rows` (of all) and `read_at` (ISO 8601).

    Raises:
        PipelineError: as `read_file`.
    """
    folders, rows = [], 0
    for number, file in enumerate(batch.files, start=batch.first):
        folder = f"{batch.folder}/files/{number:05d}"
        rows += read_file(file, folder, batch).rows
        folders.append(folder)
        log.info("file %d of %d done; %d records by this task so far", number, batch.of, rows)
    return {"folders": folders, "rows": rows, "read_at": batch.read_at.isoformat()}


def read_file(file: ExportFile, folder: str, batch: Batch) -> Manifest:
    """Read `file` into the staging folder `folder`, unless that was done before.

    Raises:
        ContractError: it changed since it was listed, or is not what its name says (damaged, no header, a
            column missing).
        CredentialsError, TransientError: it cannot be read.
        StagingError: the folder could not be written.
    """
    facts = {"file": file.name, "bytes": file.bytes, "modified_at": file.modified_at.isoformat()}
    if staging.exists(folder):
        done = staging.read_manifest(folder)
        if facts.items() <= done.control_totals.items():
            log.info("%s was read before: taking the result", file.name)
            return done
    file.check_unchanged()
    began = time.monotonic()
    with (
        staging.publish(folder) as draft,
        connect_duckdb(memory_limit=MEMORY_LIMIT) as duck,
        scratch_folder() as work,
    ):
        duck.execute("SET preserve_insertion_order = true")
        duck.execute("SET VARIABLE read_at = ?", [batch.read_at])
        duck.execute("SET VARIABLE shop_timezone = ?", [load_settings().shop_timezone])
        teach_addresses(duck, load_settings().customer_hash_key)
        duck.execute(read_sql("transform/values.sql"))
        duck.execute(read_sql("extract/create_rejects.sql"))
        with _one_sentence(file), delivered_files.storage_errors(file.name):
            lines = {  # the parameters of the statements that write lines, in the layout of partner files
                "file": file.name,
                "partner": "",  # one export, so no order belongs to anybody else
                "received_at": file.modified_at,
                "lines": str(work / "lines.parquet"),
            }
            if file.is_parquet:
                sha256, warnings = _read_parquet(duck, file, lines, work)
            else:
                layout = partner_layouts().get(batch.source, STANDARD)
                sha256, warnings = _read_csv(duck, file, lines, work, layout)
            file.check_unchanged()
            duck.execute(
                read_sql("extract/history/keep_lines.sql"),
                {"lines": lines["lines"], "target": f"{draft.path}/lines.parquet"},
            )
            duck.execute(f"COPY rejects TO '{draft.path}/rejects.parquet' (FORMAT parquet, COMPRESSION zstd)")
        totals = _totals(duck, draft.path)
        draft.seal(
            source=batch.source,
            business_date=batch.run_day,
            rows=totals["lines"] + sum(totals["rejected"].values()),
            columns={f"{name}.parquet": [] for name in ("lines", "rejects")},
            read_at=batch.read_at,
            window_start=batch.read_at,
            window_end=batch.read_at,
            control_totals=facts | {"sha256": sha256} | totals | {"warnings": warnings},
        )
    manifest = staging.read_manifest(folder)
    seconds = time.monotonic() - began
    log.info("%s: %d records, %.0f a second", file.name, manifest.rows, manifest.rows / max(seconds, 0.001))
    return manifest


class _Counted(io.RawIOBase):
    """A stream that remembers the checksum of what was read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        self.digest.update(block)
        buffer[: len(block)] = block
        return len(block)


def _read_csv(
    duck: duckdb.DuckDBPyConnection, file: ExportFile, facts: dict[str, Any], work: Path, layout: Layout
) -> tuple[str, list[str]]:
    """Write the lines of a CSV file to `facts["lines"]`, the rest to `rejects`; checksum and warnings."""
    with file.file_system.open(file.path, "rb") as delivered:
        counted = _Counted(delivered)
        with _decompressed(counted, file.compression) as text:
            split = delivered_files.split_records(text, work, layout)
        _read_to_the_end(counted)
    attributes = load_settings().order_attributes
    delivered_files.read_records(duck, split, facts, attributes)
    extra = delivered_files.unread_columns(split.names, layout, attributes)
    warnings = [f"{file.name} has columns that are not read: {', '.join(extra)}"] if extra else []
    return counted.digest.hexdigest(), warnings


def _read_parquet(
    duck: duckdb.DuckDBPyConnection, file: ExportFile, facts: dict[str, Any], work: Path
) -> tuple[str, list[str]]:
    """Write the lines of a Parquet file to `facts["lines"]`; its checksum, and no warnings."""
    # DuckDB would take a name with these signs for a pattern, which may match a neighbour.
    in_place = staging.is_local(file.uri) and not any(sign in file.path for sign in "*?[{")
    target = Path(file.path) if in_place else work / "delivered"
    with file.file_system.open(file.path, "rb") as delivered:
        counted = _Counted(delivered)
        if in_place:
            _read_to_the_end(counted)
        else:
            with target.open("wb") as copy:
                shutil.copyfileobj(counted, copy, BLOCK)
    parquet.read(duck, target, facts)
    return counted.digest.hexdigest(), []


def _read_to_the_end(stream: _Counted) -> None:
    """What lies behind the compressed data counts for the checksum too."""
    while stream.read(BLOCK):
        pass


@contextmanager
def _decompressed(stream: _Counted, compression: Compression | None) -> Iterator[IO[bytes]]:
    if compression is None:
        reader = io.BufferedReader(stream, BLOCK)
        yield reader
        reader.detach()  # else it would close the stream
        return
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), compression) as text:
            yield io.BufferedReader(cast(io.RawIOBase, text), BLOCK)
    except OSError as error:
        if error.errno is not None:  # of the file system, not of the data
            raise
        raise delivered_files.UnusableFileError(
            "file_unreadable", f"its {compression} data is damaged or ends too early"
        ) from None


def _totals(duck: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    lines, without_day = duck.execute(
        "SELECT count(*), count(*) FILTER (day IS NULL) FROM read_parquet(?)", [f"{folder}/lines.parquet"]
    ).fetchall()[0]
    reasons = duck.execute("SELECT reason, count(*) FROM rejects GROUP BY reason ORDER BY reason").fetchall()
    return {"lines": lines, "without_day": without_day, "rejected": dict(reasons)}


@contextmanager
def _one_sentence(file: ExportFile) -> Iterator[None]:
    """What is wrong with the file, naming it; DuckDB's texts may quote a row, so they are not chained."""
    import duckdb

    try:
        yield
    except delivered_files.UnusableFileError as fault:
        raise ContractError(f"{file.name}: {fault.args[1]}; nothing of the export was loaded") from None
    except duckdb.OutOfMemoryException as error:
        raise ContractError(f"{file.name}: not enough memory: {mask_e_mails(str(error))}") from None
    except duckdb.Error as error:
        raise ContractError(f"{file.name}: {mask_e_mails(str(error))[:500]}") from None
