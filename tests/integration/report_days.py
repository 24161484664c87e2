"""A warehouse for reports: two weeks in which little happens, and DAY with everything at once."""

from datetime import date, timedelta

from ecommerce.sales.days.quality import Provenance
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.reader import figures_of_day
from ecommerce.sources import live_sources
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import load
from ecommerce.warehouse.staging_tables import StagedLoad
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.source_names import EXCHANGE_RATES, STOREFRONT

DAY = date(2026, 3, 2)
DAG = "daily_sales_pipeline"
NOON = at("2026-03-02 17:00")


def before(days):
    """The day so many days before DAY."""
    return DAY - timedelta(days=days)


def noon(days):
    """Noon in New York so many days before DAY."""
    return NOON - timedelta(days=days)


def sold(order_id, days_before, amount="10.00", **values):
    """An order of one line."""
    return Order(
        order_id,
        noon(days_before),
        [("Toys", "1", amount)],
        **values,
    )


def loaded(root):
    """Run the days."""
    warehouse = connect()

    def run(day, *folders, missing=()):
        by_source = {folder.source: folder for folder in folders}
        manifests = []
        for source in live_sources():
            if source not in missing:
                folder = by_source.get(source, Folder(source=source))
                folder.read_at = at(f"{day + timedelta(days=1)} 11:00")
                manifests.append(
                    folder.publish(
                        root,
                        day,
                        f"run__{day}",
                    )
                )
        load_day(
            warehouse,
            day,
            manifests,
            unread=dict.fromkeys(missing, "failed"),
        )

    run(before(12), Folder([sold("1", 12, customer="old")]))
    run(before(7), Folder([sold("2", 7, "80.00", customer="b")]))
    run(
        before(2),
        missing=[STOREFRONT],
    )
    run(before(1), Folder([sold("3", 1, "50.00", customer="c")]))
    rates = Folder(
        source=EXCHANGE_RATES,
        rates=[(DAY, "USD", "1.25")],
    )
    run(
        DAY,
        _database(),
        _storefront(),
        rates,
    )
    return warehouse


def load_day(warehouse, day, manifests, **options):
    """Load manifests as a run of the daily pipeline does."""
    values = {
        "spec": ORDERS,
        "run_id": f"run__{day}",
        "dag_id": DAG,
    } | options
    load(
        StagedLoad(
            warehouse,
            manifests=manifests,
            business_date=day,
            **values,
        )
    )


def _database():
    lines = [("Toys", "2", "60.00"), ("Garden", "1", "40.00")]
    amounts = {"discount": "10", "tax": "7.2", "shipping": "5"}
    orders = [
        Order(
            "10",
            NOON,
            lines,
            customer="old",
            **amounts,
        ),
        sold("11", 0, "30.00", customer="new", country_code="DE"),
        sold(
            "12",
            0,
            "500.00",
            customer="x",
            products=["lamp"],
            status="cancelled",
            is_sale=False,
        ),
        sold("13", 0, "700.00", customer="y", products=["lamp"], is_test=True),
    ]
    texts = ("line of jane@example.com", "second", "third", "fourth")
    rejected = [{"reason": "invalid_number", "raw": text} for text in texts]
    rejected.append({"reason": "missing_value", "raw": "fifth"})
    totals = {"source_orders": 4, "source_amount": "1330.00"}
    return Folder(orders, rejected=rejected, totals=totals)


def _storefront():
    def order(order_id, customer, quantity, amount, **values):
        lines = [("Garden", quantity, amount)]
        return Order(
            order_id, NOON, lines, source=STOREFRONT, customer=customer, **values
        )

    refunds = [
        ("r1", NOON, "30.00"),
        ("r1", NOON, "24.00"),
    ]
    orders = [
        order("s1", "new2", "1", "20.00"),
        order("s2", "br", "3", "1000.00", currency="BRL"),
        order(
            "s3",
            "eu",
            "1",
            "108.00",
            currency="EUR",
            country_code=None,
            refunds=refunds,
            reason="too small",
        ),
    ]
    return Folder(orders, source=STOREFRONT)


def figures_of(warehouse, day=DAY, **origin):
    """The figures of a report that is made on the morning after."""
    values = {
        "dag_id": DAG,
        "run_id": f"run__{day}",
        "code_version": "test",
        "timezone": "America/New_York",
        "window_start": at(f"{day} 05:00"),
        "window_end": at(f"{day + timedelta(days=1)} 05:00"),
        "generated_at": at(f"{day + timedelta(days=1)} 11:30"),
    }
    warning = {"kind": "note", "text": "a warning of bob@example.com"}
    return figures_of_day(
        warehouse,
        day,
        Provenance(**values | origin),
        [warning],
    )
