"""A model of the bytes that BigQuery scans for a load and for a report, on Google's analysis of the rendered
statements.

`python -m benchmarks.scanned_bytes` prints what the loads of a day and its report scan after a month and
after ten years. `python -m benchmarks.scanned_bytes report` prints each statement of the report.

A statement scans the columns that it refers to (the analyzer removes the others), of the partitions that its
constants leave. UPDATE, DELETE and a MERGE with one of them also scan all columns of the partitions that they
may change, or of the whole table without partitions
(https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#on-demand_query_size_calculation).
Only literals, parameters and variables prune; comparisons with another table's columns do not. The first
column of a clustered table prunes whole blocks in the same way, but not what DML changes.

A view scans all that its own statement does: conditions on the view prune nothing, and unused columns count.
A statement with views never scans more than this model's bytes.
"""

import operator
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import zetasql.types as zt

from ecommerce.core.expected_partners import WEEKS
from ecommerce.events.loading import EVENTS
from ecommerce.sales.day_queries import MOST_MOVERS, MOST_PRODUCTS
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import rendering
from ecommerce.warehouse.spec import LoadSpec
from tests import rendered_sql
from tests.googlesql import Catalogue
from tests.rendered_sql import SETTINGS, STAGING
from tests.settings import settings_of

DAY = date(2026, 3, 31)
"""The business day of the load: the newest of the history."""
WIDTHS = {
    "INT64": 8,
    "NUMERIC": 16,
    "BOOL": 1,
    "DATE": 8,
    "TIMESTAMP": 8,
    "STRING": 2,
    "ARRAY": 0,
}
TEXTS = {
    "order_id": 10,
    "source": 9,
    "channel": 9,
    "customer_hash": 64,
    "visitor_hash": 64,
    "forgotten_hash": 64,
    "session_key": 64,
    "run_id": 40,
    "currency": 3,
    "country_code": 2,
    "status": 9,
    "sku": 10,
    "product_name": 30,
    "raw": 400,
    "event_id": 36,
    "attributes": 0,
    "coupon_code": 1,
    "reason": 8,
    "order_ids": 12 * 10_000,
}
"""Characters of text columns; others have 12."""
BLOCK = 64 << 20
"""Bytes of a block; BigQuery's documentation expects nothing of clustering below."""
A_DAY = {
    "orders": 1_000_000,
    "order_lines": 2_500_000,
    "refunds": 20_000,
    "removed_orders": 500,
    "daily_sales": 2_000,
    "daily_summary": 1,
    "rejected_rows": 3_000,
    "load_audit": 30,
    "control_totals": 50,
    "loaded_files": 10,
    "exchange_rates": 30,
    "payments": 1_050_000,
    "payouts": 1,
    "report_deliveries": 1,
    "report_restatements": 30,
    "sales_forecasts": 800,
    "user_events": 10_000_000,
    "sessions": 1_000_000,
    "daily_events": 10,
    "daily_funnel": 200,
}
"""Rows by day of history."""
PRODUCTS = 50_000
STAGED = {
    "orders": 1_100_000,
    "order_lines": 2_750_000,
    "order_versions": 1_100_000,
    "refunds": 22_000,
    "customers": 900_000,
    "products": PRODUCTS,
    "replaced_orders": 1_100_000,
    "payments": 1_050_000,
    "payouts": 10,
    "rejected_rows": 3_000,
    "loaded_files": 10,
    "user_events": 10_000_000,
    "arriving_events": 10_000_000,
    "leaving_events": 100_000,
}
"""Rows of a day's staging tables; the others have a few."""


Variables = Mapping[str, date]
"""The values of a statement's variables and parameters."""
Conditions = tuple[Any, ...]
"""Expressions that are true for each row that is read."""


@dataclass(frozen=True)
class History:
    """What a warehouse holds: the last `days`, and its customers."""

    days: int
    customers: int

    def partitions(self, table: str) -> tuple[int, int]:
        """The number of a table's days (1 for a table that does not grow by day), and the rows of each."""
        without_days = {
            "customers": self.customers,
            "products": PRODUCTS,
            "forgotten_hashes": 10_000,
            "load_lock": 1,
            # Of ten years: the whole shop, and one channel.
            "sales_targets": 240,
        }
        if table in without_days:
            return 1, without_days[table]
        return self.days, A_DAY[table]


@dataclass(frozen=True)
class Load:
    """A load whose look-ups found these days. `variables` are those of its scripts, and `arriving` the staged
    tables with rows."""

    spec: LoadSpec
    days: list[date]
    read_days: list[date]
    stored: Mapping[str, list[date]] = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    arriving: Sequence[str] = ()

    def statements(self) -> Iterator[tuple[str, str]]:
        """Its statements by name, in the order of their execution."""
        for name in ("staged_totals", "find_changes", "script"):
            sql = rendering.render(
                self.spec.path(name),
                days=self.days,
                read_days=self.read_days,
                stored=self.stored,
                staging=STAGING,
                spec=self.spec,
                settings=settings_of(SETTINGS),
                business_date=DAY,
                last_day=DAY,
                looked_up_at=rendered_sql.sample("looked_up_at"),
                lock_token="0a1b",
                earliest_date=self.variables.get("earliest_date"),
                arriving=self.arriving,
            )
            parts = rendered_sql.without_variables(rendered_sql.split(sql))
            for part in parts:
                yield name, part


@dataclass(frozen=True)
class Scan:
    """One table of a statement; `columns` are those that it reads, with their numbers in the statement, and
    `conditions` are true for each row that it reads."""

    table: str
    columns: Mapping[str, int]
    conditions: Conditions
    is_changed: bool = False


@dataclass
class Model:
    """The tables and views that statements may name. `views` has the scans of each view's own statement."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    views: dict[str, list[Scan]] = field(default_factory=dict)

    def create_tables(self) -> None:
        """Analyse the statements that create the tables, views and staging tables."""
        creates = re.compile(
            r"/(table|view|staged_totals|find_changes)\.sql$|/staging/"
        )
        for path in rendered_sql.paths():
            if not creates.search(path):
                continue
            for statement in rendered_sql.statements(path):
                resolved = zt.parse_proto(self.catalogue.analyse(statement.sql))
                if isinstance(resolved, zt.ResolvedCreateViewStmt):
                    name = _table_name(resolved.name_path[-1])
                    self.views[name] = list(scans(resolved.query))

    def total(
        self,
        statements: Iterable[tuple[str, str]],
        history: History,
        variables: Variables,
    ) -> int:
        """The bytes that all statements, each a name and its SQL, scan together."""
        total = 0
        for _, sql in statements:
            if not sql.startswith(("BEGIN", "COMMIT")):
                read = scans(zt.parse_proto(self.catalogue.analyse(sql)))
                for scan in self._scans_of_tables(read):
                    total += _size(scan, history, variables)
        return total

    def _scans_of_tables(self, read: Iterable[Scan]) -> Iterator[Scan]:
        for scan in read:
            if scan.table in self.views:
                yield from self._scans_of_tables(self.views[scan.table])
            else:
                yield scan


@dataclass(frozen=True)
class Either:
    """A row is read if one of these may hold."""

    expressions: tuple[Any, ...]


def scans(node: Any, conditions: Conditions = ()) -> Iterator[Scan]:
    """The tables that a resolved statement reads; `conditions` are true for all rows of the node."""
    match node:
        case zt.ResolvedTableScan():
            yield _scan(node, conditions)
        case zt.ResolvedFilterScan():
            yield from scans(node.filter_expr)
            yield from scans(node.input_scan, (*conditions, node.filter_expr))
        case zt.ResolvedJoinScan():
            yield from scans(node.join_expr)
            yield from _joined_scans(node, conditions)
        case zt.ResolvedMergeStmt():
            changed = [node.merge_expr]
            for clause in node.when_clause_list:
                if clause.match_type.name.endswith("BY_SOURCE"):
                    changed.append(clause.match_expr)
            yield _changed(node, Either(tuple(changed)))
            yield from scans(
                [
                    node.from_scan,
                    node.merge_expr,
                    node.when_clause_list,
                ]
            )
        case zt.ResolvedDeleteStmt() | zt.ResolvedUpdateStmt():
            yield _changed(node, node.where_expr)
            yield from scans(node.where_expr)
        case zt.ResolvedInsertStmt():
            yield from scans(node.query)
        case zt.ResolvedProjectScan() | zt.ResolvedArrayScan():
            for part in _parts(node):
                yield from scans(part, conditions if part is node.input_scan else ())
        case _:  # a condition on what is computed from several rows prunes nothing
            for part in _parts(node):
                yield from scans(part)


def _parts(node: Any) -> list[Any]:
    """What a node of a resolved statement, or a list of nodes, consists of."""
    if is_dataclass(node):
        return [getattr(node, part.name) for part in fields(node)]
    return node if isinstance(node, list) else []


def _joined_scans(node: Any, conditions: Conditions) -> Iterator[Scan]:
    """The tables of both sides of a join; an outer join keeps all rows of one side."""
    joined = conditions
    if node.join_expr is not None:
        joined = (*conditions, node.join_expr)
    kind = node.join_type.name
    left = joined if kind in ("INNER", "RIGHT") else conditions
    right = joined if kind in ("INNER", "LEFT") else conditions
    yield from scans(node.left_scan, left)
    yield from scans(node.right_scan, right)


def _changed(statement: Any, condition: Any) -> Scan:
    """The table that a statement changes: it also lists the columns that are only written."""
    columns = statement.table_scan.column_list
    read = []
    for column, access in zip(
        columns,
        statement.column_access_list,
        strict=True,
    ):
        if "READ" in access.name:
            read.append(column)
    scan = _scan(statement.table_scan, (condition,))
    return replace(
        scan,
        columns=_numbers(read),
        is_changed=True,
    )


def _scan(node: Any, conditions: Conditions) -> Scan:
    return Scan(
        _table_name(node.table.name),
        _numbers(node.column_list),
        conditions,
    )


def _numbers(columns: Iterable[Any]) -> dict[str, int]:
    return {column.name: column.column_id for column in columns}


def _table_name(name: str) -> str:
    return name.removeprefix("sales.")


def _size(scan: Scan, history: History, variables: Variables) -> int:
    dataset, _, name = scan.table.rpartition(".")
    if dataset:
        table = name.partition("__")[0]
        widths = _widths(table) if table in rendering.tables() else {}
        row = sum(
            widths.get(column, 2 + TEXTS.get(column, 12)) for column in scan.columns
        )
        return STAGED.get(table, 10) * row
    partition, cluster = _layout(name)
    length, rows = history.partitions(name)
    widths = _widths(name)
    row = sum(widths.values())
    read = length
    column = scan.columns.get(partition or cluster)
    if column:
        read = 0
        for number in range(length):
            value_of = partial(
                evaluate,
                column=column,
                day=DAY - timedelta(number),
                variables=variables,
            )
            read += False not in map(value_of, scan.conditions)
        if not partition:
            days_of_block = max(1, BLOCK // (rows * row))
            blocks = -(-max(1, read) // days_of_block)
            read = min(length, blocks * days_of_block)
    size = read * sum(widths[column] for column in scan.columns)
    if scan.is_changed:
        size += (read if partition else length) * row
    return rows * size


@cache
def _layout(table: str) -> tuple[str, str]:
    """The column that a table is partitioned by, and the first one that it is clustered by; else empty."""
    sql = (rendering.SQL_ROOT / f"warehouse/tables/{table}/table.sql").read_text()
    columns = dict(re.findall(r"(?m)^(PARTITION|CLUSTER) BY (\w+)", sql))
    return columns.get("PARTITION", ""), columns.get("CLUSTER", "")


@cache
def _widths(table: str) -> dict[str, int]:
    widths = {}
    for column in rendering.columns(table):
        kind = re.split(r"\W", column.type)[0]
        widths[column.name] = WIDTHS[kind]
        if kind in ("STRING", "ARRAY"):
            widths[column.name] += TEXTS.get(column.name, 12)
    return widths


COMPARISONS: Mapping[str, Callable[..., Any]] = {
    "$equal": operator.eq,
    "$between": lambda value, low, high: low <= value <= high,
    "$greater_or_equal": operator.ge,
    "$greater": operator.gt,
    "$less_or_equal": operator.le,
    "$less": operator.lt,
    "$in": lambda value, *others: value in others,
}
SHIFTS = {"date_add": 1, "date_sub": -1}


def evaluate(expression: Any, column: int, day: date, variables: Variables) -> Any:
    """The value of an expression where the column with this number is `day`; None if constants do not
    determine it."""
    value_of = partial(evaluate, column=column, day=day, variables=variables)
    match expression:
        case Either():
            values = {*map(value_of, expression.expressions)}
            return None if values - {False} else False
        case zt.ResolvedLiteral():
            return _literal(expression.value.value)
        case zt.ResolvedColumnRef():
            return day if expression.column.column_id == column else None
        case zt.ResolvedParameter():
            return variables.get(expression.name)
        case zt.ResolvedFunctionCall():
            name = expression.function.name.removeprefix("ZetaSQL:")
            return _call(name, [*map(value_of, expression.argument_list)])
    return None


def _literal(value: Any) -> Any:
    if value.date_value is not None:
        return date(1970, 1, 1) + timedelta(value.date_value)
    if value.int64_value is not None:
        return value.int64_value
    return value.bool_value


def _call(name: str, values: list[Any]) -> Any:
    if name in ("$and", "$or"):
        decisive = name == "$or"
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    if name in SHIFTS and None not in values[:2]:
        return values[0] + timedelta(SHIFTS[name] * values[1])
    if name in COMPARISONS and None not in values:
        return COMPARISONS[name](*values)
    return None


HISTORIES = (
    History(days=30, customers=20_000_000),
    History(days=3650, customers=60_000_000),
)
Statements = Sequence[tuple[str, str]]
"""A name and the SQL of each."""


def main(arguments: Sequence[str]) -> None:
    """Print the gigabytes that the loads and the report of a large day scan, by length of the history; with
    the argument `report` those of each statement of the report."""
    model = Model()
    model.create_tables()
    report = report_queries()
    if "report" in arguments:
        for name, sql in report:
            print_sizes(
                model,
                name,
                [(name, sql)],
                {},
            )
    for name, load in large_days().items():
        print_sizes(
            model,
            name,
            list(load.statements()),
            load.variables,
        )
    print_sizes(
        model,
        "report",
        report,
        {},
    )


def print_sizes(
    model: Model, name: str, statements: Statements, variables: Variables
) -> None:
    """Print what statements scan after a month and after ten years."""
    sizes = []
    for history in HISTORIES:
        size = model.total(statements, history, variables) / 1e9
        digits = 0 if size > 10 else 3
        sizes.append(f"{size:.{digits}f} GB")
    print(f"{name}: {sizes[0]} after a month, {sizes[1]} after ten years")


BASE = DAY - timedelta(weeks=1)
"""The day that changes are stated since."""


def report_queries() -> Statements:
    """Return the queries of one report in alphabetical order, each as often as it runs: every file of
    report/daily_sales, and those of other folders that the report reads."""
    paths = [
        "report/currency_totals.sql",
        "warehouse/tables/load_audit/daily_runs.sql",
        # They are read again at the end, to notice a load.
        "report/daily_sales/days.sql",
    ]
    for path in (rendering.SQL_ROOT / "report/daily_sales").glob("*.sql"):
        paths.append(path.relative_to(rendering.SQL_ROOT).as_posix())
    return [(path, report_query(path)) for path in sorted(paths)]


def report_query(path: str) -> str:
    """Return a query of the report with the days and values that the report gives to it."""
    # Refunds of a day are of orders of the month before.
    of_refunded_orders = last_days(30)
    days = {
        "attributes": of_refunded_orders,
        "contributions": [BASE, DAY],
        "products": [BASE, DAY],
        "refunded_order_days": [BASE, DAY],
    }
    firsts = {
        "currency_totals": DAY,
        "outlook": DAY + timedelta(days=1),
        "partner_days": DAY - timedelta(weeks=WEEKS),
    }
    name = Path(path).stem
    return rendering.render(
        path,
        days=days.get(name, []),
        read_days=of_refunded_orders,
        report_day=DAY if "daily_sales" in path else None,
        spec=ORDERS,
        settings=settings_of(SETTINGS),
        business_date=DAY,
        day=DAY,
        first=firsts.get(name),
        last=DAY + timedelta(days=7),
        base=BASE,
        most=MOST_PRODUCTS,
        most_movers=MOST_MOVERS,
    )


def large_days() -> dict[str, Load]:
    """A million orders, changes of a hundred thousand of the month before, and ten million events."""
    orders = Load(
        ORDERS,
        days=last_days(30),
        read_days=last_days(1),
        stored={
            "orders": last_days(30),
            "refunds": last_days(30),
            "exchange_rates": last_days(8),
            "payments": last_days(10),
            "rejected_rows": last_days(3),
            "products": last_days(1),
            "changed_rates": last_days(1),
            "report_deliveries": last_days(30),
        },
        arriving=ORDERS.files,
        variables={"earliest_date": DAY - timedelta(20)},
    )
    return {
        "orders": orders,
        "events": Load(
            EVENTS,
            days=last_days(5),
            read_days=last_days(1),
        ),
    }


def last_days(number: int) -> list[date]:
    """Return the last `number` days up to `DAY`."""
    return [DAY - timedelta(days) for days in reversed(range(number))]


if __name__ == "__main__":
    main(sys.argv[1:])
