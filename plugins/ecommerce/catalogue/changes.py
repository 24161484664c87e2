"""The differences between a run's catalogue and the previous one, and the mail about them to
`report_recipients`."""

import json
from collections.abc import Sequence
from email.message import EmailMessage
from functools import partial

from ecommerce.catalogue.entries import Catalogue
from ecommerce.catalogue.loading import BROKEN, present_products
from ecommerce.core.data_warnings import DataWarning, sentence
from ecommerce.core.values import Row, Rows, Values
from ecommerce.mail import transport
from ecommerce.storage import staging
from ecommerce.storage.staging import Manifest

FILE = "summary.json"
MAX_LISTED = 50
LISTS = {
    "new": "New",
    "changed": "Changed name, category or picture",
    "gone": "Gone from the catalogue (their pictures stay)",
    "rejected": "Rejected entries (table rejected_rows)",
    "broken": "Broken pictures (a product keeps its previous picture, if it has one)",
}

COMPARED = ("name", "category", "state", "sha256")
"""Columns whose changes are mailed: `state` and `sha256` are those of the picture."""

Summary = Values
"""Plain JSON: `LISTS` (SKUs; `rejected` and `broken` with the reason) and `products` (a count)."""


def summarise(
    catalogue: Catalogue,
    rows: Sequence[Row],
    stored: Rows,
) -> Summary:
    """Compare the run's rows of `product_pictures` with the `stored` ones, by SKU."""
    summary: Summary = {name: [] for name in LISTS}
    present = present_products(stored)
    for row in rows:
        sku = row["sku"]
        before = present.pop(sku, None)
        if before is None:
            summary["new"].append(sku)
        elif any(row.get(name) != before[name] for name in COMPARED):
            summary["changed"].append(sku)
        if row["state"] == BROKEN:
            place = row["image_host"] or "no host"
            summary["broken"].append(f"{sku} ({place}): {row['reason']}")
    for entry in catalogue.rejected:
        present.pop(entry.sku or "", None)
        place = f"{entry.file}, entry {entry.row_number}"
        summary["rejected"].append(f"{place}: {entry.reason} ({entry.detail})")
    summary["gone"] = sorted(present)
    summary["products"] = len(catalogue.products)
    return summary


def read_summary(manifest: Manifest) -> Summary:
    """Read the summary from the loadable folder; StagingError where it is gone."""
    return json.loads(staging.read_file(manifest, FILE))


def notify(
    manifest: Manifest,
    warnings: list[DataWarning],
    *,
    send_mail: bool,
) -> str:
    """Mail the changes that a run found, always with the same Message-ID; return why not, or nothing. With
    `send_mail` it also mails that nothing has changed."""
    summary = read_summary(manifest)
    has_changed = summary["new"] or summary["changed"] or summary["gone"]
    if not has_changed and not send_mail:
        return "the catalogue has not changed, and send_mail is not set"
    short = manifest.sha256[:24]  # so that the header is not folded
    return transport.send_report(
        partial(compose, summary, warnings), f"catalogue.{short}"
    )


def compose(summary: Summary, warnings: Sequence[DataWarning]) -> EmailMessage:
    """Return the mail without its addresses, as text and HTML."""
    tiles = []
    news = []
    for name in LISTS:
        count = len(summary[name])
        tiles.append({"label": name, "value": count})
        if count:
            news.append(f"{count} {name}")
    texts = {
        "summary": summary,
        "tiles": tiles,
        "titles": LISTS,
        "most": MAX_LISTED,
        "warnings": [sentence(warning) for warning in warnings],
    }
    subject = f"Product catalogue: {', '.join(news) or 'no changes'}"
    return transport.compose(subject, "catalogue_mail", texts)
