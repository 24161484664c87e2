"""What the mail about a refreshed catalogue says, and when there is none."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from ecommerce.catalogue import changes
from ecommerce.catalogue.changes import Summary
from ecommerce.catalogue.pictures import examine
from ecommerce.core.data_warnings import DataWarning
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest
from tests.website import drawn

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Summary:
    """Two new products with a picture each, and something of everything else."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("PICTURES_URI", f"file://{tmp_path}/pictures")
    store = Store.of_pictures()
    shown = []
    for sku, name in (("MUG-01", "Mug, blue"), ("X", "<b>\u202eevil</b>\nname")):
        store.write(f"thumbnails/{sku}.png", examine(drawn(sku)).thumbnail)
        shown.append(
            {
                "sku": sku,
                "name": name,
                "thumbnail_uri": store.uri_of(f"thumbnails/{sku}.png"),
            }
        )
    return {
        "products": 40,
        "new": ["MUG-01", "X"],
        "changed": ["P1"],
        "gone": ["OLD"],
        "rejected": ["page 2, entry 51: invalid_number (price '-3')"],
        "broken": ["GAR-003 (cdn.example:8080): its host returned HTTP 404"],
        "shown": shown,
        "is_news": True,
    }


def compose(summary: Summary, warnings: Sequence[DataWarning] = ()) -> EmailMessage:
    return changes.compose(summary, warnings, changes.thumbnails(summary))


def publish(summary: Summary, folder: Path) -> Manifest:
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


def test_it_has_counts_lists_and_the_new_pictures(summary: Summary) -> None:
    message = compose(summary, [{"kind": "note", "text": "1 source had …"}])
    assert (
        message["Subject"]
        == "Product catalogue: 2 new, 1 changed, 1 gone, 1 rejected, 1 broken"
    )
    text = message.get_body(("plain",)).get_content()
    for line in (
        "40 products in the catalogue: 2 new, 1 changed, 1 gone, 1 rejected, 1 broken.",
        "  GAR-003 (cdn.example:8080): its host returned HTTP 404",
        "  page 2, entry 51: invalid_number (price '-3')",
        "New pictures:",
        "  MUG-01  Mug, blue",
        "  OLD",
        "Warning: 1 source had …",
    ):
        assert line in text.splitlines()
    html = message.get_body(("html",)).get_content()
    pictures = [
        part for part in message.walk() if part.get_content_type() == "image/png"
    ]
    assert [f'src="cid:{part["Content-ID"][1:-1]}"' in html for part in pictures] == [
        True,
        True,
    ]
    assert {part.get_content_disposition() for part in pictures} == {"inline"}


def test_names_from_the_catalogue_are_harmless(summary: Summary) -> None:
    message = compose(summary)
    html = message.get_body(("html",)).get_content()
    assert "&lt;b&gt;evil&lt;/b&gt; name" in html
    assert "\u202e" not in html + message.get_body(("plain",)).get_content()


def test_long_lists_are_cut(summary: Summary) -> None:
    summary["new"] = [f"N{number}" for number in range(80)]
    assert "  and 30 more\n" in compose(summary).get_body(("plain",)).get_content()


def test_a_thumbnail_that_is_gone_is_left_out(summary: Summary, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "thumbnails" / "X.png").unlink()
    message = compose(summary)
    assert (
        len([part for part in message.walk() if part.get_content_type() == "image/png"])
        == 1
    )


def test_it_is_sent_once_something_has_changed_and_somebody_wants_it(
    summary: Summary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mailbox: Callable[[], list[EmailMessage]],
) -> None:
    def notify(found: Summary, *, send_mail: bool = False) -> str:
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
