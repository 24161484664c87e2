"""How days stand beside what their last mailed report says: for the list of reports, and for a corrected
mail."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from ecommerce.pages.views import quality as pages
from ecommerce.sales.days.state import corrections, load_day_states
from tests.integration.warehouse.conftest import MONDAY, claim_mail, send_mail
from tests.integration.warehouse.loadable import Folder
from tests.integration.warehouse.test_load_restatements import (
    CHANGES,
    ORDER,
    TUESDAY,
    changes,
    load_late_file,
)
from tests.rows import columns_of

WEDNESDAY = date(2026, 3, 4)
NEXT = replace(
    ORDER,
    order_id="2",
    ordered_at="2026-03-03 15:00",
    customer="bob",
)


def restated_on_page(shop):
    """The figures that Tuesday's page *Data quality* lists as restated."""
    texts = pages.page_texts(shop.warehouse, TUESDAY, "USD")
    [rows] = [part["rows"] for part in texts["sections"] if part["id"] == "restated"]
    return {row[1] for row in rows}


def test_the_day_that_changed_is_restated_and_not_the_one_whose_report_lists_it(shop):
    assert load_day_states(shop.warehouse, MONDAY, WEDNESDAY) == []
    shop.load(Folder([ORDER]))
    next_day = Folder([NEXT], read_at="2026-03-04 09:00")
    shop.load(
        next_day,
        day=TUESDAY,
        run_id="tuesday",
    )
    claim_mail(MONDAY, "first")
    assert corrections(MONDAY, {}, shop.warehouse) is None, "nothing was mailed"
    send_mail(MONDAY, "first")
    assert corrections(MONDAY, {}, shop.warehouse) == {}
    for _ in range(2):  # a load that is repeated restates nothing more
        load_late_file(shop)
        rows = shop.rows("report_restatements")
        assert changes(rows) == CHANGES
        assert len(rows) == len(CHANGES)
        assert set(columns_of(rows, "business_date", "reason")) == {
            (MONDAY, "late or changed orders from partner_files, run next")
        }
    corrected = corrections(MONDAY, {}, shop.warehouse)
    assert list(corrected.items()) == [
        ("net_sales", 10),
        ("orders", 1),
        ("average_order_value", 10),
        ("gross_sales", 10),
        ("units", 1),
    ]
    # As the report says, whatever came later.
    reported = {
        "net_sales": Decimal(10),
        "orders": Decimal(2),
        "customers": Decimal(1),
    }
    without_net_sales = dict(list(corrected.items())[1:])
    assert corrections(MONDAY, reported, shop.warehouse) == without_net_sales
    assert restated_on_page(shop) >= {"Net sales", "Orders"}
    send_mail(TUESDAY, "tuesday")
    # The newest report has listed them.
    assert restated_on_page(shop) == set()

    monday, tuesday = load_day_states(shop.warehouse, MONDAY, WEDNESDAY)
    assert monday.business_date == MONDAY
    assert monday.figures["net_sales"] == 130
    assert monday.figures["orders"] == 2
    assert monday.outdated_values == corrected
    assert monday.complete is True
    assert monday.missing_sources == []
    assert tuesday.figures["net_sales"] == 10
    assert tuesday.figures["returning_customers"] == 0
    assert tuesday.outdated_values == {}
    # A run knew of the storefront and has not read it.
    assert not tuesday.complete
    assert "storefront" in tuesday.missing_sources
    # A mail to a subscription, which may be of a slice, is no mail of the day.
    subscribed = {"business_date": MONDAY, "state": "sent", "subscription": "germany"}
    now = datetime.now(UTC)
    shop.insert(
        "report_deliveries",
        [subscribed],
        sent_at=now,
        figures_at=now,
    )
    assert load_day_states(shop.warehouse, MONDAY, WEDNESDAY) == [monday, tuesday]
    assert monday.mail_count == 1
    assert tuesday.mail_count == 1
    second = {
        "business_date": MONDAY,
        "figure": "net_sales",
        "old": 130,
        "new": 150,
    }
    now = datetime.now(UTC)
    shop.insert("report_restatements", [second], detected_at=now)
    (again,) = load_day_states(shop.warehouse, MONDAY, MONDAY)
    # What was mailed, not what it became in between.
    assert again.outdated_values == corrected

    send_mail(MONDAY, "second")
    assert corrections(MONDAY, {}, shop.warehouse) == {}
    (last,) = load_day_states(shop.warehouse, MONDAY, MONDAY)
    assert not last.outdated_values, "the last mail says what is so"
    assert last.mail_count == 2
