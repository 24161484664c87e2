"""A warehouse of its own for each test, on the emulator."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.services.emulator import PROJECT
from ecommerce.sales.days.quality import Provenance
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.reader import figures_of_day
from ecommerce.sources import SOURCES
from ecommerce.warehouse.checks import run_checks
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.load import LoadResult, _load_staged, load
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.staging_tables import StagedLoad
from tests.integration.warehouse.loadable import at
from tests.integration.warehouse_contents import of_all_days

Row = dict[str, Any]
MONDAY = date(2026, 3, 2)
ORIGIN = Provenance(
    dag_id="daily",
    run_id="run",
    code_version="test",
    timezone="America/New_York",
    window_start=at("2026-03-02 05:00"),
    window_end=at("2026-03-03 05:00"),
    generated_at=at("2026-03-03 11:00"),
)
"""Who makes the reports of the tests."""
BY_RUN = {"read_at", "run_id", "detected_at"}
"""Columns that only say when and by which run a row was read."""

STATE = (
    *(
        "orders",
        "order_lines",
        "refunds",
        "removed_orders",
        "customers",
        "products",
        "exchange_rates",
    ),
    *("daily_sales", "daily_summary", "loaded_files"),
)
"""The tables that the order and number of runs must not change."""


@dataclass
class Shop:
    """One test's warehouse."""

    warehouse: Warehouse
    folder: Path
    runs: int = field(default=0)

    def load(self, *folders, day=MONDAY, run_id="run", **options):
        """Publish the folders and load them; orders, unless a `spec` is given."""
        manifests = [each.publish(self.folder, day, run_id) for each in folders]
        return self.load_staged(manifests, day=day, run_id=run_id, **options)

    def load_staged(
        self, manifests, *, day=MONDAY, missing_sources=(), off_sources=(), **options
    ):
        """Load what was published; the other sources have failed, or are off."""
        options = {"spec": ORDERS, "run_id": "run", "dag_id": "daily"} | options
        failed = dict.fromkeys(missing_sources, "failed")
        options["unread"] = failed | dict.fromkeys(off_sources, "off")
        staged = StagedLoad(
            self.warehouse, manifests=manifests, business_date=day, **options
        )
        return load(staged)

    def failing(self, *days, day=MONDAY, spec=ORDERS, run_id="run"):
        """The failing checks of a run of `day`, which has changed `days`."""
        loaded = LoadResult(day, list(days or [day]), [])
        return run_checks(loaded, spec, run_id, self.warehouse)

    def report(self, day=MONDAY, run_id="run", **options):
        """The figures of a day's report."""
        origin = ORIGIN.model_copy(update={"run_id": run_id})
        return figures_of_day(self.warehouse, day, origin, **options)

    def rows(self, table, *columns):
        """All rows of a table (or of some of its columns), in an order that does not depend on the load."""
        dataset = self.warehouse.settings.bigquery_dataset
        sql = f"SELECT {', '.join(columns) or '*'} FROM `{dataset}.{table}` {of_all_days(table)}"
        found = self.warehouse.run(sql, table)
        return sorted(found, key=repr)

    def one(self, table, *columns):
        """The only row of a table."""
        (row,) = self.rows(table, *columns)
        return row

    def by(self, table, key, value):
        """One column of a table by another that is unique."""
        rows = self.rows(table, key, value)
        assert len({row[key] for row in rows}) == len(rows)
        return {row[key]: row[value] for row in rows}

    def insert(self, table, columns, values):
        """Put rows into a table without a load, each written as a tuple of SQL."""
        dataset = self.warehouse.settings.bigquery_dataset
        sql = f"INSERT INTO `{dataset}.{table}` ({columns}) VALUES {', '.join(values)}"
        self.warehouse.run(sql, "the test's rows")

    def ran(self, days, sources=SOURCES):
        """Note that daily runs have read the sources, the morning after each day."""
        rows = []
        for day in days:
            read_at = f"{day + timedelta(days=1)} 11:00:00+00"
            for source in sources:
                run = f"'{source}', 'run {day}', 'success', '{read_at}'"
                rows.append(f"('{day}', {run})")
        columns = "business_date, source, run_id, status, read_at"
        self.insert("load_audit", columns, rows)

    def state(self, names=STATE):
        """What must not depend on the order and number of runs."""
        return {
            table: sorted(
                (
                    {name: value for name, value in row.items() if name not in BY_RUN}
                    for row in self.rows(table)
                ),
                key=repr,
            )
            for table in names
        }


@pytest.fixture
def shop(bigquery_emulator, monkeypatch, tmp_path, lend_dataset):
    """An empty warehouse; the shop is in New York and reports in US dollars."""
    with lend_dataset() as dataset:
        yield open_shop(bigquery_emulator, monkeypatch, tmp_path, dataset)


@pytest.fixture
def second_shop(bigquery_emulator, monkeypatch, tmp_path, lend_dataset):
    """Another one, to compare with."""
    with lend_dataset() as dataset:
        yield open_shop(bigquery_emulator, monkeypatch, tmp_path, dataset)


def open_shop(emulator, monkeypatch, folder, dataset, currency="USD"):
    """The warehouse in `dataset`, which is empty or not there; this process's environment names it and the
    reporting currency."""
    environment = {
        "BIGQUERY_EMULATOR_HOST": emulator.host,
        "AIRFLOW_CONN_BIGQUERY": json.dumps(
            {
                "conn_type": "google_cloud_platform",
                "extra": {"is_anonymous": True, "project": PROJECT},
            }
        ),
        "BIGQUERY_DATASET": dataset,
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "SHOP_TIMEZONE": "America/New_York",
        "REPORTING_CURRENCY": currency,
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    for retrying in (_load_staged, Warehouse.transact):
        monkeypatch.setattr(retrying.retry, "sleep", lambda _: None)
    warehouse = connect(dag="daily", step="test")
    prepare(warehouse)
    return Shop(warehouse, folder)
