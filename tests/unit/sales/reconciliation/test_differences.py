"""Which days are read again, and what the mail says of them."""

from datetime import date
from decimal import Decimal

import pytest

from ecommerce.mail import transport as mail
from ecommerce.sales.reconciliation.differences import (
    Difference,
    Reread,
    mail_texts,
    newest_first,
    select_rereads,
)
from ecommerce.sources import SALES_DB, STOREFRONT
from ecommerce.storage.xcom import from_xcom, to_xcom
from ecommerce.warehouse.load import LoadResult

DAYS = [date(2026, 11, number) for number in range(1, 20)]


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")


def difference(day, source=SALES_DB):
    return Difference(day, source, {"orders": (Decimal(3), Decimal(4))}, "1 order is gone from the source")


def loaded(day, *restatements, orders=12):
    return LoadResult(day, [day], {"orders": orders}, [], list(restatements), [], 0)


def restated(old, new, at):
    return {"business_date": "2026-11-19", "figure": "net_sales", "detected_at": at, "old": old, "new": new}


def test_a_difference_survives_xcom():
    original = Difference(DAYS[0], STOREFRONT, {"gross amount": (Decimal("1.10"), Decimal(0))}, "x")
    assert from_xcom(Difference, to_xcom(original)) == original
    assert to_xcom(original)["figures"] == {"gross amount": ["1.10", "0"]}


def test_the_newest_days_are_read_again_each_with_its_sources():
    days = DAYS[:9]
    listed = newest_first([[difference(day) for day in days], [], [difference(days[-1], STOREFRONT)]])
    pairs = select_rereads(listed, 7)
    assert [pair.business_date for pair in pairs] == [days[-1], *reversed(days[2:])]
    assert [pair.source for pair in pairs[:3]] == [STOREFRONT, SALES_DB, SALES_DB]


def both_bodies(differences, results, built=()):
    texts = mail_texts(differences, results, built)
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    return [message.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_the_mail_says_what_was_found_what_was_done_and_what_is_left():
    days = [date(2026, 11, number) for number in (19, 18, 17, 16)]
    differences = [difference(day) for day in days]
    results = {
        Reread(days[0], SALES_DB): loaded(days[0], restated("90.0000", "50.0000", "2026-11-20T13:00:00Z")),
        Reread(days[1], SALES_DB): None,
        Reread(days[3], SALES_DB): loaded(days[3]),
    }
    texts = mail_texts(differences, results, [days[3]])
    assert texts["subject"] == "Reconciliation: differences on 4 days, 2 corrected"
    for body in both_bodies(differences, results, [days[3]]):
        assert "read again: 12 orders created or changed on this day loaded, 1 day recomputed" in body
        assert "2026-11-19: net sales 90.00 → 50.00 USD" in body
        assert "Reading again failed for 2026-11-18" in body
        assert "not read again yet: 2026-11-17" in body
        assert "make report DAY=2026-11-19" in body
        assert "make report DAY=2026-11-18" not in body
        assert "Reports that were rebuilt but not mailed: 2026-11-16" in body
        assert "make report DAY=2026-11-16" not in body
        assert "sales_reconciliation --conf" in body
    assert (
        """airflow dags trigger sales_reconciliation --conf '{"most_days": 1}'"""
        in both_bodies(differences, results)[0]
    )


def test_a_source_that_failed_is_named_and_its_day_is_not_corrected():
    day = DAYS[-1]
    differences = [difference(day, STOREFRONT), difference(day)]
    results = {Reread(day, STOREFRONT): None, Reread(day, SALES_DB): loaded(day)}
    assert (
        mail_texts(differences, results, [day])["subject"]
        == "Reconciliation: differences on 1 day, 0 corrected"
    )
    for body in both_bodies(differences, results, [day]):
        assert "Reading again failed for 2026-11-19 (Storefront)" in body
        assert "reading it again failed" in body
        assert "read again: 12 orders created or changed" in body


def test_a_figure_that_two_sources_change_is_listed_once():
    day = DAYS[-1]
    results = {
        Reread(day, STOREFRONT): loaded(day, restated("50.0000", "40.0000", "2026-11-20T13:05:00Z")),
        Reread(day, SALES_DB): loaded(day, restated("90.0000", "50.0000", "2026-11-20T13:00:00Z")),
    }
    assert mail_texts([difference(day)], results, [day])["restatements"] == [
        "2026-11-19: net sales 90.00 → 40.00 USD"
    ]


def test_counts_are_whole_numbers():
    day = DAYS[-1]
    row = restated("136.0000", "1035.0000", "2026-11-20T13:05:00Z") | {"figure": "orders"}
    results = {Reread(day, SALES_DB): loaded(day, row)}
    assert mail_texts([difference(day)], results, [day])["restatements"] == ["2026-11-19: orders 136 → 1,035"]
