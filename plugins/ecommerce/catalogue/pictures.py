"""The pictures of the parsed catalogue: parallel downloads of new and changed ones.

Each URL is downloaded once and each content stored once, as `originals/<sha256>.<ending>` and
`thumbnails/<sha256>.png` below PICTURES_URI. A known picture is requested with its ETag and date; if its
server sends neither, it is downloaded again. Broken pictures are listed only. The loadable folder has
`product_pictures.parquet`, `rejected_rows.parquet`, and `summary.json` for the mail.
"""

import hashlib
import io
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ecommerce.catalogue import changes
from ecommerce.catalogue.download import (
    LIMITS,
    Limits,
    SilentHost,
    UnusablePicture,
    Validators,
    download,
    host_of,
)
from ecommerce.catalogue.entries import Catalogue, CatalogueProduct
from ecommerce.catalogue.loading import BROKEN, NO_PICTURE, OK, LastCatalogue, Row
from ecommerce.catalogue.parser import KEPT, read_parsed
from ecommerce.core.settings import Network, load_settings
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse.schema import write_rows

log = logging.getLogger(__name__)

THREADS = 4
"""The pictures of a catalogue are often on one host, which should stay usable for its customers."""
MAX_TIMEOUTS = 5
"""After so many timeouts in a row a host is not requested again."""
FILES = ("sha256", "picture_uri", "thumbnail_uri")
PICTURE = (*FILES, "etag", "last_modified", "fetched_at")
"""The columns of a usable picture; `fetched_at` is aware."""
ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""File endings by accepted format, which the content determines."""
MAX_PIXELS = 20_000_000
THUMBNAIL_PIXELS = 96
"""Of the longer side."""


class CheckedImage(NamedTuple):
    """The file ending of a valid image, and its thumbnail, a PNG without metadata."""

    ending: str
    thumbnail: bytes


def examine(data: bytes) -> CheckedImage:
    """Decode an image; raise UnusablePicture where it is none, is damaged, or has too many pixels.

    Call this in one thread only: a decoded image takes up to 400 MB, whatever the file's size, and the C
    library keeps memory for each thread that has decoded one.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=tuple(ENDINGS)) as image:
            kind = str(image.format)
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            small = image.convert("RGBA")
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        small = ImageOps.exif_transpose(small)
    except Image.DecompressionBombError:
        raise UnusablePicture(
            f"it has more than {MAX_PIXELS // 1_000_000} million pixels"
        ) from None
    except UnidentifiedImageError:
        raise UnusablePicture(
            "its content is no JPEG, PNG, WebP or GIF picture"
        ) from None
    except Exception:  # Pillow's decoders raise any type for damaged files
        raise UnusablePicture("it is damaged") from None
    small.info.clear()
    png = io.BytesIO()
    small.save(png, "PNG", optimize=True)
    return CheckedImage(ENDINGS[kind], png.getvalue())


@dataclass
class Fetcher:
    """Downloads pictures to `store`, for all threads of a run that began at `now`."""

    store: Store
    networks: Sequence[Network]
    now: datetime
    limits: Limits
    decoder: Executor = field(
        default_factory=lambda: ThreadPoolExecutor(1)
    )  # see `examine`
    _timeouts: Counter[str] = field(default_factory=Counter)

    def fetch(self, url: str, known: Row | None) -> Row | str:
        """Return the columns `PICTURE` of the picture at `url`, or why it cannot be used. `known`: those that
        the same URL returned before."""
        host = host_of(url)
        if self._timeouts[host] >= MAX_TIMEOUTS:
            return "its host did not answer for others before it"
        validators = (
            Validators(known["etag"], known["last_modified"]) if known else Validators()
        )
        try:
            response = download(url, validators, self.networks, self.limits)
            self._timeouts[host] = 0
            if response.data is None and known:
                return known
            return self._stored(response.data or b"", response.validators)
        except UnusablePicture as error:
            self._timeouts[host] += isinstance(error, SilentHost)
            return str(error)

    def _stored(self, data: bytes, validators: Validators) -> Row:
        ending, thumbnail = self.decoder.submit(examine, data).result()
        sha256 = hashlib.sha256(data).hexdigest()
        picture_name, thumbnail_name = (
            f"originals/{sha256}.{ending}",
            f"thumbnails/{sha256}.png",
        )
        self.store.write(picture_name, data)
        self.store.write(thumbnail_name, thumbnail)
        return {
            "sha256": sha256,
            "picture_uri": self.store.uri_of(picture_name),
            "thumbnail_uri": self.store.uri_of(thumbnail_name),
            "etag": validators.etag,
            "last_modified": validators.last_modified,
            "fetched_at": self.now,
        }


def refresh(
    parsed: Manifest,
    folder: str,
    run_id: str,
    last: LastCatalogue,
    limits: Limits = LIMITS,
) -> Manifest:
    """Download the new and changed pictures of the parsed catalogue, and write the loadable folder, the URI
    `folder`."""
    catalogue, now = read_parsed(parsed), parsed.read_at
    store = Store.of_pictures()
    fetcher = Fetcher(store, load_settings().picture_networks, now, limits)
    results = fetch_all(
        fetcher, catalogue.products, _stored_pictures(store, last.products.values())
    )
    of_run = {"last_seen_at": now, "run_id": run_id}
    rows = [
        _row(product, results, last.products.get(product.sku))
        | {"first_seen_at": now}
        | of_run
        for product in catalogue.products
    ]
    summary = changes.summarise(catalogue, rows, last)
    rows += _rejected_products(catalogue, last, of_run)
    for broken in summary["broken"]:
        log.warning("broken picture: %s", broken)
    downloaded = sum(
        not isinstance(each, str) and each["fetched_at"] == now
        for each in results.values()
    )
    log.info(
        "%d URLs, %d pictures downloaded; %s",
        len(results),
        downloaded,
        changes.counts(summary),
    )
    with staging.publish(folder) as draft:
        columns = {
            "product_pictures.parquet": write_rows(draft.path, "product_pictures", rows)
        }
        if catalogue.rejected:
            rejected = _rejected_rows(parsed, catalogue, run_id)
            columns["rejected_rows.parquet"] = write_rows(
                draft.path, "rejected_rows", rejected
            )
        (draft.path / changes.FILE).write_text(json.dumps(summary))
        totals = {"product_pictures": len(rows), "downloaded": downloaded}
        draft.seal(
            **{name: getattr(parsed, name) for name in KEPT},
            rows=len(rows),
            columns=columns,
            control_totals={**parsed.control_totals, **totals},
        )
    return staging.read_manifest(folder)


def _stored_pictures(store: Store, rows: Iterable[Row]) -> dict[str, Row]:
    """Return the columns `PICTURE` of the pictures that were downloaded and are still stored, by hash of
    their URL."""
    stored = {
        store.uri_of(name)
        for name in store.names("originals") | store.names("thumbnails")
    }
    pictures = {}
    for row in sorted(rows, key=lambda row: row["last_seen_at"]):
        if row["fetched_at"] and {row["picture_uri"], row["thumbnail_uri"]} <= stored:
            pictures[row["image_url_hash"]] = {name: row[name] for name in PICTURE}
    return pictures


def fetch_all(
    fetcher: Fetcher, products: Sequence[CatalogueProduct], known: Mapping[str, Row]
) -> dict[str, Row | str]:
    """Return the result of `Fetcher.fetch` by URL. `known` are the stored pictures by hash of their URL."""
    urls = sorted({product.image_url for product in products if product.image_url})
    with ThreadPoolExecutor(THREADS, "pictures") as pool:
        results = pool.map(
            lambda url: fetcher.fetch(url, known.get(hash_of(url))), urls
        )
        return dict(zip(urls, results, strict=True))


def hash_of(url: str) -> str:
    """Return the hash that replaces a URL in the warehouse."""
    return hashlib.sha256(url.encode()).hexdigest()


def _row(
    product: CatalogueProduct, results: Mapping[str, Row | str], known: Row | None
) -> Row:
    """Return the product's row of `product_pictures`, without the run's columns.

    A product with a broken picture keeps its previous one, with its validators if the URL is the same.
    """
    row: Row = dict.fromkeys((*PICTURE, "reason", "image_url_hash", "image_host"))
    row |= {
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "state": NO_PICTURE,
    }
    if not product.image_url:
        return row
    url_hash = hash_of(product.image_url)
    row |= {
        "image_url_hash": url_hash,
        "image_host": host_of(product.image_url),
        "state": OK,
    }
    result = results[product.image_url]
    if not isinstance(result, str):
        return row | result
    kept = PICTURE if known and known["image_url_hash"] == url_hash else FILES
    return (
        row
        | {name: known[name] for name in kept if known}
        | {"state": BROKEN, "reason": result}
    )


def _rejected_products(
    catalogue: Catalogue, last: LastCatalogue, of_run: Row
) -> list[Row]:
    """Return the previous rows of products whose entry was rejected: they are still in the catalogue."""
    accepted = {product.sku for product in catalogue.products}
    rejected = {each.sku for each in catalogue.rejected if each.sku} - accepted
    return [last.products[sku] | of_run for sku in sorted(rejected & last.present)]


def _rejected_rows(parsed: Manifest, catalogue: Catalogue, run_id: str) -> list[Row]:
    of_run = {
        "business_date": parsed.business_date,
        "source": parsed.source,
        "run_id": run_id,
    }
    names = ("row_number", "file", "reason", "detail", "raw")
    return [
        of_run | {name: getattr(entry, name) for name in names}
        for entry in catalogue.rejected
    ]
