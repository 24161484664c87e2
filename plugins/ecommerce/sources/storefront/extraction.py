"""Extract of the storefront (WooCommerce REST v3): raw pages into staging. docs/SOURCES.md describes the raw
folder, and which changes are never read."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from more_itertools import chunked

from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.text import utc_text
from ecommerce.sources.http import NotFoundError
from ecommerce.sources.storefront.client import (
    CONCURRENCY,
    CONNECTION,
    PER_PAGE,
    Page,
    StorefrontClient,
)
from ecommerce.sources.storefront.pagination import walk
from ecommerce.sources.storefront.refunds import read_refunds, split_known
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, run_sql_file, set_variables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SQL = "extract/storefront"
STATUSES = ("any", "trash")
"""`any` leaves the trash out, also when both are asked for at once."""
FIRST_FILE = "000000.json"
"""Of each kind: an empty list until something is read."""
COLUMNS = {
    "orders": "id status currency date_created_gmt date_modified_gmt customer_id billing shipping "
    "shipping_total discount_total total_tax fee_lines coupon_lines meta_data line_items",
    "refunds": "id order_id date_created_gmt amount reason line_items shipping_lines fee_lines",
    "products": "id sku name categories date_modified_gmt",
}


def extract(window: ReadWindow) -> staging.Manifest:
    """Read orders, trashed ones too, with their refunds and products into the folder `window.folder`.

    Orders created in the day, changed in the window, named by it as known, and, where it looks back, all that
    were created in the `REFUND_LOOKBACK_DAYS` before. Errors are those of `StorefrontClient.get` and `walk`.
    """
    import duckdb
    from pyarrow.parquet import write_table

    client = StorefrontClient.connect()
    read_at = datetime.now(UTC)
    warnings = []
    with (
        staging.publish(window.folder) as draft,
        ThreadPoolExecutor(CONCURRENCY) as pool,
        connect_duckdb() as duck,
    ):
        for folder in COLUMNS:
            (draft.path / folder).mkdir()
            (draft.path / folder / FIRST_FILE).write_text("[]")
        orders = _OrderReader(client, pool, draft.path / "orders")
        orders.read_window(window)
        for ids in chunked(window.also_read, PER_PAGE):
            orders.read_list("known", {"include": ",".join(ids)})
        set_variables(duck, pages=f"{draft.path}/orders/*.json")
        try:
            run_sql_file(duck, f"{SQL}/orders_read")
        except duckdb.InvalidInputException:
            # Its text may quote customers.
            raise ContractError(
                f"{CONNECTION}: an answer to GET /orders is not a JSON list of orders"
            ) from None
        duck.execute(
            "COPY (SELECT unnest(?::VARCHAR[]) AS order_id EXCEPT SELECT order_id FROM orders_read "
            "ORDER BY order_id) TO ? (FORMAT parquet)",
            [window.also_read, str(draft.path / "removed_orders.parquet")],
        )
        if orders.withheld:
            warnings.append(
                data_warning(
                    "orders_withheld", source=window.source, orders=orders.withheld
                )
            )

        try:
            _read_products(client, duck, draft.path)
        except (CredentialsError, NotFoundError) as error:
            warnings.append(
                data_warning("uncategorised", source=window.source, detail=str(error))
            )
        set_variables(duck, product_pages=f"{draft.path}/products/*.json")
        rows = run_sql_file(duck, f"{SQL}/orders_with_unknown_products")
        order_ids = [row["order_id"] for row in rows]
        lines = window.earlier_reads.known_lines(window.source, order_ids)
        write_table(lines, draft.path / "known_lines.parquet")

        run_sql_file(duck, f"{SQL}/refund_stubs")
        refunded = duck.sql("SELECT DISTINCT order_id FROM refund_stubs").fetchall()
        stored_refunds = window.earlier_reads.known_refunds(
            window.source, [order_id for (order_id,) in refunded]
        )
        known, changed = split_known(duck, stored_refunds)
        write_table(known, draft.path / "known_refunds.parquet")
        refunds, incomplete = read_refunds(client, pool, changed)
        text = json.dumps(refunds, ensure_ascii=False)
        (draft.path / "refunds" / FIRST_FILE).write_text(text, encoding="utf-8")
        if incomplete:
            warnings.append(
                data_warning(
                    "refunds_withheld", source=window.source, orders=incomplete
                )
            )

        [totals] = run_sql_file(duck, f"{SQL}/control_totals")
        columns = draft.parquet_columns()
        for folder, names in COLUMNS.items():
            columns[f"{folder}/*.json"] = names.split()
        draft.seal(
            **window.facts(read_at),
            rows=totals.pop("records") + len(refunds) + known.num_rows,
            columns=columns,
            control_totals=totals | {"warnings": warnings},
        )
    return staging.read_manifest(window.folder)


@dataclass
class _OrderReader:
    """Writes answers of `/orders` into files of `folder`, in the order of their names."""

    client: StorefrontClient
    pool: Executor
    folder: Path
    sequence: Iterator[int] = field(default_factory=partial(itertools.count, 1))
    withheld: int = 0
    """The most orders that one list counted and did not return."""

    def read_window(self, window: ReadWindow) -> None:
        """Read the orders created or changed in the window.

        Bounds are exclusive, in full seconds of naive UTC, which needs `dates_are_gmt`.
        """
        second = timedelta(seconds=1)
        created_from = window.day.start
        if window.changed_until is None and window.looks_back:
            look_back = load_settings().refund_lookback_days
            created_from = window.day.shifted(-look_back).start
        created = {"after": utc_text(created_from - second)}
        changed = {"modified_after": utc_text(window.changed_from - second)}
        if window.changed_until is not None:
            created["before"] = utc_text(window.day.end)
            changed["modified_before"] = utc_text(window.changed_until)
        self.read_list("created", created)
        self.read_list("changed", changed)

    def read_list(
        self,
        name: str,
        bounds: Mapping[str, str],
    ) -> None:
        """Read the orders within `bounds`, parameters of the query; `name` is in the names of the files."""
        # The trash is read last: an order trashed meanwhile is in one of the two; its newest state wins.
        for status in STATUSES:
            label = f"{name}-{status}"
            parameters = {
                "status": status,
                "orderby": "id",
                "order": "asc",
                "dates_are_gmt": "true",
                **bounds,
            }
            read = partial(self._read_page, label, parameters)
            withheld = walk(f"{CONNECTION}: GET /orders ({label})", read, self.pool)
            # The lists overlap: a sum would count orders twice.
            self.withheld = max(self.withheld, withheld)

    def _read_page(
        self,
        label: str,
        parameters: Mapping[str, str],
        number: int,
    ) -> Page:
        page = self.client.get("/orders", number, parameters)
        if page.size:
            file = f"{next(self.sequence):06}-{label}-{number:05}.json"
            (self.folder / file).write_bytes(page.body)
        return page


def _read_products(
    client: StorefrontClient,
    duck: DuckDBPyConnection,
    folder: Path,
) -> None:
    """Write pages of the products on the lines."""
    fields = COLUMNS["products"].replace(" ", ",")
    product_ids = [
        row["product_id"] for row in run_sql_file(duck, f"{SQL}/product_ids")
    ]
    for number, ids in enumerate(chunked(product_ids, PER_PAGE), 1):
        page = client.get("/products", 1, {"include": ",".join(ids), "_fields": fields})
        (folder / "products" / f"{number:06}.json").write_bytes(page.body)
