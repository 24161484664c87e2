"""What the mail about a refreshed catalogue says, and when there is none."""

import json
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from ecommerce.catalogue import changes
from ecommerce.catalogue.entries import Catalogue
from ecommerce.catalogue.loading import LastCatalogue
from ecommerce.catalogue.pictures import examine
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from tests.website import drawn

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def summary(tmp_path, monkeypatch):
    """Three new products, one of them with a deleted picture, and some of everything else."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("PICTURES_URI", f"file://{tmp_path}/pictures")
    store = Store.of_pictures()
    shown = []
    for sku, name in (
        ("MUG", "Mug, blue"),
        ("X", "<b>\u202eevil</b>\nname"),
        ("Y", ""),
    ):
        file = f"thumbnails/{sku}.png"
        if name:
            store.write(file, examine(drawn(sku)).thumbnail)
        shown.append({"sku": sku, "name": name, "thumbnail_uri": store.uri_of(file)})
    return {
        "products": 40,
        "new": ["MUG", *(f"N{number}" for number in range(52))],
        "changed": ["P1"],
        "gone": ["OLD"],
        "rejected": ["page 2, entry 51: invalid_number (price '-3')"],
        "broken": ["GAR-003 (cdn.example:8080): its host returned HTTP 404"],
        "shown": shown,
        "is_news": True,
    }


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


def test_the_mail(summary, snapshot):
    warning = {"kind": "note", "text": "1 source had …"}
    message = changes.compose(summary, [warning], changes.thumbnails(summary))
    text = message.get_body(("plain",)).get_content()
    assert f"{message['Subject']}\n\n{text}" == snapshot
    html = message.get_body(("html",)).get_content()
    assert "&lt;b&gt;evil&lt;/b&gt; name" in html
    assert "\u202e" not in html
    pictures = [
        part for part in message.walk() if part.get_content_type() == "image/png"
    ]
    assert len(pictures) == 2, "the third one is gone"
    for part in pictures:
        assert part.get_content_disposition() == "inline"
        assert f'src="cid:{part["Content-ID"][1:-1]}"' in html


def test_it_is_sent_once_something_has_changed_and_somebody_wants_it(
    summary,
    tmp_path,
    monkeypatch,
    mailbox,
):
    def notify(found, *, send_mail=False):
        return changes.notify(publish(found, tmp_path), [], send_mail=send_mail)

    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    assert notify(summary) == "the Variable report_recipients is empty"
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "ann@example.com")
    silent = summary | {"is_news": False}
    assert notify(silent) == "the catalogue has not changed, and send_mail is not set"
    assert mailbox() == []
    assert notify(summary) == notify(summary) == notify(silent, send_mail=True) == ""
    first, again, other = (message["Message-ID"] for message in mailbox())
    assert first == again != other, "a retry sends the same mail"


def row(sku, **values):
    """A row of product_pictures with a picture."""
    usual = {"name": sku, "category": "Cups", "sha256": f"sha of {sku}", "state": "ok"}
    links = {"image_url_hash": "1", "image_host": "cdn", "reason": None}
    return {"sku": sku, "thumbnail_uri": "t", **usual, **links, **values}


BROKEN = {"state": "broken", "sha256": None, "reason": "HTTP 404"}


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        (row("A"), row("A"), {}),
        (None, row("A"), {"new": ["A"], "shown": 1}),
        (row("A", state="gone"), row("A"), {"new": ["A"]}),
        (row("A", name="old"), row("A"), {"changed": ["A"]}),
        (row("A", category="old"), row("A"), {"changed": ["A"]}),
        (row("A", sha256="old"), row("A"), {"changed": ["A"], "shown": 1}),
        (row("A"), None, {"gone": ["A"]}),
        (row("A", state="gone"), None, {}),
        (
            row("A", **BROKEN),
            row("A", **BROKEN),
            {"broken": ["A (cdn): HTTP 404"], "is_news": False},
        ),
        (
            row("A", **BROKEN | {"state": "no_picture"}),
            row("A", **BROKEN),
            {"broken": ["A (cdn): HTTP 404"]},
        ),
        (
            row("A", **BROKEN, image_url_hash="2"),
            row("A", **BROKEN),
            {"broken": ["A (cdn): HTTP 404"]},
        ),
    ],
)
def test_what_counts_as_a_change(before, now, news):
    known = {before["sku"]: before} if before else {}
    rows = [now] if now else []
    catalogue = Catalogue([], [], 0)
    found = changes.summarise(catalogue, rows, LastCatalogue(known, None))
    found["shown"] = len(found["shown"])
    usual = {"new": [], "changed": [], "gone": [], "rejected": [], "broken": []}
    usual |= {"products": 0, "shown": 0, "is_news": bool(news)}
    assert found == usual | news


@pytest.mark.parametrize(("before", "is_news"), [(None, True), (2, True), (1, False)])
def test_another_number_of_rejected_entries_is_news(before, is_news):
    entry = SimpleNamespace(file="p", row_number=1, reason="r", detail="d", sku=None)
    catalogue = Catalogue([], [entry], 0)
    found = changes.summarise(catalogue, [], LastCatalogue({}, before))
    assert (found["rejected"], found["is_news"]) == (["p, entry 1: r (d)"], is_news)
