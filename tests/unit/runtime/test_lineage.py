"""Tables and columns that OpenLineage events name."""

from ecommerce.runtime.lineage import datasets
from tests import googlesql


def test_a_load_names_the_tables_and_columns_it_reads_and_writes():
    script = ";\n".join(
        each.sql for each in googlesql.statements("warehouse/loads/orders/script.sql")
    )
    inputs, outputs = datasets(f"{script};\n", "bigquery", "project")
    written = {dataset.name: dataset.facets for dataset in outputs}
    assert {"project.sales.orders", "project.sales.daily_sales"} <= written.keys()
    assert "project.sales_staging.orders" in {dataset.name for dataset in inputs}
    origins = (
        written["project.sales.orders"]["columnLineage"]
        .fields["country_code"]
        .inputFields
    )
    assert [(each.name, each.field) for each in origins] == [
        ("project.sales_staging.orders", "country_code")
    ]
    assert "country_code" in {
        field.name for field in written["project.sales.orders"]["schema"].fields
    }


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
