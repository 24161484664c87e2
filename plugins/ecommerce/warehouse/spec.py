"""What one domain loads, as one value: this package serves every domain alike."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """One domain's load. Its SQL is the folder include/sql/warehouse/loads/<name>:

    - `staged_totals.sql`: what the load jobs loaded (name, source, entries, different_keys, amount). One row
      has the `token` of the lock; a row with a `business_date` is a day of stored rows that the next
      statements read;
    - `find_changes.sql`: runs before the transaction and decides which stored rows are replaced (orders: the
      table `replaced_orders`). It leaves the staging table `touched_days`, the days that change
      (business_date; orders: also is_mailed and earliest). `read_days()` and
      `stored` limit it to some partitions;
    - `script.sql`: the one transaction; it begins with `lock.sql`;
    - `loaded_totals.sql`: for the audit, what the warehouse now holds by source (source, orders, amount);
    - `staging/<table>.sql`: the staging tables without a table in the warehouse.

    `lock.sql` in include/sql/warehouse/loads is shared. The staged `load_audit` has the
    run and the start of the load: text values reach a script as rows, never as part of its SQL.
    """

    name: str
    sources: Callable[[], Collection[str]]
    """Returns the names of its live sources in `load_audit` and `rejected_rows`; no other domain has them."""
    files: tuple[str, ...]
    """The tables that a transform may leave, each as `<table>.parquet`; each has a staging table."""
    tables: tuple[str, ...]
    """The tables whose rows it writes; those with a `checks.sql` are checked after the load."""
    counted: str
    """The table of `files` whose rows a transform counts, in the control total of this name."""
    not_staged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By table: the columns that another load fills, and no transform leaves."""
    rates_source: str = ""
    """The one of its `sources` that has the exchange rates, whose rows name no source."""
    takes_exports: bool = False
    """Whether it loads exports under names of their own. One domain does; its audit rows have the status
    `history`."""

    @property
    def uploaded(self) -> tuple[str, ...]:
        """The staging tables that load jobs fill."""
        return ("load_audit", *self.files)

    def path(self, statement: str) -> str:
        """Return the file of one of its statements, below include/sql."""
        return f"warehouse/loads/{self.name}/{statement}.sql"
