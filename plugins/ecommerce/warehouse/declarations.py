"""What the files of include/sql/warehouse/tables declare of tables and views, without a view's query."""

import re
from dataclasses import dataclass

from ecommerce.core.settings import Settings
from ecommerce.warehouse.column_types import Column, declared_columns
from ecommerce.warehouse.schema import ddl


@dataclass(frozen=True)
class Declaration:
    """The declaration of a table or view. The columns of a view have empty types, and what a table does not
    declare is empty."""

    name: str
    description: str
    columns: tuple[Column, ...]
    partitioned_by: str
    clustered_by: list[str]
    partition_days: str
    """The number of days after which a partition expires."""
    requires_filter: bool
    """Whether a query must filter by `partitioned_by`."""

    @property
    def summary(self) -> str:
        """The description, with the filter that a query requires."""
        if self.requires_filter:
            return f"{self.description} A query must filter by `{self.partitioned_by}`."
        return self.description


def declaration(name: str, settings: Settings) -> Declaration:
    """Return the declaration of a table or view."""
    statement = ddl(name, settings).partition("\nAS\n")[0]

    def clause(pattern: str) -> str:
        return "".join(re.findall(pattern, statement, re.MULTILINE))

    return Declaration(
        name=name,
        description=clause(r'^OPTIONS \(\s*description = "([^"]+)"'),
        columns=declared_columns(statement),
        partitioned_by=clause(r"^PARTITION BY (\w+)"),
        clustered_by=re.findall(r"\w+", clause(r"^CLUSTER BY ([\w, ]+)")),
        partition_days=clause(r"partition_expiration_days = (\d+)"),
        requires_filter="require_partition_filter = TRUE" in statement,
    )
