"""What one domain loads, as one value: the machinery of this package serves every domain alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """One domain's load. Its SQL is the folder include/sql/warehouse/loads/<name>, which has

    - `staged_totals.sql`: what the load jobs brought, (name, source, entries, different_keys, amount);
    - `find_changes.sql`: runs before the transaction; its last statement returns the days that change
      (business_date). `read_days()` limits it to the partitions in which the reads' windows lie;
    - `script.sql`: the one transaction, which ends with the rows (name, entries) of what it brought;
    - `loaded_totals.sql`: for the audit, what the warehouse now holds per source (source, orders, amount);
    - `staging/<table>.sql`: the staging tables that are no table of the warehouse.

    `confirm.sql`, `audit_state.sql` and the staging table `run` beside these folders are for every domain.
    """

    name: str
    sources: tuple[str, ...]
    """What its live sources are called in `load_audit` and `rejected_rows`; no other domain has them."""
    files: tuple[str, ...]
    """The tables that a transform may leave, each as `<table>.parquet`, and their staging tables."""
    tables: tuple[str, ...]
    """The tables whose rows it writes; those that have a `checks.sql` are checked after the load."""
    counted: str
    """The table of `files` whose rows a transform counts, in the control total of this name."""
    looked_up: tuple[str, ...] = ()
    """The staging tables that `find_changes.sql` makes, beside `audit_state`."""
    filled_by_script: tuple[str, ...] = ()
    """The staging tables, empty at first, that `script.sql` fills."""
    not_staged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By table: the columns that no transform leaves, because somebody else fills them."""
    takes_exports: bool = False
    """Whether it loads exports, under names of their own. One domain does: it has the rows of `load_audit`
    with the status `history`."""

    def path(self, statement: str) -> str:
        """The file of one of its statements, below include/sql."""
        return f"warehouse/loads/{self.name}/{statement}.sql"
