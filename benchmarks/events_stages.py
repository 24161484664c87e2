"""One step of `user_events_daily`, measured, or its limit; started by `benchmarks.events`."""

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.runner import measured
from ecommerce.core.business_day import BusinessDay, day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.events import client
from ecommerce.events import extraction as web_events
from ecommerce.events.lines import FIELDS
from ecommerce.events.source import WEB_EVENTS
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.transform.database import MEMORY_LIMIT
from ecommerce.transform.run import WRITE_OPTIONS

DAY = date(2026, 11, 19)
MEMORY_OF_LIMIT = "250MB"
"""Of DuckDB, as both readers of the extract have."""
FOLDER = Path(load_settings().staging_uri.removeprefix("file://"))
ANSWERS, RAW = FOLDER / "answers", FOLDER / "raw"


def prepare(day: BusinessDay) -> int:
    """Keep the answers, and what extract makes of them, for the limits and the transform."""
    ANSWERS.mkdir(parents=True)
    collector = client.EventsClient()
    for number, part in enumerate(client.slices(day.start, day.end, day.start)):
        collector.download(part, ANSWERS / f"{number:02}.ndjson")
    extract(day, RAW.as_uri())
    return 0


def limit(day: BusinessDay) -> int:
    """DuckDB's own reader of JSON, every value as text."""
    with connect_duckdb(memory_limit=MEMORY_OF_LIMIT) as duck:
        columns = dict.fromkeys(FIELDS, "VARCHAR")
        return _copy(duck, f"read_ndjson('{ANSWERS}/*.ndjson', columns = {columns})")


def extract(day: BusinessDay, folder: str = f"file://{FOLDER}/extract") -> int:
    """As the run of the newest day does, with all of the day in its window."""
    web_events.now = lambda: day.end
    window = ReadWindow(
        "web_events",
        day,
        day.start,
        None,
        folder,
    )
    return WEB_EVENTS.extract(window).rows


def rewrite(day: BusinessDay) -> int:
    """Read every column of the extracted files, and write it again."""
    with connect_duckdb(memory_limit=MEMORY_LIMIT) as duck:
        return _copy(duck, f"'{RAW}/*.parquet'")


def transform(day: BusinessDay) -> int:
    """What extract left: links to it, because the transform removes the raw folder."""
    from ecommerce.events.loading import transform as run_transform

    folder = FOLDER / "run" / "web_events"
    shutil.copytree(
        RAW,
        folder,
        copy_function=os.link,
        dirs_exist_ok=True,
    )
    (folder / staging.MANIFEST_FILE).unlink()
    fields = json.loads((RAW / staging.MANIFEST_FILE).read_text())
    fields["uri"] = folder.as_uri()
    (folder / staging.MANIFEST_FILE).write_text(json.dumps(fields))
    manifest = staging.read_manifest(folder.as_uri())
    return run_transform(manifest, run_id="benchmark").rows


def _copy(duck: duckdb.DuckDBPyConnection, source: str) -> int:
    [(rows,)] = duck.execute(
        f"COPY (FROM {source}) TO '{FOLDER}/copy.parquet' ({WRITE_OPTIONS})"
    ).fetchall()
    return int(rows)


def main() -> None:
    # Untimed: a worker has imported them long ago.
    import airflow.sdk
    import pyarrow.parquet
    from airflow.providers.http.hooks import http

    import ecommerce.events.loading

    del airflow, pyarrow, http, ecommerce
    logging.disable(logging.INFO)
    steps: dict[str, Callable[[BusinessDay], int]] = {
        "prepare": prepare,
        "limit": limit,
        "extract": extract,
        "rewrite": rewrite,
        "transform": transform,
    }
    day = day_window(DAY, load_settings().shop_timezone)
    with measured() as facts:
        facts["rows"] = steps[sys.argv[1]](day)


if __name__ == "__main__":
    main()
