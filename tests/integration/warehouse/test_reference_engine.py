"""Every query of the warehouse and the reports has the same rows on Google's reference implementation."""

import re
from pathlib import Path

import pytest

from ecommerce.core.settings import load_settings
from ecommerce.maintenance import erasure
from ecommerce.warehouse.migrate import migrate
from tests import googlesql
from tests.integration.warehouse import small_shop, small_shop_runs
from tests.integration.warehouse.both_engines import BothEngines
from tests.integration.warehouse.conftest import open_shop
from tests.reference_engine import script_parts

pytestmark = pytest.mark.slow

NOT_COMPARED: dict[str, str] = {}
"""Files with a query that nothing here executes, and why."""
NOT_RUN: dict[str, str] = {}
"""Files with a statement that Google's engine cannot run, and why."""
WITHOUT_ROWS = {
    "warehouse/loads/events/script.sql": "of a second run, delete_rejects has deleted all rejected rows",
    "warehouse/tables/stored_order_ids/table.sql": "there are no orders yet; rebuild.sql has the same query",
}
"""Files with a statement that has no rows here, and why."""
REPOSITORY = Path(__file__).parents[3]


def samples():
    """The sample queries of the documents, each with the name of its document."""
    found = []
    for name in ("README.md", "docs/QUERIES.md"):
        text = (REPOSITORY / name).read_text()
        for sql in re.findall(r"```sql\n(.*?)```", text, re.DOTALL):
            found.append((name, sql.replace("FROM sales.", "FROM ")))
    return found


@pytest.fixture(scope="module")
def both(
    bigquery_emulator,
    lend_dataset,
    tmp_path_factory,
):
    """What both engines made of every query of a small shop."""
    folder = tmp_path_factory.mktemp("shop")
    engines = BothEngines(today=small_shop.DAY + small_shop.ONE_DAY)
    with pytest.MonkeyPatch.context() as patch, lend_dataset("reference") as dataset:
        patch.setenv("STAGING_URI", f"file://{folder}/staging")
        patch.setenv("REPORTS_URI", f"file://{folder}/reports")
        patch.setenv("ORDER_ATTRIBUTES", "sales_channel,group")
        patch.setenv("REPORT_ATTRIBUTE", "sales_channel")
        with engines.installed(patch):
            shop = open_shop(bigquery_emulator, patch, folder, dataset)
            small_shop.sell(shop)
            small_shop_runs.browse(shop)
            small_shop_runs.predict(shop)
            small_shop_runs.refresh_catalogue(shop)
            small_shop_runs.export(shop)
            small_shop_runs.read_report(shop)
            small_shop_runs.look_up(shop)
            small_shop_runs.copy_rows(shop)
            migrate(shop.warehouse)
            for name, sql in samples():
                engines.ask(shop.warehouse, sql, name)
            patch.setattr(erasure, "customer_hash", lambda identity, _: identity)
            small_shop_runs.forget(shop)
            yield engines


def described(statements):
    return "\n\n".join(
        f"{statement.path}:\n{statement.key}" for statement in statements
    )


def test_the_rows_are_the_same_on_both_engines_and_depend_on_no_order(
    both,
):
    assert not both.differences, "\n\n".join(both.differences)


def test_every_file_with_a_query_is_compared(both):
    with_query = set()
    for path in googlesql.paths():
        parts = script_parts(
            googlesql.rendered(path, load_settings(googlesql.SETTINGS))
        )
        if any(part.query for part in parts):
            with_query.add(path)
    assert with_query - both.files == NOT_COMPARED.keys()


def test_what_googles_engine_cannot_run_is_known(both):
    assert {statement.path for statement in both.not_run} == NOT_RUN.keys(), (
        both.not_run
    )


def test_every_statement_had_rows_to_compare(both):
    empty = [statement for statement in both.times if not both.with_rows[statement]]
    assert {statement.path for statement in empty} == WITHOUT_ROWS.keys(), described(
        empty
    )
