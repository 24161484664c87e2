"""Claims of the mails of subscriptions: many in one transaction, each by its own rows."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.sales import delivery_log
from ecommerce.sales.delivery_log import Mail
from ecommerce.storage.staging import DagRun
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import at
from tests.rows import column_of, columns_of
from tests.settings import lower

NOW = at("2026-03-03 11:00")
SUNDAY = MONDAY + timedelta(days=6)
FIFTY = [f"shop-{number}" for number in range(50)]


def mail(name, figures_hash="figures", net_sales=None):
    """The mail of a subscription."""
    message_id = f"<{name}.{figures_hash}@x>"
    return Mail(
        figures_hash,
        message_id,
        NOW,
        name,
        net_sales,
    )


def claimed(mails, run_id="scheduled", last_day=SUNDAY, **options):
    run = DagRun("weekly_report", run_id)
    return delivery_log.claim_all(
        last_day,
        mails,
        run,
        **options,
    )


def sent(*names, figures_hash="figures"):
    delivery_log.mark_all_sent(SUNDAY, dict.fromkeys(names, figures_hash))


def deliveries(shop, *columns):
    return shop.tuples("report_deliveries", *columns)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    lower(monkeypatch, delivery_log, LOOK_SECONDS=0)


def test_each_subscription_gets_its_mail_once(shop):
    """One warehouse: what the rows of one case leave is where the next one begins."""
    mails = [
        mail("board", net_sales=Decimal("12.3456")),
        mail("germany", net_sales=Decimal("-0.5")),
        mail("alone"),
    ]
    claims = claimed(mails)
    assert claims.busy == {}
    assert claims.message_ids == {
        "board": "<board.figures@x>",
        "germany": "<germany.figures@x>",
        "alone": "<alone.figures@x>",
    }
    assert deliveries(
        shop,
        "subscription",
        "net_sales",
        "state",
        "figures_at",
    ) == [
        ("alone", None, "claimed", NOW),
        ("board", Decimal("12.3456"), "claimed", NOW),
        ("germany", Decimal("-0.5"), "claimed", NOW),
    ]

    # Another run waits for what is being sent; the same run, killed, takes it over at once.
    sent("board")
    others = claimed([*mails, mail("later")], run_id="manual")
    assert others.message_ids == {"later": "<later.figures@x>"}
    busy = dict.fromkeys(("germany", "alone"), "weekly_report/scheduled")
    assert others.busy == busy
    again = claimed(mails)
    assert again.busy == {}
    assert again.message_ids.keys() == {"germany", "alone"}

    # Corrected figures are another mail; those of other subscriptions are not.
    sent("germany")
    corrected = claimed([mail("board", "corrected"), mail("germany")])
    assert corrected.message_ids == {"board": "<board.corrected@x>"}
    sent("board", figures_hash="corrected")
    returned = claimed([mail("board"), mail("germany")]).message_ids
    assert returned.keys() == {"board"}
    assert returned["board"].startswith("<board.figures.")
    assert returned["board"].endswith("@x>")
    # An attempt after one that was killed sends the same mail.
    assert claimed([mail("board")]).message_ids == returned
    sent("board")
    newest_first = columns_of(
        delivery_log.subscribed_deliveries(SUNDAY),
        "subscription",
        "figures_hash",
        "state",
    )
    assert newest_first[:3] == [
        ("board", "figures", "sent"),
        ("board", "corrected", "sent"),
        ("germany", "figures", "sent"),
    ]

    # Only a first mail is claimed: of a subscription that got none, or whose first was not sent.
    others = [
        mail("board", "third"),
        mail("alone"),
        mail("new"),
    ]
    firsts = claimed(others, only_first=True)
    assert firsts.message_ids.keys() == {"alone", "new"}
    assert claimed([mail("board", "corrected")], only_first=True).message_ids == {}
    assert claimed([mail("board", "corrected")]).message_ids.keys() == {"board"}
    shop.sql(
        "DELETE FROM sales.report_deliveries WHERE figures_hash = 'corrected' OR subscription = 'new'"
    )

    # The daily report of the same day is another mail, whatever the subscriptions got.
    run = DagRun("daily_sales_pipeline", "scheduled")
    assert delivery_log.deliveries(SUNDAY) == []
    of_day = (SUNDAY, "figures", "<day@x>", NOW, run)
    assert delivery_log.claim(*of_day) == "<day@x>"
    sent("alone")
    [delivery] = delivery_log.deliveries(SUNDAY)
    assert delivery["state"] == "claimed"
    assert claimed([mail("board")]).message_ids == {}
    delivery_log.mark_sent(SUNDAY, "figures")
    assert delivery_log.claim(*of_day) == ""
    names = set(column_of(delivery_log.subscribed_deliveries(SUNDAY), "subscription"))
    assert names == {"board", "germany", "alone", "later"}
    assert delivery_log.subscribed_deliveries(MONDAY) == []

    # No run waits for a claim that is not marked as sent, such as of a day that an alert cannot evaluate.
    unknown = replace(mail("drop", "unknown"), is_final=False)
    assert claimed([unknown]).message_ids.keys() == {"drop"}
    for evaluation in (unknown, mail("drop", "below")):
        evaluated = claimed([evaluation], run_id="manual", only_first=True)
        assert evaluated.message_ids.keys() == {"drop"}
    above = claimed([mail("drop", "above")], only_first=True)
    assert above.busy == {"drop": "weekly_report/manual"}
    assert above.message_ids == {}
    shop.sql("DELETE FROM sales.report_deliveries WHERE subscription = 'drop'")

    # The days of alerts up to a day, in whatever state, in the order of their evaluation.
    evaluated = [
        {"business_date": SUNDAY, "figures_hash": "below", "subscription": "drop"},
        {"business_date": MONDAY, "figures_hash": "above", "subscription": "drop"},
        {"business_date": MONDAY, "figures_hash": "unknown", "subscription": "other"},
        {"business_date": MONDAY, "figures_hash": "below"},
    ]
    shop.insert("report_deliveries", evaluated, state="claimed")
    for minute, state in enumerate(("unknown", "above", "below")):
        evaluation = {
            "business_date": MONDAY,
            "figures_hash": state,
            "subscription": "twice",
            "sent_at": NOW - timedelta(minutes=minute),
        }
        shop.insert("report_deliveries", [evaluation], state="sent")
    twice = column_of(delivery_log.alerts_until(MONDAY)[-3:], "figures_hash")
    assert twice == ["below", "above", "unknown"]
    shop.sql("DELETE FROM sales.report_deliveries WHERE subscription = 'twice'")
    of_alerts = delivery_log.alerts_until(SUNDAY)
    assert sorted((row["figures_hash"], row["subscription"]) for row in of_alerts) == [
        ("above", "drop"),
        ("below", "drop"),
        ("unknown", "other"),
    ]
    assert set(column_of(delivery_log.alerts_until(MONDAY), "business_date")) == {
        MONDAY
    }
    shop.sql("DELETE FROM sales.report_deliveries WHERE state = 'claimed'")

    # Of runs that claim at once, each mail is one run's; another day is another period.
    def claim_fifty(run_id):
        fifty = [mail(name) for name in FIFTY]
        return claimed(fifty, run_id=run_id, last_day=MONDAY).message_ids

    with ThreadPoolExecutor(2) as pool:
        of_runs = list(pool.map(claim_fifty, ("scheduled", "manual")))
    assert sorted(name for names in of_runs for name in names) == sorted(FIFTY)
