"""The sources of the shop's data: one package each, and what several of them read with. To add one, add a
folder of this package that has what `Source` lists, and its name to `SOURCES` (or `OPTIONAL_SOURCES`)."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Protocol, cast

from ecommerce.core.check_result import Lines
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
OPTIONAL_SOURCES = (WEB_EVENTS,)
"""Those of DAGs that a shop may do without; `make check` asks them where their connection is set."""
LIVE = (*SOURCES, *OPTIONAL_SOURCES, PRODUCT_CATALOGUE)
"""All that is read live, the catalogue's pages too, which no package of this one reads: no export has such a
name."""


class Source(Protocol):
    """What the package of a source has."""

    SUBJECT: str
    """What `make check` calls it: its connection, or the setting that names its folder; its own alone."""
    OVERLAP: timedelta | None
    """How far before the last read a new one begins; None: it is read by whole days or files."""
    RECONCILED: bool
    """Whether reconciliation reads its orders of past days once more."""

    def extract(self, window: ReadWindow) -> Manifest:
        """Read `window` into the staging folder `window.folder`."""

    def check(self) -> Lines:
        """The lines that `make check` prints for it; what it raises becomes a failure."""

    def limits(self, settings: Settings) -> list[str]:
        """Which of its changes are seen late or never, in sentences for the report."""


def module(source: str) -> Source:
    """The package of one of `SOURCES` or `OPTIONAL_SOURCES`."""
    return cast(Source, import_module(f"ecommerce.sources.{source}"))
