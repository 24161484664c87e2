"""A warehouse of its own for each test, on the emulator."""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ecommerce.cli import environment
from ecommerce.core.business_day import day_window
from ecommerce.sales import delivery_log
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.days.quality import Provenance, quality_of
from ecommerce.sales.days.state import doubtful_sources
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.periods.reader import read_figures
from ecommerce.sales.report.reader import figures_of_day
from ecommerce.sources import live_sources
from ecommerce.warehouse.checks import run_checks
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.load import LoadResult, load
from ecommerce.warehouse.rendering import columns
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.staging_tables import StagedLoad
from tests import queries
from tests.archived_reports import MAILING_RUN
from tests.integration.warehouse.loadable import NEW_YORK, Folder, at, midnight
from tests.integration.warehouse_contents import deployment, of_all_days

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
    "orders",
    "order_lines",
    "refunds",
    "removed_orders",
    "customers",
    "products",
    "exchange_rates",
    "payments",
    "payouts",
    "daily_sales",
    "daily_summary",
    "loaded_files",
)
"""The tables that the order and number of runs must not change."""


@dataclass
class Shop:
    """One test's warehouse."""

    warehouse: Warehouse
    folder: Path

    @property
    def dataset(self):
        return self.warehouse.settings.bigquery_dataset

    def load(self, *folders, day=MONDAY, run_id="run", **options):
        """Publish the folders and load them; orders, unless a `spec` is given."""
        manifests = [each.publish(self.folder, day, run_id) for each in folders]
        return self.load_staged(
            manifests,
            day=day,
            run_id=run_id,
            **options,
        )

    def load_all(self, *folders, read_at="2026-03-03 11:00", **options):
        """Load the folders, and nothing from the sources that have none, have not failed and are not off."""
        known = {folder.source for folder in folders}
        known.update(options.get("missing_sources", ()))
        known.update(options.get("off_sources", ()))
        nothing = []
        for source in live_sources():
            if source not in known:
                nothing.append(
                    Folder(
                        source=source,
                        read_at=read_at,
                    )
                )
        self.load(
            *folders,
            *nothing,
            **options,
        )

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
        loaded = LoadResult(
            day,
            list(days or [day]),
            [],
        )
        return run_checks(
            loaded,
            spec,
            run_id,
            self.warehouse,
        )

    def report(self, day=MONDAY, run_id="run", **options):
        """The figures of a day's report."""
        origin = ORIGIN.model_copy(update={"run_id": run_id})
        return figures_of_day(
            self.warehouse,
            day,
            origin,
            **options,
        )

    def quality(self, day=MONDAY):
        """The quality of a day's figures, as its report states it."""
        window = day_window(day, self.warehouse.settings.shop_timezone)
        doubtful = doubtful_sources(self.warehouse, day)
        return quality_of(DayQueries(self.warehouse, window, doubtful))

    def period_figures(self, period, slices):
        """The figures of slices of a period, by slice."""
        return read_figures(
            self.warehouse,
            period,
            slices,
            ORIGIN,
        )

    def rows(self, table, *columns):
        """All rows of a table (or of some of its columns), in an order that does not depend on the load."""
        selected = ", ".join(columns) or "*"
        where = of_all_days(table)
        rows = self.sql(f"SELECT {selected} FROM `sales.{table}` {where}", table)
        return sorted(rows, key=repr)

    def summaries(self):
        """The rows of `daily_summary` by day."""
        return {row["business_date"]: row for row in self.rows("daily_summary")}

    def tuples(self, table, *columns):
        """The values of columns of a table."""
        return [tuple(row.values()) for row in self.rows(table, *columns)]

    def one(self, table, *columns):
        """The only row of a table."""
        [row] = self.rows(table, *columns)
        return row

    def by(self, table, key, value):
        """One column of a table by another that is unique."""
        rows = self.rows(table, key, value)
        assert len({row[key] for row in rows}) == len(rows)
        return {row[key]: row[value] for row in rows}

    def sql(self, text, what="the test"):
        """Run a statement; `sales.` stands for the dataset, as in the documents."""
        statement = re.sub(r"\bsales\.", f"{self.dataset}.", text)
        return self.warehouse.run(statement, what)

    def insert(self, table, rows, **of_all):
        """Put rows into a table without a load: values by column, `of_all` in each of them.

        A column that is not given is NULL; where it must not be, 0, FALSE or empty.
        """
        given = of_all.keys()
        for row in rows:
            given |= row.keys()
        written = []
        for column in columns(table):
            if column.required or column.name in given:
                written.append(column)
        values = []
        for row in rows:
            stored = of_all | row
            literals = [literal(each, stored.get(each.name)) for each in written]
            values.append(f"({', '.join(literals)})")
        names = ", ".join(f"`{column.name}`" for column in written)
        self.sql(f"INSERT INTO `sales.{table}` ({names}) VALUES {', '.join(values)}")

    def ran(self, days, sources=None):
        """Note that daily runs have read the sources, the morning after each day."""
        rows = []
        for day in days:
            run = {
                "business_date": day,
                "run_id": f"run {day}",
                "status": "success",
                "read_at": at(f"{day} 11:00") + timedelta(days=1),
            }
            rows += [{**run, "source": source} for source in sources or live_sources()]
        self.insert("load_audit", rows)

    def exported(self, source, first, last):
        """Note that an export of the days from `first` to `last` has been loaded."""
        export = {
            "business_date": first,
            "source": source,
            "run_id": "export",
            "status": "history",
            "window_start": midnight(first),
            "window_end": midnight(last + timedelta(days=1)),
            "read_at": midnight(last + timedelta(days=2)),
        }
        self.insert("load_audit", [export])

    def undone(self, source, first):
        """Note that the export of the days from `first` on was undone, just now."""
        removal = {
            "business_date": first,
            "source": source,
            "run_id": f"undo__{source}",
            "status": "history",
            "read_at": datetime.now(UTC),
        }
        self.insert("load_audit", [removal])

    def state(self, names=STATE):
        """What must not depend on the order and number of runs."""
        contents = {}
        for table in names:
            rows = self.rows(table)
            for row in rows:
                for name in BY_RUN & row.keys():
                    del row[name]
            contents[table] = sorted(rows, key=repr)
        return contents


def claim_mail(day, figures_hash="hash"):
    """Claim the mail of a day's report; return when its figures were read."""
    now = datetime.now(UTC)
    delivery_log.claim(
        day,
        figures_hash,
        f"<{figures_hash}@x>",
        now,
        MAILING_RUN,
    )
    return now


def send_mail(day, figures_hash="hash"):
    """Mail a day's report."""
    claim_mail(day, figures_hash)
    delivery_log.mark_sent(day, figures_hash)


ZEROS = {"STRING": "", "BOOL": False}


def literal(column, value):
    """A value of a column in SQL."""
    if value is None and not column.required:
        return "NULL"
    if value is None:
        value = ZEROS.get(column.type, 0)
    if column.type not in ("STRING", "DATE", "TIMESTAMP"):
        return str(value)
    kind = "" if column.type == "STRING" else column.type
    return f"{kind} '{value}'"


@pytest.fixture
def shop(bigquery_emulator, monkeypatch, tmp_path, lend_dataset):
    """An empty warehouse; the shop is in New York and reports in US dollars."""
    with lend_dataset() as dataset:
        yield open_shop(
            bigquery_emulator,
            monkeypatch,
            tmp_path,
            dataset,
        )


@pytest.fixture
def second_shop(bigquery_emulator, monkeypatch, tmp_path, lend_dataset):
    """Another one, to compare with."""
    with lend_dataset() as dataset:
        yield open_shop(
            bigquery_emulator,
            monkeypatch,
            tmp_path,
            dataset,
        )


@pytest.fixture(scope="session")
def lend_shop(bigquery_emulator, lend_dataset, tmp_path_factory):
    """Lend an empty warehouse to the tests of a module; `options` as of `open_shop`."""

    @contextmanager
    def lend(dataset_name=None, environment=None, **options):
        lent = lend_dataset(dataset_name)
        with pytest.MonkeyPatch.context() as patch, lent as dataset:
            for variable, value in (environment or {}).items():
                patch.setenv(variable, value)
            yield open_shop(
                bigquery_emulator,
                patch,
                tmp_path_factory.mktemp("shop"),
                dataset,
                **options,
            )

    return lend


@pytest.fixture
def no_env_file(monkeypatch):
    """Commands in this process take their settings from its environment alone."""
    monkeypatch.setattr(environment, "load", lambda: None)


def open_shop(
    emulator, monkeypatch, folder, dataset, *, currency="USD", timezone=NEW_YORK
):
    """The warehouse in `dataset`, which is empty or not there; this process's environment names it, the
    reporting currency and the shop's timezone."""
    settings = deployment(emulator, folder, dataset)
    settings["REPORTING_CURRENCY"] = currency
    settings["SHOP_TIMEZONE"] = timezone
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)
    queries.repeat_at_once(monkeypatch)
    warehouse = connect(dag="daily", step="test")
    prepare(warehouse)
    return Shop(warehouse, folder)
