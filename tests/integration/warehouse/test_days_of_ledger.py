"""The days of the demo's shop: contributions to the change of net sales, and the summaries of reports. The
tables and the results are an oracle's."""

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from demo.ledger import Ledger
from ecommerce.warehouse.schema import replace_rows
from tests.integration.daily_run import morning_after
from tests.integration.warehouse.conftest import open_shop
from tests.oracle import Oracle
from tests.oracle_day import Expected

pytestmark = pytest.mark.slow

FIRST_DAY = date(2026, 9, 1)
DAYS = 20
COMPARED = [FIRST_DAY + timedelta(days=number) for number in range(1, DAYS)]
RESULT = re.compile(r"Net sales (rose|fell) (\d+) % to ([\d,]+) USD against (.+?)[.,]")
LEVEL = re.compile(r"Net sales were level with (.+) at ([\d,]+) USD")
HALF = Decimal("0.5")
"""Of the last digit of what a sentence states."""
MOST_ROUNDING = Decimal("0.005")
"""The oracle is exact; daily_sales rounds every amount to ten-thousandths."""


@pytest.fixture(scope="module")
def ledger():
    """What the warehouse of a shop must hold after 20 days."""
    books = Ledger(FIRST_DAY, DAYS, orders_per_day=40, seed=7)
    last = books.business_days[-1]
    return Oracle(
        books.as_of(morning_after(last)),
        hash_key="0123456789abcdef",
        run_days=books.business_days,
    )


@pytest.fixture(scope="module")
def shop_of_ledger(bigquery_emulator, lend_dataset, tmp_path_factory, ledger):
    """A warehouse with the oracle's tables."""
    folder = tmp_path_factory.mktemp("ledger")
    with pytest.MonkeyPatch.context() as patch, lend_dataset() as dataset:
        shop = open_shop(bigquery_emulator, patch, folder, dataset)
        store(shop, ledger)
        yield shop


def store(shop, ledger):
    """Store the oracle's tables without a load."""
    shop.ran(ledger.run_days)
    by_run = {"read_at": ledger.snapshot.at, "run_id": "run"}
    for table, rows in ledger.tables().items():
        replace_rows(shop.warehouse, table, [row | by_run for row in rows])
    customers = []
    for customer, instant in ledger.first_counted.items():
        customers.append({"customer_hash": customer, "first_ordered_at": instant})
    replace_rows(shop.warehouse, "customers", customers)
    rates = []
    for rate in ledger.snapshot.rates:
        named = {"rate_date": rate.rate_date, "currency": rate.currency}
        rates.append(named | {"rate": rate.rate.quantize(Decimal("1e-8"))})
    replace_rows(shop.warehouse, "exchange_rates", rates)


def sales_by_buyer(ledger, day, currencies):
    """Sales after discounts of new and returning customers and of guests, without some currencies."""
    sums = defaultdict(Decimal)
    for row in ledger.order_lines:
        is_counted = row["is_sale"] and not row["is_test"]
        is_left_out = row["currency"] in currencies
        if row["business_date"] != day or not is_counted or is_left_out:
            continue
        customer = row["customer_hash"]
        buyer = "guests"
        if customer:
            first = ledger.business_date(ledger.first_counted[customer])
            buyer = "new" if first == day else "returning"
        amount = row["amount_after_discount"]
        sums[buyer] += ledger.converted(amount, row["currency"], day)
    return sums


def names(rows, dimension):
    """The names of a dimension, sorted."""
    return sorted(row["name"] for row in rows if row["dimension"] == dimension)


def test_every_day_has_the_contributions_of_the_oracle(shop_of_ledger, ledger):
    contributions = defaultdict(list)
    for row in shop_of_ledger.rows("sales_contributions"):
        contributions[row["business_date"]].append(row)
    assert set(COMPARED) <= contributions.keys()
    for day in COMPARED:
        expected = Expected(ledger, day)
        rows = contributions[day]
        assert {row["base_date"] for row in rows} == {expected.base}
        assert (names(rows, "began"), names(rows, "ended")) == expected.moved_channels
        assert names(rows, "unconverted") == expected.excluded
        for column, then in (("before", expected.base), ("now", day)):
            parts = defaultdict(dict)
            for row in rows:
                if row["scope"] == "all":
                    parts[row["dimension"]][row["name"]] = row[column]
            for kind in ("category", "country", "channel"):
                sums = expected.net_by(kind, then, expected.excluded)
                assert_same(parts[kind], sums)
            returns = parts["customers"].pop("returns", 0)
            buyers = sales_by_buyer(ledger, then, expected.excluded)
            assert_same(parts["customers"], buyers)
            total = parts["total"][""]
            assert returns + sum(parts["customers"].values()) == total
            for dimension in ("category", "country", "channel", "product", "measure"):
                assert sum(parts[dimension].values()) == total
            if not expected.excluded:
                assert total == expected.summary[then]["net_sales"]


def assert_same(parts, sums):
    """Both have the same amounts, up to rounding."""
    for name in parts.keys() | sums.keys():
        assert abs(parts.get(name, 0) - sums.get(name, 0)) < MOST_ROUNDING, name


def test_every_summary_has_the_figures_of_the_oracle(shop_of_ledger, ledger):
    dimensions = set()
    for day in COMPARED:
        expected = Expected(ledger, day)
        figures = shop_of_ledger.report(day)
        assert_result(figures.summary.sentences[0], expected)
        drivers = figures.summary.drivers
        assert_drivers(drivers, expected)
        dimensions |= {driver.dimension for driver in drivers}
    assert len(dimensions) > 1, "the ledger has drivers of one kind alone"


def assert_result(sentence, expected):
    """The sentence has the net sales of the day, and their change since the base."""
    now = expected.summary[expected.day]["net_sales"]
    before = expected.summary[expected.base]["net_sales"]
    base = f"last {expected.day:%A}"
    if expected.day - expected.base == timedelta(days=1):
        base = f"{expected.base:%a} {expected.base.day} {expected.base:%b}"
    level = LEVEL.match(sentence)
    if level:
        stated_base, amount = level.groups()
        change = 0
    else:
        verb, percent, amount, stated_base = RESULT.match(sentence).groups()
        change = int(percent) if verb == "rose" else -int(percent)
    assert stated_base == base
    assert abs(int(amount.replace(",", "")) - now) <= HALF
    assert abs(change - (now / before - 1) * 100) <= HALF


def assert_drivers(drivers, expected):
    """Each is the oracle's change of its name. They are names of one dimension, no name twice, and with the
    others they are the change of the day."""
    named = [driver.category or driver.name for driver in drivers]
    assert len(named) == len(set(named))
    dimensions = set()
    for driver in drivers:
        changes = changes_by(driver.dimension, expected)
        assert abs(driver.change - changes[driver.name]) < MOST_ROUNDING, driver
        dimensions.add("category" if driver.category else driver.dimension)
    if not drivers:
        return
    [dimension] = dimensions
    changes = changes_by(dimension, expected)
    others = [change for name, change in changes.items() if name not in named]
    stated = [changes[name] for name in named]
    total = sum(changes_by("channel", expected).values())
    assert abs(sum(others) + sum(stated) - total) < MOST_ROUNDING


def changes_by(dimension, expected):
    """The change of net sales since the base by the names of a dimension."""
    changes = defaultdict(Decimal)
    for day, sign in ((expected.base, -1), (expected.day, 1)):
        for name, amount in parts_of(dimension, expected, day).items():
            changes[name] += sign * amount
    return changes


def parts_of(dimension, expected, day):
    """The net sales of a day by the names of a dimension."""
    currencies = expected.excluded
    if dimension not in ("customers", "measure"):
        return expected.net_by(dimension, day, currencies)
    buyers = sales_by_buyer(expected.oracle, day, currencies)
    sales = sum(buyers.values())
    net_sales = sum(expected.net_by("channel", day, currencies).values())
    parts = {"returns": net_sales - sales}
    if dimension == "customers":
        return buyers | parts
    row = expected.summary[day]
    return parts | {"discounts": -row["discounts"], "gross_sales": row["gross_sales"]}
