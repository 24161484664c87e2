"""Extract of the storefront (WooCommerce REST v3): raw pages into staging. docs/SOURCES.md describes the raw
folder, and which changes are never read."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources.http import NotFoundError
from ecommerce.sources.storefront.client import (
    CONCURRENCY,
    CONNECTION,
    PER_PAGE,
    Page,
    StorefrontClient,
)
from ecommerce.sources.storefront.pagination import walk
from ecommerce.sources.storefront.refunds import Stubs, read_refunds, split_known
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query

if TYPE_CHECKING:
    import duckdb

SQL = "extract/storefront"
STATUSES = ("any", "trash")
"""`any` leaves the trash out, also when both are asked for at once."""
REFUNDS_PER_FILE = 1000
COLUMNS = {
    "orders": "id status currency date_created_gmt date_modified_gmt customer_id billing shipping "
    "shipping_total discount_total total_tax fee_lines coupon_lines meta_data line_items",
    "refunds": "id order_id date_created_gmt amount reason line_items shipping_lines fee_lines",
    "products": "id sku name categories date_modified_gmt",
}


def extract(window: ReadWindow) -> staging.Manifest:
    """Read orders, trashed ones too, with their refunds and products into the folder `window.folder`.

    Orders created in the day, changed in the window, named by it as known, and, where it looks back, all that
    were created in the `REFUND_LOOKBACK_DAYS` before. Raises as `StorefrontClient.get` and `walk`.
    """
    from pyarrow.parquet import write_table

    client = StorefrontClient.connect()
    read_at = datetime.now(UTC)
    with (
        staging.publish(window.folder) as draft,
        ThreadPoolExecutor(CONCURRENCY) as pool,
    ):
        for folder in COLUMNS:
            (draft.path / folder).mkdir()
            (draft.path / folder / "000000.json").write_text("[]")
        reader = _PageReader(client, pool, draft.path / "orders")
        reader.read_window(window)
        with connect_duckdb() as duck:
            _load_pages(duck, draft.path / "orders")
            if lacking := _not_read(duck, window.known_orders):
                reader.read_known(lacking)
                _load_pages(duck, draft.path / "orders")
            duck.execute(
                "COPY (SELECT unnest(?::VARCHAR[]) AS order_id) TO ? (FORMAT parquet)",
                [
                    _not_read(duck, window.known_orders),
                    str(draft.path / "removed_orders.parquet"),
                ],
            )
            query(duck, f"{SQL}/refund_stubs")
            stubs: dict[str, Stubs] = {}
            for order_id, created_at, refund_id, amount in duck.table(
                "refund_stubs"
            ).fetchall():
                stubs.setdefault(order_id, Stubs(created_at, {})).amounts[refund_id] = (
                    amount
                )
            product_ids = [
                row["product_id"] for row in query(duck, f"{SQL}/product_ids")
            ]
            products, warnings = _read_products(
                client, pool, product_ids, draft.path / "products", window
            )
            duck.execute(
                "SET VARIABLE product_pages = ?", [f"{draft.path}/products/*.json"]
            )
            in_doubt = [
                row["order_id"]
                for row in query(duck, f"{SQL}/orders_with_unknown_products")
            ]
            [totals] = query(duck, f"{SQL}/control_totals")
        objects = totals.pop("records")
        write_table(
            window.memory.known_lines(window.source, in_doubt),
            draft.path / "known_lines.parquet",
        )
        known, changed = split_known(
            stubs, window.memory.known_refunds(window.source, list(stubs))
        )
        write_table(known, draft.path / "known_refunds.parquet")
        refunds = read_refunds(
            client, pool, changed, _recent(window).replace(tzinfo=None)
        )
        rows = [refund for of_order in refunds.values() for refund in of_order]
        for n, start in enumerate(range(0, len(rows), REFUNDS_PER_FILE), 1):
            text = json.dumps(
                rows[start : start + REFUNDS_PER_FILE], ensure_ascii=False
            )
            (draft.path / "refunds" / f"{n:06}.json").write_text(text, encoding="utf-8")
        given = {
            key: {str(refund.get("id")) for refund in found}
            for key, found in refunds.items()
        }
        if lacking := [
            key
            for key, each in changed.items()
            if each.amounts.keys() - given.get(key, set())
        ]:
            warnings.append(
                data_warning(
                    "refunds_withheld", source=window.source, orders=len(lacking)
                )
            )
        if reader.withheld:
            warnings.append(
                data_warning(
                    "orders_withheld", source=window.source, orders=reader.withheld
                )
            )
        draft.seal(
            **window.facts(read_at),
            rows=objects + len(rows) + known.num_rows + products,
            columns={
                f"{folder}/*.json": names.split() for folder, names in COLUMNS.items()
            }
            | {
                "known_refunds.parquet": known.column_names,
                "removed_orders.parquet": ["order_id"],
            }
            | {"known_lines.parquet": ["order_id", "line_number", "sku", "category"]},
            control_totals=totals | {"warnings": warnings},
        )
    return staging.read_manifest(window.folder)


class _PageReader:
    """Writes answers of `/orders` into files, in the order of their names. `withheld`: the most orders that
    one list counted and did not return."""

    def __init__(self, client: StorefrontClient, pool: Executor, folder: Path) -> None:
        self._client, self._pool, self._folder = client, pool, folder
        self._sequence = itertools.count(1)
        self.withheld = 0

    def read_window(self, window: ReadWindow) -> None:
        """The orders created or changed in the window: bounds are exclusive, in full seconds of naive UTC,
        which needs `dates_are_gmt`."""
        second = timedelta(seconds=1)
        created = {"after": _recent(window) - second}
        changed = {
            "modified_after": window.changed_from.astimezone(UTC).replace(microsecond=0)
            - second
        }
        if window.changed_until is not None:
            created["before"] = window.day.end
            changed["modified_before"] = window.changed_until
        for name, bounds in {"created": created, "changed": changed}.items():
            texts = {
                key: value.strftime("%Y-%m-%dT%H:%M:%S")
                for key, value in bounds.items()
            }
            self._read(name, {"dates_are_gmt": "true", **texts})

    def read_known(self, order_ids: Sequence[str]) -> None:
        """Those of the orders `order_ids` that are there, whenever created."""
        for start in range(0, len(order_ids), PER_PAGE):
            self._read(
                "known", {"include": ",".join(order_ids[start : start + PER_PAGE])}
            )

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

            short = walk(
                f"{CONNECTION}: GET /orders ({name}, {status})", read, self._pool
            )
            self.withheld = max(
                self.withheld, short
            )  # the walks overlap: a sum would count orders twice


def _recent(window: ReadWindow) -> datetime:
    """From which creation on all orders are read, in UTC."""
    if window.changed_until is not None or not window.looks_back:
        return window.day.start
    return window.day.shifted(-load_settings().refund_lookback_days).start


def _load_pages(duck: duckdb.DuckDBPyConnection, folder: Path) -> None:
    import duckdb

    try:
        duck.execute("SET VARIABLE pages = ?", [f"{folder}/*.json"])
        query(duck, f"{SQL}/orders_read")
    except duckdb.InvalidInputException as error:
        # Its text may quote what it read: only the name of the file goes on.
        file = re.search(r"(\d+-\w+-\w+-\d+)\.json", str(error))
        raise ContractError(
            f"{CONNECTION}: the answer to GET /orders ({file[1] if file else 'unknown page'}) is not a JSON "
            "list of orders"
        ) from None


def _not_read(duck: duckdb.DuckDBPyConnection, order_ids: Sequence[str]) -> list[str]:
    """Those of `order_ids` that are on no page yet."""
    if not order_ids:
        return []
    read = {row[0] for row in duck.table("orders_read").select("order_id").fetchall()}
    return sorted(set(order_ids) - read)


def _read_products(
    client: StorefrontClient,
    pool: Executor,
    ids: list[str],
    folder: Path,
    window: ReadWindow,
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
        return 0, [
            data_warning("uncategorised", source=window.source, detail=str(error))
        ]
