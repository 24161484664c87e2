"""The pictures of the parsed catalogue: parallel downloads of new and changed ones.

Each URL is downloaded once and each content stored once, as `originals/<sha256>.<ending>` and
`thumbnails/<sha256>.png` below PICTURES_URI. A known picture is requested with its ETag and date; if its
server sends neither, it is downloaded again after `REFETCH_DAYS`. Broken pictures are listed only. The
loadable folder has `product_pictures.parquet`, `rejected_rows.parquet`, and `summary.json` for the mail.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ecommerce.catalogue import images, summaries
from ecommerce.catalogue.loading import BROKEN, CATALOGUE, NO_PICTURE, OK, LastCatalogue, StoredProduct
from ecommerce.core.settings import Network, load_settings
from ecommerce.sources.product_catalogue.download import Limits, Validators, download, host_of
from ecommerce.sources.product_catalogue.entries import Catalogue, CatalogueProduct
from ecommerce.sources.product_catalogue.parser import read_parsed
from ecommerce.sources.product_catalogue.urls import SilentHost, UnusablePicture
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import to_xcom
from ecommerce.warehouse.schema import arrow_type
from ecommerce.warehouse.staging_tables import staged_columns

log = logging.getLogger(__name__)

THREADS, THREADS_PER_HOST = 8, 4
MAX_TIMEOUTS = 5
"""After so many timeouts in a row a host is not requested again."""
REFETCH_DAYS = 7
"""After how many days a picture without ETag and date is downloaded again."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A usable picture in storage; `fetched_at` is aware."""

    validators: Validators
    sha256: str
    picture_uri: str
    thumbnail_uri: str
    fetched_at: datetime


@dataclass
class _Host:
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(THREADS_PER_HOST))
    timeouts: int = 0


@dataclass
class Fetcher:
    """Downloads pictures to `store`, for all threads of a run.

    `present` are the names of stored files. `decoder` has one thread, see `images.examine`.
    """

    store: Store
    present: set[str]
    networks: Sequence[Network]
    now: datetime
    limits: Limits = field(default_factory=Limits)
    hosts: defaultdict[str, _Host] = field(default_factory=lambda: defaultdict(_Host))
    downloaded: int = 0
    decoder: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "decoder"))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, url: str, known: StoredPicture | None) -> StoredPicture | str:
        """Return the picture at `url`, or why it cannot be used.

        Args:
            url: its address.
            known: what the same URL returned before.

        Raises:
            StagingError: the picture cannot be stored.
        """
        with self._lock:
            host = self.hosts[host_of(url)]
        if known and not {self._name(known.picture_uri), self._name(known.thumbnail_uri)} <= self.present:
            known = None
        is_recent = known and self.now - known.fetched_at < timedelta(days=REFETCH_DAYS)
        if known and known.validators == Validators() and is_recent:
            return known
        with host.slots:
            if host.timeouts >= MAX_TIMEOUTS:
                return "its host did not answer for others before it"
            try:
                response = download(
                    url, known.validators if known else Validators(), self.networks, self.limits
                )
                host.timeouts = 0
                if response.data is None and known:
                    return known
                return self._stored(response.data or b"", response.validators)
            except SilentHost as error:
                host.timeouts += 1
                return str(error)
            except UnusablePicture as error:
                return str(error)

    def _stored(self, data: bytes, validators: Validators) -> StoredPicture:
        with self._lock:
            self.downloaded += 1
        image = self.decoder.submit(images.examine, data).result()
        sha256 = hashlib.sha256(data).hexdigest()
        original, thumbnail = f"originals/{sha256}.{image.ending}", f"thumbnails/{sha256}.png"
        for name, content in ((original, data), (thumbnail, image.thumbnail)):
            if name not in self.present:
                self.store.write(name, content)
                self.present.add(name)
        uris = self.store.uri_of(original), self.store.uri_of(thumbnail)
        return StoredPicture(validators, sha256, *uris, self.now)

    def _name(self, uri: str) -> str:
        return uri.removeprefix(f"{self.store.uri}/")


def refresh(
    parsed: Manifest, folder: str, run_id: str, last: LastCatalogue, limits: Limits | None = None
) -> Manifest:
    """Download the pictures of the parsed catalogue and write the loadable folder.

    Args:
        parsed: the parsed catalogue.
        folder: URI of the loadable folder.
        run_id: for the rows.
        last: the catalogue as loaded last.
        limits: of downloads.

    Raises:
        StagingError: the parsed folder is gone, or pictures cannot be stored.
    """
    catalogue, now = read_parsed(parsed), parsed.read_at
    store = Store.of_pictures()
    present = store.names("originals") | store.names("thumbnails")
    fetcher = Fetcher(store, present, load_settings().picture_networks, now, limits or Limits())
    results = fetch_all(fetcher, catalogue.products, last.products)
    rows = [
        _row(product, results.get(product.image_url or ""), last.products.get(product.sku))
        | {"first_seen_at": now, "last_seen_at": now, "run_id": run_id}
        for product in catalogue.products
    ]
    summary = summaries.summarise(catalogue, rows, last, fetcher.downloaded)
    rows += _untouched(catalogue, last, {"last_seen_at": now, "run_id": run_id})
    for broken in summary.broken:
        log.warning(
            "%s: the picture of %s cannot be used: %s", broken.host or "no host", broken.sku, broken.reason
        )
    log.info("%d URLs, %d pictures downloaded; %s", len(results), fetcher.downloaded, summary.counts)
    with staging.publish(folder) as draft:
        columns = {"product_pictures.parquet": _write(draft.path, "product_pictures", rows)}
        if catalogue.rejected:
            rejected = _rejected(parsed, catalogue, run_id)
            columns["rejected_rows.parquet"] = _write(draft.path, "rejected_rows", rejected)
        (draft.path / summaries.FILE).write_text(json.dumps(to_xcom(summary)))
        facts = ("source", "business_date", "read_at", "window_start", "window_end")
        draft.seal(
            **{name: getattr(parsed, name) for name in facts},
            rows=len(rows),
            columns=columns,
            control_totals={
                **parsed.control_totals,
                "product_pictures": len(rows),
                "downloaded": fetcher.downloaded,
                "addresses": len(results),
            },
        )
    return staging.read_manifest(folder)


def fetch_all(
    fetcher: Fetcher, products: Sequence[CatalogueProduct], last: Mapping[str, StoredProduct]
) -> dict[str, StoredPicture | str]:
    """Return the result of `Fetcher.fetch` by URL.

    Args:
        fetcher: of the run.
        products: of the parsed catalogue.
        last: the products as loaded last, by SKU.
    """
    known = {
        each.image_url_hash: picture
        for each in sorted(last.values(), key=lambda each: each.last_seen_at)
        if (picture := _picture_of(each))
    }
    urls = sorted({product.image_url for product in products if product.image_url})
    with ThreadPoolExecutor(THREADS, "pictures") as pool:
        return dict(
            zip(urls, pool.map(lambda url: fetcher.fetch(url, known.get(hash_of(url))), urls), strict=True)
        )


def hash_of(url: str) -> str:
    """Return the hash that replaces a URL in the warehouse."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _picture_of(known: StoredProduct) -> StoredPicture | None:
    if not (known.fetched_at and known.sha256 and known.picture_uri and known.thumbnail_uri):
        return None
    validators = Validators(known.etag, known.last_modified)
    return StoredPicture(validators, known.sha256, known.picture_uri, known.thumbnail_uri, known.fetched_at)


def _row(product: CatalogueProduct, result: StoredPicture | str | None, known: StoredProduct | None) -> Row:
    """Return the product's row of `product_pictures`, without the run's columns.

    A product with a broken picture keeps its previous one, with its validators if the URL is the same.
    """
    row: Row = dict.fromkeys(column.name for column in staged_columns(CATALOGUE, "product_pictures"))
    row |= {"sku": product.sku, "name": product.name, "category": product.category, "state": NO_PICTURE}
    if not product.image_url:
        return row
    url_hash = hash_of(product.image_url)
    row |= {"image_url_hash": url_hash, "image_host": host_of(product.image_url), "state": OK}
    if isinstance(result, StoredPicture):
        picture: StoredPicture | None = result
    else:
        picture = _picture_of(known) if known else None
        if result:
            row |= {"state": BROKEN, "reason": result}
        if known:
            row |= {name: getattr(known, name) for name in ("sha256", "picture_uri", "thumbnail_uri")}
            if known.image_url_hash != url_hash:
                picture = None
    if picture:
        row |= {
            "etag": picture.validators.etag,
            "last_modified": picture.validators.last_modified,
            "sha256": picture.sha256,
            "picture_uri": picture.picture_uri,
            "thumbnail_uri": picture.thumbnail_uri,
            "fetched_at": picture.fetched_at,
        }
    return row


def _untouched(catalogue: Catalogue, last: LastCatalogue, seen: Row) -> list[Row]:
    """Return the previous rows of products whose entry was rejected: they are still in the catalogue."""
    accepted = {product.sku for product in catalogue.products}
    rejected = {each.sku for each in catalogue.rejected if each.sku} - accepted
    names = [column.name for column in staged_columns(CATALOGUE, "product_pictures")]
    return [
        {name: getattr(last.products[sku], name, None) for name in names} | seen
        for sku in sorted(rejected & last.present)
    ]


def _rejected(parsed: Manifest, catalogue: Catalogue, run_id: str) -> list[Row]:
    reasons = Counter(each.reason for each in catalogue.rejected)
    log.warning("%d entries rejected: %s", len(catalogue.rejected), dict(reasons))
    return [
        {
            "business_date": parsed.business_date,
            "source": parsed.source,
            "run_id": run_id,
            "row_number": each.entry_number,
            "reason": each.reason,
            "detail": each.detail,
            "file": each.page,
            "raw": each.raw,
            "order_id": None,
        }
        for each in catalogue.rejected
    ]


def _write(folder: Path, table: str, rows: Sequence[Row]) -> list[str]:
    """Write rows in the schema of their staging table, and return its columns."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = staged_columns(CATALOGUE, table)
    schema = pa.schema([(column.name, arrow_type(column)) for column in columns])
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), folder / f"{table}.parquet")
    return list(schema.names)
