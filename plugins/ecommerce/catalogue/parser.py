"""Parsing the catalogue's pages entry by entry, so that an invalid one costs no other.

include/sql/transform/catalogue/product_catalogue.sql maps the JSON. The parsed folder has `catalogue.json`, a
`Catalogue`.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from pydantic import ValidationError

from ecommerce.catalogue.entries import (
    Catalogue,
    CatalogueProduct,
    RejectedEntry,
)
from ecommerce.catalogue.fetch import (
    SOURCE,
    fetch_page,
    first_url,
    open_session,
    parse_page,
    server,
    value_at,
)
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.email_masking import mask_e_mails, safe_id
from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.text import clean, counted
from ecommerce.storage import staging
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import Manifest, storage_path

MAPPING = "transform/catalogue/product_catalogue.sql"
FILE = "catalogue.json"
LONGEST_RAW = 1_000
UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry: its number within the fetch and that of its page, both from 1, and its JSON."""

    number: int
    page: int
    record: str


def parse(
    manifest: Manifest,
    folder: str,
    known: Collection[str],
    *,
    accept_shrunk: bool = False,
) -> Manifest:
    """Read the pages of `manifest` and leave the parsed folder. `accept_shrunk`: take the catalogue although
    it is empty, or most of `known`, the SKUs of the one before, are not in it.

    Raises:
        ContractError: a page is no JSON or has no list of entries, or the catalogue has shrunk.
        StagingError: the pages cannot be read, or the folder not be written.
    """
    catalogue = read_pages(manifest)
    products, rejected = len(catalogue.products), len(catalogue.rejected)
    if not accept_shrunk:
        _refuse_shrunk(catalogue, known)
    with staging.publish(folder) as draft:
        (draft.path / FILE).write_text(json.dumps(to_plain(catalogue)))
        draft.seal(
            **facts_of_read(manifest),
            rows=products,
            columns={FILE: []},
            control_totals={
                "rows_read": products + rejected + catalogue.superseded,
                "rows_accepted": products,
                "rows_rejected": rejected,
                "rows_superseded": catalogue.superseded,
            },
        )
    return staging.read_manifest(folder)


def facts_of_read(manifest: Manifest) -> dict[str, Any]:
    """Return the fields of the raw folder's manifest that those of later folders have, too."""
    return {
        "source": manifest.source,
        "business_date": manifest.business_date,
        "read_at": manifest.read_at,
        "window_start": manifest.window_start,
        "window_end": manifest.window_end,
    }


def _refuse_shrunk(catalogue: Catalogue, known: Collection[str]) -> None:
    """Refuse an incomplete answer, which would remove products."""
    lost = set(known)
    lost -= {product.sku for product in catalogue.products}
    lost -= {entry.sku for entry in catalogue.rejected}
    if catalogue.products and 2 * len(lost) <= len(known):
        return
    products = counted(len(catalogue.products), "product")
    entries = counted(len(catalogue.rejected), "rejected entry", "rejected entries")
    if catalogue.rejected:
        first = catalogue.rejected[0]
        entries += f" (the first: {first.reason}, {first.detail})"
    raise ContractError(
        f"{SOURCE}: the catalogue has {products} and {entries}; {len(lost)} of the {len(known)} products it "
        "had before are missing: nothing is changed; if that is right, trigger the DAG with accept_shrunk"
    )


def check() -> Lines:
    """Fetch and parse the first page.

    Raises ConfigurationError and ContractError as `first_url` and `parse_pages`, and the errors of a request.
    """
    url = first_url()
    with open_session() as session:
        first = fetch_page(session, url, 1)
    catalogue = parse_pages([first])
    pictures = sum(product.image_url is not None for product in catalogue.products)
    products = counted(len(catalogue.products), "product")
    yield OK, f"its first page has {products}, {pictures} of them with a picture"
    if server().login and url.startswith("http://"):
        yield (
            HINT,
            "login and password travel without encryption: let the host begin with https://",
        )
    for entry in catalogue.rejected[:1]:
        yield (
            HINT,
            f"entry {entry.row_number} of its first page cannot be used ({entry.reason}, {entry.detail}): "
            "docs/CATALOGUE.md maps another JSON",
        )


def read_parsed(manifest: Manifest) -> Catalogue:
    """Return the result of `parse`; StagingError where it is gone."""
    with staging.storage_errors(manifest.uri):
        text = (storage_path(manifest.uri) / FILE).read_text()
    return from_plain(Catalogue, json.loads(text))


def read_pages(manifest: Manifest) -> Catalogue:
    """Parse the pages in the raw folder of `manifest`; raises the errors of `parse`."""
    with staging.storage_errors(manifest.uri):
        folder = storage_path(manifest.uri)
        pages = [(folder / name).read_bytes() for name in sorted(manifest.columns)]
    return parse_pages(pages)


def parse_pages(pages: Sequence[bytes]) -> Catalogue:
    """Parse pages: of several products with one SKU, the one that was updated last counts.

    Raises ContractError: a page is no JSON or has no list of entries, or the mapping in include/sql is
    invalid.
    """
    url = first_url()
    path = server().extra_dejson.get("entries", "results")
    entries: list[_Entry] = []
    for number, body in enumerate(pages, start=1):
        for value in _entries_of(number, body, path):
            record = json.dumps(value)
            entries.append(_Entry(len(entries) + 1, number, record))
    key = load_settings().customer_hash_key
    accepted: list[CatalogueProduct] = []
    rejected: list[RejectedEntry] = []
    for entry, values in zip(entries, _mapped(entries), strict=True):
        try:
            product = CatalogueProduct.model_validate(values)
        except ValidationError as error:
            rejected.append(_rejected(entry, values, error, key))
        else:
            accepted.append(_with_safe_values(product, url, key))
    accepted.sort(key=lambda product: product.updated_at or UNDATED)
    newest = {product.sku: product for product in accepted}
    products = [newest[sku] for sku in sorted(newest)]
    return Catalogue(products, rejected, len(accepted) - len(products))


def _with_safe_values(
    product: CatalogueProduct,
    site: str,
    key: str,
) -> CatalogueProduct:
    """Replace an e-mail address in the SKU, as in order lines, and make the picture's URL absolute."""
    values: dict[str, Any] = {"sku": safe_id(product.sku, key)}
    if product.image_url:
        with suppress(ValueError):  # the download rejects an invalid one
            values["image_url"] = urljoin(site, product.image_url)
    return product.model_copy(update=values)


def _entries_of(
    number: int,
    body: bytes,
    path: str,
) -> list[Any]:
    """Return the list of entries; a page may be that list itself."""
    content = parse_page(body, number)
    if not isinstance(content, list):
        content = value_at(content, path)
    if not isinstance(content, list):
        raise ContractError(
            f"{SOURCE}: page {number} has no list at `{path}`: name the path to its products as "
            "`entries` in the extra of the connection (docs/CATALOGUE.md)"
        )
    return content


def _mapped(entries: Sequence[_Entry]) -> list[dict[str, Any]]:
    """Return the values of each entry by the mapping, without empty ones. There are none of a record that
    DuckDB does not take for JSON, such as half a pair of surrogates."""
    import duckdb

    from ecommerce.storage.duckdb import connect_duckdb

    with connect_duckdb() as connection:
        try:
            connection.execute(
                "CREATE TABLE entries AS SELECT entry_number, TRY_CAST(record AS JSON) AS record "
                "FROM unnest($1::VARCHAR[]) WITH ORDINALITY AS records (record, entry_number)",
                [[entry.record for entry in entries]],
            )
            mapped = connection.sql(read_sql(MAPPING)).order("entry_number")
            columns = set(mapped.columns)
            rows = mapped.query("mapped", "SELECT to_json(mapped) FROM mapped")
            texts = rows.fetchall()
        except duckdb.Error as error:
            raise ContractError(
                f"include/sql/{MAPPING}: {mask_e_mails(clean(str(error)))}"
            ) from None
    names = CatalogueProduct.model_fields
    is_complete = len(texts) == len(entries)
    if not is_complete or columns != {"entry_number", *names}:
        raise ContractError(
            f"include/sql/{MAPPING} must give one row per entry, with entry_number, {', '.join(names)}"
        )
    all_values = []
    for (text,) in texts:
        values = {}
        for name, value in json.loads(text, parse_float=Decimal).items():
            if name != "entry_number" and value not in (None, ""):
                values[name] = value
        all_values.append(values)
    return all_values


def _rejected(
    entry: _Entry,
    values: Mapping[str, Any],
    error: ValidationError,
    key: str,
) -> RejectedEntry:
    """Return an entry that violates the schema, with its SKU if that is valid, so that the product stays."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    sku = None
    if name != "sku":
        sku = safe_id(str(values["sku"]), key)
    # What follows the question mark of an address may be a key.
    raw = re.sub(
        r"(https?://[^\s\"?]+)\?[^\s\"]*", r"\1?…", entry.record[: 4 * LONGEST_RAW]
    )
    return RejectedEntry(
        row_number=entry.number,
        file=f"page {entry.page}",
        sku=sku,
        reason=f"invalid_{name}",
        detail=mask_e_mails(clean(f"{name} {values.get(name)!r}")),
        raw=mask_e_mails(raw)[:LONGEST_RAW],
    )
