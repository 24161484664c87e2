"""The files of an export in batches: what one task of `sales_history_load` reads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from ecommerce.core.business_day import shop_day
from ecommerce.core.settings import load_settings
from ecommerce.core.staging import DagRun, run_folder
from ecommerce.sales.history.files import ExportFile, find_files
from ecommerce.sales.history.form import Form
from ecommerce.sales.history.reading import Reading, read_file

MOST_TASKS = 1000
"""Airflow maps a task over 1024 items at most."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that one task reads into `folder` (a staging URI, the same for all batches).

    `first` is the number of the first one among all `of` files. `label` is what the UI calls the task.
    """

    folder: str
    reading: Reading
    label: str
    files: list[ExportFile]
    first: int
    of: int


@dataclass(frozen=True, slots=True)
class BatchRead:
    """What reading a batch left: one staging folder per file, and the number of records in all of them."""

    folder: str
    reading: Reading
    folders: list[str]
    rows: int


def list_batches(form: Form, run: DagRun, run_after: datetime) -> list[Batch]:
    """The files of the form's pattern, in order; one file per batch, up to `MOST_TASKS` batches.

    Raises:
        ConfigurationError: no file, or an unknown scheme or ending.
        CredentialsError, TransientError: the storage refuses, or fails.
    """
    settings = load_settings()
    run_day = shop_day(run_after, settings.shop_timezone).date
    files = find_files(form.files)
    log.info("%d files, %d bytes", len(files), sum(file.bytes for file in files))
    folder = run_folder(settings.staging_uri, run.dag_id, run_day, run.run_id)
    reading = Reading(form.source, datetime.now(UTC), run_day)
    found, first = [], 1
    for some in in_batches(files):
        more = len(some) - 1
        label = f"{some[0].name} and {more} more" if more else some[0].name
        found.append(Batch(folder, reading, label, some, first, len(files)))
        first += len(some)
    return found


def in_batches(files: Sequence[ExportFile], most: int = MOST_TASKS) -> list[list[ExportFile]]:
    """`files` in order, in at most `most` groups of nearly the same size; one file each if possible."""
    count = min(len(files), most)
    bounds = [len(files) * number // count for number in range(count + 1)]
    return [list(files[start:end]) for start, end in pairwise(bounds)]


def read_batch(batch: Batch) -> BatchRead:
    """Read the files of a batch into staging; files that were read before are not read again.

    Raises:
        PipelineError: as `reading.read_file`.
    """
    folders, rows = [], 0
    for number, file in enumerate(batch.files, start=batch.first):
        folder = f"{batch.folder}/files/{number:05d}"
        rows += read_file(file, folder, batch.reading).rows
        folders.append(folder)
        log.info("file %d of %d done; %d records by this task so far", number, batch.of, rows)
    return BatchRead(batch.folder, batch.reading, folders, rows)
