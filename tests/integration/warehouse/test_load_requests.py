"""What the load asks of BigQuery: the emulator accepts and ignores it, so it is checked on the requests."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine

from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import staging_tables
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.staging_tables import StagedLoad
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
    delivered_file,
)
from tests.rendered_sql import split
from tests.settings import lower

FOLDERS = (
    Folder([Order("1", "2026-03-02 15:00")]),
    Folder([Order("2", "2026-03-02 15:00", source="storefront")], source="storefront"),
)
Jobs = list[dict[str, Any]]


@pytest.fixture(scope="module")
def loads(lend_shop):
    """The jobs of a load, of the same load again, and of another run's, as the API received them."""
    # At noon and midnight, tables and jobs get other names.
    one_o_clock = datetime.now(UTC).replace(hour=13)
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        lend_shop() as shop,
        time_machine.travel(one_o_clock),
    ):
        lower(monkeypatch, staging_tables, SMALL_RECORDS=0)
        inserted = record_jobs(shop)
        found = {}
        for name, run_id, off in (
            ("first", "run", []),
            ("again", "run", []),
            ("another", "another run", []),
            ("without a source", "run", ["shopify"]),
        ):
            shop.load(
                *FOLDERS,
                run_id=run_id,
                off_sources=off,
            )
            found[name] = list(inserted)
            inserted.clear()
    return found


def record_jobs(shop):
    """Return the list of the jobs that are inserted from now on."""
    inserted = []
    connection = shop.warehouse.client._connection
    ask = connection.api_request
    upload = shop.warehouse.client._do_resumable_upload

    def asking(**request):
        if request["method"] == "POST" and request["path"].endswith("/jobs"):
            inserted.append(request["data"])
        return ask(**request)

    def uploading(stream, metadata, *rest, **options):
        inserted.append(metadata)
        return upload(
            stream,
            metadata,
            *rest,
            **options,
        )

    connection.api_request = asking
    shop.warehouse.client._do_resumable_upload = uploading
    return inserted


def ids_of_changes(jobs):
    """The ids of load jobs and of the load's script, without the digest of what its look-ups found."""
    ids = []
    for job in jobs:
        job_id = job["jobReference"]["jobId"]
        if "load" in job["configuration"]:
            ids.append(job_id)
        elif "BEGIN TRANSACTION" in job["configuration"]["query"]["query"]:
            ids.append(re.sub(r"-\w{12}-1$", "", job_id))
    return ids


def test_every_job_is_labelled_limited_and_where_the_data_are(loads):
    assert len(loads["first"]) > 10
    for job in loads["first"]:
        configuration = job["configuration"]
        assert configuration["labels"] == {
            "application": "ecommerce-sales",
            "dag": "daily",
            "step": "test",
        }
        assert job["jobReference"]["location"] == "US"
        if "query" in configuration:
            assert configuration["query"]["maximumBytesBilled"] == str(100 * 1024**3)


def test_what_changes_data_has_an_id_that_a_retry_finds_again(loads):
    first = ids_of_changes(loads["first"])

    assert len(set(first)) == len(first)
    assert ids_of_changes(loads["again"]) == first
    for other in ("another", "without a source"):
        assert not set(ids_of_changes(loads[other])) & set(first)


def test_the_tables_of_a_retry_after_twelve_hours_have_other_names():
    """Those of the first attempt expire a day after it began, perhaps while the retry needs them."""
    names = []
    moments = ["00:05", "11:55", "12:05", "23:55"]
    for moment in [*(f"2026-03-03 {time}" for time in moments), "2026-03-04 00:05"]:
        with time_machine.travel(at(moment)):
            staged = StagedLoad(
                None,
                ORDERS,
                [],
                MONDAY,
                "run",
                "daily",
            )
            names.append(staged.suffix)
    assert names[0] == names[1]
    assert names[2] == names[3]
    assert len(set(names)) == 3


ORDER = Order("1", "2026-03-02 15:00", refunds=[("r1", at("2026-03-02 20:00"), "1.00")])


def folders_of(day):
    """What a daily run loads of each source: an order of the day and a late one, a refund, a rejected row, a
    delivered file and a rate."""
    folders = []
    for source in ("sales_db", "storefront", "partner_files"):
        late = replace(ORDER, source=source)
        new = replace(
            late,
            order_id=day,
            ordered_at=f"{day} 15:00",
            refunds=[],
        )
        folders.append(
            Folder(
                [late, new],
                source=source,
                rejected=[{"reason": "missing_value", "order_id": "9"}],
                currency_totals=[(None, "USD", "10.00", "10.00", "0", "0")],
            )
        )
    folders[-1].files = [delivered_file(f"north_{day}.csv", order_ids=[day])]
    rate = (date.fromisoformat(day), "GBP", "0.87")
    return [*folders, Folder(source="exchange_rates", rates=[rate])]


def test_a_daily_load_sends_at_most_21_jobs_and_statements(shop):
    shop.load(*folders_of("2026-03-02"), run_id="first")
    jobs = record_jobs(shop)

    shop.load(
        *folders_of("2026-03-03"),
        day=date(2026, 3, 3),
        run_id="second",
    )

    loads = [job for job in jobs if "load" in job["configuration"]]
    statements = []
    for job in jobs:
        if "query" in job["configuration"]:
            statements += split(job["configuration"]["query"]["query"])
    executed = [each for each in statements if not each.startswith("DECLARE")]
    assert len(loads) == 1
    assert len(loads) + len(executed) <= 21


def test_a_look_up_in_the_warehouse_is_one_request(shop, monkeypatch):
    """Besides the listing of the tables and the settings, which are read once in a process."""
    requests = []
    ask = shop.warehouse.client._connection.api_request

    def asking(**request):
        requests.append((request["method"], request["path"].rpartition("/")[2]))
        return ask(**request)

    monkeypatch.setattr(shop.warehouse.client._connection, "api_request", asking)
    prepare(shop.warehouse)
    channels = "warehouse/tables/refunds/channels.sql"
    shop.warehouse.query(channels, parameters={"source": "shopify"})
    assert requests == [("GET", "tables"), ("GET", "data"), ("POST", "queries")]
