"""Which days are read again, and what the mail says of them."""

import pytest

from ecommerce.mail import transport as mail
from ecommerce.sales.reconciliation.comparison import (
    mail_texts,
    newest_first,
    select_rereads,
)
from ecommerce.sources import SALES_DB, STOREFRONT

DAYS = [f"2026-11-{number:02}" for number in range(1, 20)]
LOADED = {"rows": {"orders": 12}}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")


def difference(day, source=SALES_DB):
    what = "orders: 1 gone from the source"
    return {
        "business_date": day,
        "source": source,
        "what": what,
        "figures": [["orders", "3", "4"]],
    }


def test_the_newest_days_are_read_again_each_with_its_sources():
    days = DAYS[:9]
    listed = newest_first(
        [[difference(day) for day in days], [], [difference(days[-1], STOREFRONT)]]
    )
    pairs = select_rereads(listed, 7)
    assert [pair["business_date"] for pair in pairs] == [days[-1], *reversed(days[2:])]
    assert [pair["source"] for pair in pairs[:3]] == [STOREFRONT, SALES_DB, SALES_DB]


def both_bodies(differences, results, built=()):
    texts = mail_texts(differences, results, built)
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    return [message.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_the_mail_says_what_was_found_what_was_done_and_what_is_left():
    days = DAYS[18:14:-1]
    differences = [difference(day) for day in days]
    results = {
        (days[0], SALES_DB): LOADED,
        (days[1], SALES_DB): None,
        (days[3], SALES_DB): LOADED,
    }
    texts = mail_texts(differences, results, [days[3]])
    assert texts["subject"] == "Reconciliation: days with differences: 4, corrected: 2"
    for body in both_bodies(differences, results, [days[3]]):
        assert "orders: 1 gone from the source" in body
        assert "read again and loaded" in body
        assert "Reading again failed for 2026-11-18" in body
        assert "not read again yet: 2026-11-17" in body
        assert "make report DAY=2026-11-19" in body
        assert "make report DAY=2026-11-18" not in body
        assert "Reports that were rebuilt but not mailed: 2026-11-16" in body
        assert "make report DAY=2026-11-16" not in body
    command = """airflow dags trigger sales_reconciliation --conf '{"most_days": 1}'"""
    assert command in both_bodies(differences, results)[0]


def test_a_source_that_failed_is_named_and_its_day_is_not_corrected():
    day = DAYS[-1]
    differences = [difference(day, STOREFRONT), difference(day)]
    results = {(day, STOREFRONT): None, (day, SALES_DB): LOADED}
    subject = "Reconciliation: days with differences: 1, corrected: 0"
    assert mail_texts(differences, results, [day])["subject"] == subject
    for body in both_bodies(differences, results, [day]):
        assert "Reading again failed for 2026-11-19 (Storefront)" in body
        assert "reading it again failed" in body
        assert "read again and loaded" in body
