"""Runs every query that this process sends to the emulator on Google's reference implementation, too.

Of a script, each statement is executed by itself, without its transaction: its query runs on both engines
before it, on the tables as they are then, of which the reference engine gets shuffled rows. It also runs what
chooses rows on the rows as stored: a result that differs depends on an order that BigQuery does not promise.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from google.cloud import bigquery
from jinja2 import Environment
from zetasql.core.exceptions import ZetaSQLError

from ecommerce.warehouse import client, rendering, schema
from ecommerce.warehouse.column_types import declared_columns
from tests.integration.conftest import FULL_MATRIX
from tests.integration.warehouse_contents import of_all_days
from tests.reference_engine import (
    Parameter,
    Table,
    evaluate,
    script_parts,
    sql_type,
)

RANDOM = "GENERATE_UUID()"
CHOOSES_ROWS = re.compile(
    r"\b(ORDER|LIMIT|OVER|OFFSET|ARRAY|ANY_VALUE|\w+_AGG|\w+_BY)\b"
)
"""What can make a result depend on the order of rows; such a query runs with both orders."""
OFTEN = 2 if FULL_MATRIX else 1
"""Comparisons of a statement that has rows; without rows, at most four."""
COLUMNS_CHANGE = (
    "load_table_from_file",
    "load_table_from_uri",
    "create_table",
    "delete_table",
)
"""Requests of the API that change tables."""
CHANGES_ROWS = ("Insert", "Merge", "Delete", "Update", "CreateTable")


@dataclass
class BothEngines:
    """What was compared.

    `differences` describes rows that differ; `not_run` has the reference engine's errors by statement.
    `times` and `with_rows` count the comparisons of each statement, without what differs from load to load.
    `files` are the templates rendered meanwhile. `today` is what both engines take for CURRENT_DATE.
    """

    today: date
    files: set[str] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    with_rows: Counter[str] = field(default_factory=Counter)
    _contents: dict[str, Table] = field(default_factory=dict)
    _columns: dict[str, Sequence[tuple[str, Any]]] = field(default_factory=dict)
    _columns_by_statement: dict[str, Sequence[tuple[str, Any]]] = field(
        default_factory=dict
    )
    _send: Callable[..., Any] = bigquery.Client.query

    @contextmanager
    def installed(self, patch):
        """Compare every query of this process meanwhile; `patch` undoes it."""
        both = self

        def query(api, *arguments, **options):
            return both.query(
                api,
                *arguments,
                **options,
            )

        def get_template(environment, name, *arguments):
            both.files.add(name)
            return find_template(environment, name, *arguments)

        find_template = Environment.get_template
        patch.setattr(Environment, "get_template", get_template)
        patch.setattr(bigquery.Client, "query", query)
        for name in COLUMNS_CHANGE:
            patch.setattr(
                bigquery.Client, name, self._forgetting(getattr(bigquery.Client, name))
            )
        yield

    def query(self, api, sql, job_config=None, **options):
        """Do what `Client.query` does: return the job of the last statement."""
        config = job_config or bigquery.QueryJobConfig()
        given = [_parameter(each) for each in config.query_parameters]
        parts = script_parts(sql)
        types = {part.variable: part.type for part in parts if part.type}
        executed = [part for part in parts if part.kind not in ("Begin", "Commit")]
        job = None
        for number, written in enumerate(executed, start=1):
            part = _without_variables(written, types)
            rows = None
            if part.query and part.kind != "CreateView":
                rows = self._compare(api, part, given)
            if part.variable:
                value = rows[0][0] if rows else None
                given = [each for each in given if each.name != part.variable]
                given.append(Parameter(part.variable, types[part.variable], value))
                continue
            own = bigquery.QueryJobConfig.from_api_repr(config.to_api_repr())
            own.query_parameters = [_of_api(each) for each in given]
            job_id = {} if number == len(executed) else {"job_id": None}
            job = self._send(
                api,
                part.sql,
                job_config=own,
                **options | job_id,
            )
            job.result()
            self._forget(part)
        return job

    def table(self, api, name):
        """A table or view of the emulator."""
        if name not in self._contents:
            short = name.rpartition(".")[2]
            if short in rendering.views():
                self._contents[name] = self._view(api, name, short)
            else:
                columns = self._columns.get(name)
                if columns is None:
                    columns = [
                        (each.name, sql_type(_type_of(each)))
                        for each in api.get_table(name).schema
                    ]
                self._contents[name] = Table(
                    name,
                    columns,
                    self._dump(
                        api,
                        name,
                        short,
                        columns,
                    ),
                )
        return self._contents[name]

    def _view(self, api, name, short):
        created = script_parts(schema.ddl(short, client.load_settings()))[-1]
        tables = [self.table(api, each) for each in _table_names(created.query)]
        result = evaluate(created.query, tables)
        declared = declared_columns(created.sql)
        types = [kind for _, kind in result.columns]
        columns = list(
            zip(
                [each.name for each in declared],
                types,
                strict=True,
            )
        )
        rows = self._dump(
            api,
            name,
            short,
            columns,
        )
        if not _same(result.rows, rows, is_ordered=False):
            self.differences.append(f"{name}: {_difference(result.rows, rows)}")
        return Table(name, columns, rows)

    def _dump(self, api, name, short, columns):
        selected = ", ".join(f"`{column}`" for column, _ in columns)
        return self._rows(api, f"SELECT {selected} FROM `{name}` {of_all_days(short)}")

    def _compare(self, api, part, given):
        """Run a query on both engines, and note a difference. Returns the emulator's rows; None where the
        statement was compared often enough."""
        statement = _without_values(part.query)
        is_created = part.kind == "CreateTable" and part.target
        often = self.with_rows[statement] >= OFTEN or self.times[statement] >= 4
        if often and not part.variable:
            if is_created:
                self._columns[is_created] = self._columns_by_statement[statement]
            return None
        now = datetime.now(UTC)
        sql = part.query.replace(
            "CURRENT_TIMESTAMP()", f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S}+00'"
        )
        sql = re.sub(r"CURRENT_DATE\([^)]*\)", f"DATE '{self.today}'", sql)
        sql = sql.replace(RANDOM, "'a random value'")
        used = [each for each in given if re.search(rf"@{each.name}\b", sql)]
        config = bigquery.QueryJobConfig(
            query_parameters=[_of_api(each) for each in used]
        )
        emulated = self._rows(api, sql, config)
        self.times[statement] += 1
        self.with_rows[statement] += bool(emulated)
        tables = [self.table(api, name) for name in _table_names(sql)]
        try:
            shuffled = google = evaluate(sql, tables, used, seed=1)
            if CHOOSES_ROWS.search(sql):
                google = evaluate(sql, tables, used)
        except ZetaSQLError as error:
            self.not_run[statement] = str(error)
            return emulated
        if is_created:
            self._columns[is_created] = self._columns_by_statement[statement] = (
                google.columns
            )
        if not _same(google.rows, shuffled.rows, part.is_ordered):
            found = _difference(google.rows, shuffled.rows)
            self.differences.append(f"depends on the order of rows: {found}\n{sql}")
        if any(_has_null_element(row) for row in google.rows):
            self.differences.append(f"an array has NULL, which BigQuery refuses\n{sql}")
        if not _same(google.rows, emulated, part.is_ordered):
            found = _difference(google.rows, emulated)
            self.differences.append(f"differs from the emulator: {found}\n{sql}")
        return emulated

    def _rows(self, api, sql, config=None):
        job = self._send(
            api,
            sql,
            job_config=config,
            timeout=60,
        )
        return [
            tuple(_plain(value) for value in row.values())
            for row in job.result(timeout=60)
        ]

    def _forget(self, part):
        """Forget the contents of tables that a statement has changed."""
        if part.kind == "Query":
            return
        if part.kind not in CHANGES_ROWS:
            self._contents.clear()
        self._contents.pop(part.target, None)
        for name in list(self._contents):
            if name.rpartition(".")[2] in rendering.views():
                del self._contents[name]

    def _forgetting(self, method):
        def call(*arguments, **options):
            self._contents.clear()
            return method(*arguments, **options)

        return call


def _without_values(sql):
    """A statement without what differs from load to load."""
    sql = re.sub(r"__[0-9a-f]{12}\b|DATE '[^']*'|-?\d+", "", sql)
    holiday = r"STRUCT\( AS day, .* AS name\),?\s*"
    sql = re.sub(f"(?:{holiday})+", "(holidays)", sql)
    sql = re.sub(r"\([\w.]+ (?:BETWEEN +AND *|IN \([, ]*\))\)", "(days)", sql)
    return re.sub(r"business_date IN \([,\s]*\)", "(days)", sql)


def _without_variables(part, types):
    """The statement with parameters in place of variables."""
    if not types:
        return part
    names = re.compile(rf"(?<![@.`\w])({'|'.join(types)})\b")
    query = names.sub(r"@\1", part.query) if part.query else None
    return replace(
        part,
        sql=names.sub(r"@\1", part.sql),
        query=query,
    )


def _table_names(sql):
    return sorted({name for name in re.findall(r"`([^`\s]+)`", sql) if "." in name})


def _parameter(given):
    if isinstance(given, bigquery.ArrayQueryParameter):
        return Parameter(
            given.name,
            f"ARRAY<{given.array_type}>",
            given.values,
        )
    return Parameter(given.name, given.type_, given.value)


def _of_api(given):
    element = re.fullmatch("ARRAY<(.+)>", given.kind)
    if element:
        return bigquery.ArrayQueryParameter(
            given.name,
            element[1],
            given.value,
        )
    return bigquery.ScalarQueryParameter(given.name, given.kind, given.value)


def _type_of(column):
    kind = column.field_type
    return f"ARRAY<{kind}>" if column.mode == "REPEATED" else kind


def _plain(value):
    """A value of the API as `evaluate` returns it."""
    if isinstance(value, dict):
        return tuple(_plain(each) for each in value.values())
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _has_null_element(value):
    """Whether an array in a value has NULL as an element."""
    if isinstance(value, list) and None in value:
        return True
    return isinstance(value, (list, tuple)) and any(
        _has_null_element(part) for part in value
    )


def _comparable(value):
    """A value that equals those of the same type only; of FLOAT64, whose sums depend on their order, with 12
    digits."""
    if isinstance(value, float):
        return "float", f"{value:.11e}"
    if isinstance(value, (list, tuple)):
        return tuple(_comparable(each) for each in value)
    return type(value).__name__, value


def _counted(rows):
    return Counter(map(_comparable, rows))


def _same(left, right, is_ordered):
    if is_ordered:
        return list(map(_comparable, left)) == list(map(_comparable, right))
    return _counted(left) == _counted(right)


def _difference(left, right):
    """What is in one of two results only; nothing where only their order differs."""
    only_left = [*(_counted(left) - _counted(right))][:3]
    only_right = [*(_counted(right) - _counted(left))][:3]
    return f"{len(left)} / {len(right)} rows; {only_left} / {only_right}"
