"""Every query of the warehouse and the reports has the same rows on Google's reference implementation."""

import pytest

from ecommerce.sales import erasure
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.migrate import migrate
from tests import rendered_sql
from tests.integration.warehouse import small_shop, small_shop_runs
from tests.integration.warehouse.both_engines import BothEngines
from tests.integration.warehouse.conftest import open_shop
from tests.reference_engine import script_parts
from tests.settings import settings_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(bigquery_emulator, lend_dataset, tmp_path_factory):
    """What both engines made of every query of a small shop."""
    folder = tmp_path_factory.mktemp("shop")
    engines = BothEngines(today=small_shop.DAY + small_shop.ONE_DAY)
    with pytest.MonkeyPatch.context() as patch, lend_dataset("reference") as dataset:
        patch.setenv("STAGING_URI", f"file://{folder}/staging")
        patch.setenv("REPORTS_URI", f"file://{folder}/reports")
        patch.setenv("ORDER_ATTRIBUTES", "sales_channel,group")
        patch.setenv("REPORT_ATTRIBUTE", "sales_channel")
        with engines.installed(patch):
            shop = open_shop(
                bigquery_emulator,
                patch,
                folder,
                dataset,
            )
            small_shop.sell(shop)
            small_shop_runs.browse(shop)
            small_shop_runs.predict(shop)
            small_shop_runs.refresh_catalogue(shop)
            small_shop_runs.export(shop)
            small_shop_runs.read_report(shop)
            small_shop_runs.look_up(shop)
            small_shop_runs.copy_rows(shop)
            migrate(shop.warehouse)
            patch.setattr(erasure, "customer_hash", lambda identity, _: identity)
            small_shop_runs.forget(shop)
            patch.setenv("SHOPS", '{"storefront": ["outlet"]}')
            connect(step="test").query("warehouse/tables/load_audit/exported_shops.sql")
            yield engines


def test_the_rows_are_the_same_on_both_engines_and_depend_on_no_order(both):
    assert not both.differences, "\n\n".join(both.differences)
    assert both.not_run == {}


def test_every_file_with_a_query_is_compared(both):
    settings = settings_of(rendered_sql.SETTINGS)
    with_query = set()
    for path in rendered_sql.paths():
        parts = script_parts(rendered_sql.rendered(path, settings))
        if any(part.query for part in parts):
            with_query.add(path)
    assert with_query - both.files == set()


def test_nearly_every_statement_had_rows_to_compare(both):
    """Of a second run of events all rejected rows are deleted; at first there are no ids of orders; no export
    has the name of a shop. Checks have no rows where all is well."""
    statements = [each for each in both.times if "AS check_name" not in each]
    empty = [statement for statement in statements if not both.with_rows[statement]]
    assert len(empty) <= 3, "\n\n".join(empty)
