"""What ORDER_ATTRIBUTES names passes through to `orders.attributes`, from every source, and nothing else."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.unit.sales.transform.raw_folders import (
    SALES_DB,
    columns,
    csv_line,
    item,
    order,
    page_order,
    write,
)

NAMED = "sales_channel,payment_method,_wc_order_attribution_utm_source"


@pytest.fixture(autouse=True)
def named(monkeypatch, settings):
    monkeypatch.setenv("ORDER_ATTRIBUTES", NAMED)


def sales_db(raw, order_columns: str, *orders):
    """Orders of a query that gives more columns than the documented ones."""

    def fill(folder):
        for table, types in SALES_DB.items():
            rows = {
                "orders": orders,
                "order_items": [item(one["order_id"]) for one in orders],
            }.get(table, [])
            more = f", {order_columns}" if table == "orders" else ""
            write(folder / f"{table}.parquet", columns(**types) + more, list(rows))

    return raw.run("sales_db", fill)


def attributes(loaded):
    """The attributes by order id, as stored."""
    return {row["order_id"]: row["attributes"] for row in loaded.orders}


def test_named_columns_of_the_sales_database_pass_through_and_no_others(raw):
    done = sales_db(
        raw,
        "sales_channel VARCHAR, payment_method VARCHAR, internal_note VARCHAR",
        order(
            "O1",
            sales_channel="app",
            payment_method="card",
            internal_note="call Ann back",
        ),
        order("O2", sales_channel=" web ", payment_method=""),
        order("O3"),
    )
    assert attributes(done) == {
        "O1": '{"payment_method":"card","sales_channel":"app"}',  # sorted by name
        "O2": '{"sales_channel":"web"}',
        "O3": None,
    }


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("VARCHAR", "ask ann@example.com first", "ask <e-mail> first"),
        ("BOOLEAN", True, "true"),
        ("BIGINT", 9007199254740993, "9007199254740993"),
        ("DECIMAL(18,4)", Decimal("2.5"), "2.5"),
        ("DATE", date(2026, 11, 19), "2026-11-19"),
        (
            "TIMESTAMPTZ",
            datetime.fromisoformat("2026-11-19T10:00:00-05:00"),
            "2026-11-19 15:00:00+00",
        ),
        ("JSON", '{"by": ["bob@example.com"]}', '{"by":["<e-mail>"]}'),
        ("VARCHAR", "{no json", "{no json"),
    ],
)
def test_a_value_of_any_type_becomes_masked_text(raw, kind, value, text):
    done = sales_db(raw, f"payment_method {kind}", order(payment_method=value))
    assert json.loads(attributes(done)["O1"]) == {"payment_method": text}


def test_fields_and_meta_data_of_a_storefront_order_pass_through(raw):
    source = {"key": "_wc_order_attribution_utm_source", "value": "newsletter"}
    done = raw.storefront(
        [
            page_order(
                100,
                payment_method="stripe",
                meta_data=[{"key": "_other", "value": {"a": 1}}, source],
            ),
            page_order(
                101,
                payment_method="",
                meta_data=[{"key": "payment_method", "value": "from a plugin"}],
            ),
            page_order(
                102,
                meta_data=[source | {"value": "first"}, source | {"value": "second"}],
            ),
            page_order(
                103, meta_data=[source | {"value": {"by": ["ann@example.com", 2]}}]
            ),
            page_order(104, meta_data=None),
            page_order(105, meta_data="damaged", sales_channel=7),
        ]
    )
    assert {
        key: value and json.loads(value) for key, value in attributes(done).items()
    } == {
        "100": {
            "_wc_order_attribution_utm_source": "newsletter",
            "payment_method": "stripe",
        },
        "101": {"payment_method": "from a plugin"},
        "102": {"_wc_order_attribution_utm_source": "first"},
        "103": {"_wc_order_attribution_utm_source": '{"by":["<e-mail>",2]}'},
        "104": None,
        "105": {"sales_channel": "7"},
    }


def test_the_newest_version_of_a_storefront_order_has_its_own_attributes(raw):
    later = page_order(
        payment_method="invoice", date_modified_gmt="2026-11-19T17:00:00"
    )
    done = raw.storefront([page_order(payment_method="stripe")], [later])
    assert attributes(done) == {"100": '{"payment_method":"invoice"}'}
    assert done.totals["rows_superseded"] == 3


def test_a_partners_attributes_come_from_the_line_that_gives_the_header(raw):
    lines = [
        csv_line("P1", "2", sales_channel="second line"),
        csv_line(
            "P1", "1", sales_channel="app", payment_method="card of ann@example.com"
        ),
        csv_line("P2", "1"),
    ]
    done = raw.partner_files(
        {"name": "acme_2026-11-19.csv", "lines": lines},
        extras=("sales_channel", "payment_method"),
    )
    assert attributes(done) == {
        "P1": '{"payment_method":"card of <e-mail>","sales_channel":"app"}',
        "P2": None,
    }


def test_a_folder_read_before_the_setting_changed_has_none(raw):
    done = raw.partner_files({"name": "acme_2026-11-19.csv", "lines": [csv_line()]})
    assert attributes(done) == {"P1": None}


def test_a_rejected_order_shows_only_named_columns(raw):
    broken = order(
        currency="$", internal_note="secret", sales_channel="app of ann@example.com"
    )
    done = sales_db(raw, "sales_channel VARCHAR, internal_note VARCHAR", broken)
    (reject,) = [
        row for row in done.rejected_rows if row["reason"] == "invalid_currency"
    ]
    assert "app of <e-mail>" in reject["raw"]
    assert "secret" not in reject["raw"]


def test_nothing_passes_through_where_nothing_is_named(raw, monkeypatch):
    monkeypatch.setenv("ORDER_ATTRIBUTES", "")
    done = sales_db(raw, "sales_channel VARCHAR", order(sales_channel="app"))
    assert attributes(done) == {"O1": None}
    assert attributes(raw.storefront([page_order(payment_method="stripe")])) == {
        "100": None
    }
