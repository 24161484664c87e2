"""A day of the sales database, from PostgreSQL to BigQuery, against the way of most tutorials.

    python -m benchmarks.common_way                    # a day of 1 million lines out of 10 million
    python -m benchmarks.common_way --lines 500000     # smaller; the emulator refuses the client's
                                                       # uploads of less than 5 MB

Both run three processes, one for each task: extract, transform, load. The common way passes DataFrames as
pickles, with amounts as floats, and appends them with `load_table_from_dataframe`. The pipeline does all that
its tasks do: control totals, checks of every value, rejected rows, one transaction that replaces orders and
recomputes days. The warehouse is an emulator with empty tables. Imports are not measured: in Airflow, tasks
share those of their worker.
"""

import argparse
import os
import pickle
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.extract import benchmark_server, day_database
from benchmarks.readers import QUERIES
from benchmarks.runner import (
    REPOSITORY,
    Contender,
    Result,
    measured,
    module_command,
    option_parser,
    report,
    run_once,
)

DAY = date(2026, 11, 19)
STEPS = ("extract", "transform", "load")
ENVIRONMENT = {
    "AIRFLOW_CONN_BIGQUERY": '{"conn_type": "google_cloud_platform", '
    '"extra": {"is_anonymous": true, "project": "demo-shop"}}',
    "CUSTOMER_HASH_KEY": "only for measuring",
    "PYTHONPATH": f"{REPOSITORY}/plugins:{REPOSITORY}",
    "SHOP_TIMEZONE": "UTC",
}


def main() -> None:
    parser = option_parser(__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        way, step = arguments.step
        globals()[f"{way}_{step}"](Path(os.environ["BENCHMARK_FOLDER"]))
        return
    with benchmark_server() as server:
        dsn = server.dsn(day_database(server, arguments.lines, arguments.days))
        rounds = [_round(dsn) for _ in range(arguments.rounds)]
    results = [
        _median(way, step, rounds)
        for way in ("common", "pipeline")
        for step in (*STEPS, "all")
    ]
    print("written to", report("common_way", results, {"lines": arguments.lines}))


def _round(dsn: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Seconds and peak megabytes of each step; both ways begin with an empty warehouse."""
    from demo.services import emulator
    from demo.services.ports import free_port

    found: dict[tuple[str, str], tuple[float, float]] = {}
    for way in ("common", "pipeline"):
        folder = Path(mkdtemp(prefix="bench-common-"))
        server = emulator.start(folder / "bigquery", free_port())
        own = {
            "BIGQUERY_EMULATOR_HOST": server.host,
            "BIGQUERY_DATASET": way,
            "BENCHMARK_FOLDER": str(folder),
        }
        own |= {"AIRFLOW_CONN_SALES_DB": dsn, "STAGING_URI": f"file://{folder}/staging"}
        try:
            for step in ("prepare", *STEPS):
                command = module_command("benchmarks.common_way", "--step", way, step)
                contender = Contender(f"{way} {step}", command, ENVIRONMENT | own)
                seconds, peak, _ = run_once(contender)
                found[way, step] = seconds, peak
                print(
                    f"{way} {step}: {found[way, step][0]:.1f} s {peak:.0f} MB",
                    file=sys.stderr,
                )
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)
        found[way, "all"] = (
            sum(found[way, step][0] for step in STEPS),
            max(found[way, step][1] for step in STEPS),
        )
    return found


def _median(
    way: str, step: str, rounds: list[dict[tuple[str, str], tuple[float, float]]]
) -> Result:
    """The medians of one step; `ratio` is against the same step of the common way."""
    from statistics import median

    seconds = [each[way, step][0] for each in rounds]
    ratio = median(each[way, step][0] / each["common", step][0] for each in rounds)
    peak = median(each[way, step][1] for each in rounds)
    return Result(
        f"{way}: {step}",
        median(seconds),
        ratio,
        peak,
        {},
        [round(each, 1) for each in seconds],
    )


def common_prepare(_: Path) -> None:
    with measured():
        _common_client().create_dataset("common")


def common_extract(folder: Path) -> None:
    import json

    import pandas as pd
    import sqlalchemy

    with measured():
        url = os.environ["AIRFLOW_CONN_SALES_DB"].replace(
            "postgresql://", "postgresql+psycopg://"
        )
        engine = sqlalchemy.create_engine(url)
        frames = {}
        with engine.connect() as connection:
            for name, query in json.loads(QUERIES.read_text()).items():
                text = sqlalchemy.text(query["sql"].replace(":", r"\:"))
                frames[name] = pd.read_sql(text, connection)
        (folder / "extract.pickle").write_bytes(pickle.dumps(frames))


def common_transform(folder: Path) -> None:
    import pandas

    from benchmarks.transformers import pandas_frames

    del pandas

    with measured():
        frames = pickle.loads((folder / "extract.pickle").read_bytes())
        (folder / "transform.pickle").write_bytes(
            pickle.dumps(pandas_frames(frames, "sales_db"))
        )


def common_load(folder: Path) -> None:
    import pandas
    import pyarrow.parquet

    del pandas, pyarrow
    client = _common_client()
    with measured():
        frames = pickle.loads((folder / "transform.pickle").read_bytes())
        for name, frame in frames.items():
            client.load_table_from_dataframe(frame, f"demo-shop.common.{name}").result()


def _common_client() -> Any:
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    options = ClientOptions(api_endpoint=os.environ["BIGQUERY_EMULATOR_HOST"])
    credentials = AnonymousCredentials()
    return bigquery.Client("demo-shop", credentials, client_options=options)


def pipeline_prepare(_: Path) -> None:
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.schema import prepare

    with measured():
        prepare(connect())


def pipeline_extract(folder: Path) -> None:
    import airflow.sdk
    import duckdb
    import pyarrow.parquet

    from ecommerce.core.business_day import day_window
    from ecommerce.core.read_window import ReadWindow
    from ecommerce.sources import SALES_DB

    del airflow, duckdb, pyarrow
    day = day_window(DAY, "UTC")
    changed_from = day.start - timedelta(minutes=30)
    with measured():
        SALES_DB.extract(
            ReadWindow("sales_db", day, changed_from, None, _raw(folder)),
        )


def pipeline_transform(folder: Path) -> None:
    import duckdb
    import pyarrow.parquet

    from ecommerce.sales.transform import transform
    from ecommerce.storage.staging import read_manifest

    del duckdb, pyarrow
    with measured():
        transform(read_manifest(_raw(folder)), run_id="benchmark")


def pipeline_load(folder: Path) -> None:
    from airflow.providers.google.cloud.hooks import bigquery

    from ecommerce.sales.loading import ORDERS
    from ecommerce.storage.staging import DagRun, read_manifest
    from ecommerce.warehouse.load import load_manifest

    del bigquery
    with measured():
        manifest = read_manifest(f"file://{folder}/staging/run/transformed/sales_db")
        load_manifest(ORDERS, DagRun("daily_sales_pipeline", "benchmark"), manifest)


def _raw(folder: Path) -> Any:
    return f"file://{folder}/staging/run/sales_db"


if __name__ == "__main__":
    main()
