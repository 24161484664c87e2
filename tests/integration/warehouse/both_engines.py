"""Runs every query that this process sends to the emulator on Google's reference implementation, too.

Of a script, each statement is executed by itself, without its transaction: its query runs on both engines
before it, on the tables as they are then. The reference engine also runs it on tables whose rows are
shuffled: a result that differs then depends on an order that BigQuery does not promise.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from google.cloud import bigquery
from zetasql.core.exceptions import ZetaSQLError

from ecommerce.core import templates
from ecommerce.warehouse import checks, client, rendering, schema, staging_tables
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
OFTEN = 2 if FULL_MATRIX else 1
"""Comparisons of a statement that has rows; without rows, at most four."""
SEEDS = (1, 2, 3) if FULL_MATRIX else (1,)
"""Of the orders of rows."""
COLUMNS_CHANGE = (
    "load_table_from_file",
    "load_table_from_uri",
    "create_table",
    "delete_table",
)
"""Requests of the API that change tables."""
CHANGES_ROWS = ("Insert", "Merge", "Delete", "Update", "CreateTable")


@dataclass(frozen=True)
class Rendered:
    """A rendered file: its text, its path, and the paths of all files that it consists of."""

    sql: str
    path: str
    files: frozenset[str]


@dataclass(frozen=True)
class Compared:
    """A statement of a file, without what differs from load to load."""

    path: str
    key: str


@dataclass
class BothEngines:
    """What was compared.

    `files` are all files whose statements ran; `differences` describes rows that differ; `not_run` has the
    reference engine's errors. `times` and `with_rows` count the comparisons of each statement. `today` is
    what both engines take for CURRENT_DATE.
    """

    today: date
    files: set[str] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)
    not_run: dict[Compared, str] = field(default_factory=dict)
    times: Counter[Compared] = field(default_factory=Counter)
    with_rows: Counter[Compared] = field(default_factory=Counter)
    _rendered: list[Rendered] = field(default_factory=list)
    _contents: dict[str, Table] = field(default_factory=dict)
    _columns: dict[str, Sequence[tuple[str, Any]]] = field(default_factory=dict)
    _columns_by_statement: dict[Compared, Sequence[tuple[str, Any]]] = field(
        default_factory=dict
    )
    _send: Callable[..., Any] = bigquery.Client.query

    @contextmanager
    def installed(self, patch):
        """Compare every query of this process meanwhile; `patch` undoes it."""
        both = self

        def query(api, *arguments, **options):
            return both.query(api, *arguments, **options)

        patch.setattr(bigquery.Client, "query", query)
        for name in COLUMNS_CHANGE:
            patch.setattr(
                bigquery.Client, name, self._forgetting(getattr(bigquery.Client, name))
            )
        environment = templates.environment(rendering.SQL_ROOT)
        get_template, render = environment.get_template, rendering.render
        opened = set()

        def get_noted(name, *arguments, **options):
            opened.add(name)
            return get_template(name, *arguments, **options)

        def render_noted(path, **values):
            opened.clear()
            sql = render(path, **values)
            self._rendered.append(Rendered(_bare(sql), path, frozenset(opened)))
            return sql

        patch.setattr(environment, "get_template", get_noted)
        for module in (client, schema, staging_tables, checks):
            patch.setattr(module, "render", render_noted)
        yield

    def ask(self, warehouse, sql, name=""):
        """Run a query in which the warehouse's tables need no dataset."""
        self._rendered.append(Rendered(_bare(sql), name, frozenset([name])))
        dataset = f"{warehouse.client.project}.{warehouse.settings.bigquery_dataset}"
        job = warehouse.begin_query(sql, default_dataset=dataset)
        return [tuple(row.values()) for row in warehouse.rows(job, name)]

    def query(self, api, sql, job_config=None, **options):
        """Do what `Client.query` does: return the job of the last statement."""
        config = job_config or bigquery.QueryJobConfig()
        dataset = config.default_dataset.dataset_id if config.default_dataset else None
        given = [_parameter(each) for each in config.query_parameters]
        path = self._path_of(sql)
        parts = script_parts(sql)
        variables = {
            part.variable: part.type
            for part in parts
            if part.kind == "VariableDeclaration"
        }
        executed = [part for part in parts if part.kind not in ("Begin", "Commit")]
        job = None
        for number, written in enumerate(executed, start=1):
            part = _translated(written, variables, dataset)
            rows = None
            if part.query and part.kind != "CreateView":
                rows = self._compare(api, path, part, given)
            if part.variable:
                value = rows[0][0] if rows else None
                given = [each for each in given if each.name != part.variable]
                given.append(Parameter(part.variable, variables[part.variable], value))
                continue
            own = bigquery.QueryJobConfig.from_api_repr(config.to_api_repr())
            own.query_parameters = [_of_api(each) for each in given]
            own_options = (
                options if number == len(executed) else {**options, "job_id": None}
            )
            job = self._send(api, part.sql, job_config=own, **own_options)
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
                    name, columns, self._dump(api, name, short, columns)
                )
        return self._contents[name]

    def _view(self, api, name, short):
        created = script_parts(schema.ddl(short, client.load_settings()))[-1]
        assert created.query
        path = f"warehouse/tables/{short}/view.sql"
        self.files.add(path)
        tables = [self.table(api, each) for each in _table_names(created.query)]
        result = evaluate(created.query, tables)
        declared = rendering.declared_columns(created.sql)
        types = [kind for _, kind in result.columns]
        columns = [
            (column.name, kind) for column, kind in zip(declared, types, strict=True)
        ]
        rows = self._dump(api, name, short, columns)
        statement = Compared(path, short)
        self.times[statement] += 1
        self.with_rows[statement] += bool(rows)
        if not _same(result.rows, rows, is_ordered=False):
            self.differences.append(f"{path}: {_difference(result.rows, rows)}")
        return Table(name, columns, rows)

    def _dump(
        self,
        api,
        name,
        short,
        columns,
    ):
        selected = ", ".join(f"`{column}`" for column, _ in columns)
        return self._rows(api, f"SELECT {selected} FROM `{name}` {of_all_days(short)}")

    def _compare(self, api, path, part, given):
        """Run a query on both engines, and note a difference. Returns the emulator's rows; None where the
        statement was compared often enough."""
        assert part.query
        statement = Compared(path, _without_values(part.query))
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
            google = evaluate(sql, tables, used)
            shuffled = [evaluate(sql, tables, used, seed=seed).rows for seed in SEEDS]
        except ZetaSQLError as error:
            self.not_run[statement] = str(error)
            return emulated
        if is_created:
            self._columns[is_created] = self._columns_by_statement[statement] = (
                google.columns
            )
        for rows in shuffled:
            if not _same(google.rows, rows, part.is_ordered):
                found = _difference(google.rows, rows)
                self.differences.append(
                    f"{path} depends on the order of rows: {found}\n{sql}"
                )
        if any(_has_null_element(row) for row in google.rows):
            self.differences.append(
                f"{path} returns an array with NULL, which BigQuery refuses\n{sql}"
            )
        if not _same(google.rows, emulated, part.is_ordered):
            found = _difference(google.rows, emulated)
            self.differences.append(f"{path} differs from the emulator: {found}\n{sql}")
        return emulated

    def _rows(self, api, sql, config=None):
        job = self._send(api, sql, job_config=config, timeout=60)
        return [
            tuple(_plain(value) for value in row.values())
            for row in job.result(timeout=60)
        ]

    def _path_of(self, sql):
        """The file that a statement is rendered from, or the paths of several. Notes all that are in it."""
        paths = []
        for rendered in reversed(self._rendered):
            if rendered.sql in _bare(sql) and rendered.path not in paths:
                paths.append(rendered.path)
                self.files |= rendered.files
            if rendered.sql == _bare(sql):
                break
        return ", ".join(sorted(paths))

    def _forget(self, part):
        """Forget the contents of tables that a statement has changed."""
        if part.kind == "Query":
            return
        if part.kind not in CHANGES_ROWS:
            self._contents.clear()
        for name in list(self._contents):
            if name == part.target or name.rpartition(".")[2] in rendering.views():
                del self._contents[name]

    def _forgetting(self, method):
        def call(*arguments, **options):
            self._contents.clear()
            return method(*arguments, **options)

        return call


def _without_values(sql):
    """A statement without what differs from load to load."""
    sql = re.sub(r"__[0-9a-f]{12}\b|DATE '[^']*'|-?\d+", "", sql)
    return re.sub(r"\((?:[\w.]+ (?:BETWEEN +AND *|= *)(?:OR )?)+\)", "(days)", sql)


def _bare(sql):
    """A statement without what `migrate` changes of it."""
    bare = sql.strip().removesuffix(";")
    return re.sub(
        r"\bCREATE (OR REPLACE )?(TABLE|VIEW) (IF NOT EXISTS )?",
        r"CREATE \2 ",
        bare,
        count=1,
    )


def _translated(part, variables, dataset):
    """The statement with parameters in place of variables, and with the dataset of all tables."""
    names = re.compile(rf"(?<![@.`\w])({'|'.join(variables)})\b") if variables else None
    tables = {*rendering.tables(), *rendering.views()}

    def qualified(found):
        return f"{found[1]} `{dataset}.{found[2]}`" if found[2] in tables else found[0]

    def text(sql):
        if names:
            sql = names.sub(r"@\1", sql)
        if dataset:
            sql = re.sub(r"\b(FROM|JOIN) (\w+)\b", qualified, sql)
        return sql

    return replace(
        part, sql=text(part.sql), query=text(part.query) if part.query else None
    )


def _table_names(sql):
    return sorted({name for name in re.findall(r"`([^`\s]+)`", sql) if "." in name})


def _parameter(given):
    if isinstance(given, bigquery.ArrayQueryParameter):
        return Parameter(given.name, f"ARRAY<{given.array_type}>", given.values)
    return Parameter(given.name, given.type_, given.value)


def _of_api(given):
    element = re.fullmatch("ARRAY<(.+)>", given.kind)
    if element:
        return bigquery.ArrayQueryParameter(given.name, element[1], given.value)
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


def _same(left, right, is_ordered):
    first, second = ([_comparable(row) for row in rows] for rows in (left, right))
    return first == second if is_ordered else Counter(first) == Counter(second)


def _difference(left, right):
    """What is in one of two results only, or their order."""
    first, second = ({_comparable(row) for row in rows} for rows in (left, right))
    only_left = [row for row in left if _comparable(row) not in second]
    only_right = [row for row in right if _comparable(row) not in first]
    if not only_left and not only_right:
        return f"another order or number: {left[:6]} / {right[:6]}"
    return f"{len(left)} / {len(right)} rows; {only_left[:3]} / {only_right[:3]}"
