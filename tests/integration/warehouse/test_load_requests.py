"""What the load asks of BigQuery: the emulator accepts and ignores it, so it is checked on the requests."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from demo.services.emulator import Emulator
from ecommerce.warehouse import staging_tables
from tests.googlesql import split
from tests.integration.conftest import LendDataset
from tests.integration.warehouse.conftest import MONDAY, Shop, open_shop
from tests.integration.warehouse.loadable import Folder, Order, at

FOLDERS = (
    Folder([Order("1", at("2026-03-02 15:00"))]),
    Folder(
        [Order("2", at("2026-03-02 15:00"), source="storefront")], source="storefront"
    ),
)
Jobs = list[dict[str, Any]]


@pytest.fixture(scope="module")
def loads(
    bigquery_emulator: Emulator,
    tmp_path_factory: pytest.TempPathFactory,
    lend_dataset: LendDataset,
) -> dict[str, Jobs]:
    """The jobs of a load, of the same load again, and of another run's, as the API received them."""
    with pytest.MonkeyPatch.context() as monkeypatch, lend_dataset() as dataset:
        monkeypatch.setattr(staging_tables, "SMALL_BYTES", 0)
        folder = tmp_path_factory.mktemp("requests")
        shop = open_shop(bigquery_emulator, monkeypatch, folder, dataset)
        inserted = record_jobs(shop, monkeypatch)
        found = {}
        for name, run_id in (
            ("first", "run"),
            ("again", "run"),
            ("another", "another run"),
        ):
            shop.load(*FOLDERS, run_id=run_id)
            found[name] = list(inserted)
            inserted.clear()
    return found


def record_jobs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    inserted: Jobs = []
    connection = shop.warehouse.client._connection
    ask, upload = connection.api_request, shop.warehouse.client._do_resumable_upload

    def asking(**request: Any) -> Any:
        if request["method"] == "POST" and request["path"].endswith("/jobs"):
            inserted.append(request["data"])
        return ask(**request)

    def uploading(
        stream: Any, metadata: dict[str, Any], *rest: Any, **options: Any
    ) -> Any:
        inserted.append(metadata)
        return upload(stream, metadata, *rest, **options)

    monkeypatch.setattr(connection, "api_request", asking)
    monkeypatch.setattr(shop.warehouse.client, "_do_resumable_upload", uploading)
    return inserted


def queries(jobs: Jobs) -> Jobs:
    return [
        job["configuration"]["query"] for job in jobs if "query" in job["configuration"]
    ]


def script(jobs: Jobs) -> dict[str, Any]:
    (found,) = (each for each in queries(jobs) if "BEGIN TRANSACTION" in each["query"])
    return found


def ids_of_what_changes_data(jobs: Jobs) -> list[str]:
    """The ids of load jobs and of the load's script, without the digest of what its look-ups found."""
    ids = [
        job["jobReference"]["jobId"] for job in jobs if "load" in job["configuration"]
    ]
    (of_script,) = (
        job["jobReference"]["jobId"]
        for job in jobs
        if "BEGIN TRANSACTION" in job["configuration"].get("query", {}).get("query", "")
    )
    return [*ids, re.sub(r"-\w{12}-1$", "", of_script)]


def test_every_job_is_labelled_and_where_the_data_are(loads: dict[str, Jobs]):
    assert len(loads["first"]) > 10
    for job in loads["first"]:
        assert job["configuration"]["labels"] == {
            "application": "ecommerce-sales",
            "dag": "daily",
            "step": "test",
        }
        assert job["jobReference"]["location"] == "US"


def test_every_query_may_bill_so_much_only(loads: dict[str, Jobs]):
    limits = {each["maximumBytesBilled"] for each in queries(loads["first"])}
    assert limits == {str(100 * 1024**3)}


def test_what_changes_data_has_an_id_that_a_retry_finds_again(loads: dict[str, Jobs]):
    first = ids_of_what_changes_data(loads["first"])

    assert len(set(first)) == len(first)
    assert ids_of_what_changes_data(loads["again"]) == first
    assert not set(ids_of_what_changes_data(loads["another"])) & set(first)


def test_the_first_file_of_a_table_replaces_and_the_others_append(
    loads: dict[str, Jobs],
):
    files = [
        job["configuration"]["load"]
        for job in loads["first"]
        if "load" in job["configuration"]
    ]
    orders = [
        each
        for each in files
        if each["destinationTable"]["tableId"].startswith("orders__")
    ]

    assert [each["writeDisposition"] for each in orders] == [
        "WRITE_TRUNCATE",
        "WRITE_APPEND",
    ]
    assert {each["destinationTable"]["datasetId"] for each in files} == {"shop_staging"}
    gross = next(
        each for each in orders[0]["schema"]["fields"] if each["name"] == "gross_amount"
    )
    assert (gross["type"], int(gross["precision"]), int(gross["scale"])) == (
        "NUMERIC",
        18,
        4,
    )
    assert orders[0]["parquetOptions"] == {"enableListInference": True}


def test_the_script_has_literal_days_and_nothing_from_data(loads: dict[str, Jobs]):
    asked = script(loads["another"])

    assert not asked.get("queryParameters")
    assert asked["query"].count(f"DATE '{MONDAY}'") > 10
    assert "EXCEPTION" not in asked["query"]
    assert "another run" not in asked["query"], (
        "the run's id must come through a staging table"
    )


DAY = {
    "orders": [
        Order(
            "1",
            at("2026-03-02 15:00"),
            refunds=[("r1", at("2026-03-02 20:00"), "1.00")],
        )
    ],
    "rejected": [{"reason": "missing_value", "order_id": "9"}],
    "products": [
        {"sku": "toys-1", "name": "Bear", "category": "Toys", "updated_at": None}
    ],
    "currency_totals": [(None, "USD", "10.00", "10.00", "0", "0")],
}
FILE = {
    **{
        "file": "north_2026-03-02.csv",
        "sha256": "abc",
        "received_at": at("2026-03-03 09:00"),
    },
    "order_ids": ["1"],
}


def of_day(day: str) -> list[Folder]:
    """What a daily run loads: rows for every table, of every source."""
    moved = [
        replace(order, ordered_at=at(f"{day} 15:00"), refunds=[])
        for order in DAY["orders"]
    ]
    days = DAY | {
        "orders": [*DAY["orders"], *(replace(order, order_id=day) for order in moved)]
    }
    live = [
        Folder(**days, source=source)
        for source in ("sales_db", "storefront", "partner_files")
    ]
    for folder in live:
        folder.orders = [
            replace(order, source=folder.source) for order in folder.orders
        ]
    live[2].files = [FILE | {"file": f"north_{day}.csv", "order_ids": [day]}]
    return [
        *live,
        Folder(
            source="exchange_rates", rates=[(date.fromisoformat(day), "GBP", "0.87")]
        ),
    ]


def test_a_daily_load_sends_few_requests_and_statements(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.load(*of_day("2026-03-02"), run_id="first")
    requests: list[str] = []
    jobs = record_jobs(shop, monkeypatch)
    ask = shop.warehouse.client._connection.api_request

    def asking(**request: Any) -> Any:
        if request["method"] == "POST" or not re.search(
            "/(jobs|queries)/", request["path"]
        ):
            requests.append(f"{request['method']} {request['path'].rpartition('/')[2]}")
        return ask(**request)

    monkeypatch.setattr(shop.warehouse.client._connection, "api_request", asking)
    shop.load(*of_day("2026-03-03"), day=date(2026, 3, 3), run_id="second")

    loaded = [job for job in jobs if "load" in job["configuration"]]
    statements = [
        part for each in queries(jobs) for part in without_declarations(each["query"])
    ]
    others = [each for each in requests if not each.endswith(" jobs")]
    # Each costs BigQuery about a second. One load job fills each of the eleven staging tables.
    assert len(loaded) <= 11
    assert len(queries(jobs)) <= 4
    assert len(statements) <= 28
    assert others == ["GET tables"]


def without_declarations(script: str) -> list[str]:
    """The statements of a script that BigQuery runs one by one."""
    return [part for part in split(script) if not part.startswith("DECLARE")]
