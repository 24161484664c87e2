"""The differences between a run's catalogue and the previous one, and the mail about them to
`report_recipients`."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from ecommerce.catalogue.loading import BROKEN, OK, LastCatalogue, Row
from ecommerce.core.data_warnings import DataWarning, sentence
from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.text import clean
from ecommerce.mail import transport
from ecommerce.sources.product_catalogue.entries import Catalogue
from ecommerce.sources.product_catalogue.fetch_command import CONNECTION
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom

FILE = "summary.json"
MAX_SHOWN = 12
"""New pictures in the mail."""
MAX_LISTED = 50
MANY_BROKEN = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of products and pictures, and the differences from the previous catalogue as SKUs.

    `changed` products have another name, category or picture. `broken` pictures have sku, host and reason;
    `shown`, the new ones, have sku, name and thumbnail_uri. `downloaded` counts pictures whose content was
    read. `is_news`: anything differs from the previous catalogue.
    """

    products: int
    pictures: int
    new: list[str]
    changed: list[str]
    gone: list[str]
    broken: list[dict[str, str]]
    rejected: list[str]
    downloaded: int
    shown: list[dict[str, Any]]
    more_pictures: int
    is_news: bool

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the mail."""
        broken = "broken picture" if len(self.broken) == 1 else "broken pictures"
        counts = {name: len(getattr(self, name)) for name in ("new", "changed", "gone", "rejected")}
        return {**counts, broken: len(self.broken)}

    @property
    def most_are_broken(self) -> bool:
        """Whether so many pictures are broken that the cause is probably the catalogue or the network."""
        return len(self.broken) > MANY_BROKEN and 2 * len(self.broken) > self.pictures


def summarise(catalogue: Catalogue, rows: Sequence[Row], last: LastCatalogue, downloaded: int) -> Summary:
    """Compare a run with the previous catalogue.

    Args:
        catalogue: the parsed catalogue.
        rows: the run's rows of `product_pictures`.
        last: the catalogue as loaded last.
        downloaded: how many pictures were downloaded.
    """
    before = {sku: last.products[sku] for sku in last.present}
    pairs = [(row, before.get(row["sku"])) for row in rows]
    new = [row["sku"] for row, old in pairs if not old]
    changed = [row["sku"] for row, old in pairs if old and _differ(row, old, "name", "category", "sha256")]
    rejected_skus = {each.sku for each in catalogue.rejected}
    gone = sorted(before.keys() - {row["sku"] for row in rows} - rejected_skus)
    broken = [(row, old) for row, old in pairs if row["state"] == BROKEN]
    newly_broken = any(not old or _differ(row, old, "state", "image_url_hash") for row, old in broken)
    rejected = [
        f"{each.page}, entry {each.entry_number}: {each.reason} ({each.detail})"
        for each in catalogue.rejected
    ]
    shown: dict[str, Row] = {}  # by content, which several products may share
    known = {product["sha256"] for product in last.products.values()}
    for row in rows:
        if row["state"] == OK and row["sha256"] not in known:
            shown.setdefault(row["sha256"], {name: row[name] for name in ("sku", "name", "thumbnail_uri")})
    return Summary(
        products=len(catalogue.products),
        pictures=sum(1 for row in rows if row["image_url_hash"]),
        new=new,
        changed=changed,
        gone=gone,
        broken=[
            {"sku": row["sku"], "host": row["image_host"] or "no host", "reason": row["reason"]}
            for row, _ in broken
        ],
        rejected=rejected,
        downloaded=downloaded,
        shown=[*shown.values()][:MAX_SHOWN],
        more_pictures=max(len(shown) - MAX_SHOWN, 0),
        is_news=bool(new or changed or gone or newly_broken or len(rejected) != (last.rejected or 0)),
    )


def _differ(row: Row, old: Row, *names: str) -> bool:
    return any(row[name] != old[name] for name in names)


def read_summary(manifest: Manifest) -> Summary:
    """Read the summary from the loadable folder; StagingError where it is gone."""
    with storage_errors(manifest.uri):
        return from_xcom(Summary, json.loads((storage_path(manifest.uri) / FILE).read_text()))


def notify(run: DagRun, manifest: Manifest, warnings: list[DataWarning], *, send_mail: bool) -> str:
    """Mail the changes that a run found, always with the same Message-ID; return why not, or nothing.

    Args:
        run: determines the Message-ID.
        manifest: of the loadable folder.
        warnings: of the checks.
        send_mail: the run's param: also mail if nothing has changed.
    """
    summary = read_summary(manifest)
    if not (summary.is_news or send_mail):
        return "the catalogue has not changed, and send_mail is not set"
    if not (to := transport.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    message = compose(summary, warnings, thumbnails(summary))
    fingerprint = hashlib.sha256(f"{run.dag_id}\0{run.run_id}".encode()).hexdigest()[:24]
    message["Message-ID"] = transport.message_id(f"catalogue.{fingerprint}")
    transport.send(message, to)
    return ""


def thumbnails(summary: Summary) -> list[tuple[str, str, bytes]]:
    """Return SKU, name and thumbnail of the new pictures, without those deleted since."""
    store = Store.of_pictures()
    read = ((each, store.read(each["thumbnail_uri"].removeprefix(f"{store.uri}/"))) for each in summary.shown)
    return [(clean(each["sku"]), clean(each["name"], 80), data) for each, data in read if data]


def compose(
    summary: Summary, warnings: Sequence[DataWarning], pictures: Sequence[tuple[str, str, bytes]]
) -> EmailMessage:
    """Return the mail without its addresses: text, and HTML with the new pictures.

    Args:
        summary: of the run.
        warnings: of the checks.
        pictures: as `thumbnails` returns them.
    """
    news = ", ".join(f"{count} {name}" for name, count in summary.counts.items() if count) or "no changes"
    if summary.most_are_broken:
        news = f"{len(summary.broken)} of {summary.pictures} pictures are broken"
    lists = {
        "New": summary.new,
        "Changed": summary.changed,
        "Gone from the catalogue (their pictures stay)": summary.gone,
        "Rejected entries (table rejected_rows)": summary.rejected,
    }
    cids = [f"picture-{number}@{CONNECTION}" for number in range(len(pictures))]
    texts = {
        "warning": summary.most_are_broken,
        "products": summary.products,
        "tiles": [{"label": name, "value": count} for name, count in summary.counts.items()],
        "pictures": [
            {"cid": cid, "sku": sku, "name": name} for cid, (sku, name, _) in zip(cids, pictures, strict=True)
        ],
        "more_pictures": summary.more_pictures,
        "lists": [
            {
                "title": title,
                "lines": [clean(each) for each in entries[:MAX_LISTED]],
                "more": max(len(entries) - MAX_LISTED, 0),
            }
            for title, entries in lists.items()
            if entries
        ],
        "broken": [
            [clean(each["sku"]), clean(each["host"]), each["reason"]] for each in summary.broken[:MAX_LISTED]
        ],
        "more_broken": max(len(summary.broken) - MAX_LISTED, 0),
        "warnings": [clean(sentence(each)) for each in warnings],
    }
    images = [transport.InlineImage(cid, data) for cid, (_, _, data) in zip(cids, pictures, strict=True)]
    return transport.compose(f"Product catalogue: {news}", "catalogue_mail", texts, images)
