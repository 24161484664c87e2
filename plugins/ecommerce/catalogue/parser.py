"""Parsing the catalogue's pages entry by entry, so that an invalid one costs no other.

include/sql/transform/catalogue/product_catalogue.sql maps the JSON. The parsed folder has `catalogue.json`, a
`Catalogue`.
"""

import json
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from pydantic import ValidationError

from ecommerce.catalogue.entries import Catalogue, CatalogueProduct, RejectedEntry
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
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import Manifest

MAPPING = "transform/catalogue/product_catalogue.sql"
FILE = "catalogue.json"
LONGEST_RAW = 1_000
UNDATED = datetime.min.replace(tzinfo=UTC)


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
    pages = [staging.read_file(manifest, name) for name in sorted(manifest.columns)]
    catalogue = parse_pages(pages)
    products, rejected = len(catalogue.products), len(catalogue.rejected)
    if not accept_shrunk:
        _refuse_shrunk(catalogue, known)
    with staging.publish(folder) as draft:
        (draft.path / FILE).write_text(json.dumps(to_plain(catalogue)))
        draft.seal(
            **manifest.facts(),
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


def _refuse_shrunk(catalogue: Catalogue, known: Collection[str]) -> None:
    """Refuse an incomplete answer, which would remove products."""
    lost = set(known) - {product.sku for product in catalogue.products}
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


def read_parsed(manifest: Manifest) -> Catalogue:
    """Return the result of `parse`; StagingError where it is gone."""
    return from_plain(Catalogue, json.loads(staging.read_file(manifest, FILE)))


def parse_pages(pages: Sequence[bytes]) -> Catalogue:
    """Parse pages: of several products with one SKU, the one that was updated last counts.

    Raises ContractError: a page is no JSON or has no list of entries, or the mapping in include/sql is
    invalid.
    """
    url = first_url()
    path = server().extra_dejson.get("entries", "results")
    key = load_settings().customer_hash_key
    records = []
    files = []
    for page, body in enumerate(pages, start=1):
        for entry in _entries_of(page, body, path):
            records.append(json.dumps(entry))
            files.append(f"page {page}")
    accepted = []
    rejected = []
    for index, product in enumerate(_mapped(records)):
        try:
            valid = CatalogueProduct.model_validate_json(product)
            accepted.append(_with_safe_values(valid, url, key))
        except ValidationError as error:
            sku = safe_id(str(json.loads(product)["sku"]), key)
            invalid = _rejected(index + 1, files[index], sku, records[index], error)
            rejected.append(invalid)
    accepted.sort(key=lambda product: (product.sku, product.updated_at or UNDATED))
    newest = {product.sku: product for product in accepted}
    return Catalogue(list(newest.values()), rejected, len(accepted) - len(newest))


def _with_safe_values(
    product: CatalogueProduct,
    site: str,
    key: str,
) -> CatalogueProduct:
    """Replace an e-mail address in the SKU, as in order lines, and make the picture's URL absolute."""
    values = {"sku": safe_id(product.sku, key)}
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


def _mapped(records: Sequence[str]) -> list[str]:
    """Return the values of each entry as a JSON object, by the mapping. They are null for a record that
    DuckDB does not take for JSON, such as half a pair of surrogates."""
    import duckdb

    connection = connect_duckdb()
    try:
        connection.execute(
            "CREATE TABLE entries AS "
            "SELECT entry_number, TRY_CAST(record AS JSON) AS record "
            "FROM unnest($1::VARCHAR[]) WITH ORDINALITY AS records (record, entry_number)",
            [records],
        )
        mapped = connection.sql(read_sql(MAPPING)).set_alias("mapped")
        rows = mapped.order("entry_number").project("to_json(mapped)").fetchall()
    except duckdb.Error as error:
        raise ContractError(
            f"include/sql/{MAPPING}: {clean(mask_e_mails(str(error)))}"
        ) from None
    columns = ["entry_number", *CatalogueProduct.model_fields]
    if len(rows) != len(records) or set(mapped.columns) != set(columns):
        raise ContractError(
            f"include/sql/{MAPPING} must give one row per entry, with {', '.join(columns)}"
        )
    return [row for (row,) in rows]


def _rejected(
    number: int,
    file: str,
    sku: str,
    record: str,
    error: ValidationError,
) -> RejectedEntry:
    """Return what is wrong with an entry that violates the schema; its `sku` is None if that is invalid.
    A product with a rejected entry stays."""
    first = error.errors()[0]
    name = first["loc"][0]
    detail = _without_secrets(f"{name} {first['input']!r}")
    raw = _without_secrets(record[: 4 * LONGEST_RAW])
    return RejectedEntry(
        number,
        file,
        sku=None if name == "sku" else sku,
        reason=f"invalid_{name}",
        detail=clean(detail),
        raw=raw[:LONGEST_RAW],
    )


def _without_secrets(text: str) -> str:
    """Mask e-mail addresses, and what follows the question mark of an address of the web: it may be a key."""
    without_keys = re.sub(r"(https?://[^\s\"?]+)\?[^\s\"]*", r"\1?…", text)
    return mask_e_mails(without_keys)


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
            f"entry {entry.row_number} of its first page cannot be used "
            f"({entry.reason}, {entry.detail}): docs/CATALOGUE.md maps another JSON",
        )
