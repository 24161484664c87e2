"""Extract of the storefront (WooCommerce REST v3, connection `storefront_api`): raw pages into staging.

The published folder holds, with at least one file (`[]` when there was nothing) each so that globs match:

`orders/<sequence>-<walk>-<page>.json`: one answer of `/orders` as the server sent it, a JSON array of up
    to 100 orders. An order may be on several pages and in several versions: **the one in the file with
    the greatest name wins**, because names begin with the order in which the answers arrived. The
    transform may rely on `id`, `status`, `currency`, `date_created_gmt`, `date_modified_gmt` (UTC without
    `Z`; null on drafts), `customer_id` (0 = guest), `billing.email`, `billing.country`,
    `shipping.country`, `shipping_total`, `discount_total`, `total_tax`, `fee_lines[].total`,
    `coupon_lines[].code`, `meta_data[]`, and `line_items[]` with `id`, `product_id` (0 = deleted), `sku`
    (or null), `name`, `quantity`, `subtotal`, `total`, `total_tax`; not on `price` (a float) nor on
    `refunds` (stubs without date, resolved below). Ids may exceed 2^53, quantities be fractional, and any
    number be JSON text or a JSON number: read them as VARCHAR and `try_cast`. An order without creation
    date (an unfinished draft) stays on its page: the transform rejects it visibly.
`refunds/<n>.json`: JSON arrays of refund objects as under `/orders/<id>/refunds`, each with the key
    `order_id` (text) added and every non-integer number written as text: all present refunds, each once, of
    those orders on the pages whose refunds differ from the warehouse's. `id`, `order_id`, `date_created_gmt`,
    `amount` (positive, with tax), `reason`, `line_items[]` (`id`; negative `quantity`, `total`,
    `total_tax`; `meta_data[]` with the key `_refunded_item_id`), `shipping_lines[]`, `fee_lines[]`.
`known_refunds.parquet`: the warehouse's own rows (layout of its table `refunds`) of the orders whose
    refunds did not change. An order's refunds are in one of the two places, or it has none now. What a
    row copies from its order (currency, country_code, is_sale, is_test, order_business_date) is as of
    then: the transform takes it from the order as read now.
`known_lines.parquet`: order_id, line_number, sku, category. What the warehouse has of the lines whose product
    the storefront does not give any more: it forgets what a deleted product was, in old orders too.
`removed_orders.parquet`: order_id VARCHAR; those of the window's `known_orders` that the storefront does not
    have any more, not even in its trash.
`products/<n>.json`: answers of `/products` for the products on the lines: `id`, `sku`, `name`,
    `categories[].name`, `date_modified_gmt`. Products that are gone are missing, or all when the key may
    not read them.

Control totals, each order once in its newest version and whatever its status: source_orders, source_lines,
source_refunds (ints), source_amount (sum of the lines' `subtotal`), source_refund_amount (with tax), decimal
texts without what is no number (and the lines' without what is negative); source_amounts (dicts of currency
and amount); and `warnings`.

Not read: orders deleted for good, and changes that a server does not date (refunds and edited lines on posts
storage, deleted refunds everywhere) of orders older than `REFUND_LOOKBACK_DAYS`; reconciliation finds those
that are not too old. Some servers give unfinished checkouts (`checkout-draft`) as `any`; they are no sales.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.data_warnings import DataWarning, data_warning, sentence
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources.storefront.client import (
    CONCURRENCY,
    CONNECTION,
    PER_PAGE,
    NotFoundError,
    Page,
    StorefrontClient,
)
from ecommerce.sources.storefront.pagination import walk
from ecommerce.sources.storefront.refunds import Stubs, group_stubs, read_refunds, split_known
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

STATUSES = ("any", "trash")
"""`any` leaves the trash out, also when both are asked for at once."""
REFUNDS_PER_FILE = 1000
COLUMNS = {
    "orders": "id status currency date_created_gmt date_modified_gmt customer_id billing shipping "
    "shipping_total discount_total total_tax fee_lines coupon_lines meta_data line_items",
    "refunds": "id order_id date_created_gmt amount reason line_items shipping_lines fee_lines",
    "products": "id sku name categories date_modified_gmt",
}

log = logging.getLogger(__name__)


def extract(window: ReadWindow) -> staging.Manifest:
    """Read orders, trashed ones too, with their refunds and products into the folder `window.folder`.

    Orders created in the day, changed in the window, named by it as known, and, where it looks back, all that
    were created in the `REFUND_LOOKBACK_DAYS` before.

    Raises:
        CredentialsError, ContractError, RateLimitedError, TransientError: see `StorefrontClient.get`, `walk`.
        ConfigurationError: the connection is missing or incomplete.
        StagingError: the folder cannot be written.
    """
    client = StorefrontClient.connect()
    read_at = datetime.now(UTC)
    with staging.publish(window.folder) as draft, ThreadPoolExecutor(CONCURRENCY) as pool:
        for folder in COLUMNS:
            (draft.path / folder).mkdir()
            (draft.path / folder / "000000.json").write_text("[]")
        reader = _PageReader(client, pool, draft.path / "orders")
        reader.read_window(window)
        with connect_duckdb() as database:
            _load_pages(database, draft.path / "orders")
            if lacking := _not_read(database, window.known_orders):
                reader.read_known(lacking)
                _load_pages(database, draft.path / "orders")
            database.execute(
                "COPY (SELECT unnest(?::VARCHAR[]) AS order_id) TO ? (FORMAT parquet)",
                [_not_read(database, window.known_orders), str(draft.path / "removed_orders.parquet")],
            )
            stubs = group_stubs(database.execute(_sql("refund_stubs")).fetchall())
            product_ids = [row[0] for row in database.execute(_sql("product_ids")).fetchall()]
            totals = database.execute(_sql("control_totals")).fetchall()[0]
            products, warnings = _read_products(client, pool, product_ids, draft.path / "products")
            database.execute("SET VARIABLE product_pages = ?", [f"{draft.path}/products/*.json"])
            in_doubt = [row[0] for row in database.execute(_sql("orders_with_unknown_products")).fetchall()]
        _keep(window.remembered.known_lines(in_doubt), draft.path / "known_lines.parquet")
        known, changed = split_known(stubs, window.remembered.known_refunds(list(stubs)))
        refunds = read_refunds(client, pool, changed, _recent(window).replace(tzinfo=None))
        _write_refunds(draft.path, refunds, known)
        given = {key: {str(refund.get("id")) for refund in found} for key, found in refunds.items()}
        if lacking := [key for key, each in changed.items() if each.amounts.keys() - given.get(key, set())]:
            warnings.append(data_warning("refunds_withheld", orders=len(lacking)))
        if short := reader.withheld:
            warnings.append(data_warning("orders_withheld", orders=short))
        for warning in warnings:
            log.warning("%s", sentence(warning))
        read = sum(map(len, refunds.values()))
        draft.seal(
            **window.facts(read_at),
            rows=totals[3] + read + known.num_rows + products,
            columns={f"{folder}/*.json": names.split() for folder, names in COLUMNS.items()}
            | {"known_refunds.parquet": known.column_names, "removed_orders.parquet": ["order_id"]}
            | {"known_lines.parquet": ["order_id", "line_number", "sku", "category"]},
            control_totals=_control_totals(totals, stubs) | {"warnings": warnings},
        )
    log.info(
        "storefront: %d orders in %d objects; refunds of %d orders as known, of %d read (%d); %d products",
        *(totals[0], totals[3], len(stubs) - len(changed), len(changed), read, products),
    )
    return staging.read_manifest(window.folder)


class _PageReader:
    """Writes what `/orders` answers into files whose names begin with the order in which they arrived.
    `withheld`: the most orders that one list counted and did not return."""

    def __init__(self, client: StorefrontClient, pool: Executor, folder: Path) -> None:
        self._client, self._pool, self._folder = client, pool, folder
        self._sequence = itertools.count(1)
        self.withheld = 0

    def read_window(self, window: ReadWindow) -> None:
        """The orders created or changed in the window; texts are naive UTC, which needs `dates_are_gmt`."""
        for name, bounds in _bounds(window).items():
            texts = {key: value.strftime("%Y-%m-%dT%H:%M:%S") for key, value in bounds.items()}
            self._read(name, {"dates_are_gmt": "true", **texts})

    def read_known(self, order_ids: Sequence[str]) -> None:
        """Those of the orders `order_ids` that are there, whenever created."""
        for start in range(0, len(order_ids), PER_PAGE):
            self._read("known", {"include": ",".join(order_ids[start : start + PER_PAGE])})

    def _read(self, name: str, bounds: Mapping[str, str]) -> None:
        # The trash is read last: an order trashed meanwhile is in one of the two; its newest state wins.
        for status in STATUSES:
            parameters = {"status": status, "orderby": "id", "order": "asc", **bounds}

            def read(number: int, parameters: Mapping[str, str] = parameters) -> Page:
                page = self._client.get("/orders", number, parameters)
                if not page.empty:
                    file = f"{next(self._sequence):06}-{name}-{parameters['status']}-{number:05}.json"
                    (self._folder / file).write_bytes(page.body)
                return page

            short = walk(f"{CONNECTION}: GET /orders ({name}, {status})", read, self._pool)
            self.withheld = max(self.withheld, short)  # the walks overlap: a sum would count orders twice


def _bounds(window: ReadWindow) -> dict[str, dict[str, datetime]]:
    """The date bounds of each walk over the orders, as WooCommerce wants them: exclusive, in full seconds."""
    second = timedelta(seconds=1)
    created = {"after": _recent(window) - second}
    changed = {"modified_after": window.changed_from.astimezone(UTC).replace(microsecond=0) - second}
    if window.changed_until is not None:
        created["before"] = window.day.end
        changed["modified_before"] = window.changed_until
    return {"created": created, "changed": changed}


def _recent(window: ReadWindow) -> datetime:
    """From which creation on all orders are read, in UTC."""
    if window.changed_until is not None or not window.looks_back:
        return window.day.start
    return window.day.shifted(-load_settings().refund_lookback_days).start


def _load_pages(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    import duckdb

    try:
        database.execute("SET VARIABLE pages = ?", [f"{folder}/*.json"])
        database.execute(_sql("orders_read"))
    except duckdb.InvalidInputException as error:
        # Its text may quote what it read: only the name of the file goes on.
        file = re.search(r"(\d+-\w+-\w+-\d+)\.json", str(error))
        raise ContractError(
            f"{CONNECTION}: the answer to GET /orders ({file[1] if file else 'unknown page'}) is not a JSON "
            "list of orders"
        ) from None


def _not_read(database: duckdb.DuckDBPyConnection, order_ids: Sequence[str]) -> list[str]:
    """Those of `order_ids` that are on no page yet."""
    if not order_ids:
        return []
    read = {row[0] for row in database.table("orders_read").select("order_id").fetchall()}
    return sorted(set(order_ids) - read)


def _keep(known: pa.Table, file: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(known, file, compression="zstd")


def _write_refunds(folder: Path, refunds: Mapping[str, list[dict[str, Any]]], known: pa.Table) -> None:
    _keep(known, folder / "known_refunds.parquet")
    rows = [refund for of_order in refunds.values() for refund in of_order]
    for n, start in enumerate(range(0, len(rows), REFUNDS_PER_FILE), 1):
        text = json.dumps(rows[start : start + REFUNDS_PER_FILE], ensure_ascii=False)
        (folder / "refunds" / f"{n:06}.json").write_text(text, encoding="utf-8")


def _read_products(
    client: StorefrontClient, pool: Executor, ids: list[str], folder: Path
) -> tuple[int, list[DataWarning]]:
    """Write the pages of `ids`; returns how many products there were, and warnings."""
    fields = COLUMNS["products"].replace(" ", ",")

    def read(start: int) -> int:
        asked = ",".join(ids[start : start + PER_PAGE])
        page = client.get("/products", 1, {"include": asked, "_fields": fields})
        if not page.empty:
            (folder / f"{start // PER_PAGE + 1:06}.json").write_bytes(page.body)
        return min(page.total or 0, PER_PAGE)

    try:
        return sum(pool.map(read, range(0, len(ids), PER_PAGE))), []
    except (CredentialsError, NotFoundError) as error:
        return 0, [data_warning("uncategorised", detail=str(error))]


def _control_totals(totals: tuple[Any, ...], stubs: Mapping[str, Stubs]) -> dict[str, Any]:
    refunded = [part for of_order in stubs.values() for part in of_order.amounts.values()]
    return {
        "source_orders": totals[0],
        "source_lines": totals[1],
        "source_refunds": len(refunded),
        "source_amount": totals[2],
        "source_amounts": totals[4],
        "source_refund_amount": str(sum((part for part in refunded if part is not None), Decimal("0.0000"))),
    }


def _sql(name: str) -> str:
    return read_sql(f"extract/storefront/{name}.sql")
