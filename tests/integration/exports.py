"""Bulk exports of the ledger's orders, and what the tasks of `sales_history_load` call, without Airflow."""

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
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
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import from_xcom, to_xcom
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

SOURCE = "old_shop"
KINDS = ("csv", "csv.gz", "parquet", "csv.zst")


def exported(snapshot, orders, source=SOURCE):
    """Books with `orders` only, sold by `source`, as far as the layout of an export can tell them."""
    known = [
        replace(
            order,
            channel=source,
            partner=PARTNERS[1],
            customer_id=None,
            coupon_code=None,
            is_test=False,
            shipping=Decimal(0),
            fee=Decimal(0),
            lines=order.valid_lines,
        )
        for order in orders
        if order.valid_lines
    ]
    return replace(snapshot, orders=tuple(known), refunds=(), files=())


def rows(snapshot):
    """The export's records, header first."""
    file = PartnerFile(
        name="export.csv",
        partner=PARTNERS[1],
        day=snapshot.at.date(),
        received_at=snapshot.at,
        orders=snapshot.orders,
        bad_rows=(),
        repeated=(),
    )
    return list(
        csv.reader(io.StringIO(partner_files.render(file).decode(), newline=""))
    )


def write(folder, snapshot, files=3, kinds=KINDS):
    """Deal the lines out to `files` files, one after the other, so that orders are split over them."""
    folder.mkdir(parents=True, exist_ok=True)
    header, *lines = rows(snapshot)
    for number in range(files):
        kind = kinds[number % len(kinds)]
        records = io.StringIO(newline="")
        csv.writer(records, lineterminator="\n").writerows(
            [header, *lines[number::files]]
        )
        text = records.getvalue()
        path = folder / f"orders_{number:02d}.{kind}"
        if kind == "parquet":
            table = [
                dict(zip(header, record, strict=True))
                for record in lines[number::files]
            ]
            pq.write_table(pa.Table.from_pylist(table), path)
        else:
            compressed: dict[str, Callable[[bytes], bytes]] = {
                "csv.gz": gzip.compress,
                "csv.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
            }
            path.write_bytes(compressed.get(kind, bytes)(text.encode()))


@dataclass
class HistoryLoad:
    """One run of the DAG's tasks over the files of `folder`; every task may be called again."""

    folder: Path
    at: datetime
    run_id: str = "manual__history"
    params: dict[str, Any] = field(default_factory=dict)
    accounts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def context(self):
        """A task's context."""
        given = {
            "files": f"file://{self.folder}/orders_*",
            "source": SOURCE,
            "first_day": None,
            "last_day": None,
            "dry_run": False,
            "most_rejected": 5,
        }
        run = SimpleNamespace(
            dag_id="sales_history_load", run_id=self.run_id, run_after=self.at
        )
        return {"params": given | self.params, "dag_run": run, "run_id": self.run_id}

    def totals(self):
        """What was read, and the control totals."""
        with time_machine.travel(self.at):
            reads = [
                tasks.read.function(each)
                for each in tasks.list_files.function(**self.context)
            ]
            return reads, tasks.control_totals.function(reads, **self.context)

    def months(self):
        """Everything up to the loads of single months: their manifests, in order."""
        reads, totals = self.totals()
        months = tasks.months.function(totals, **self.context)
        with time_machine.travel(self.at):
            tasks.exchange_rates.function(totals, **self.context)
            manifests = [
                tasks.transform.function(month, **self.context) for month in months
            ]
        yield from manifests
        tasks.clean_up.function(reads, totals)
        self.accounts = tasks.summary.function(manifests, **self.context)

    def dry(self):
        """A dry run: the control totals, and what a load would do by month."""
        with time_machine.travel(self.at):
            reads, totals = self.totals()
            with pytest.raises(AirflowSkipException):
                tasks.exchange_rates.function(totals, **self.context)
            months = tasks.months.function(totals, **self.context)
            manifests = [
                tasks.transform.function(month, **self.context) for month in months
            ]
            tasks.clean_up.function(reads, totals)
            return totals, tasks.summary.function(manifests, **self.context)

    def load(self, manifest):
        """Load and check one month; the load's result."""
        with time_machine.travel(self.at):
            loaded = load_manifest(
                loading.ORDERS,
                run_of(self.context),
                from_xcom(Manifest, manifest),
                status=HISTORY,
            )
            sales.check_read.function(to_xcom(loaded), **self.context)
            return loaded

    def run(self):
        """The whole run; the results of the loads."""
        return [self.load(manifest) for manifest in self.months()]


def now():
    """The present, for runs that do not care when."""
    return datetime.now(UTC)
