"""The sources of the shop's data: one module or package each, and what several of them read with. To add one,
add a module that has what `Source` lists, and its name to `SOURCES` (or `OPTIONAL_SOURCES`)."""

from datetime import timedelta
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
WEB_EVENTS = "web_events"
PRODUCT_CATALOGUE = "product_catalogue"
SOURCES = (SALES_DB, STOREFRONT, PARTNER_FILES, EXCHANGE_RATES)
"""Those of the daily sales run: task ids of its group `extract`, keys of the Variable `source_policy`."""
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
    and refunds. Failures are the errors of `core.errors`, whose kind decides about retries; no message has a
    secret or a customer's data. `include/sql/transform/orders/<source>.sql` maps the raw folder.
    """

    SUBJECT: str
    """What `make check` calls it: its connection, or the setting that names its folder; its own alone."""
    OVERLAP: timedelta | None
    """How far before the last read a new one begins; None: it is read by whole days or files."""
    RECONCILED: bool
    """Whether reconciliation reads its orders of past days once more. `extract` then reads `known_orders`
    too, and lists those that are gone in `removed_orders.parquet`."""

    def extract(self, window: ReadWindow) -> Manifest:
        """Read `window` into the staging folder `window.folder`."""

    def check(self) -> Lines:
        """The lines that `make check` prints for it; what it raises becomes a failure."""

    def limits(self, settings: Settings) -> list[str]:
        """Which of its changes are seen late or never, in sentences for the report."""


def module(source: str) -> Source:
    """The package of one of `SOURCES` or `OPTIONAL_SOURCES`."""
    return cast(Source, import_module(f"ecommerce.sources.{source}"))
