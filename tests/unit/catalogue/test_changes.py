"""What the mail about a refreshed catalogue says, and when there is none."""

import json
from datetime import UTC, date, datetime

import pytest

from ecommerce.catalogue import changes
from ecommerce.catalogue.entries import Catalogue, RejectedEntry
from ecommerce.storage import staging

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SUMMARY = {
    "products": 40,
    "new": ["<b>\u202eevil</b>\nMUG", *(f"N{number}" for number in range(52))],
    "changed": ["P1"],
    "gone": ["OLD"],
    "rejected": ["page 2, entry 51: invalid_number (price '-3')"],
    "broken": ["GAR-003 (cdn.example:8080): its host returned HTTP 404"],
}
SILENT = SUMMARY | {"new": [], "changed": [], "gone": []}


def publish(summary, folder):
    uri = f"file://{folder}/loadable"
    with staging.publish(uri) as draft:
        (draft.path / changes.FILE).write_text(json.dumps(summary))
        draft.seal(
            source="product_catalogue",
            business_date=date(2026, 11, 20),
            rows=0,
            columns={},
            **dict.fromkeys(("read_at", "window_start", "window_end"), NOW),
        )
    return staging.read_manifest(uri)


def test_the_mail(snapshot):
    warning = {"kind": "note", "text": "1 source had …"}
    message = changes.compose(SUMMARY, [warning])
    text = message.get_body(("plain",)).get_content()
    assert f"{message['Subject']}\n\n{text}" == snapshot
    html = message.get_body(("html",)).get_content()
    assert "&lt;b&gt;evil&lt;/b&gt; MUG" in html
    assert "\u202e" not in html


def test_it_is_sent_once_something_has_changed_and_somebody_wants_it(
    tmp_path,
    monkeypatch,
    mailbox,
):
    def notify(found, *, send_mail=False):
        return changes.notify(publish(found, tmp_path), [], send_mail=send_mail)

    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert notify(SUMMARY) == "the Variable report_recipients is empty"
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com")
    assert notify(SILENT) == "the catalogue has not changed, and send_mail is not set"
    assert mailbox() == []
    assert notify(SUMMARY) == notify(SUMMARY) == notify(SILENT, send_mail=True) == ""
    first, again, other = (message["Message-ID"] for message in mailbox())
    assert first == again != other, "a retry sends the same mail"


def row(sku, **values):
    """A row of product_pictures with a picture."""
    usual = {"name": sku, "category": "Cups", "sha256": f"sha of {sku}", "state": "ok"}
    links = {"image_url_hash": "1", "image_host": "cdn", "reason": None}
    return {"sku": sku, "thumbnail_uri": "t", **usual, **links, **values}


BROKEN = {"state": "broken", "sha256": None, "reason": "HTTP 404"}
LISTED = {"broken": ["A (cdn): HTTP 404"]}


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        (row("A"), row("A"), {}),
        (None, row("A"), {"new": ["A"]}),
        (row("A", state="gone"), row("A"), {"new": ["A"]}),
        (row("A", name="old"), row("A"), {"changed": ["A"]}),
        (row("A", category="old"), row("A"), {"changed": ["A"]}),
        (row("A", sha256="old"), row("A"), {"changed": ["A"]}),
        (row("A"), None, {"gone": ["A"]}),
        (row("A", state="gone"), None, {}),
        (row("A", **BROKEN), row("A", **BROKEN), LISTED),
        (row("A"), row("A", **BROKEN), LISTED | {"changed": ["A"]}),
    ],
)
def test_what_counts_as_a_change(before, now, news):
    known = {before["sku"]: before} if before else {}
    rows = [now] if now else []
    found = changes.summarise(Catalogue([], [], 0), rows, known)
    usual = {"new": [], "changed": [], "gone": [], "rejected": [], "broken": []}
    assert found == usual | {"products": 0} | news


def test_rejected_entries_are_listed_and_their_products_are_not_gone():
    entry = RejectedEntry(1, "p", "A", "r", "d", "")
    found = changes.summarise(Catalogue([], [entry], 0), [], {"A": row("A")})
    assert (found["rejected"], found["gone"]) == (["p, entry 1: r (d)"], [])
