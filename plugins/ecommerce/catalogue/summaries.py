"""The differences between a run's catalogue and the previous one, for the mail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecommerce.catalogue.loading import BROKEN, OK, LastCatalogue
from ecommerce.sources.product_catalogue.entries import Catalogue
from ecommerce.storage.staging import Manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom

FILE = "summary.json"
MAX_SHOWN = 12
"""New pictures in the mail."""
MAX_LISTED = 50
MANY_BROKEN = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A product with a new picture; `thumbnail_uri` as in `product_pictures`."""

    sku: str
    name: str | None
    thumbnail_uri: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An unusable picture: its product, its host, and the reason."""

    sku: str
    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of products and pictures, and the differences from the previous catalogue as SKUs.

    `changed` products have another name, category or picture. `downloaded` counts pictures whose content was
    read. `is_news`: anything differs from the previous catalogue.
    """

    products: int
    pictures: int
    new: list[str]
    changed: list[str]
    gone: list[str]
    broken: list[Broken]
    rejected: list[str]
    downloaded: int
    shown: list[Shown]
    more_pictures: int
    is_news: bool

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the mail."""
        return {name: len(getattr(self, name)) for name in ("new", "changed", "gone", "broken", "rejected")}

    @property
    def most_are_broken(self) -> bool:
        """Whether so many pictures are broken that the cause is probably the catalogue or the network."""
        return len(self.broken) > MANY_BROKEN and 2 * len(self.broken) > self.pictures


def summarise(
    catalogue: Catalogue, rows: Sequence[Mapping[str, Any]], last: LastCatalogue, downloaded: int
) -> Summary:
    """Compare a run with the previous catalogue.

    Args:
        catalogue: the parsed catalogue.
        rows: the run's rows of `product_pictures`.
        last: the catalogue as loaded last.
        downloaded: how many pictures were downloaded.
    """
    before = {sku: last.products[sku] for sku in last.present}
    compared = ("name", "category", "sha256")
    new = [row["sku"] for row in rows if row["sku"] not in before]
    changed = [
        row["sku"]
        for row in rows
        if (product := before.get(row["sku"]))
        and any(row[name] != getattr(product, name) for name in compared)
    ]
    rejected_skus = {each.sku for each in catalogue.rejected}
    gone = sorted(before.keys() - {row["sku"] for row in rows} - rejected_skus)
    broken = [row for row in rows if row["state"] == BROKEN]
    newly_broken = [
        row
        for row in broken
        if not (product := before.get(row["sku"]))
        or (product.state, product.image_url_hash) != (BROKEN, row["image_url_hash"])
    ]
    shown = _new_pictures(rows, last)
    rejected = [
        f"{each.page}, entry {each.entry_number}: {each.reason} ({each.detail})"
        for each in catalogue.rejected
    ]
    return Summary(
        products=len(catalogue.products),
        pictures=sum(1 for row in rows if row["image_url_hash"]),
        new=new,
        changed=changed,
        gone=gone,
        broken=[Broken(row["sku"], row["image_host"], row["reason"]) for row in broken],
        rejected=rejected,
        downloaded=downloaded,
        shown=shown[:MAX_SHOWN],
        more_pictures=max(len(shown) - MAX_SHOWN, 0),
        is_news=bool(new or changed or gone or newly_broken or len(rejected) != (last.rejected or 0)),
    )


def read_summary(manifest: Manifest) -> Summary:
    """Read the summary from the loadable folder.

    Raises:
        StagingError: it is gone.
    """
    with storage_errors(manifest.uri):
        return from_xcom(Summary, json.loads((storage_path(manifest.uri) / FILE).read_text()))


def _new_pictures(rows: Sequence[Mapping[str, Any]], last: LastCatalogue) -> list[Shown]:
    """Return one entry per new picture, even if several products share it."""
    seen = {product.sha256 for product in last.products.values()}
    shown = []
    for row in rows:
        if row["state"] == OK and row["sha256"] not in seen:
            seen.add(row["sha256"])
            shown.append(Shown(row["sku"], row["name"], row["thumbnail_uri"]))
    return shown
