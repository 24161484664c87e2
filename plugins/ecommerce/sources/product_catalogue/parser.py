"""Parsing the catalogue's pages entry by entry, so that an invalid one costs no other.

include/sql/transform/catalogue/product_catalogue.sql maps the JSON. The parsed folder has `catalogue.json`, a
`Catalogue`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any
from urllib.parse import urljoin

from pydantic import ValidationError

from ecommerce.core.data_warnings import data_warning
from ecommerce.core.email_masking import is_suspect, safe_id
from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.text import clean, mask_e_mails
from ecommerce.sources.product_catalogue.entries import (
    Catalogue,
    CatalogueProduct,
    Entry,
    RejectedEntry,
    fault_of,
    text_of,
)
from ecommerce.sources.product_catalogue.source import SOURCE, address
from ecommerce.storage import staging
from ecommerce.storage.staging import Manifest, storage_path
from ecommerce.storage.xcom import from_xcom, to_xcom

MAPPING = "transform/catalogue/product_catalogue.sql"
FILE = "catalogue.json"
LONGEST_ENTRY = 256 * 1024
"""Characters of one entry's JSON."""
LONGEST_RAW = 1_000


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry of a page: its number within the fetch, and its JSON."""

    number: int
    page: str
    page_url: str
    record: str


def parse(
    manifest: Manifest, folder: str, known: Collection[str], *, accept_shrunk: bool = False
) -> Manifest:
    """Read the pages of `manifest` and leave the parsed folder.

    Args:
        manifest: of the raw folder.
        folder: the URI of the parsed one.
        known: the skus of the catalogue before.
        accept_shrunk: take it although it is empty, or most of `known` are not in it.

    Raises:
        ContractError: a page is no JSON or has no list of entries, or the catalogue has shrunk.
        StagingError: the pages cannot be read, or the folder not be written.
    """
    catalogue = read_pages(manifest)
    if not accept_shrunk:
        _refuse_shrunk(catalogue, known)
    with staging.publish(folder) as draft:
        (draft.path / FILE).write_text(json.dumps(to_xcom(catalogue)))
        facts = ("source", "business_date", "read_at", "window_start", "window_end")
        entries = len(catalogue.products) + len(catalogue.rejected) + catalogue.superseded
        draft.seal(
            **{name: getattr(manifest, name) for name in facts},
            rows=len(catalogue.products),
            columns={FILE: []},
            control_totals={
                **manifest.control_totals,
                "rows_read": entries,
                "rows_accepted": len(catalogue.products),
                "rows_rejected": len(catalogue.rejected),
                "rows_superseded": catalogue.superseded,
                "warnings": [data_warning("note", text=text) for text in catalogue.warnings],
            },
        )
    return staging.read_manifest(folder)


def _refuse_shrunk(catalogue: Catalogue, known: Collection[str]) -> None:
    """Refuse an incomplete answer, which would remove products."""
    here = {product.sku for product in catalogue.products} | {each.sku for each in catalogue.rejected}
    lost = len(set(known) - here)
    if catalogue.products and 2 * lost <= len(known):
        return
    found = f"only {len(catalogue.products)} products; {lost} of the {len(known)} it had before are missing"
    if not catalogue.products:
        first = next(
            (f" (the first of them: {each.reason}, {each.detail})" for each in catalogue.rejected), ""
        )
        found = f"no product, and {len(catalogue.rejected)} entries that cannot be used{first}"
    raise ContractError(
        f"{SOURCE}: the catalogue has {found}: nothing is changed; if that is right, trigger the DAG with "
        "accept_shrunk"
    )


def read_parsed(manifest: Manifest) -> Catalogue:
    """Return the result of `parse`; StagingError where it is gone."""
    with staging.storage_errors(manifest.uri):
        return from_xcom(Catalogue, json.loads((storage_path(manifest.uri) / FILE).read_text()))


def read_pages(manifest: Manifest) -> Catalogue:
    """Parse the pages in the raw folder of `manifest`; raises as `parse`."""
    where, found, counts = address(), list[_Found](), set[int]()
    with staging.storage_errors(manifest.uri):
        folder = storage_path(manifest.uri)
        texts = {
            name: ((folder / name).read_bytes(), (folder / name.replace(".json", ".url")).read_text())
            for name in sorted(manifest.columns)
        }
    for name, (body, url) in texts.items():
        page = f"page {int(re.sub('[^0-9]', '', name))}"
        value = _json(page, body)
        if isinstance(value, dict) and type(value.get("count")) is int:
            counts.add(value["count"])
        for record in _entries(page, value, where.entries):
            found.append(_Found(len(found) + 1, page, url, _written(record)))
    warnings = []
    if len(counts) == 1 and counts != {len(found)}:
        warnings = [f"the catalogue counts {counts.pop()} entries, and its pages have {len(found)}"]
    return _catalogue(found, warnings)


def read_page(body: bytes, url: str) -> Catalogue:
    """Parse one page by itself; raises as `parse`."""
    entries = _entries("page 1", _json("page 1", body), address().entries)
    found = [_Found(number, "page 1", url, _written(each)) for number, each in enumerate(entries, start=1)]
    return _catalogue(found, [])


def _json(page: str, body: bytes) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(body, parse_constant=refuse, parse_int=_whole_number, parse_float=_number)
    except (ValueError, RecursionError):
        raise ContractError(f"{SOURCE}: {page} is no JSON: is the host of the connection right?") from None


def _whole_number(text: str) -> int | str:
    return int(text) if len(text) < 40 else text


def _number(text: str) -> float | str:
    """Keep an infinite number as text, which is then an invalid price."""
    return value if isfinite(value := float(text)) else text


def _written(record: Any) -> str:
    """An entry's JSON; empty where DuckDB would not take it: half a pair of surrogates, a thousand levels."""
    try:
        text = json.dumps(record, ensure_ascii=False)
        text.encode()
    except (RecursionError, UnicodeError):
        return ""
    return text


def _entries(page: str, value: Any, path: str) -> list[Any]:
    """The list of entries; a page may be that list itself."""
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name)
    if not isinstance(value, list):
        raise ContractError(
            f"{SOURCE}: {page} has no list at `{path}`: name the path to its products as `entries` in the "
            "extra of the connection (docs/CATALOGUE.md)"
        )
    return value


def _catalogue(found: Sequence[_Found], warnings: list[str]) -> Catalogue:
    by_number = {each.number: each for each in found}
    usable = [each for each in found if each.record.startswith("{") and len(each.record) <= LONGEST_ENTRY]
    products: dict[str, CatalogueProduct] = {}
    rejected: list[RejectedEntry] = []
    for number in by_number.keys() - {each.number for each in usable}:
        entry = by_number[number]
        reason = "too_long" if entry.record.startswith("{") else "malformed_entry"
        rejected.append(_rejected(entry, None, reason, f"{entry.record[:40]!r}"))
    accepted = 0
    for number, values in _mapped(usable):
        entry = by_number[number]
        try:
            read = Entry.model_validate(values)
        except ValidationError as error:
            rejected.append(_rejected(entry, values["sku"], *fault_of(error, values)))
            continue
        accepted += 1
        # A relative URL is resolved against its page.
        url = _joined(entry.page_url, read.image_url) if read.image_url else None
        product = CatalogueProduct(_safe_sku(read.sku), read.name, read.category, url, read.updated_at)
        if product.sku not in products or product.version > products[product.sku].version:
            products[product.sku] = product
    return Catalogue(
        products=[products[sku] for sku in sorted(products)],
        rejected=sorted(rejected, key=lambda each: each.entry_number),
        superseded=accepted - len(products),
        warnings=warnings,
    )


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return url  # the download rejects it


def _mapped(found: Sequence[_Found]) -> Iterable[tuple[int, dict[str, Any]]]:
    """Yield the mapped values of each entry by its number: those of JSON as Python objects."""
    import duckdb
    import pyarrow as pa

    from ecommerce.storage.duckdb import connect_duckdb

    fields: list[tuple[str, pa.DataType]] = [("entry_number", pa.int64()), ("record", pa.string())]
    rows = [{"entry_number": each.number, "record": each.record} for each in found]
    entries = pa.Table.from_pylist(rows, schema=pa.schema(fields))
    with connect_duckdb() as connection:
        try:
            connection.register("given", entries)
            connection.execute(
                "CREATE TABLE entries AS SELECT entry_number, record::JSON AS record FROM given ORDER BY 1"
            )
            result = connection.execute(read_sql(MAPPING))
            names = [column[0] for column in result.description]
            plain = {column[0] for column in result.description if str(column[1]) != "JSON"}
            made = result.fetchall()
        except duckdb.Error as error:
            raise ContractError(f"include/sql/{MAPPING}: {mask_e_mails(clean(str(error)))}") from None
    if sorted(names) != sorted(("entry_number", *Entry.model_fields)) or len(made) != len(found):
        raise ContractError(
            f"include/sql/{MAPPING} must give one row per entry, with entry_number, "
            f"{', '.join(Entry.model_fields)}"
        )
    for row in made:
        values = dict(zip(names, row, strict=True))
        for name in set(Entry.model_fields) - plain:
            if values[name] is not None:
                values[name] = json.loads(values[name], parse_float=Decimal)
        yield values.pop("entry_number"), values


def _safe_sku(sku: str) -> str:
    """Replace an address in a SKU, as in order lines."""
    return safe_id(sku, load_settings().customer_hash_key, is_sku=True) if is_suspect(sku) else sku


def _rejected(entry: _Found, sku: Any, reason: str, detail: str) -> RejectedEntry:
    text = text_of(sku) if isinstance(sku, (str, int)) and reason != "invalid_text" else None
    # What follows the question mark of an address may be a key.
    raw = re.sub(r"(https?://[^\s\"?]+)\?[^\s\"]*", r"\1?…", entry.record[: 4 * LONGEST_RAW])
    return RejectedEntry(
        entry_number=entry.number,
        page=entry.page,
        sku=text and _safe_sku(text),
        reason=reason,
        detail=mask_e_mails(clean(detail)),
        raw=mask_e_mails(raw)[:LONGEST_RAW],
    )
