"""The scheduler is down for three days: nothing is lost, the next report names the days and fills them."""

from datetime import date, timedelta

import pytest

from demo.ledger import PARTNER_FILES, SALES_DB, SHOPIFY, STOREFRONT, Ledger
from ecommerce.cli.backfill import backfill
from tests.integration.daily_run import morning_after, report_of, run_day

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(5)]
DOWN = DAYS[1:4]
HOUR = timedelta(hours=1)


@pytest.mark.slow
def test_nothing_is_lost_and_the_command_of_the_next_report_fills_the_days(
    start_company,
):
    company = start_company()
    told = Ledger(DAYS[0], len(DAYS), orders_per_day=30, seed=7)
    before, after = (told.as_of(morning_after(day)) for day in (DAYS[0], DAYS[4]))
    changed = {
        order.channel
        for order in after.orders
        if morning_after(DAYS[0]) < order.updated_at < morning_after(DAYS[3])
        and order.ordered_at < before.at
    }
    assert changed == {SALES_DB, STOREFRONT, SHOPIFY, PARTNER_FILES}
    company.show(before)
    run_day(DAYS[0])

    company.show(after)
    run_day(DAYS[4], run_id="up again")
    assert company.differences(company.oracle(run_days=[DAYS[0], DAYS[4]])) == ""

    quality = report_of(DAYS[4], "up again").quality
    assert quality.missing_days == DOWN
    assert quality.fill_command == f"make backfill FROM={DOWN[0]} TO={DOWN[-1]}"

    words = dict(part.split("=") for part in quality.fill_command.split()[2:])
    asked = backfill.make_context(
        "backfill", ["--from", words["FROM"], "--to", words["TO"]]
    ).params
    for number in range((asked["last"] - asked["first"]).days + 1):
        run_day(
            asked["first"] + timedelta(days=number),
            morning_after(DAYS[4]) + (number + 1) * HOUR,
        )
    assert company.differences(company.oracle(run_days=DAYS)) == ""
    assert report_of(DAYS[4], "up again").quality.missing_days == []
