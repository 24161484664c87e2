"""Bulk exports of the ledger's orders, and what the tasks of `sales_history_load` call, without Airflow."""

import csv
import gzip
import io
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import time_machine
from airflow.sdk.exceptions import AirflowSkipException

from demo.ledger import PARTNERS, PartnerFile
from demo.seeders import partner_files
from ecommerce.runtime.run_context import run_of
from ecommerce.sales import loading
from ecommerce.sales import tasks as sales
from ecommerce.sales.history import tasks
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

SOURCE = "old_shop"


def exported(snapshot, orders):
    """Books with `orders` only, sold by `SOURCE`, as far as the layout of an export can tell them."""
    changes = {
        "channel": SOURCE,
        "partner": PARTNERS[1],
        "customer_id": None,
        "coupon_code": None,
        "is_test": False,
        "shipping": Decimal(0),
        "fee": Decimal(0),
    }
    known = []
    for order in orders:
        lines = []
        for line in order.valid_lines:
            # An export has no subtotals of the storefront.
            lines.append(replace(line, gross=line.quantity * line.unit_price))
        if lines:
            known.append(replace(order, lines=tuple(lines), **changes))
    return replace(
        snapshot,
        orders=tuple(known),
        refunds=(),
        files=(),
    )


def rows(snapshot):
    """The export's records, header first."""
    day = snapshot.at.date()
    orders = snapshot.orders
    file = PartnerFile(
        "export.csv",
        PARTNERS[1],
        day,
        snapshot.at,
        orders,
        (),
        (),
    )
    text = partner_files.render(file).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def write(folder, snapshot):
    """Deal the lines out to three files of different kinds, so that orders are split over them."""
    folder.mkdir(parents=True, exist_ok=True)
    header, *lines = rows(snapshot)
    pa_csv.write_csv(table(header, lines[0::3]), folder / "orders_0.csv")
    with gzip.open(folder / "orders_1.csv.gz", "wb") as file:
        pa_csv.write_csv(table(header, lines[1::3]), file)
    pq.write_table(table(header, lines[2::3]), folder / "orders_2.parquet")


def table(header, lines):
    return pa.Table.from_pylist(
        [dict(zip(header, line, strict=True)) for line in lines]
    )


class HistoryLoad:
    """One run of the DAG's tasks over the files of `folder`; every task may be called again."""

    def __init__(self, folder, at, run_id="manual__history", **params):
        self.at = at
        run = SimpleNamespace(dag_id="sales_history_load", run_id=run_id, run_after=at)
        params = {
            "files": f"file://{folder}/orders_*",
            "source": SOURCE,
            "first_day": None,
            "last_day": None,
            "dry_run": False,
            "most_rejected": 5,
        } | params
        self.context = {"params": params, "dag_run": run, "run_id": run_id}
        self.accounts = []

    def totals(self):
        """What was read, and the control totals."""
        files = tasks.list_files.function(**self.context)
        reads = [tasks.read.function(file) for file in files]
        return reads, tasks.control_totals.function(reads, **self.context)

    def manifests(self, totals):
        """The manifests of the months, in order."""
        months = tasks.months.function(totals)
        return [tasks.transform.function(month, **self.context) for month in months]

    def months(self):
        """Everything up to the loads of single months: their manifests, in order."""
        with time_machine.travel(self.at):
            reads, totals = self.totals()
            tasks.exchange_rates.function(totals, **self.context)
            manifests = self.manifests(totals)
        yield from manifests
        tasks.clean_up.function(reads, totals)
        self.accounts = tasks.summary.function(manifests, **self.context)

    def dry(self):
        """A dry run: what a load would do by month."""
        with time_machine.travel(self.at):
            reads, totals = self.totals()
            with pytest.raises(AirflowSkipException):
                tasks.exchange_rates.function(totals, **self.context)
            manifests = self.manifests(totals)
            tasks.clean_up.function(reads, totals)
            return tasks.summary.function(manifests, **self.context)

    def load(self, manifest):
        """Load and check one month; the load's result."""
        with time_machine.travel(self.at):
            loaded = load_manifest(
                loading.ORDERS,
                run_of(self.context),
                from_plain(Manifest, manifest),
                status=HISTORY,
            )
            sales.check_source.function(to_plain(loaded), **self.context)
            return loaded

    def run(self):
        """The whole run; the results of the loads."""
        return [self.load(manifest) for manifest in self.months()]
