"""What ORDER_ATTRIBUTES names passes through to `orders.attributes`, from every source, and nothing else."""

import json
from datetime import date

import pytest

from tests.rows import column_by
from tests.unit.sales.transform.raw_folders import csv_line, item, order, page_order

NAMED = "sales_channel,paid_with,_wc_order_attribution_utm_source,number,day,approver,is_new"
UTM = "_wc_order_attribution_utm_source"


@pytest.fixture(scope="module", autouse=True)
def named(settings):
    settings.setenv("ORDER_ATTRIBUTES", NAMED)


def attributes(loaded):
    """The attributes by order id, as stored."""
    return column_by(loaded.orders, "order_id", "attributes")


def test_named_columns_of_the_sales_database_pass_through_as_masked_text(raw):
    typed = order(
        "typed",
        sales_channel="ask ann@example.com first",
        paid_with="{no json",
        number=9007199254740993,
        day=date(2026, 11, 19),
        approver='{"by": ["bob@example.com"]}',
        is_new=True,
    )
    broken = order("broken", currency="$", sales_channel="app", internal_note="secret")
    orders = [
        order(
            "O1",
            sales_channel="app",
            paid_with="card",
            internal_note="call Ann back",
        ),
        order("O2", sales_channel=" web ", paid_with=""),
        order("O3"),
        typed,
        broken,
    ]
    done = raw.sales_db(
        more=", sales_channel VARCHAR, paid_with VARCHAR, internal_note VARCHAR, "
        "number BIGINT, day DATE, approver JSON, is_new BOOLEAN",
        orders=orders,
        order_items=[item("O1")],
    )
    assert attributes(done) == {
        "O1": '{"paid_with":"card","sales_channel":"app"}',  # sorted by name
        "O2": '{"sales_channel":"web"}',
        "O3": None,
        "typed": '{"approver":"{\\"by\\":[\\"<e-mail>\\"]}","day":"2026-11-19","is_new":"true",'
        '"number":"9007199254740993","paid_with":"{no json",'
        '"sales_channel":"ask <e-mail> first"}',
    }
    (rejected,) = done.rejected_rows
    assert '"sales_channel":"app"' in json.loads(rejected["raw"])["attributes"]
    assert "secret" not in rejected["raw"]


def test_fields_and_meta_data_of_a_storefront_order_pass_through(raw):
    source = {"key": UTM, "value": "newsletter"}
    card = {"key": "paid_with", "value": "from a plugin"}
    first = [
        page_order(100, paid_with="stripe", meta_data=[{"key": "_other"}, source]),
        page_order(101, paid_with="", meta_data=[card]),
        page_order(102, meta_data=[source, source | {"value": "second"}]),
        page_order(103, meta_data=[source | {"value": {"by": ["ann@example.com", 2]}}]),
        page_order(104, meta_data=None),
        page_order(105, meta_data="damaged", sales_channel=7),
        page_order(106, paid_with="stripe"),
    ]
    later = [page_order(106, paid_with="invoice")]
    assert attributes(raw.storefront(first, later)) == {
        "100": f'{{"{UTM}":"newsletter","paid_with":"stripe"}}',
        "101": '{"paid_with":"from a plugin"}',
        "102": f'{{"{UTM}":"newsletter"}}',
        "103": f'{{"{UTM}":"{{\\"by\\":[\\"<e-mail>\\",2]}}"}}',
        "104": None,
        "105": '{"sales_channel":"7"}',
        "106": '{"paid_with":"invoice"}',
    }


def test_a_partners_attributes_are_those_of_the_line_with_the_header(raw):
    """A folder that was read before the setting changed lacks a column."""
    lines = [
        csv_line("P1", "2", sales_channel="second line"),
        csv_line("P1", "1", sales_channel="app", paid_with="card of a@b.example"),
        csv_line("P2", "1"),
    ]
    file = {"name": "acme_2026-11-19.csv", "lines": lines}
    done = raw.partner_files(file, extras=("sales_channel", "paid_with"))
    assert attributes(done) == {
        "P1": '{"paid_with":"card of <e-mail>","sales_channel":"app"}',
        "P2": None,
    }
