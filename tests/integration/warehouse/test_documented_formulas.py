"""Every documented formula and sample query has a result in a shop with empty groups."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from ecommerce.cli.tables import declared_tables
from ecommerce.warehouse import adhoc_query
from tests.integration.warehouse.loadable import Folder, Order, forecast
from tests.integration.warehouse.test_query import SAMPLES
from tests.oracle_forecasts import BOUNDS
from tests.settings import settings_of

FORMULA = re.compile(r"SAFE_DIVIDE\((?:[^()]|\([^()]*\))*\)")
LATELY = datetime.now(UTC) - timedelta(days=1)
TABLES = declared_tables(settings_of({"CUSTOMER_HASH_KEY": "not in any statement"}))


def formulas():
    """Table and formula of each formula in the descriptions, which sources.yml and TABLES.md have, too."""
    for table in TABLES:
        texts = [table.description, *(column.description for column in table.columns)]
        for formula in FORMULA.findall(" ".join(texts)):
            yield table, formula


@pytest.fixture(scope="module")
def empty_groups(lend_shop):
    with lend_shop() as shop:
        fill(shop)
        yield shop


def fill(shop):
    """Load a category, a device, a channel, a forecast and a target of zero."""
    day = LATELY.date()
    free = [
        Order(
            "1",
            LATELY,
            [("Free", "1", "0.00")],
            unit_costs=["0"],
        ),
        Order(
            "2",
            LATELY,
            [("Free", "1", "0.00")],
            customer=None,
        ),
        Order(
            "3",
            LATELY,
            line_refunds=[("r1", LATELY, "10.00", 1)],
        ),
    ]
    shop.load(Folder(free, read_at=datetime.now(UTC)), day=day)
    funnel = [
        {"step": "session", "device": "mobile", "sessions": 4},
        {"step": "purchase", "device": "mobile", "sessions": 1},
        {"step": "session", "device": "unknown", "bot_sessions": 2},
    ]
    shop.insert("daily_funnel", funnel, business_date=day)
    nothing = dict.fromkeys(("forecast", *BOUNDS, "actual"), 0)
    forecasts = []
    for series in ("total", "channel:sales_db", "channel:closed"):
        made_at = LATELY - timedelta(days=3)
        forecasts.append(
            forecast(
                series,
                day,
                made_at,
                **nothing,
            )
        )
    shop.insert("sales_forecasts", forecasts)
    shop.insert(
        "sales_targets",
        [
            {
                "month": day.replace(day=1),
                "channel": "a",
            }
        ],
    )


def run(shop, sql):
    return list(adhoc_query.run_query(sql, shop.warehouse).rows)


def test_every_formula_has_a_result_for_groups_of_zero(empty_groups):
    # The plain division of the same columns fails here.
    plain = (
        "SELECT device, SUM(purchased) / SUM(sessions) FROM daily_conversion GROUP BY 1"
    )
    with pytest.raises(Exception, match="division by zero: use SAFE_DIVIDE"):
        run(empty_groups, plain)
    rows = {}
    for table, formula in formulas():
        condition = ""
        if table.requires_filter:
            condition = f"WHERE {table.partitioned_by} >= '2000-01-01'"
        source = f"(SELECT *, 1 AS amount FROM {table.name} {condition}) AS entries"
        group = table.columns[1].name if "SUM(" in formula else ""
        by = f", {group} FROM {source} GROUP BY {group}" if group else f" FROM {source}"
        rows[table.name, formula] = run(empty_groups, f"SELECT {formula}{by}")
        none = f"SELECT {formula} FROM {source} WHERE FALSE"
        assert run(empty_groups, none) in ([], [(None,)])
    assert len(rows) >= 8
    conversion = rows["daily_conversion", "SAFE_DIVIDE(SUM(purchased), SUM(sessions))"]
    assert set(conversion) == {
        (0.25, "mobile"),
        (None, "unknown"),
    }


def test_every_sample_query_has_a_result_for_groups_of_zero(empty_groups):
    assert len(SAMPLES) >= 10
    for sql in SAMPLES:
        assert isinstance(run(empty_groups, sql), list)


def test_no_documented_formula_divides_by_what_may_be_zero(repository):
    documented = [*SAMPLES]
    for table in TABLES:
        documented.append(table.description)
        documented += [column.description for column in table.columns]
    for file in sorted((repository / "docs").glob("*.md")):
        documented += re.findall(r"`[^`\n]*SUM\([^`\n]*`", file.read_text())
    divided = [text for text in documented if " / " in text]
    assert divided == []
