"""What the load asks of BigQuery: the emulator accepts and ignores it, so it is checked on the requests."""

from typing import Any

import pytest

from demo.services.emulator import Emulator
from tests.integration.conftest import LendDataset
from tests.integration.warehouse.conftest import MONDAY, Shop, open_shop
from tests.integration.warehouse.loadable import Folder, Order, at

FOLDERS = (
    Folder([Order("1", at("2026-03-02 15:00"))]),
    Folder([Order("2", at("2026-03-02 15:00"), source="storefront")], source="storefront"),
)
Jobs = list[dict[str, Any]]


@pytest.fixture(scope="module")
def loads(
    bigquery_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory, lend_dataset: LendDataset
) -> dict[str, Jobs]:
    """The jobs of a load, of the same load again, and of another run's, as the API received them."""
    with pytest.MonkeyPatch.context() as monkeypatch, lend_dataset() as dataset:
        folder = tmp_path_factory.mktemp("requests")
        shop = open_shop(bigquery_emulator, monkeypatch, folder, dataset)
        inserted = record_jobs(shop, monkeypatch)
        found = {}
        for name, run_id in (("first", "run"), ("again", "run"), ("another", "another run")):
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

    def uploading(stream: Any, metadata: dict[str, Any], *rest: Any, **options: Any) -> Any:
        inserted.append(metadata)
        return upload(stream, metadata, *rest, **options)

    monkeypatch.setattr(connection, "api_request", asking)
    monkeypatch.setattr(shop.warehouse.client, "_do_resumable_upload", uploading)
    return inserted


def queries(jobs: Jobs) -> Jobs:
    return [job["configuration"]["query"] for job in jobs if "query" in job["configuration"]]


def script(jobs: Jobs) -> dict[str, Any]:
    (found,) = (each for each in queries(jobs) if "BEGIN TRANSACTION" in each["query"])
    return found


def ids_of_what_changes_data(jobs: Jobs) -> list[str]:
    """The ids of load jobs and of the load's script."""
    return [
        job["jobReference"]["jobId"]
        for job in jobs
        if "load" in job["configuration"] or "BEGIN TRANSACTION" in job["configuration"]["query"]["query"]
    ]


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


def test_the_first_file_of_a_table_replaces_and_the_others_append(loads: dict[str, Jobs]):
    files = [job["configuration"]["load"] for job in loads["first"] if "load" in job["configuration"]]
    orders = [each for each in files if each["destinationTable"]["tableId"].startswith("orders__")]

    assert [each["writeDisposition"] for each in orders] == ["WRITE_TRUNCATE", "WRITE_APPEND"]
    assert {each["destinationTable"]["datasetId"] for each in files} == {"shop_staging"}
    gross = next(each for each in orders[0]["schema"]["fields"] if each["name"] == "gross_amount")
    assert (gross["type"], int(gross["precision"]), int(gross["scale"])) == ("NUMERIC", 18, 4)
    assert orders[0]["parquetOptions"] == {"enableListInference": True}


def test_the_script_has_literal_days_and_nothing_from_data(loads: dict[str, Jobs]):
    asked = script(loads["another"])

    assert not asked.get("queryParameters")
    assert asked["query"].count(f"DATE '{MONDAY}'") > 10
    assert "EXCEPTION" not in asked["query"]
    assert "another run" not in asked["query"], "the run's id must come through a staging table"
