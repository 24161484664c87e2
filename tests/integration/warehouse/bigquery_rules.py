"""BigQuery's documented rules for transactions that overlap; the emulator runs one after the other.

A transaction reads its tables as they were at BEGIN. Of two that change or delete rows of the same table,
BigQuery cancels one. A transaction that only reads a table, or adds rows to it, conflicts with none. Source:
https://cloud.google.com/bigquery/docs/transactions#transaction_concurrency
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from ecommerce.warehouse.rendering import tables
from tests import queries
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse_contents import of_all_days
from tests.rendered_sql import split

Rows = dict[str, Counter[str]]
"""The rows of each table as JSON."""


def contents(shop):
    """Return the rows of all tables."""
    dataset = shop.dataset
    parts = [
        f"SELECT '{name}' AS name, TO_JSON_STRING(stored) AS content "
        f"FROM `{dataset}.{name}` AS stored {of_all_days(name)}"
        for name in tables()
    ]
    rows = {name: Counter() for name in tables()}
    for row in _query(shop, " UNION ALL ".join(parts)):
        rows[row["name"]][row["content"]] += 1
    return rows


def copy(source, target):
    """Replace the rows of `target` by those of `source`."""
    statements = []
    for name in tables():
        where = of_all_days(name)
        statements.append(f"DELETE FROM `{target.dataset}.{name}` {where}")
        statements.append(
            f"INSERT INTO `{target.dataset}.{name}` SELECT * FROM `{source.dataset}.{name}` {where}"
        )
    _query(target, ";\n".join(statements))


@dataclass
class Interleaving:
    """Runs `other` before a query of the warehouse `shop`, or while its transaction is open.

    `before` counts the queries from 0; None stands for the first transaction. Where the query is a
    transaction, both begin on the same snapshot, which `snapshot`, another warehouse, keeps.
    """

    shop: Shop
    snapshot: Shop
    other: Callable[[], Any]
    before: int | None
    is_done: bool = False
    is_running: bool = False
    queries: list[str] = field(default_factory=list)

    def begin(self, monkeypatch):
        """Intercept the queries of this process."""
        queries.intercept(monkeypatch, self._answer)

    def _answer(self, send, sql, **options):
        if self.is_running:
            return send(sql, **options)
        number = len(self.queries)
        self.queries.append(sql)
        is_transaction = "BEGIN TRANSACTION" in sql
        is_place = is_transaction if self.before is None else number == self.before
        if is_place and not self.is_done:
            self.is_done = self.is_running = True
            if is_transaction:
                self.overlap(sql)
            else:
                self.other()
            self.is_running = False
        return send(sql, **options)

    def overlap(self, sql):
        """Run `other` and the transaction `sql` on the same snapshot.

        Raises:
            BadRequest: BigQuery cancels `sql`.
        """
        copy(self.shop, self.snapshot)
        before = contents(self.shop)
        self.other()
        others = changed_tables(before, contents(self.shop))
        script = sql.replace(f"`{self.shop.dataset}.", f"`{self.snapshot.dataset}.")
        statements = split(script)
        first = statements.index("BEGIN TRANSACTION") + 1
        last = statements.index("COMMIT TRANSACTION")
        for statement in statements[first:last]:
            # Cancelled at the first statement that conflicts.
            _query(self.snapshot, statement)
            if conflict := others & changed_tables(before, contents(self.snapshot)):
                raise BadRequest(
                    "Transaction is aborted due to concurrent update against table "
                    + ", ".join(conflict),
                    errors=[{"reason": "invalidQuery"}],
                )
        self._add(before, contents(self.snapshot))
        raise Committed

    def _add(self, before, after):
        """Commit what the transaction has changed on the snapshot."""
        for name in tables():
            table = f"`{self.shop.dataset}.{name}`"
            changed = f"`{self.snapshot.dataset}.{name}`"
            where = f"{of_all_days(name)} AND TO_JSON_STRING(stored) IN UNNEST(@rows)"
            self._apply(
                before[name] - after[name], f"DELETE FROM {table} AS stored {where}"
            )
            added = f"INSERT INTO {table} SELECT * FROM {changed} AS stored {where}"
            self._apply(after[name] - before[name], added)

    def _apply(self, rows, statement):
        if rows:
            parameter = bigquery.ArrayQueryParameter("rows", "STRING", list(rows))
            config = bigquery.QueryJobConfig(query_parameters=[parameter])
            self.shop.warehouse.client.query(statement, job_config=config).result()


class Committed(Exception):
    """The transaction has committed beside the other."""


def changed_tables(before, after):
    """Return the tables of which rows were changed or deleted."""
    return {name for name in before if before[name] - after[name]}


def is_cancelled(first, second):
    """Return whether BigQuery cancels one of two scripts whose transactions overlap: both change rows of a
    table."""
    return bool(_changed_by(first) & _changed_by(second))


@cache
def _changed_by(script):
    # Compiling Google's parser takes half a minute, and few tests that import this module need it.
    from tests.reference_engine import script_parts

    changing = ("Update", "Delete", "Merge")
    parts = script_parts(script)
    return {part.target for part in parts if part.kind in changing}


def _query(shop, sql):
    return list(shop.warehouse.client.query(sql, timeout=60).result(timeout=60))
