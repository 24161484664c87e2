"""The restatements that a report lists, which its query returns, are those of plain Python."""

import json
import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.headline_figures import HEADLINE
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import at, days_from

DAYS = days_from(MONDAY, 6)
START = at("2026-03-03 11:00")
CAUSES = (
    {
        "kind": "rates",
        "source": None,
        "channel": None,
        "orders": None,
    },
    {
        "kind": "late",
        "source": "partner_files",
        "channel": "acme",
        "orders": 3,
    },
    {
        "kind": "late",
        "source": "partner_files",
        "channel": "bolt",
        "orders": 13,
    },
    {
        "kind": "changed",
        "source": "sales_db",
        "channel": "sales_db",
        "orders": 5,
    },
)
QUERY = "report/daily_sales/restated_figures.sql"


def random_changes(chance):
    """Changes of mailed figures: rows of `report_restatements` in the order of their detection."""
    values = {}
    changes = []
    for hour in range(140):
        day = chance.choice(DAYS)
        figure = chance.choice(list(HEADLINE)[:4])
        old = values.get((day, figure), Decimal(100))
        new = chance.choice((None, Decimal(100), Decimal("100.0049"), Decimal(120)))
        if new == old:
            continue
        values[day, figure] = new
        causes = []
        for cause in chance.sample(CAUSES, chance.randint(0, 3)):
            more = chance.choice([0, 20])
            orders = cause["orders"]
            causes.append({**cause, "orders": orders and orders + more})
        change = {
            "business_date": day,
            "figure": figure,
            "old": old,
            "new": new,
            "causes": causes,
            "detected_at": START + timedelta(hours=hour),
        }
        changes.append(change)
    return changes


def random_reports(chance):
    """When the figures of mailed reports were queried, by business day: some reports were mailed twice."""
    reports = defaultdict(list)
    for number, day in enumerate(DAYS):
        for _ in range(chance.randint(0, 2)):
            hours = 24 * number + chance.randint(0, 30)
            reports[day].append(START + timedelta(hours=hours))
    return reports


def store(shop, changes, reports):
    """Insert the changes, and the mailed reports."""
    rows = []
    for change in changes:
        causes = change["causes"]
        rows.append({**change, "causes": json.dumps(causes) if causes else None})
    shop.insert("report_restatements", rows, reason="a load")
    # A report that is being sent has not listed anything.
    claimed = {"business_date": DAYS[0], "state": "claimed"}
    deliveries = [claimed | {"figures_at": START + timedelta(days=9)}]
    # Nor has that of a subscription, which may be of a slice.
    subscribed = {"state": "sent", "subscription": "germany"}
    for day in DAYS:
        later = START + timedelta(days=9)
        deliveries.append({"business_date": day, "figures_at": later} | subscribed)
    for day, instants in reports.items():
        for instant in instants:
            sent = {"business_date": day, "state": "sent"}
            deliveries.append({**sent, "figures_at": instant})
    shop.insert("report_deliveries", deliveries)


def listed_until(reports, day, business_date):
    """When a report of an earlier day than `day` has last listed the changes of `business_date`."""
    instants = [START - timedelta(days=1)]
    for of_day, figures_at in reports.items():
        if business_date <= of_day < day:
            instants += figures_at
    return max(instants)


def is_restated(old, new):
    if old is None or new is None:
        return old is not new
    return abs(new - old) > Decimal("0.005")


def expected_causes(changes):
    """Each cause once, with its largest number: new rates first, then the most orders."""
    largest = {}
    for change in changes:
        for cause in change["causes"]:
            key = (cause["kind"], cause["source"], cause["channel"])
            largest[key] = max(largest.get(key, 0), cause["orders"] or 0)
    causes = []
    for (kind, source, channel), orders in largest.items():
        cause = {
            "kind": kind,
            "source": source,
            "channel": channel,
            "orders": orders,
        }
        causes.append(cause)

    def place(cause):
        names = [cause[name] or "" for name in ("kind", "channel", "source")]
        return cause["kind"] != "rates", -cause["orders"], names

    return sorted(causes, key=place)


def expected_restatements(changes, reports, day):
    """The rows of the query, the newest day first and the figures in the headline's order."""
    groups = defaultdict(list)
    for change in changes:
        business_date = change["business_date"]
        if business_date > day:
            continue
        if change["detected_at"] > listed_until(reports, day, business_date):
            groups[business_date, change["figure"]].append(change)
    rows = []
    for business_date in reversed(DAYS):
        for figure in HEADLINE:
            group = groups.get((business_date, figure), [])
            if not group or not is_restated(group[0]["old"], group[-1]["new"]):
                continue
            newest = group[-1]
            row = {
                **newest,
                "old": group[0]["old"],
                "causes": expected_causes(group),
            }
            rows.append(row)
    return rows


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_each_figure_is_listed_once_from_the_value_listed_last_to_the_newest(
    shop, seed
):
    chance = random.Random(seed)
    changes = random_changes(chance)
    reports = random_reports(chance)
    store(shop, changes, reports)
    restated = 0
    for day in DAYS:
        rows = shop.warehouse.query(QUERY, report_day=day)
        for row in rows:
            row["causes"] = json.loads(row["causes"])
        assert rows == expected_restatements(changes, reports, day)
        restated += len(rows)
    assert restated > 20
