"""What the mail about a refreshed catalogue says, and when there is none."""

import json

import pytest

from ecommerce.catalogue import changes
from ecommerce.catalogue.entries import Catalogue, RejectedEntry

SUMMARY = {
    "products": 40,
    "new": ["<b>\u202eevil</b>\nMUG", *(f"N{number}" for number in range(52))],
    "changed": ["P1"],
    "gone": ["OLD"],
    "rejected": ["page 2, entry 51: invalid_number (price '-3')"],
    "broken": ["GAR-003 (cdn.example:8080): its host returned HTTP 404"],
}
SILENT = SUMMARY | {"new": [], "changed": [], "gone": []}


def test_the_mail(snapshot):
    warning = {"kind": "note", "text": "1 source had …"}
    message = changes.compose(SUMMARY, [warning])
    text = message.get_body(("plain",)).get_content()
    assert f"{message['Subject']}\n\n{text}" == snapshot
    html = message.get_body(("html",)).get_content()
    assert "&lt;b&gt;evil&lt;/b&gt; MUG" in html
    assert "\u202e" not in html


def test_it_is_sent_once_something_has_changed_and_somebody_wants_it(
    publish, monkeypatch, mailbox
):
    def notify(summary, *, send_mail=False):
        manifest = publish({changes.FILE: json.dumps(summary).encode()})
        return changes.notify(manifest, [], send_mail=send_mail)

    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert notify(SUMMARY) == "the Variable report_recipients is empty"
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com")
    assert notify(SILENT) == "the catalogue has not changed, and send_mail is not set"
    assert mailbox() == []
    assert notify(SUMMARY) == notify(SUMMARY) == notify(SILENT, send_mail=True) == ""
    first, again, other = (message["Message-ID"] for message in mailbox())
    assert first == again != other, "a retry sends the same mail"


ROW = {
    "sku": "A",
    "name": "Cup",
    "category": "Cups",
    "sha256": "1",
    "state": "ok",
    "reason": None,
    "image_url_hash": "1",
    "image_host": "cdn",
    "thumbnail_uri": "t",
}
"""A row of product_pictures with a picture."""
GONE = ROW | {"state": "gone"}
BROKEN = ROW | {"state": "broken", "sha256": None, "reason": "HTTP 404"}


def news(catalogue, before, now):
    """What is not empty in the summary of the rows `now`."""
    known = {row["sku"]: row for row in before}
    summary = changes.summarise(catalogue, now, known)
    assert summary.keys() == SUMMARY.keys()
    return {name: found for name, found in summary.items() if found}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([ROW], [ROW], {}),
        ([], [ROW], {"new": ["A"]}),
        ([GONE], [ROW], {"new": ["A"]}),
        ([ROW | {"name": "old"}], [ROW], {"changed": ["A"]}),
        ([ROW | {"category": "old"}], [ROW], {"changed": ["A"]}),
        ([ROW | {"sha256": "old"}], [ROW], {"changed": ["A"]}),
        ([ROW], [], {"gone": ["A"]}),
        ([GONE], [], {}),
        ([BROKEN], [BROKEN], {"broken": ["A (cdn): HTTP 404"]}),
        ([ROW], [BROKEN], {"broken": ["A (cdn): HTTP 404"], "changed": ["A"]}),
    ],
)
def test_what_counts_as_a_change(before, now, expected):
    assert news(Catalogue([], [], 0), before, now) == expected


def test_rejected_entries_are_listed_and_their_products_are_not_gone():
    entry = RejectedEntry(1, "p", "A", "r", "d", "")
    found = news(Catalogue([], [entry], 0), [ROW], [])
    assert found == {"rejected": ["p, entry 1: r (d)"]}
