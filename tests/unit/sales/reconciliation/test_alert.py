"""Which days are read again, and what the mail says of them."""

import pytest

from ecommerce.sales.reconciliation.comparison import (
    mail_texts,
    newest_first,
    select_rereads,
)
from tests.source_names import SALES_DB, STOREFRONT

DAYS = [f"2026-11-{number:02}" for number in range(1, 20)]


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")


def difference(day, source=SALES_DB):
    return {
        "business_date": day,
        "source": source,
        "what": "orders: 1 gone from the source",
    }


def pair(day, source=SALES_DB):
    return {"business_date": day, "source": source}


def test_the_newest_days_are_read_again_each_with_its_sources():
    days = DAYS[:9]
    of_storefront = [difference(days[-1], STOREFRONT)]
    listed = newest_first([[difference(day) for day in days], [], of_storefront])
    older = [pair(day) for day in reversed(days[2:])]
    assert select_rereads(listed, 7) == [pair(days[-1], STOREFRONT), *older]


def test_the_mail_shows_what_was_found_done_and_left():
    """Loaded without a report, failed, not read, loaded with a report, and half loaded."""
    loaded, failed, left, built, half = reversed(DAYS[14:])
    differences = [difference(day) for day in (loaded, failed, left, built)]
    differences += [difference(half), difference(half, STOREFRONT)]
    good = [pair(loaded), pair(built), pair(half)]
    bad = [pair(failed), pair(half, STOREFRONT)]
    texts = mail_texts(differences, good + bad, good, [built, half])
    outcomes = [each["outcome"] for each in texts.pop("differences")]
    again = "read again and loaded"
    not_again = (
        "reading it again failed: fix the error of the failed task, then clear the task"
    )
    assert outcomes == [again, not_again, "not read again yet", again, again, not_again]
    assert texts == {
        "subject": "Reconciliation: days with differences: 5, corrected: 2",
        "left": [left],
        "again": "airflow dags trigger sales_reconciliation --conf '{\"most_days\": 1}'",
        "built": [built, half],
        "reports": [f"make report DAY={loaded}"],
    }
