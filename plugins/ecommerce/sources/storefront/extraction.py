"""Extract of the storefront (WooCommerce REST v3): raw pages into staging. docs/SOURCES.md describes the raw
folder, and which changes are never read."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from more_itertools import chunked

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.text import utc_text
from ecommerce.sources.http import NotFoundError
from ecommerce.sources.source import Extracted
from ecommerce.sources.storefront.client import (
    CONCURRENCY,
    PER_PAGE,
    Page,
    StorefrontClient,
)
from ecommerce.sources.storefront.pagination import walk
from ecommerce.sources.storefront.refunds import read_refunds, split_known
from ecommerce.storage.duckdb import (
    connect_duckdb,
    query_column,
    run_sql_file,
    set_variables,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STATUSES = ("any", "trash")
"""`any` leaves the trash out, also when both are asked for at once."""
KNOWN = "known"
"""The name of the lists of orders that a window names."""
FIRST_FILE = "000000.json"
"""Of each kind: an empty list until something is read."""
FOLDERS = ("orders", "refunds", "products")
PRODUCT_FIELDS = "id,sku,name,categories,date_modified_gmt"


def extract_into(conn_id: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read orders, trashed ones too, with their refunds and products into the raw folder.

    Orders created in the day, changed in the window, named by it as known, and, where it looks back, all that
    were created in the `REFUND_LOOKBACK_DAYS` before. Errors are those of `StorefrontClient.get` and `walk`.
    """
    client = StorefrontClient.connect(conn_id)
    read_at = datetime.now(UTC)
    # A shop refuses a list with an id that is no number, such as that of a rejected order.
    known = list(filter(str.isdecimal, window.also_read))
    window = replace(window, also_read=known)
    with (
        ThreadPoolExecutor(CONCURRENCY) as pool,
        connect_duckdb() as duck,
    ):
        reader = _Reader(window, client, pool, duck, folder)
        reader.read_orders()
        reader.read_products()
        reader.keep_known_lines()
        refunds = reader.read_refunds()
        [totals] = run_sql_file(duck, "extract/storefront/control_totals")
    rows = totals.pop("records") + refunds
    return Extracted(read_at, rows, totals | {"warnings": reader.warnings})


@dataclass
class _Reader:
    """Fills the raw folder."""

    window: ReadWindow
    client: StorefrontClient
    pool: Executor
    duck: DuckDBPyConnection
    folder: Path
    files: Iterator[int] = field(default_factory=partial(itertools.count, 1))
    """The numbers of the files of orders."""
    withheld: int = 0
    """The most orders that one list counted and did not return."""
    known_withheld: int = 0
    """As `withheld`, of the orders that the window names as known."""
    warnings: list[DataWarning] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in FOLDERS:
            (self.folder / name).mkdir()
            (self.folder / name / FIRST_FILE).write_text("[]")
        set_variables(
            self.duck,
            pages=f"{self.folder}/orders/*.json",
            product_pages=f"{self.folder}/products/*.json",
        )

    def read_orders(self) -> None:
        """Read the orders of the window, and those it names, into the folder and the table orders_read."""
        import duckdb

        for name, bounds in _lists(self.window):
            # The trash is read last: an order trashed meanwhile is in one of the two; its newest state wins.
            for status in STATUSES:
                withheld = self._read_list(
                    f"{name}-{status}", {"status": status, **bounds}
                )
                # The lists overlap: a sum would count orders twice.
                self.withheld = max(self.withheld, withheld)
                if name == KNOWN:
                    self.known_withheld += withheld
        try:
            run_sql_file(self.duck, "extract/storefront/orders_read")
        except duckdb.InvalidInputException:
            # Its text may quote customers.
            raise ContractError(
                f"{self.client.conn_id}: an answer to GET /orders is not a JSON list of orders"
            ) from None
        asked_for = {
            # An order that is withheld has not been removed.
            "order_ids": [] if self.known_withheld else self.window.also_read,
            "file": f"{self.folder}/removed_orders.parquet",
        }
        run_sql_file(self.duck, "extract/storefront/removed_orders", asked_for)
        if self.withheld:
            self._warn("orders_withheld", orders=self.withheld)

    def read_products(self) -> None:
        """Read the products on the lines; without the right to read them, their categories are unknown."""
        product_ids = query_column(self.duck, "extract/storefront/product_ids")
        try:
            for number, ids in enumerate(chunked(product_ids, PER_PAGE), 1):
                query = {"include": ",".join(ids), "_fields": PRODUCT_FIELDS}
                for page in self._products(query):
                    file = f"{number:06}-{page.number:03}.json"
                    (self.folder / "products" / file).write_bytes(page.body)
        except (CredentialsError, NotFoundError) as error:
            self._warn("uncategorised", detail=str(error))

    def _products(self, query: Mapping[str, str]) -> Iterator[Page]:
        """Yield the pages of a list of at most `PER_PAGE` products; a plugin may make its pages smaller."""
        read = 0
        for number in range(1, PER_PAGE + 1):
            page = self.client.get("/products", number, query)
            yield page
            read += page.size
            if not page.size or read >= (page.total or 0):
                break

    def keep_known_lines(self) -> None:
        """Keep the stored lines of orders with a product that the shop does not return."""
        from pyarrow.parquet import write_table

        window = self.window
        unknown = "extract/storefront/orders_with_unknown_products"
        order_ids = query_column(self.duck, unknown)
        lines = window.earlier_reads.known_lines(window.source, order_ids)
        write_table(lines, self.folder / "known_lines.parquet")

    def read_refunds(self) -> int:
        """Read the changed refunds of the orders, keep the stored ones of the others, and return the number
        of both."""
        from pyarrow.parquet import write_table

        window = self.window
        order_ids = query_column(self.duck, "extract/storefront/refund_stubs")
        stored = window.earlier_reads.stored_rows("refunds", window.source, order_ids)
        known, changed = split_known(self.duck, stored)
        write_table(known, self.folder / "known_refunds.parquet")
        refunds, incomplete = read_refunds(self.client, self.pool, changed)
        text = json.dumps(refunds, ensure_ascii=False)
        (self.folder / "refunds" / FIRST_FILE).write_text(text, encoding="utf-8")
        if incomplete:
            self._warn("refunds_withheld", orders=incomplete)
        return len(refunds) + known.num_rows

    def _warn(self, kind: str, **facts: object) -> None:
        self.warnings.append(data_warning(kind, source=self.window.source, **facts))

    def _read_list(self, label: str, bounds: Mapping[str, str]) -> int:
        """Read the orders within `bounds`, parameters of the query, and return how many the shop counts and
        does not return; `label` is in the names of the files."""
        parameters = {
            "orderby": "id",
            "order": "asc",
            "dates_are_gmt": "true",
            **bounds,
        }

        def read(number: int) -> Page:
            page = self.client.get("/orders", number, parameters)
            if page.size:
                file = f"{next(self.files):06}-{label}-{number:05}.json"
                (self.folder / "orders" / file).write_bytes(page.body)
            return page

        return walk(f"{self.client.conn_id}: GET /orders ({label})", read, self.pool)


def _lists(window: ReadWindow) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the names and bounds of the lists of a window: the orders created in it, those changed, and those
    it names as known.

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
    yield "created", created
    yield "changed", changed
    for ids in chunked(window.also_read, PER_PAGE):
        yield KNOWN, {"include": ",".join(ids)}
