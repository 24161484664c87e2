"""The pictures of the parsed catalogue: parallel downloads of new and changed ones.

Each URL is downloaded once and each content stored once, as `originals/<sha256>.<ending>` and
`thumbnails/<sha256>.png` below PICTURES_URI. A known picture is requested with its ETag and date; if its
server sends neither, it is downloaded again. Broken pictures are listed only. The loadable folder has
`product_pictures.parquet`, `rejected_rows.parquet`, and `summary.json` for the mail.
"""

import hashlib
import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime

from ecommerce.catalogue import changes
from ecommerce.catalogue.download import (
    Download,
    SilentHost,
    UnusablePicture,
    download,
    host_of,
)
from ecommerce.catalogue.entries import CatalogueProduct
from ecommerce.catalogue.loading import BROKEN, NO_PICTURE, OK, present_products
from ecommerce.catalogue.parser import read_parsed
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Row, Rows
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse.schema import write_rows

THREADS = 4
"""The pictures of a catalogue are often on one host, which should stay usable for its customers."""
MOST_SILENCES = 5
"""So many downloads in a row without an answer, and a host is not requested again in the run."""
DECODER = ThreadPoolExecutor(1)
"""For `examine`."""
ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""File endings by accepted format, which the content determines."""
MOST_PIXELS = 20_000_000
THUMBNAIL_PIXELS = 96
"""Of the longer side."""


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """The file ending of a valid image, and its thumbnail, a PNG without metadata."""

    ending: str
    thumbnail: bytes


def examine(data: bytes) -> CheckedImage:
    """Decode an image; raise UnusablePicture where it is none, is damaged, or has too many pixels.

    Call this in one thread only: a decoded image takes up to 400 MB, whatever the file's size, and the C
    library keeps memory for each thread that has decoded one.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # twice as many are an error
    try:
        with Image.open(io.BytesIO(data), formats=tuple(ENDINGS)) as image:
            # A phone's JPEG with further pictures behind the first is of the format MPO.
            ending = ENDINGS.get(str(image.format), "jpg")
            small = image.convert("RGBA")
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        small = ImageOps.exif_transpose(small)
        small.info.clear()
        png = io.BytesIO()
        small.save(png, "PNG", optimize=True)
    except Exception:  # Pillow's decoders raise any type for damaged files
        raise UnusablePicture(
            "its content is no JPEG, PNG, WebP or GIF picture, is damaged, or has more than "
            f"{MOST_PIXELS // 1_000_000} million pixels"
        ) from None
    return CheckedImage(ending, png.getvalue())


@dataclass
class Fetcher:
    """Downloads pictures to `store`, for all threads of a run that began at `now`. `known` are rows of stored
    pictures by hash of their URL."""

    store: Store
    known: Rows
    now: datetime
    silences: Counter[str] = field(default_factory=Counter)
    """By host, since its last answer."""

    def fetch(self, url: str) -> Row:
        """Return the columns of the picture at `url`, or its state `BROKEN` and the reason."""
        host = host_of(url)
        row = {"image_url_hash": hash_of(url), "image_host": host, "state": BROKEN}
        if self.silences[host] >= MOST_SILENCES:
            reason = "its host did not answer for others before it"
            return row | {"reason": reason}
        known = self.known.get(row["image_url_hash"], {})
        try:
            response = download(url, known.get("etag"), known.get("last_modified"))
            self.silences[host] = 0
            if response.data is not None:
                known = self._stored(response.data, response)
        except UnusablePicture as error:
            if isinstance(error, SilentHost):
                self.silences[host] += 1
            return row | {"reason": str(error)}
        return known | row | {"state": OK, "reason": None}

    def _stored(self, data: bytes, response: Download) -> Row:
        image = DECODER.submit(examine, data).result()
        sha256 = hashlib.sha256(data).hexdigest()
        picture = f"originals/{sha256}.{image.ending}"
        thumbnail = f"thumbnails/{sha256}.png"
        self.store.write(picture, data)
        self.store.write(thumbnail, image.thumbnail)
        return {
            "sha256": sha256,
            "picture_uri": self.store.uri_of(picture),
            "thumbnail_uri": self.store.uri_of(thumbnail),
            "etag": response.etag,
            "last_modified": response.last_modified,
            "fetched_at": self.now,
        }


def hash_of(url: str) -> str:
    """Return the hash that replaces a URL in the warehouse."""
    return hashlib.sha256(url.encode()).hexdigest()


def refresh(
    parsed: Manifest,
    folder: str,
    run_id: str,
    stored: Rows,
) -> Manifest:
    """Download the new and changed pictures of the parsed catalogue, and write the loadable folder, the URI
    `folder`. `stored` are the products as loaded last, by SKU."""
    catalogue = read_parsed(parsed)
    now = parsed.read_at
    known = {row["image_url_hash"]: row for row in stored.values() if row["fetched_at"]}
    fetcher = Fetcher(Store(load_settings().pictures_uri), known, now)
    urls = {product.image_url for product in catalogue.products if product.image_url}
    with ThreadPoolExecutor(THREADS) as pool:
        fetched = dict(zip(urls, pool.map(fetcher.fetch, urls), strict=True))
    rows = {}
    for product in catalogue.products:
        rows[product.sku] = _row(product, fetched, stored)
    summary = changes.summarise(catalogue, list(rows.values()), stored)
    # Products whose entry was rejected are still in the catalogue.
    present = present_products(stored)
    for entry in catalogue.rejected:
        if entry.sku in present:
            rows.setdefault(entry.sku, present[entry.sku])
    # `write_rows` takes the columns of its table.
    of_run = {
        **parsed.facts(),
        "run_id": run_id,
        # The load keeps that of a known product.
        "first_seen_at": now,
        "last_seen_at": now,
    }
    with staging.publish(folder) as draft:
        pictures = [row | of_run for row in rows.values()]
        write_rows(draft.path, "product_pictures", pictures)
        if catalogue.rejected:
            rejected = [asdict(entry) | of_run for entry in catalogue.rejected]
            write_rows(draft.path, "rejected_rows", rejected)
        (draft.path / changes.FILE).write_text(json.dumps(summary))
        draft.seal(
            **parsed.facts(),
            rows=len(rows),
            control_totals={**parsed.control_totals, "product_pictures": len(rows)},
        )
    return staging.read_manifest(folder)


def _row(
    product: CatalogueProduct,
    fetched: Rows,
    stored: Rows,
) -> Row:
    """Return the product's row of `product_pictures`, without what all rows of a run have.

    A product with a broken picture keeps its previous one; it has no `fetched_at` where that was of another
    URL.
    """
    row = {
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
    }
    if not product.image_url:
        return row | {"state": NO_PICTURE}
    # A stored row may be that of another product with the same picture.
    row = fetched[product.image_url] | row
    known = stored.get(product.sku)
    if row["state"] == BROKEN and known:
        row = known | row
        if known["image_url_hash"] != row["image_url_hash"]:
            row["fetched_at"] = None
    return row
