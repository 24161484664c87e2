"""The warehouse's tables as `make tables`, the list for analysts and the sources for dbt show them."""

import re

import pytest
import yaml

from ecommerce.cli.tables import FOR_ANALYSTS
from ecommerce.warehouse import rendering
from tests.rows import column_of


@pytest.mark.parametrize(
    ("output_format", "file"),
    [("markdown", "docs/TABLES.md"), ("dbt", "deploy/dbt/sources.yml")],
)
def test_a_committed_copy_is_up_to_date_whatever_this_shop_sets(
    output_format, file, repository, run, folder
):
    (folder / ".env").write_text("ORDER_ATTRIBUTES=sales_channel\n")
    written = run(f"tables --format {output_format}")
    written = written.partition("--- standard output\n")[2]
    assert written.strip() == (repository / file).read_text().strip()


def test_no_line_of_the_list_for_analysts_becomes_another_item(repository):
    text = (repository / "docs" / "TABLES.md").read_text()
    assert not re.findall(r"(?m)^(?: +[-+*] |[+*] |- (?![`\[]))", text)


def test_the_sources_for_dbt_name_a_key_of_each_table(repository):
    document = repository / "deploy" / "dbt" / "sources.yml"
    [source] = yaml.safe_load(document.read_text())["sources"]
    assert column_of(source["tables"], "name") == list(FOR_ANALYSTS)
    for table in source["tables"]:
        assert all(column_of(table["columns"], "description"))
        text = yaml.safe_dump(table)
        assert text.count("- unique") == 1, table["name"]
        key = re.findall(r"\w+", text.partition("STRUCT(")[2].partition(")")[0])
        assert set(key) <= set(column_of(table["columns"], "name")), table["name"]
        must_filter = "A query must filter by" in table["description"]
        assert must_filter == ("where:" in text), table["name"]


def test_analysts_may_read_what_their_views_read_and_no_raw_rows(repository):
    grants = (repository / "deploy" / "bigquery_grants.sql").read_text()
    granted = re.findall(
        r'"(\w+)"', grants.partition("table_name IN (")[2].partition(")")[0]
    )
    assert sorted(granted) == sorted(FOR_ANALYSTS)
    assert set(rendering.views()) <= set(granted)
    for view in rendering.views():
        path = rendering.SQL_ROOT / f"warehouse/tables/{view}/view.sql"
        read = re.findall(r"`sales\.(\w+)`", path.read_text())
        assert len(read) > 1
        assert set(read) <= set(granted), view
    assert "rejected_rows" not in granted


def test_tables_lists_them_without_a_warehouse(run, folder):
    (folder / ".env").write_text("ORDER_ATTRIBUTES=sales_channel\n")
    lines = run("tables").splitlines()
    assert lines[1:3] == ["exit code 0", "--- standard output"]
    assert lines[4].startswith("daily_summary: ")
    changed = "When that source changed the customer."
    assert f"updated_at        TIMESTAMP        {changed}" in lines
    assert any(line.startswith("sales_channel ") for line in lines)


def test_sql_prints_a_view_and_the_load_of_a_table(run, folder):
    (folder / ".env").write_text(
        "BIGQUERY_DATASET=shop\nCUSTOMER_HASH_KEY=0123456789abcdef\n"
    )
    view = run("sql --view month_to_date")
    assert "CREATE VIEW IF NOT EXISTS `shop.month_to_date`" in view
    assert "FROM `shop.known_days`" in view
    assert "{" not in view
    for table in rendering.tables("load.sql"):
        load = run(f"sql --view {table}")
        assert f"INTO `shop.{table}`" in load
        assert "{" not in load
    assert "none of comparable_days, contribution_margin" in run("sql --view nothing")
