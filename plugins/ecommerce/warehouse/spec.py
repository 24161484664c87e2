"""What one domain loads, as one value: this package serves every domain alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """One domain's load. Its SQL is the folder include/sql/warehouse/loads/<name>:

    - `staged_totals.sql`: what the load jobs loaded (name, source, entries, different_keys, amount);
    - `find_changes.sql`: runs before the transaction; its last statement returns the days that change
      (business_date). `read_days()` limits it to the partitions in which the reads' windows lie;
    - `script.sql`: the one transaction; its last statement returns what it loaded (name, entries);
    - `loaded_totals.sql`: for the audit, what the warehouse now holds by source (source, orders, amount);
    - `staging/<table>.sql`: the staging tables without a table in the warehouse.

    `confirm.sql`, `audit_state.sql` and the staging table `run` in include/sql/warehouse/loads are shared.
    """

    name: str
    sources: tuple[str, ...]
    """The names of its live sources in `load_audit` and `rejected_rows`; no other domain has them."""
    files: tuple[str, ...]
    """The tables that a transform may leave, each as `<table>.parquet`; each has a staging table."""
    tables: tuple[str, ...]
    """The tables whose rows it writes; those with a `checks.sql` are checked after the load."""
    counted: str
    """The table of `files` whose rows a transform counts, in the control total of this name."""
    looked_up: tuple[str, ...] = ()
    """The staging tables that `find_changes.sql` creates, besides `audit_state`."""
    filled_by_script: tuple[str, ...] = ()
    """The staging tables that `script.sql` fills."""
    not_staged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By table: the columns that another load fills, and no transform leaves."""
    takes_exports: bool = False
    """Whether it loads exports under names of their own. One domain does; its audit rows have the status
    `history`."""

    def path(self, statement: str) -> str:
        """Return the file of one of its statements, below include/sql."""
        return f"warehouse/loads/{self.name}/{statement}.sql"
