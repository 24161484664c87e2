import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demo.ledger import OLD_SHOP, SALES_DB, STOREFRONT, Ledger, Order, SilentChange
from demo.scenario import Scenario
from demo.seeders import old_shop, partner_files

MOVED_ON = date(2026, 11, 9)
LEDGER = Ledger(MOVED_ON, 13, orders_per_day=60, old_months=18)
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def sold() -> tuple[Order, ...]:
    """All that the old shop sold."""
    assert LEDGER.old_shop
    return LEDGER.old_shop.orders()


@pytest.fixture(scope="module")
def live() -> list[Order]:
    """What was sold on the twelve whole days since the move."""
    orders = LEDGER.as_of(NOW).orders
    return [order for order in orders if day_of(order) < MOVED_ON + timedelta(days=12)]


def day_of(order: Order) -> date:
    return order.ordered_at.astimezone(NEW_YORK).date()


def orders_a_day(orders: Iterable[Order], first: date, days: int) -> float:
    wanted = {first + timedelta(days=number) for number in range(days)}
    return sum(day_of(order) in wanted for order in orders) / days


def known_people(orders: Iterable[Order]) -> set[str]:
    return {order.email.strip().lower() for order in orders if order.email}


def test_the_export_has_a_file_a_quarter_and_its_bytes_are_always_the_same(
    tmp_path: Path,
) -> None:
    small = replace(LEDGER, orders_per_day=6)
    old_shop.fill(tmp_path / "one", small)
    old_shop.fill(tmp_path / "two", replace(small, days=1))
    files = sorted((tmp_path / "one").glob(old_shop.PATTERN))
    assert [files[0].name, files[-1].name, len(files)] == [
        "orders_2025-Q2.csv.gz",
        "orders_2026-Q4.csv.gz",
        7,
    ]
    for file in files:
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
        header, *rows = gzip.decompress(file.read_bytes()).decode().splitlines()
        assert header == ",".join(partner_files.HEADER)
        assert len(rows) > 30
        assert file.stat().st_mtime == LEDGER.shop.window(MOVED_ON)[0].timestamp()
    before = files[0].stat().st_mtime_ns
    old_shop.fill(tmp_path / "one", small)
    assert files[0].stat().st_mtime_ns == before


def test_it_ends_on_the_day_before_the_move_and_the_last_weeks_join_the_first_ones(
    sold, live
) -> None:
    assert (min(map(day_of, sold)), max(map(day_of, sold))) == (
        date(2025, 6, 1),
        date(2026, 11, 8),
    )
    before = orders_a_day(sold, MOVED_ON - timedelta(days=14), 14)
    since = orders_a_day(live, MOVED_ON, 12)
    assert 0.85 < since / before < 1.2

    def share(orders: Iterable[Order], of) -> dict[str, float]:
        counts = Counter(of(order) for order in orders)
        return {name: count / counts.total() for name, count in counts.items()}

    lately = [order for order in sold if day_of(order) >= MOVED_ON - timedelta(days=28)]
    for what in (
        lambda order: order.lines[0].category,
        lambda order: order.country_code,
    ):
        then, now = share(lately, what), share(live, what)
        assert then.keys() >= now.keys() - {None}
        assert all(abs(then[name] - now.get(name, 0)) < 0.08 for name in then)


def test_some_people_of_the_old_shop_order_again_and_others_are_new(sold, live) -> None:
    again = len(known_people(live) & known_people(sold)) / len(known_people(live))
    assert 0.3 < again < 0.8


def test_customers_return_after_weeks_or_months_or_never(sold) -> None:
    days: dict[str, list[date]] = {}
    for order in sold:
        for person in known_people([order]):
            days.setdefault(person, []).append(day_of(order))
    cohorts: dict[str, list[list[date]]] = {}
    for ordered_on in days.values():
        cohorts.setdefault(f"{ordered_on[0]:%Y-%m}", []).append(ordered_on)
    half_a_year_ago = [month for month in sorted(cohorts) if month <= "2026-05"]
    assert len(half_a_year_ago) == 12
    for month in half_a_year_ago:
        cohort = cohorts[month]
        later = [[(day - on[0]).days for day in on if day > on[0]] for on in cohort]
        second = [gaps[0] for gaps in later if gaps]
        assert 0.3 < len(second) / len(cohort) < 0.75, month
        assert sum(30 <= gap <= 180 for gap in second) > len(second) / 2, month
        assert sum(gap < 30 for gap in second) > len(second) / 10, month


def test_trade_has_weekdays_seasons_growth_and_offers(sold) -> None:
    per_day = Counter(map(day_of, sold))
    black_friday, promotion = date(2025, 11, 28), date(2026, 5, 11)
    assert per_day[black_friday] > 2 * per_day[black_friday - timedelta(days=7)]
    week = orders_a_day(sold, promotion, 7)
    assert week > 1.3 * orders_a_day(sold, promotion - timedelta(days=7), 7)
    assert orders_a_day(sold, date(2026, 9, 1), 30) > 1.5 * orders_a_day(
        sold, date(2025, 9, 1), 30
    )
    assert orders_a_day(sold, date(2025, 12, 1), 14) > 1.2 * orders_a_day(
        sold, date(2026, 1, 10), 14
    )
    by_weekday = Counter(day.weekday() for day in per_day.elements())
    assert max(by_weekday, key=by_weekday.__getitem__) == 5

    def discounted(day: date) -> Decimal:
        lines = [line for order in sold if day_of(order) == day for line in order.lines]
        return sum(line.discount for line in lines) / sum(line.gross for line in lines)

    assert discounted(black_friday) > 2 * discounted(black_friday - timedelta(days=7))


def test_what_is_sold_follows_the_season_of_its_category(sold) -> None:
    def garden(first: date) -> float:
        lines = [
            line
            for order in sold
            if 0 <= (day_of(order) - first).days < 30
            for line in order.lines
        ]
        return sum(line.category == "Garden" for line in lines) / len(lines)

    assert garden(date(2026, 5, 1)) > 3 * garden(date(2025, 11, 15))


def test_without_an_old_shop_nothing_is_different() -> None:
    plain = Ledger(MOVED_ON, 2)
    assert plain.old_shop is None
    assert min(
        rate.rate_date for rate in plain.as_of(NOW).rates
    ) >= MOVED_ON - timedelta(days=60)
    rates = LEDGER.as_of(NOW).rates
    assert min(rate.rate_date for rate in rates) < date(2025, 6, 1)
    assert set(plain.as_of(NOW).rates) < set(rates)


def test_two_orders_change_without_a_trace() -> None:
    day, at = MOVED_ON + timedelta(days=4), NOW - timedelta(minutes=1)
    changed = replace(LEDGER, silent_changes=(SilentChange(day, at),))
    assert (
        changed.as_of(at - timedelta(seconds=1)).orders
        == LEDGER.as_of(at - timedelta(seconds=1)).orders
    )
    before = {
        (order.channel, order.order_id): order for order in LEDGER.as_of(NOW).orders
    }
    after = {
        (order.channel, order.order_id): order for order in changed.as_of(NOW).orders
    }
    assert [channel for channel, _ in before.keys() - after.keys()] == [STOREFRONT]
    (edited,) = [order for key, order in after.items() if order != before[key]]
    (plain,) = [before[SALES_DB, edited.order_id]]
    assert (edited.updated_at, day_of(edited)) == (plain.updated_at, day)
    assert edited.merchandise > plain.merchandise
    assert changed.as_of(NOW).refunds == LEDGER.as_of(NOW).refunds


def test_a_scenario_is_saved_with_its_incidents(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    scenario = Scenario.begin(NOW).with_silent_change(MOVED_ON, NOW)
    scenario.save(file)
    assert Scenario.load(file) == scenario
    assert scenario.ledger(NOW).old_shop


def test_every_old_order_is_the_old_shops(sold) -> None:
    assert {order.channel for order in sold} == {OLD_SHOP}
    assert len({order.order_id for order in sold}) == len(sold)
    assert all(
        order.ordered_at < order.updated_at <= LEDGER.shop.window(MOVED_ON)[0]
        for order in sold
    )
