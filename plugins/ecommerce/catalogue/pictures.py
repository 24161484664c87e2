"""The pictures of a parsed catalogue: fetched side by side, the new and the changed ones only.

Each address is fetched once, each content stored once, under names that are made of the content:
`originals/<sha256>.<ending>` and `thumbnails/<sha256>.png` below PICTURES_URI. A picture that is known is
asked for by its ETag and date; one whose server names neither is fetched again after `REFETCH_DAYS`. What is
broken is listed, and fails nothing. The loadable folder has `product_pictures.parquet`,
`rejected_rows.parquet`, and `summary.json` for the mail.
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
from ecommerce.catalogue.loading import BROKEN, CATALOGUE, NO_PICTURE, OK, Known, Memory
from ecommerce.core.settings import Network, load_settings
from ecommerce.sources.product_catalogue.download import Limits, Validators, download, host_of
from ecommerce.sources.product_catalogue.parser import Catalogue, Product, read_parsed
from ecommerce.sources.product_catalogue.urls import SilentHost, UnusablePicture
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import to_xcom
from ecommerce.warehouse.schema import arrow_type
from ecommerce.warehouse.staging_tables import staged_columns

log = logging.getLogger(__name__)

AT_ONCE, AT_ONCE_FROM_A_HOST = 8, 4
SILENT_AT_MOST = 5
"""After so many pictures in a row for which a host was silent, it is not asked for the others."""
REFETCH_DAYS = 7
"""How long a picture stands whose server names neither ETag nor date."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A usable picture: what its server knows it by, where it lies, when (aware) it was downloaded."""

    validators: Validators
    sha256: str
    picture_uri: str
    thumbnail_uri: str
    fetched_at: datetime


@dataclass
class _Host:
    """How one host has answered so far."""

    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE_FROM_A_HOST))
    silent: int = 0


@dataclass
class Fetcher:
    """Fetches pictures into `store`; one for all threads of a run. `present`: the files that are stored
    already. `decoder` has one thread, see `images.examine`."""

    store: Store
    present: set[str]
    networks: Sequence[Network]
    now: datetime
    limits: Limits = field(default_factory=Limits)
    hosts: defaultdict[str, _Host] = field(default_factory=lambda: defaultdict(_Host))
    downloaded: int = 0
    decoder: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "decoder"))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, url: str, known: Stored | None) -> Stored | str:
        """The picture at `url`, of which `known` was fetched before; why there is none, where it cannot be
        used.

        Raises:
            StagingError: it cannot be stored.
        """
        with self._lock:
            host = self.hosts[host_of(url)]
        if known and not self._is_stored(known):
            known = None
        if known and known.validators == Validators() and self._is_fresh(known):
            return known
        with host.places:
            if host.silent >= SILENT_AT_MOST:
                return "its host did not answer for others before it"
            try:
                found = download(url, known.validators if known else Validators(), self.networks, self.limits)
                host.silent = 0
                if found.data is None and known:
                    return known
                return self._kept(found.data or b"", found.validators)
            except SilentHost as error:
                host.silent += 1
                return str(error)
            except UnusablePicture as error:
                return str(error)

    def _kept(self, data: bytes, validators: Validators) -> Stored:
        with self._lock:
            self.downloaded += 1
        picture = self.decoder.submit(images.examine, data).result()
        sha256 = hashlib.sha256(data).hexdigest()
        original, thumbnail = f"originals/{sha256}.{picture.ending}", f"thumbnails/{sha256}.png"
        for name, content in ((original, data), (thumbnail, picture.thumbnail)):
            if name not in self.present:
                self.store.write(name, content)
                self.present.add(name)
        uris = self.store.uri_of(original), self.store.uri_of(thumbnail)
        return Stored(validators, sha256, *uris, self.now)

    def _is_stored(self, known: Stored) -> bool:
        names = (uri.removeprefix(f"{self.store.uri}/") for uri in (known.picture_uri, known.thumbnail_uri))
        return all(name in self.present for name in names)

    def _is_fresh(self, known: Stored) -> bool:
        return self.now - known.fetched_at < timedelta(days=REFETCH_DAYS)


def refresh(
    parsed: Manifest, folder: str, run_id: str, memory: Memory, limits: Limits | None = None
) -> Manifest:
    """Fetch the pictures of the parsed catalogue and leave the loadable folder.

    Raises:
        StagingError: the parsed folder is gone, or pictures cannot be stored.
    """
    catalogue, now = read_parsed(parsed), parsed.read_at
    store = Store.of_pictures()
    present = store.names("originals") | store.names("thumbnails")
    fetcher = Fetcher(store, present, load_settings().picture_networks, now, limits or Limits())
    found = fetch_all(fetcher, catalogue.products, memory.products)
    rows = [
        _row(product, found.get(product.image_url or ""), memory.products.get(product.sku))
        | {"first_seen_at": now, "last_seen_at": now, "run_id": run_id}
        for product in catalogue.products
    ]
    summary = summaries.summarise(catalogue, rows, memory, fetcher.downloaded)
    rows += _untouched(catalogue, memory, {"last_seen_at": now, "run_id": run_id})
    for broken in summary.broken:
        log.warning(
            "%s: the picture of %s cannot be used: %s", broken.host or "no host", broken.sku, broken.reason
        )
    log.info("%d addresses, %d pictures downloaded; %s", len(found), fetcher.downloaded, summary.counts)
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
                "addresses": len(found),
            },
        )
    return staging.read_manifest(folder)


def fetch_all(
    fetcher: Fetcher, products: Sequence[Product], memory: Mapping[str, Known]
) -> dict[str, Stored | str]:
    """What became of each address, by the address."""
    known = {
        each.image_url_hash: stored
        for each in sorted(memory.values(), key=lambda each: each.last_seen_at)
        if (stored := _stored(each))
    }
    urls = sorted({product.image_url for product in products if product.image_url})
    with ThreadPoolExecutor(AT_ONCE, "pictures") as pool:
        return dict(
            zip(urls, pool.map(lambda url: fetcher.fetch(url, known.get(hash_of(url))), urls), strict=True)
        )


def hash_of(url: str) -> str:
    """What stands for an address in the warehouse."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _stored(known: Known) -> Stored | None:
    """The usable picture that the address of `known` brought."""
    if not (known.fetched_at and known.sha256 and known.picture_uri and known.thumbnail_uri):
        return None
    validators = Validators(known.etag, known.last_modified)
    return Stored(validators, known.sha256, known.picture_uri, known.thumbnail_uri, known.fetched_at)


def _row(product: Product, found: Stored | str | None, known: Known | None) -> Row:
    """The product's row of `product_pictures`, but for when and by whom it was read. Where its picture is
    broken, the one it had stays, with what its server knows it by if the address is the same."""
    columns: Row = dict.fromkeys(column.name for column in staged_columns(CATALOGUE, "product_pictures"))
    columns |= {"sku": product.sku, "name": product.name, "category": product.category, "state": NO_PICTURE}
    if not product.image_url:
        return columns
    columns |= {"image_url_hash": hash_of(product.image_url), "image_host": host_of(product.image_url)}
    reason = found if isinstance(found, str) else None
    stored = found if isinstance(found, Stored) else None
    if stored is None and known:
        stored = _stored(known)
        kept = {name: getattr(known, name) for name in ("sha256", "picture_uri", "thumbnail_uri")}
        columns |= kept
        if known.image_url_hash != columns["image_url_hash"]:
            stored = None
    if stored:
        columns |= {
            "etag": stored.validators.etag,
            "last_modified": stored.validators.last_modified,
            "sha256": stored.sha256,
            "picture_uri": stored.picture_uri,
            "thumbnail_uri": stored.thumbnail_uri,
            "fetched_at": stored.fetched_at,
        }
    return columns | {"state": BROKEN if reason else OK, "reason": reason}


def _untouched(catalogue: Catalogue, memory: Memory, seen: Row) -> list[Row]:
    """Products whose entry was rejected this time: the catalogue has them still, and nothing new is known of
    them."""
    accepted = {product.sku for product in catalogue.products}
    again = {each.sku for each in catalogue.rejected if each.sku} - accepted
    names = [column.name for column in staged_columns(CATALOGUE, "product_pictures")]
    return [
        {name: getattr(memory.products[sku], name, None) for name in names} | seen
        for sku in sorted(again & memory.present)
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
    """Write a table's rows as its staging table takes them; its columns."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = staged_columns(CATALOGUE, table)
    schema = pa.schema([(column.name, arrow_type(column)) for column in columns])
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), folder / f"{table}.parquet")
    return list(schema.names)
