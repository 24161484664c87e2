"""One step of `user_events_daily`, measured; started by `benchmarks.events`."""

import json
import logging
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from benchmarks.runner import measured
from ecommerce.core.business_day import BusinessDay, day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources import WEB_EVENTS
from ecommerce.sources.web_events import client
from ecommerce.sources.web_events import extraction as web_events
from ecommerce.storage import staging
from ecommerce.storage.xcom import from_xcom, to_xcom

DAY = date(2026, 11, 19)
RUN = staging.DagRun("user_events_daily", "benchmark")


def limit(day: BusinessDay) -> int:
    """Read the same answers, and keep nothing but how many lines they have."""
    collector = client.EventsClient()
    lines = 0
    for part in client.slices(day.start, day.end):
        query = {"start": client.instant(part.start), "end": client.instant(part.end)}
        with collector._session.get(f"{collector._root}/events", params=query, stream=True) as answer:
            lines += sum(chunk.count(b"\n") for chunk in answer.raw.stream(client.CHUNK))
    return lines


def extract(day: BusinessDay) -> int:
    """As the run of the newest day does, with all of the day in its window."""
    web_events.now = lambda: day.end
    manifest = web_events.extract(
        ReadWindow(WEB_EVENTS, day, day.start, None, RUN.folder(day.date, WEB_EVENTS))
    )
    _note(day).write_text(json.dumps(to_xcom(manifest)))
    return manifest.rows


def transform(day: BusinessDay) -> int:
    """What extract left."""
    from ecommerce.events.loading import transform

    manifest = from_xcom(staging.Manifest, json.loads(_note(day).read_text()))
    transform(manifest, run_id=RUN.run_id)
    return manifest.rows


def _note(day: BusinessDay) -> Any:
    return staging.storage_path(f"{load_settings().staging_uri}/manifest.json")


def main() -> None:
    # Untimed: a worker has imported them long ago.
    import airflow.sdk
    import duckdb
    import pyarrow.parquet
    from airflow.providers.http.hooks import http

    del airflow, duckdb, pyarrow, http
    logging.disable(logging.INFO)
    step, minutes = sys.argv[1:]
    client.LENGTH = timedelta(minutes=int(minutes))
    steps: dict[str, Callable[[BusinessDay], int]] = {
        "limit": limit,
        "extract": extract,
        "transform": transform,
    }
    day = day_window(DAY, load_settings().shop_timezone)
    with measured() as facts:
        begin = time.process_time()
        facts["events"] = steps[step](day)
        facts["processor_seconds"] = round(time.process_time() - begin, 1)


if __name__ == "__main__":
    main()
