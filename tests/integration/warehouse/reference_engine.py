"""Runs every query that this process sends to the emulator on Google's reference implementation, too."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from google.cloud import bigquery
from zetasql.core.exceptions import ZetaSQLError

from ecommerce.core import templates
from ecommerce.warehouse import checks, client, rendering, schema, staging_tables
from tests.integration.warehouse_contents import of_all_days
from tests.reference_engine import (
    Parameter,
    Part,
    Row,
    Table,
    evaluate,
    script_parts,
    sql_type,
)

FORMATTED = re.compile(r"'[^'\n]*'|--[^\n]*|`[^`]*`")


@dataclass(frozen=True)
class Rendered:
    """A rendered file: its text, its path, and all files that it consists of."""

    sql: str
    path: str
    files: frozenset[str]


@dataclass(frozen=True)
class Difference:
    """A query whose rows differ between the engines, or between two runs of the reference engine."""

    files: tuple[str, ...]
    what: str
    sql: str
    detail: str


@dataclass
class BothEngines:
    """What was compared. `compared` counts the comparisons by file, `not_run` has the errors of queries that the
    reference engine cannot run."""

    today: date = date(2026, 3, 4)
    compared: Counter[str] = field(default_factory=Counter)
    statements: set[tuple[str, str]] = field(default_factory=set)
    not_run: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)
    with_rows: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    rendered: list[Rendered] = field(default_factory=list)
    _contents: dict[str, Table] = field(default_factory=dict)
    _created: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    _send: Callable[..., Any] = bigquery.Client.query

    # What the emulator executes

    def query(self, api: bigquery.Client, sql: str, job_config: Any = None, **options: Any) -> Any:
        """Execute a statement or script part by part, each after its query was compared."""
        config = job_config or bigquery.QueryJobConfig()
        if config.dry_run:
            return self._send(api, sql, job_config=config, **options)
        given = [_parameter(each) for each in config.query_parameters]
        files = self._files(sql)
        self.files.update(files)
        dataset = config.default_dataset.dataset_id if config.default_dataset else None
        parts = script_parts(sql)
        types: dict[str, str] = {}
        variables: list[Parameter] = []
        steps = [part for part in parts if part.kind not in ("Begin", "Commit", "VariableDeclaration")]
        for part in parts:
            if part.kind == "VariableDeclaration":
                types[part.variable] = part.type
        for part in steps:
            is_last = part is steps[-1]
            values = [*given, *variables]
            part = _with_parameters(_with_dataset(part, dataset), types)
            rows = None
            if part.query and part.kind != "CreateView":
                rows = self.compare(api, part, values, files)
            if part.variable:
                variables = [each for each in variables if each.name != part.variable]
                variables.append(Parameter(part.variable, types[part.variable], rows[0][0]))
                continue
            own = bigquery.QueryJobConfig.from_api_repr(config.to_api_repr())
            own.query_parameters = [*config.query_parameters, *(_for_api(each) for each in variables)]
            if is_last:
                text = sql if len(parts) == 1 else part.sql
                job = self._send(api, text, job_config=own, **options)
                job.result()
            else:
                self._rows(api, part.sql, own)
            self._written(part)
        return job

    def _written(self, part: Part) -> None:
        if part.kind == "Query":
            return
        if part.target:
            self._contents.pop(part.target, None)
        if part.target is None or "_staging." not in part.target:
            self.forget_views()
        if part.kind not in ("Insert", "Merge", "Delete", "Update", "CreateTable"):
            self._contents.clear()

    def forget_views(self) -> None:
        for name in list(self._contents):
            if name.rpartition(".")[2] in rendering.views():
                del self._contents[name]

    def _rows(self, api: bigquery.Client, sql: str, config: Any = None) -> list[Row]:
        result = self._send(api, sql, job_config=config, timeout=60).result(timeout=60)
        return [tuple(_plain(value) for value in row.values()) for row in result]

    def ask(self, warehouse: Any, sql: str) -> None:
        """Run a query in which the warehouse's tables need no dataset."""
        dataset = f"{warehouse.client.project}.{warehouse.settings.bigquery_dataset}"
        self.rendered.append(Rendered(sql.strip(), f"docs/QUERIES.md {sql[:60]!r}", frozenset()))
        warehouse.rows(warehouse.begin_query(sql, default_dataset=dataset), "sample")

    # What Google's engine makes of it

    def compare(self, api: bigquery.Client, part: Part, given: Sequence[Parameter], files: Sequence[str]) -> list[Row]:
        """Run a query on both engines, note a difference, and return the emulator's rows."""
        now = datetime.now(UTC).replace(microsecond=0)
        sql = part.query.replace("CURRENT_TIMESTAMP()", f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S}+00'")
        sql = re.sub(r"CURRENT_DATE\([^)]*\)", f"DATE '{self.today}'", sql)
        sql = sql.replace("FARM_FINGERPRINT(TO_JSON_STRING(load_audit))", "LENGTH(load_audit.run_id)")
        sql = re.sub(r"entries <> -?\d+", "entries < 0", sql)
        used = [each for each in given if re.search(rf"@{each.name}\b", sql)]
        config = bigquery.QueryJobConfig(query_parameters=[_for_api(each) for each in used])
        emulated = self._rows(api, sql, config)
        key = re.sub(r"__[0-9a-f]{12}\b|DATE '[^']*'|-?\d+", "", sql)
        self.times[key] += 1
        if self.times[key] > 2:
            return emulated
        for file in files:
            self.compared[file] += 1
        try:
            tables = [self.table(api, name) for name in _table_names(sql)]
            result = evaluate(sql, tables, used)
            google = result.rows
            again = evaluate(sql, tables, used, backwards=True).rows
            if part.kind == "CreateTable":
                self._created[_suffixless(part.target)] = result.columns
        except ZetaSQLError as error:
            self.not_run[key] = f"{files}: {error}"
            return emulated
        self.statements.add((str(files), key))
        if emulated:
            self.with_rows.add(key)

        def note(what: str, left: list[Row], right: list[Row]) -> None:
            self.differences.append(Difference(tuple(files), what, sql, _difference(left, right)))

        if not _same(google, again, part.is_ordered):
            note("depends on the order of rows", google, again)
        if not _same(google, emulated, part.is_ordered):
            note("differs (Google, emulator)", google, emulated)
        return emulated

    def table(self, api: bigquery.Client, name: str) -> Table:
        """A table or view with its contents."""
        if name not in self._contents:
            short = name.rpartition(".")[2]
            columns = self._created.get(_suffixless(name))
            if short in rendering.views():
                columns = self._view(api, name, short)
            if columns is None:
                columns = [(each.name, sql_type(_type_of(each))) for each in api.get_table(name).schema]
            selected = ", ".join(f"`{column}`" for column, _ in columns)
            rows = self._rows(api, f"SELECT {selected} FROM `{name}` {of_all_days(short)}")
            self._contents[name] = Table(name, columns, rows)
        return self._contents[name]

    def _view(self, api: bigquery.Client, name: str, short: str) -> list[tuple[str, Any]]:
        [created] = [
            part
            for part in script_parts(schema.ddl(short, client.load_settings()))
            if part.kind == "CreateView"
        ]
        tables = [self.table(api, each) for each in _table_names(created.query)]
        columns = [each for each, _ in re.findall(r"^ {4}`?(\w+)`?( OPTIONS)", created.sql, re.MULTILINE)]
        result = evaluate(created.query, tables)
        types = [kind for _, kind in result.columns]
        google = result.rows
        emulated = self._rows(api, f"SELECT * FROM `{name}` {of_all_days(short)}")
        path = f"warehouse/tables/{short}/view.sql"
        self.compared[path] += 1
        self.files.add(path)
        if not _same(google, emulated, False):
            self.differences.append(
                Difference((path,), "differs (Google, emulator)", created.query, _difference(google, emulated))
            )
        return list(zip(columns, types, strict=True))

    # Names of statements

    def _files(self, sql: str) -> list[str]:
        found: list[str] = []
        for each in reversed(self.rendered[-200:]):
            if each.sql in sql and each.path not in found:
                found += [each.path, *sorted(each.files - set(found) - {each.path})]
                if each.sql == sql.strip().removesuffix(";"):
                    break
        return found

    @contextmanager
    def installed(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        both = self

        def query(api: bigquery.Client, sql: str, *arguments: Any, **options: Any) -> Any:
            return both.query(api, sql, *arguments, **options)

        monkeypatch.setattr(bigquery.Client, "query", query)
        for name in ("load_table_from_file", "load_table_from_uri", "create_table", "delete_table"):
            monkeypatch.setattr(bigquery.Client, name, self._forgetting(getattr(bigquery.Client, name)))
        environment = templates.environment(rendering.SQL_ROOT)
        get_template = environment.get_template
        opened: list[str] = []

        def noting(name: str, *arguments: Any, **options: Any) -> Any:
            opened.append(name)
            return get_template(name, *arguments, **options)

        monkeypatch.setattr(environment, "get_template", noting)
        render = rendering.render

        def rendered(path: str, **values: Any) -> str:
            opened.clear()
            sql = render(path, **values)
            self.rendered.append(Rendered(sql.strip().removesuffix(";"), path, frozenset(opened)))
            return sql

        for module in (client, schema, staging_tables, checks):
            monkeypatch.setattr(module, "render", rendered)
        yield

    def _forgetting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self._contents.clear()
            return method(*arguments, **options)

        return call


def _with_dataset(part: Part, dataset: str | None) -> Part:
    if not dataset:
        return part
    names = {*rendering.tables(), *rendering.views()}

    def qualified(found: re.Match[str]) -> str:
        return f"{found[1]} `{dataset}.{found[2]}`" if found[2] in names else found[0]

    def text(sql: str | None) -> str | None:
        return sql and re.sub(r"\b(FROM|JOIN)\s+(\w+)\b", qualified, sql)

    return Part(text(part.sql), part.kind, text(part.query), part.target, part.variable, part.type, part.is_ordered)


def _with_parameters(part: Part, types: dict[str, str]) -> Part:
    if not types:
        return part
    names = re.compile(rf"(?<![@.`\w])({'|'.join(types)})\b")

    def text(sql: str | None) -> str | None:
        return sql and names.sub(r"@\1", sql)

    return Part(text(part.sql), part.kind, text(part.query), part.target, part.variable, part.type, part.is_ordered)


def _suffixless(name: str) -> str:
    return re.sub("__[0-9a-f]{12}$", "", name)


def _table_names(sql: str) -> list[str]:
    return sorted({name for name in re.findall(r"`([^`\s]+)`", sql) if "." in name})


def _parameter(given: Any) -> Parameter:
    if isinstance(given, bigquery.ArrayQueryParameter):
        return Parameter(given.name, f"ARRAY<{given.array_type}>", given.values)
    return Parameter(given.name, given.type_, given.value)


def _for_api(given: Parameter) -> Any:
    element = re.fullmatch("ARRAY<(.+)>", given.kind)
    if element:
        return bigquery.ArrayQueryParameter(given.name, element[1], given.value)
    return bigquery.ScalarQueryParameter(given.name, given.kind, given.value)


def _type_of(column: bigquery.SchemaField) -> str:
    kind = column.field_type
    return f"ARRAY<{kind}>" if column.mode == "REPEATED" else kind


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(_plain(each) for each in value.values())
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _comparable(value: Any) -> Any:
    """A hashable value that is equal for the same value of the same type; of FLOAT64, 12 digits."""
    if isinstance(value, float):
        return ("float", f"{value:.11e}")
    if isinstance(value, (list, tuple)):
        return tuple(_comparable(each) for each in value)
    if isinstance(value, bool):
        return ("bool", value)
    if value is None:
        return None
    return (type(value).__name__, value)


def _same(left: list[Row], right: list[Row], is_ordered: bool) -> bool:
    first, second = ([_comparable(row) for row in rows] for rows in (left, right))
    return first == second if is_ordered else Counter(first) == Counter(second)


def _difference(left: list[Row], right: list[Row]) -> str:
    first, second = (Counter(_comparable(row) for row in rows) for rows in (left, right))
    only = [row for row in left if not second[_comparable(row)]], [row for row in right if not first[_comparable(row)]]
    if not any(only):
        return f"another order: {left[:6]} / {right[:6]}"
    return f"{len(left)} / {len(right)} rows; only left: {only[0][:2]}; only right: {only[1][:2]}"
