"""Tables that OpenLineage events name."""

from ecommerce.runtime.lineage import datasets
from tests import googlesql


def test_a_load_names_the_tables_that_it_reads_and_writes():
    script = ";\n".join(
        each.sql for each in googlesql.statements("warehouse/loads/orders/script.sql")
    )
    inputs, outputs = datasets(f"{script};\n", "bigquery", "project")
    written = {dataset.name for dataset in outputs}
    assert {"project.sales.orders", "project.sales.daily_sales"} <= written
    assert "project.sales_staging.orders" in {dataset.name for dataset in inputs}


def test_a_source_has_the_names_of_its_server():
    inputs, outputs = datasets(
        "SELECT a.x FROM orders a JOIN shop.lines b ON a.y = %(day)s",
        "postgres://db:5432",
        "shop",
    )
    assert [dataset.name for dataset in inputs] == [
        "shop.public.orders",
        "shop.shop.lines",
    ]
    assert not outputs
