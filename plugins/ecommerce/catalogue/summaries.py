"""What one run found, compared with what the catalogue was before: for the mail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecommerce.catalogue.loading import BROKEN, OK, Memory
from ecommerce.sources.product_catalogue.parser import Catalogue
from ecommerce.storage.staging import Manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom

FILE = "summary.json"
MOST_SHOWN = 12
"""New pictures in the mail."""
MOST_LISTED = 50
MANY_BROKEN = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A product with a picture that was not there before; `thumbnail_uri` as in `product_pictures`."""

    sku: str
    name: str | None
    thumbnail_uri: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A picture that cannot be used: whose, from where, and why."""

    sku: str
    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """`products`: in the catalogue. `new`: not in the one before; `changed`: with another name, category or
    picture than it said; `gone`: only in the one before; all three are skus, in order. `downloaded`: pictures
    whose bytes were read. `is_news`: whether anything is different from the time before."""

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
        """The figures people are told."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "gone": len(self.gone),
            "broken": len(self.broken),
            "rejected": len(self.rejected),
        }

    @property
    def most_are_broken(self) -> bool:
        """Whether so many pictures are broken that the catalogue itself, or the way to it, seems to be."""
        return len(self.broken) > MANY_BROKEN and 2 * len(self.broken) > self.pictures


def summarise(
    catalogue: Catalogue, rows: Sequence[Mapping[str, Any]], memory: Memory, downloaded: int
) -> Summary:
    """Compare `rows`, the run's rows of `product_pictures`, with what was there before."""
    before = {sku: memory.products[sku] for sku in memory.present}
    compared = ("name", "category", "sha256")
    new = [row["sku"] for row in rows if row["sku"] not in before]
    changed = [
        row["sku"]
        for row in rows
        if (known := before.get(row["sku"])) and any(row[name] != getattr(known, name) for name in compared)
    ]
    rejected_skus = {each.sku for each in catalogue.rejected}
    gone = sorted(before.keys() - {row["sku"] for row in rows} - rejected_skus)
    broken = [row for row in rows if row["state"] == BROKEN]
    newly_broken = [
        row
        for row in broken
        if not (known := before.get(row["sku"]))
        or (known.state, known.image_url_hash) != (BROKEN, row["image_url_hash"])
    ]
    shown = _new_pictures(rows, memory)
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
        shown=shown[:MOST_SHOWN],
        more_pictures=max(len(shown) - MOST_SHOWN, 0),
        is_news=bool(new or changed or gone or newly_broken or len(rejected) != (memory.rejected or 0)),
    )


def read(manifest: Manifest) -> Summary:
    """The summary in the loadable folder; StagingError where it is gone."""
    with storage_errors(manifest.uri):
        return from_xcom(Summary, json.loads((storage_path(manifest.uri) / FILE).read_text()))


def _new_pictures(rows: Sequence[Mapping[str, Any]], memory: Memory) -> list[Shown]:
    """One per picture, however many products share it."""
    seen = {known.sha256 for known in memory.products.values()}
    found = []
    for row in rows:
        if row["state"] == OK and row["sha256"] not in seen:
            seen.add(row["sha256"])
            found.append(Shown(row["sku"], row["name"], row["thumbnail_uri"]))
    return found
