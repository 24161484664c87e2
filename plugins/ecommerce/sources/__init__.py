"""The sources of the shop's data: one module or package each, and what several of them read with. To add one,
add a module that has what `Source` lists, and its name to `SOURCES` (or `OPTIONAL_SOURCES`)."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from importlib import import_module
from typing import Protocol, cast

from ecommerce.core.check_result import Lines
from ecommerce.core.parts import exists
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import Settings
from ecommerce.storage.staging import Manifest

SALES_DB = "sales_db"
STOREFRONT = "storefront"
PARTNER_FILES = "partner_files"
EXCHANGE_RATES = "exchange_rates"
SHOPIFY = "shopify"
WEB_EVENTS = "web_events"
PRODUCT_CATALOGUE = "product_catalogue"
SOURCES = (SALES_DB, STOREFRONT, SHOPIFY, PARTNER_FILES, EXCHANGE_RATES)
"""Those of the daily sales run: task ids of its group `extract`, keys of the Variable `source_policy`."""
RATES = EXCHANGE_RATES
"""The one that has the exchange rates, and no orders."""
DELIVERIES = PARTNER_FILES
"""The one whose files partners deliver; exports have its layout."""
OPTIONAL_SOURCES = tuple(each for each in (WEB_EVENTS,) if exists(f"sources.{each}"))
"""Those of DAGs that a shop may do without; `make check` asks them where their connection is set."""
LIVE = (*SOURCES, WEB_EVENTS, PRODUCT_CATALOGUE)
"""All that is read live, the catalogue's pages too, which no package of this one reads: no export has such a
name."""


class Source(Protocol):
    """What the module of a source has, and its duties.

    `extract` publishes one raw folder with `window.facts`, the number of its records, and control totals that
    it computes before any cleaning. No record is lost: one that cannot be read is in `rejects.parquet`, and
    what the source withholds is a warning in the control totals. An order is read whole, with all its lines
    and refunds. Only `extract` knows of pages, pace and repeated requests; `window.memory` has the refunds,
    lines and files of the source that the warehouse has. Failures are the errors of `core.errors`, whose kind
    decides about retries; no message has a secret or a customer's data.
    `include/sql/transform/orders/<source>.sql` maps the raw folder.
    """

    SUBJECT: str
    """What `make check` calls it: its connection, or the setting that names its folder; its own alone."""
    OVERLAP: timedelta | None
    """How far before the last read a new one begins; None: it is read by whole days or files."""
    RETRIES: int
    """How often Airflow repeats an extract of the daily run or the sync that failed."""
    RECONCILED: bool
    """Whether reconciliation reads its orders of past days once more. `extract` then reads `known_orders`
    too, and lists those that are gone in `removed_orders.parquet`."""
    SYNCED: bool
    """Whether the hourly sync reads its changes during the day."""
    OPT_IN: bool
    """Whether it is off until its connection, `SUBJECT`, exists."""
    NOT_COMPARED: Collection[str]
    """Columns of `orders` that reconciliation leaves out, because the source has them in other records, whose
    changes change no order."""
    CSV_COLUMNS: Mapping[str, str] | None
    """Where `raw` in `rejects.parquet` is a row of CSV: its columns, by `file`. None: it is a JSON object, or
    not shown."""
    unread_files: Callable[[date, Collection[str]], list[str]] | None
    """Where its records are lines of delivered files, by which the report locates them: returns sentences
    about files that no run reads, for the newest closed day and the names of the loaded files. None: its
    records are in no files."""

    def extract(self, window: ReadWindow) -> Manifest:
        """Read `window` into the staging folder `window.folder`."""

    def check(self) -> Lines:
        """The lines that `make check` prints for it; what it raises becomes a failure."""

    def limits(self, settings: Settings) -> list[str]:
        """Which of its changes are seen late or never, in sentences for the report."""


def module(source: str) -> Source:
    """The package of one of `SOURCES` or `OPTIONAL_SOURCES`."""
    return cast(Source, import_module(f"ecommerce.sources.{source}"))
