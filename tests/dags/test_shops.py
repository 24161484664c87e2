"""DAGs with the tasks of several shops, and with a setting SHOPS that is wrong."""

import json

import pytest

from tests.dags.conftest import parsed

DAILY = "daily_sales_pipeline"


def tasks_of(dag_id):
    """The ids of its tasks."""
    return set(parsed(dag_id).task_ids)


@pytest.mark.parametrize(
    ("dag_id", "added"),
    [
        (DAILY, {"extract.shopify_de", "extract.sales_db_brand"}),
        ("sales_history_read", {"extract.shopify_de", "extract.sales_db_brand"}),
        # The database is not synced.
        (
            "storefront_orders_sync",
            {"shopify_de", "transform__2", "load__2", "checks__2"},
        ),
    ],
)
def test_each_shop_has_the_tasks_of_its_platform(dag_id, added, monkeypatch):
    monkeypatch.setenv("SHOPS", "")
    before = tasks_of(dag_id)
    shops = {"shopify": ["de"], "sales_db": ["brand"]}
    monkeypatch.setenv("SHOPS", json.dumps(shops))
    assert tasks_of(dag_id) - before == added
    assert before <= tasks_of(dag_id)


@pytest.mark.parametrize("dag_id", [DAILY, "sales_history_read"])
def test_extracts_of_shops_share_a_pool(dag_id, monkeypatch):
    monkeypatch.setenv("SHOPS", '{"shopify": ["de", "fr"]}')
    pools = {task.task_id: task.pool for task in parsed(dag_id).tasks}
    in_pool = [name for name, pool in pools.items() if pool == "shop_extracts"]
    assert in_pool == ["extract.shopify_de", "extract.shopify_fr"]


@pytest.mark.parametrize("dag_id", [DAILY, "sales_history_read"])
def test_the_process_of_a_task_parses_only_the_extracts_that_it_needs(
    dag_id, monkeypatch
):
    monkeypatch.setenv("SHOPS", '{"shopify": ["de", "fr"]}')
    complete = tasks_of(dag_id)
    extracts = {name for name in complete if name.startswith("extract.")}
    extracts.remove("extract.sources_ready")
    for task_id in complete:
        # Airflow sets it while the process of a task parses the file.
        monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", task_id)
        missing = complete - tasks_of(dag_id)
        if task_id == "extract.sources_ready":
            assert missing == set()
        else:
            assert missing == extracts - {task_id}


def test_shops_are_reconciled(monkeypatch):
    monkeypatch.setenv("SHOPS", '{"storefront": ["outlet"]}')
    ids = tasks_of("sales_reconciliation")
    assert "compare.storefront_outlet.read" in ids


def test_a_wrong_setting_breaks_no_dag(monkeypatch):
    monkeypatch.setenv("SHOPS", "")
    before = tasks_of(DAILY)
    monkeypatch.setenv("SHOPS", '{"shopify": "de"}')
    assert tasks_of(DAILY) == before
