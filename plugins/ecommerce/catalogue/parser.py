"""Parsing the catalogue's pages entry by entry, so that an invalid one costs no other.

include/sql/transform/catalogue/product_catalogue.sql maps the JSON. The parsed folder has `catalogue.json`, a
`Catalogue`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urljoin

from pydantic import ValidationError

from ecommerce.catalogue.entries import (
    REASONS,
    Catalogue,
    CatalogueProduct,
    RejectedEntry,
    safe_sku,
    text_of,
)
from ecommerce.catalogue.fetch import (
    CONNECTION,
    SOURCE,
    address,
)
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.text import clean, counted
from ecommerce.sources.http import network_errors, raise_for_status
from ecommerce.storage import staging
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.staging import Manifest, storage_path

MAPPING = "transform/catalogue/product_catalogue.sql"
FILE = "catalogue.json"
KEPT = ("source", "business_date", "read_at", "window_start", "window_end")
"""Fields of the raw folder's manifest that those of later folders have, too."""
LONGEST_ENTRY = 256 * 1024
"""Characters of one entry's JSON."""
LONGEST_RAW = 1_000
TIMEOUT = 30


class _Entry(NamedTuple):
    """One entry of a page: its number within the fetch, and its JSON."""

    number: int
    page: str
    page_url: str
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
    if not accept_shrunk:
        _refuse_shrunk(catalogue, known)
    with staging.publish(folder) as draft:
        (draft.path / FILE).write_text(json.dumps(to_plain(catalogue)))
        entries = (
            len(catalogue.products) + len(catalogue.rejected) + catalogue.superseded
        )
        draft.seal(
            **{name: getattr(manifest, name) for name in KEPT},
            rows=len(catalogue.products),
            columns={FILE: []},
            control_totals={
                "rows_read": entries,
                "rows_accepted": len(catalogue.products),
                "rows_rejected": len(catalogue.rejected),
                "rows_superseded": catalogue.superseded,
            },
        )
    return staging.read_manifest(folder)


def _refuse_shrunk(catalogue: Catalogue, known: Collection[str]) -> None:
    """Refuse an incomplete answer, which would remove products."""
    listed = {product.sku for product in catalogue.products} | {
        entry.sku for entry in catalogue.rejected
    }
    lost = len(set(known) - listed)
    if catalogue.products and 2 * lost <= len(known):
        return
    raise ContractError(
        f"{SOURCE}: the catalogue has {counted(len(catalogue.products), 'product')} and "
        f"{_rejected_entries(catalogue)}; {lost} of the {len(known)} products it had before are missing: "
        "nothing is changed; if that is right, trigger the DAG with accept_shrunk"
    )


def _rejected_entries(catalogue: Catalogue) -> str:
    text = f"{counted(len(catalogue.rejected), 'entry', 'entries')} that cannot be used"
    if catalogue.rejected:
        first = catalogue.rejected[0]
        text += f" (the first: {first.reason}, {first.detail})"
    return text


def check() -> Lines:
    """Fetch and parse the first page; raises as `address`, `sources.http` and `parse_pages`."""
    import requests

    first = address()
    what = f"{CONNECTION}: GET the first page"
    with network_errors(what):
        response = requests.get(
            first.url, auth=first.auth, timeout=TIMEOUT, allow_redirects=False
        )
    raise_for_status(response, what)
    catalogue = parse_pages([(response.content, first.url)])
    pictures = sum(product.image_url is not None for product in catalogue.products)
    products = counted(len(catalogue.products), "product")
    yield OK, f"its first page has {products}, {pictures} of them with a picture"
    if first.login and first.url.startswith("http://"):
        yield (
            HINT,
            "login and password travel without encryption: let the host begin with https://",
        )
    if catalogue.rejected:
        yield (
            HINT,
            f"its first page has {_rejected_entries(catalogue)}: docs/CATALOGUE.md maps another JSON",
        )


def read_parsed(manifest: Manifest) -> Catalogue:
    """Return the result of `parse`; StagingError where it is gone."""
    with staging.storage_errors(manifest.uri):
        return from_plain(
            Catalogue, json.loads((storage_path(manifest.uri) / FILE).read_text())
        )


def read_pages(manifest: Manifest) -> Catalogue:
    """Parse the pages in the raw folder of `manifest`; raises as `parse`."""
    with staging.storage_errors(manifest.uri):
        files = [storage_path(manifest.uri) / name for name in sorted(manifest.columns)]
        pages = [
            (file.read_bytes(), file.with_suffix(".url").read_text()) for file in files
        ]
    return parse_pages(pages)


def parse_pages(pages: Sequence[tuple[bytes, str]]) -> Catalogue:
    """Parse the texts of pages with their URLs; raises as `parse`."""
    path = address().entries
    products: dict[str, CatalogueProduct] = {}
    rejected: list[RejectedEntry] = []
    usable: list[_Entry] = []
    superseded = 0
    context = {"customer_hash_key": load_settings().customer_hash_key}
    for number, (body, url) in enumerate(pages, 1):
        page = f"page {number}"
        for value in _list_in(page, body, path):
            entry = _Entry(len(usable) + len(rejected) + 1, page, url, _written(value))
            if not entry.record.startswith("{"):
                rejected.append(
                    _rejected(entry, None, "malformed_entry", repr(entry.record[:40]))
                )
            elif len(entry.record) > LONGEST_ENTRY:
                rejected.append(
                    _rejected(entry, None, "too_long", repr(entry.record[:40]))
                )
            else:
                usable.append(entry)
    for entry, values in _mapped(usable):
        try:
            product = CatalogueProduct.model_validate(values, context=context)
        except ValidationError as error:
            rejected.append(_invalid(entry, values, error))
            continue
        if product.image_url:
            with suppress(ValueError):  # the download rejects an invalid one
                url = urljoin(entry.page_url, product.image_url)
                product = product.model_copy(update={"image_url": url})
        superseded += product.sku in products
        if (
            product.sku not in products
            or product.version > products[product.sku].version
        ):
            products[product.sku] = product
    return Catalogue(
        products=[products[sku] for sku in sorted(products)],
        rejected=sorted(rejected, key=lambda entry: entry.row_number),
        superseded=superseded,
    )


def _written(record: Any) -> str:
    """An entry's JSON; empty where DuckDB would not take it: half a pair of surrogates, infinity."""
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        return ""
    return text


def _list_in(page: str, body: bytes, path: str) -> list[Any]:
    """Return the list of entries; a page may be that list itself."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError(
            f"{SOURCE}: {page} is no JSON: is the host of the connection right?"
        ) from None
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name)
    if not isinstance(value, list):
        raise ContractError(
            f"{SOURCE}: {page} has no list at `{path}`: name the path to its products as `entries` in the "
            "extra of the connection (docs/CATALOGUE.md)"
        )
    return value


def _mapped(entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, dict[str, Any]]]:
    """Yield each entry with its mapped values, by way of JSON."""
    import duckdb

    from ecommerce.storage.duckdb import connect_duckdb

    by_number = {entry.number: entry for entry in entries}
    records = [entry.record for entry in entries]
    with connect_duckdb() as connection:
        try:
            connection.execute(
                "CREATE TABLE entries AS "
                "SELECT unnest($1::BIGINT[]) AS entry_number, unnest($2::VARCHAR[])::JSON AS record",
                [list(by_number), records],
            )
            mapped = connection.sql(read_sql(MAPPING))
            columns = set(mapped.columns)
            rows = mapped.query(
                "mapped", "SELECT to_json(mapped) FROM mapped"
            ).fetchall()
        except duckdb.Error as error:
            raise ContractError(
                f"include/sql/{MAPPING}: {mask_e_mails(clean(str(error)))}"
            ) from None
    names = CatalogueProduct.model_fields
    if columns != {"entry_number", *names} or len(rows) != len(entries):
        raise ContractError(
            f"include/sql/{MAPPING} must give one row per entry, with entry_number, {', '.join(names)}"
        )
    for (row,) in rows:
        values = json.loads(row, parse_float=Decimal)
        yield by_number[values.pop("entry_number")], values


def _invalid(
    entry: _Entry, values: Mapping[str, Any], error: ValidationError
) -> RejectedEntry:
    """Return an entry that violates the schema, with its SKU if that is valid, so that the product stays."""
    fault = error.errors()[0]
    name = str(fault["loc"][0])
    sku = None
    if name != "sku":
        sku = safe_sku(text_of(values["sku"]), load_settings().customer_hash_key)
    if fault["input"] is None:  # only a SKU is required
        return _rejected(entry, sku, "missing_value", name)
    return _rejected(entry, sku, REASONS[name], f"{name} {values[name]!r}")


def _rejected(
    entry: _Entry, sku: str | None, reason: str, detail: str
) -> RejectedEntry:
    # What follows the question mark of an address may be a key.
    raw = re.sub(
        r"(https?://[^\s\"?]+)\?[^\s\"]*", r"\1?…", entry.record[: 4 * LONGEST_RAW]
    )
    return RejectedEntry(
        row_number=entry.number,
        file=entry.page,
        sku=sku,
        reason=reason,
        detail=mask_e_mails(clean(detail)),
        raw=mask_e_mails(raw)[:LONGEST_RAW],
    )
