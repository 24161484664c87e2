"""Every check finds its flaw and stays silent just below its limit, in a warehouse that was sound before."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import yaml

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.events.loading import EVENTS
from ecommerce.forecast.loading import FORECASTS
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.rendering import SQL_ROOT, tables
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.integration.warehouse_contents import of_all_days
from tests.rows import column_by, columns_of

SUNDAY = MONDAY - timedelta(days=1)
SPECS = (ORDERS, EVENTS, CATALOGUE, FORECASTS)
FLAWS = yaml.safe_load(Path(__file__).with_name("flaws.yaml").read_text())
ORDER = Order(
    "1",
    "2026-03-02 15:00",
    tax="1.00",
    refunds=[("r1", at("2026-03-02 20:00"), "3.00")],
)
RATES = Folder(
    source="exchange_rates",
    rates=[
        (MONDAY, "JPY", "161.5"),
        (MONDAY, "USD", "1.08"),
    ],
)


@dataclass
class Spoilt:
    """A sound warehouse of every domain, whose tables a flaw changes for a moment."""

    shop: Shop

    def __post_init__(self):
        dataset = self.shop.dataset
        self.names = {name: f"`{dataset}.{name}`" for name in tables()}

    def change(self, sql):
        """Run a change, written as in flaws.yaml."""
        day = f"business_date = '{MONDAY}'"
        self.shop.warehouse.run(
            sql.format(
                **self.names,
                day=day,
            ),
            "change",
        )

    def found(self, spec, check, change):
        """Return the number of rows that a check finds after a change, and undo the change. Only the checks
        of its table are run."""
        [table] = [
            name for name in tables("checks.sql") if check.startswith(f"{name}:")
        ]
        spoilt = sorted(set(re.findall(r"\{(\w+)\}", change)) & self.names.keys())
        staging = self.shop.warehouse.settings.staging_dataset
        keep = []
        restore = []
        for name in spoilt:
            everything = f"FROM {{{name}}} {of_all_days(name)}"
            copy = f"`{staging}.sound_{name}`"
            keep.append(f"CREATE OR REPLACE TABLE {copy} AS SELECT * {everything}")
            restore.append(f"DELETE {everything}")
            restore.append(f"INSERT INTO {{{name}}} SELECT * FROM {copy}")
        self.change(";\n".join([*keep, change]))
        rows = self.shop.warehouse.query(
            "warehouse/procedures/failing_checks.sql",
            days=[MONDAY],
            spec=replace(spec, tables=(table,)),
            business_date=MONDAY,
            parameters={"run_id": "run"},
        )
        self.change(";\n".join(restore))
        number = column_by(rows, "check_name", "failing_rows")
        return number.get(check, 0)


def test_every_check_finds_its_flaw_from_its_limit_on(shop):
    shop.load(Folder([ORDER, replace(ORDER, order_id="2", refunds=[])]), RATES)
    spoilt = Spoilt(shop)
    for rows in FLAWS["world"]:
        spoilt.change(rows)

    wrong = []
    for spec in SPECS:
        assert shop.failing(spec=spec) == []
        for check, changes in FLAWS["flaws"][spec.name].items():
            for flaw in changes:
                found = spoilt.found(spec, check, flaw["change"])
                if found != flaw["rows"]:
                    wrong.append(f"{check}: {found} rows after {flaw['change']}")
    assert wrong == []

    for spec in SPECS:
        assert shop.failing(spec=spec) == []


def test_every_check_that_stops_a_run_has_a_flaw():
    flaws = {check for checks in FLAWS["flaws"].values() for check in checks}
    for table in tables("checks.sql"):
        path = SQL_ROOT / f"warehouse/tables/{table}/checks.sql"
        found = re.findall(r"'(.+)' AS check_name,\n +'(\w+)'", path.read_text())
        errors = [check for check, severity in found if severity == "error"]
        assert errors, path
        assert set(errors) <= flaws


def test_warnings_do_not_stop_the_run(shop, snapshot):
    shop.load(
        Folder(
            [replace(ORDER, currency="JPY", refunds=[])],
            orphans=[("77", "r7", at("2026-03-02 20:00"), "1.00")],
            rejected=[{"reason": "invalid_quantity"}],
            totals={"source_amount": "11.0000"},
            currency_totals=[(None, "JPY", "11", "10", "0", "1")],
        )
    )
    assert "\n".join(str(each) for each in shop.failing()) == snapshot


def test_what_is_wrong_on_other_days_is_told_by_the_run_that_loaded_it(shop):
    """Monday's run loads an order in JPY and a refund of Sunday; another run touches Sunday again."""
    sunday = at("2026-03-01 20:00")
    yen = Order("9", sunday, currency="JPY")
    shop.load(Folder([yen], orphans=[("77", "r7", sunday, "1.00")]), run_id="monday")

    def warnings(run_id):
        failures = shop.failing(SUNDAY, MONDAY, run_id=run_id)
        return [failure.warning() for failure in failures]

    assert columns_of(warnings("monday"), "found", "days") == [
        (
            "1 exchange rate of a day with sales or returns is missing (for example JPY on 2026-03-01)",
            ["2026-03-01"],
        ),
        (
            "1 refund belongs to an order missing from the warehouse "
            "(for example sales_db refund r7 of order 77)",
            ["2026-03-01"],
        ),
    ]
    assert warnings("another") == []


def test_orders_of_a_live_source_in_an_export_are_a_warning(shop):
    same = replace(ORDER, source="old_shop", refunds=[])
    other = replace(
        same,
        order_id="2",
        lines=[("Toys", "1", "9")],
    )
    free = replace(
        same,
        order_id="3",
        lines=[("Toys", "1", "0")],
    )
    exported = [same, other, free, replace(same, order_id="4")]
    live = [replace(each, source="sales_db") for each in (same, free, *exported[3:])]
    live[2] = replace(
        live[2],
        status="cancelled",
        is_sale=False,
    )
    shop.load(Folder([*live, replace(live[0], order_id="2")]))
    shop.load(
        Folder(exported, source="old_shop"),
        run_id="export",
        status=HISTORY,
    )
    twice = [
        each
        for each in shop.failing(run_id="export")
        if each.check_name.endswith("under two sources")
    ]
    assert [(each.failing_rows, each.sample) for each in twice] == [
        (1, "1 of old_shop and sales_db")
    ]


def test_shops_may_sell_at_one_price_under_one_number(shop):
    own = replace(ORDER, refunds=[])
    other = replace(
        own,
        source="storefront",
        ordered_at="2026-03-02 15:01",
    )
    shop.load(Folder([own]), RATES)
    shop.load(Folder([other], source="storefront"), run_id="next")
    assert shop.failing(run_id="next") == []
    # This is the same order.
    copied = replace(other, ordered_at=own.ordered_at)
    again = at("2026-03-03 12:00")
    shop.load(
        Folder(
            [copied],
            source="storefront",
            read_at=again,
        ),
        run_id="again",
    )
    [twice] = shop.failing(run_id="again")
    assert twice.sample == "1 of sales_db and storefront"
    yen = replace(copied, currency="JPY")
    later = at("2026-03-03 13:00")
    shop.load(
        Folder(
            [yen],
            source="storefront",
            read_at=later,
        ),
        run_id="yen",
    )
    assert shop.failing(run_id="yen") == []


def test_an_unlisted_status_is_reported_by_every_run_of_its_day(shop):
    def warned(run_id, day=MONDAY):
        return shop.failing(
            SUNDAY,
            MONDAY,
            run_id=run_id,
            day=day,
        )

    packed = replace(
        ORDER,
        refunds=[],
        status="packed",
        is_sale=False,
    )
    # Stored when `pending` was still listed as a sale.
    pending = replace(
        packed,
        order_id="2",
        status="pending",
        is_sale=True,
    )
    listed = [
        replace(packed, order_id="3", status="cancelled"),
        replace(ORDER, order_id="4", refunds=[]),
    ]
    shop.load(Folder([packed, pending, *listed]), RATES)
    shop.load(Folder(source="storefront"), run_id="reads nothing of it")

    for run_id in ("run", "reads nothing of it"):
        (result,) = warned(run_id)
        assert result.failing_rows == 2
        assert result.sample == "packed, sales_db order 1"
    (of_other_day,) = warned("run", SUNDAY)
    assert of_other_day.failing_rows == 2
    assert of_other_day.other_days == "2026-03-02"

    shipped = replace(packed, status="shipped", is_sale=True)
    read_again = Folder(
        [shipped, replace(pending, is_sale=False), *listed],
        read_at="2026-03-03 12:00",
    )
    shop.load(read_again)
    assert warned("run") == []
