"""Every check finds its flaw and stays silent just below its limit, in a warehouse that was sound before."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import yaml

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.events.loading import EVENTS
from ecommerce.forecast.loading import FORECASTS
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.rendering import SQL_ROOT, tables
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.integration.warehouse_contents import of_all_days
from tests.rows import columns_of

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


class Spoilt:
    """A sound warehouse of every domain, whose tables a flaw changes for a moment."""

    def __init__(self, shop):
        self.shop = shop
        self.names = {name: f"`{shop.dataset}.{name}`" for name in tables()}
        self.spoilt = set()
        """The tables of which there is a copy."""

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
        """Return the number of rows that a check finds after a change, and the sample of them, and undo the
        change. Only the checks of its table are run."""
        [table] = [
            name for name in tables("checks.sql") if check.startswith(f"{name}:")
        ]
        staging = self.shop.warehouse.settings.staging_dataset
        restore = []
        for name in set(re.findall(r"\{(\w+)\}", change)) & self.names.keys():
            everything = f"FROM {{{name}}} {of_all_days(name)}"
            copy = f"`{staging}.sound_{name}`"
            if name not in self.spoilt:
                self.change(f"CREATE OR REPLACE TABLE {copy} AS SELECT * {everything}")
                self.spoilt.add(name)
            restore.append(f"DELETE {everything}")
            restore.append(f"INSERT INTO {{{name}}} SELECT * FROM {copy}")
        self.change(change)
        rows = self.shop.warehouse.query(
            "warehouse/procedures/failing_checks.sql",
            days=[MONDAY],
            spec=replace(spec, tables=(table,)),
            business_date=MONDAY,
            parameters={"run_id": "run"},
        )
        self.change(";\n".join(restore))
        for row in rows:
            if row["check_name"] == check:
                return row["failing_rows"], row["sample"]
        return 0, None


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
                found, sample = spoilt.found(spec, check, flaw["change"])
                if (found, sample) != (flaw["rows"], flaw.get("sample", sample)):
                    wrong.append(f"{check}: {found} {sample} after {flaw['change']}")
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
    # Every run of the day reports what is wrong with its rows.
    of_sunday = shop.failing(SUNDAY, day=SUNDAY, run_id="another")
    samples = {failure.sample for failure in of_sunday}
    assert {"JPY on 2026-03-01", "sales_db refund r7 of order 77"} <= samples
