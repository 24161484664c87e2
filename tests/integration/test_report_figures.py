"""The report's queries against the warehouse that the load fills."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ecommerce.sales.report.figures.daily import figures_hash
from ecommerce.warehouse.client import Warehouse
from tests.integration.report_days import (
    DAY,
    NOON,
    before,
    noon,
    sold,
    trade,
)
from tests.integration.warehouse.conftest import open_shop
from tests.integration.warehouse.loadable import Folder, Order
from tests.source_names import EXCHANGE_RATES, STOREFRONT
from tests.unit.sales.report import readable

D = Decimal
WARNING = {"kind": "note", "text": "a warning of bob@example.com"}


@pytest.fixture(scope="module")
def shop(bigquery_emulator, lend_dataset, tmp_path_factory):
    """The warehouse of `report_days`; tests add days after DAY, or remove what they added."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch, lend_dataset() as dataset:
        shop = open_shop(bigquery_emulator, patch, folder, dataset)
        trade(shop)
        yield shop


@pytest.fixture(scope="module")
def figures(shop):
    return shop.report(DAY, f"run__{DAY}", warnings=[WARNING])


def test_everything_that_the_report_says(figures, snapshot):
    """Cancelled, test and unconverted orders are in no amount."""
    assert readable.page(figures) == snapshot
    stored = figures.model_dump_json()
    assert "jane" not in stored
    assert "bob" not in stored


@pytest.mark.parametrize(
    ("days_before", "summary", "state"),
    [
        (2, "Net sales of Sat 28 Feb are 0 USD so far.", "Storefront was not read"),
        (12, "there is no complete day to compare with", "[complete]"),
    ],
)
def test_a_day_without_sales_and_the_first_day_ever(shop, days_before, summary, state):
    page = readable.page(shop.report(before(days_before)))
    assert summary in page
    assert state in page


def test_a_products_sales_are_rounded_after_summing(shop):
    day = before(-1)
    read_at = noon(-2)
    facts = {"source": STOREFRONT, "currency": "GBP"}
    lines = [("Pins", "1", "1.00")]
    orders = [
        Order(
            f"e{n}",
            noon(-1),
            lines,
            **facts,
        )
        for n in range(300)
    ]
    rates = [
        (day, "USD", "2.5"),
        (day, "GBP", "1.99992"),
    ]
    folders = [
        Folder(orders, source=STOREFRONT, read_at=read_at),
        Folder(
            source=EXCHANGE_RATES,
            read_at=read_at,
            rates=rates,
        ),
    ]
    shop.load(*folders, day=day)
    figures = shop.report(day)
    # 2.5 / 1.99992 is 1.250050002: each pin alone would be 1.2501.
    products = [(product.sku, product.sales) for product in figures.products]
    assert products == [("pins-1", D("375.015"))]
    assert figures.headline["net_sales"].value == D("375.015")


class MeanwhileLoaded(Warehouse):
    """A warehouse into which another run loads once, while the figures are read."""

    def query(self, path, **options):
        if path == "report/daily_sales/breakdowns.sql" and self.loads:
            self.loads.pop()()
        return super().query(path, **options)


def test_a_load_that_commits_while_the_figures_are_read_is_in_all_of_them(
    shop,
):
    day = before(-10)

    def load(order_id, amount):
        folder = Folder(
            [sold(order_id, -10, amount)],
            read_at=noon(-11),
        )
        shop.load(folder, day=day, run_id=order_id)

    load("first", "10.00")
    interrupted = MeanwhileLoaded(**vars(shop.warehouse))
    interrupted.loads = [lambda: load("second", "5.00")]
    figures = replace(shop, warehouse=interrupted).report(day)
    assert interrupted.loads == []
    assert figures.headline["net_sales"].value == 15
    assert sum(row.net_sales for row in figures.channels) == 15


ADDED = f"""
INSERT INTO sales.sales_forecasts (
  series, target_date, model, made_at, forecast, lower_80, upper_80, lower_95, upper_95, run_id
)
VALUES
  -- Made as the day began in New York; before; and after the day for the days to come.
  ('total', '2026-03-02', 'blend', TIMESTAMP '2026-03-02 05:00:00+00', 280, 270, 290, 260, 300, 'a run'),
  ('category:Books', '2026-03-02', 'blend', TIMESTAMP '2026-03-02 05:00:00+00', 7, 5, 9, -2, 16, 'a run'),
  ('category:Garden', '2026-03-02', 'blend', TIMESTAMP '2026-02-23 05:00:00+00', 3, 3, 3, 3, 3, 'a run'),
  ('total', '2026-03-03', 'blend', TIMESTAMP '2026-03-03 05:00:00+00', 5, 4, 6, 3, 7, 'a run');
INSERT INTO sales.report_restatements (business_date, figure, detected_at, old, `new`, reason)
VALUES ('2026-02-23', 'returns', TIMESTAMP '2026-03-02 12:10:00+00', 0, 5, 'why');
INSERT INTO sales.user_events (
  event_id, event_type, sku, is_bot, visitor_hash, business_date,
  occurred_at, received_at, read_at, is_skewed, run_id
)
VALUES
  ('1', 'view_item', 'lamp', FALSE, 'ann', '{DAY}', '{NOON}', '{NOON}', '{NOON}', FALSE, 'r'),
  ('2', 'view_item', 'lamp', FALSE, 'ann', '{DAY}', '{NOON}', '{NOON}', '{NOON}', FALSE, 'r'),
  ('3', 'view_item', 'clock', TRUE, 'ann', '{DAY}', '{NOON}', '{NOON}', '{NOON}', FALSE, 'r'),
  ('4', 'view_item', 'toys-1', FALSE, 'bob', '{DAY}', '{NOON}', '{NOON}', '{NOON}', FALSE, 'r');
INSERT INTO sales.load_audit (business_date, source, run_id, status)
VALUES ('{DAY}', 'web_events', 'r', 'success');
"""
"""What other loads have written about the days of `report_days`."""


def test_forecasts_restatements_and_web_events_are_in_the_report(shop, figures):
    """`warehouse` compares their queries with oracles."""
    shop.sql(ADDED)
    later = shop.report(DAY, f"run__{DAY}", warnings=[WARNING])
    assert figures_hash(later) == figures_hash(figures)

    assert figures.expectation is None
    assert [each.series for each in later.expectation.series] == [
        "total",
        "category:Books",
    ]
    # Page one has the whole shop in the measure of the headline.
    assert later.expectation.net.actual == figures.headline["net_sales"].value
    assert figures.outlook is None
    assert [coming.day for coming in later.outlook.days] == [before(-1)]
    [restated] = later.quality.restatements
    assert (restated.business_date, restated.new) == (before(7), 5)
    # What was purchased is not listed, what was only tested or cancelled is; who looks twice is one visitor.
    viewed = [(each.sku, each.visitors) for each in later.website.viewed]
    assert viewed == [("lamp", 1)]
