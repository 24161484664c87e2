"""The differences between a run's catalogue and the previous one, and the mail about them to
`report_recipients`."""

import json
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from ecommerce.catalogue.entries import Catalogue
from ecommerce.catalogue.fetch import CONNECTION
from ecommerce.catalogue.loading import BROKEN, OK, LastCatalogue, Row
from ecommerce.core.data_warnings import DataWarning, sentence
from ecommerce.core.text import clean
from ecommerce.mail import transport
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest, storage_errors, storage_path

FILE = "summary.json"
MAX_SHOWN = 12
"""New pictures in the mail."""
MAX_LISTED = 50
LISTS = {
    "new": "New",
    "changed": "Changed name, category or picture",
    "gone": "Gone from the catalogue (their pictures stay)",
    "rejected": "Rejected entries (table rejected_rows)",
    "broken": "Broken pictures (a product keeps its previous picture, if it has one)",
}

Summary = dict[str, Any]
"""Plain JSON: `LISTS` (SKUs; `rejected` and `broken` with the reason), `products` (a count), `shown` (sku,
name and thumbnail_uri of new pictures), and `is_news`: anything differs from the previous catalogue."""


def summarise(
    catalogue: Catalogue,
    rows: Sequence[Row],
    last: LastCatalogue,
) -> Summary:
    """Compare the run's rows of `product_pictures` with the catalogue as loaded last."""
    new = []
    changed = []
    broken = []
    rejected = []
    newly_broken = False
    shown = []
    present = last.present
    gone = set(present)
    known = {product["sha256"] for product in last.products.values()}
    for row in rows:
        sku = row["sku"]
        old = present.get(sku, {})
        gone.discard(sku)
        if not old:
            new.append(sku)
        elif _differ(row, old, "name", "category", "sha256"):
            changed.append(sku)
        if row["state"] == BROKEN:
            host = row["image_host"] or "no host"
            broken.append(f"{sku} ({host}): {row['reason']}")
            newly_broken |= not old or _differ(row, old, "state", "image_url_hash")
        elif row["state"] == OK and row["sha256"] not in known:
            # Several products may share a picture.
            known.add(row["sha256"])
            shown.append(
                {
                    "sku": sku,
                    "name": row["name"],
                    "thumbnail_uri": row["thumbnail_uri"],
                }
            )
    for entry in catalogue.rejected:
        gone.discard(entry.sku or "")
        place = f"{entry.file}, entry {entry.row_number}"
        reason = f"{entry.reason} ({entry.detail})"
        rejected.append(f"{place}: {reason}")
    has_other_rejects = len(rejected) != (last.rejected or 0)
    return {
        "products": len(catalogue.products),
        "new": new,
        "changed": changed,
        "gone": sorted(gone),
        "rejected": rejected,
        "broken": broken,
        "shown": shown[:MAX_SHOWN],
        "is_news": bool(new or changed or gone or newly_broken or has_other_rejects),
    }


def _differ(row: Row, old: Row, *names: str) -> bool:
    return any(row.get(name) != old[name] for name in names)


def counts(summary: Summary) -> dict[str, int]:
    """Return the figures of the mail."""
    return {name: len(summary[name]) for name in LISTS}


def read_summary(manifest: Manifest) -> Summary:
    """Read the summary from the loadable folder; StagingError where it is gone."""
    with storage_errors(manifest.uri):
        text = (storage_path(manifest.uri) / FILE).read_text()
    summary: Summary = json.loads(text)
    return summary


def notify(
    manifest: Manifest,
    warnings: list[DataWarning],
    *,
    send_mail: bool,
) -> str:
    """Mail the changes that a run found, always with the same Message-ID; return why not, or nothing. With
    `send_mail` it also mails that nothing has changed."""
    summary = read_summary(manifest)
    if not (summary["is_news"] or send_mail):
        return "the catalogue has not changed, and send_mail is not set"
    short = manifest.sha256[:24]  # so that the header is not folded
    return transport.send_report(
        lambda: compose(summary, warnings, thumbnails(summary)), f"catalogue.{short}"
    )


def thumbnails(summary: Summary) -> list[tuple[str, str, bytes]]:
    """Return SKU, name and thumbnail of the new pictures, without those deleted since."""
    store = Store.of_pictures()
    pictures = []
    for product in summary["shown"]:
        name = product["thumbnail_uri"].removeprefix(f"{store.uri}/")
        data = store.read(name)
        if data:
            sku = clean(product["sku"])
            title = clean(product["name"], 80)
            pictures.append((sku, title, data))
    return pictures


def compose(
    summary: Summary,
    warnings: Sequence[DataWarning],
    pictures: Sequence[tuple[str, str, bytes]],
) -> EmailMessage:
    """Return the mail without its addresses: text, and HTML with the new pictures, as `thumbnails` returns
    them."""
    tiles = []
    lists = []
    news = []
    for name, count in counts(summary).items():
        tiles.append({"label": name, "value": count})
        if count:
            news.append(f"{count} {name}")
            lines = [clean(line) for line in summary[name][:MAX_LISTED]]
            more = max(count - MAX_LISTED, 0)
            lists.append({"title": LISTS[name], "lines": lines, "more": more})
    shown = []
    images = []
    for number, (sku, name, data) in enumerate(pictures):
        image = transport.InlineImage(f"picture-{number}@{CONNECTION}", data)
        shown.append({"cid": image.cid, "sku": sku, "name": name})
        images.append(image)
    texts = {
        "products": summary["products"],
        "tiles": tiles,
        "pictures": shown,
        "lists": lists,
        "warnings": [clean(sentence(warning)) for warning in warnings],
    }
    subject = f"Product catalogue: {', '.join(news) or 'no changes'}"
    return transport.compose(subject, "catalogue_mail", texts, images)
