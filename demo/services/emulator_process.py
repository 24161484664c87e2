"""The BigQuery emulator with patches that make it faster; it runs on the emulator's Python.

Without them, it parses and copies each statement about twenty times, copies each table to disk before and
after every change, writes each job to disk twice, and measures each request. The patches cache what depends
on the statement's text alone, and keep nothing but tables on disk. Results stay the same, with three
exceptions: `FOR SYSTEM_TIME AS OF` fails, row access policies are ignored, and jobs are lost when the
emulator stops. A statement without a required partition filter is refused, as by BigQuery. Two patches work
around limits of the compiled sqlglot (`sqlglotc`). All patches depend on the emulator's release, which the
lock file pins.
"""

import json
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlglot
from bqemulator.api import app as api
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.cli import main
from bqemulator.domain.errors import (
    DomainError,
    InvalidQueryError,
    UnsupportedFeatureError,
)
from bqemulator.domain.events import TableDataChanged
from bqemulator.domain.result import Err, Ok, Result
from bqemulator.jobs import ddl_result, executor
from bqemulator.row_access.identity import CallerIdentity
from bqemulator.row_access.matcher import GranteeMatcher
from bqemulator.scripting import interpreter
from bqemulator.sql import inner_query
from bqemulator.sql.rewriter import row_access_filter
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.versioning.snapshots import SnapshotManager
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

RELEASE = "1.4.0"
if version("bqemulator") != RELEASE:
    raise SystemExit(
        f"{__file__} patches bqemulator {RELEASE} only: adapt it to the new release"
    )

TEXTS = 2000
TREES = 200
"""Sizes of the caches."""

VARYING = re.compile(
    r"(?<=__)[0-9a-f]{12}(?![0-9A-Za-z_])"  # the suffix of a staging table
    r"|(?<=DATE ')\d{4}-\d\d-\d\d(?=')|(?<=CAST\(')\d{4}-\d\d-\d\d(?=' AS DATE\))"
    r"|(?<=')\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{6}\+00:00(?=')"
    r"|(?<=')[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=')"  # a token
)
"""The parts in which the statements of two loads differ. No rewriter depends on them, so they can be replaced
before a statement is parsed or translated, and restored after it."""


class Shape:
    """Texts without their varying parts.

    Attributes:
        texts: the texts, with placeholders.
        values: the varying parts, by placeholder.
    """

    def __init__(self, *texts: str) -> None:
        placeholders: dict[str, str] = {}

        def placeholder(match: re.Match[str]) -> str:
            return placeholders.setdefault(
                match[0], _placeholder(match[0], len(placeholders) + 1)
            )

        self.texts = tuple(VARYING.sub(placeholder, text) for text in texts)
        self.values = {new: value for value, new in placeholders.items()}
        self._pattern = re.compile("|".join(map(re.escape, self.values)) or r"(?!)")
        if tuple(map(self.restored, self.texts)) != texts:
            # A text has a placeholder of its own.
            self.texts = texts
            self._pattern = re.compile(r"(?!)")

    def varies(self, text: str) -> bool:
        """Return whether `text` has a placeholder."""
        return self._pattern.search(text) is not None

    def restored(self, text: str) -> str:
        """Return `text` with the varying parts in the place of their placeholders."""
        return self._pattern.sub(lambda match: self.values[match[0]], text)


def _placeholder(value: str, number: int) -> str:
    if len(value) == 12:
        return f"{number:012x}"
    if len(value) == 36:
        return f"00000000-0000-0000-0000-{number:012x}"
    day = date.fromordinal(number).isoformat()
    if len(value) == 10:
        return day
    return f"{day}{value[10]}00:00:00.000000+00:00"


shape_of = lru_cache(TEXTS)(Shape)


class Template:
    """The trees of a shape, whose names and literals are set to the values of one statement after another."""

    def __init__(self, trees: list[exp.Expression | None], shape: Shape) -> None:
        self._trees = trees
        self._parts = []
        for tree in trees:
            for node in tree.walk() if tree else ():
                text = node.args.get("this")
                if isinstance(text, str) and shape.varies(text):
                    self._parts.append((node, text))

    def filled(self, shape: Shape) -> list[exp.Expression | None]:
        """Return the trees of the statement with this shape. The next call changes them."""
        for node, text in self._parts:
            node.set("this", shape.restored(text))
        return self._trees


_parse = Dialect.parse


@lru_cache(TREES)
def _template(dialect: Dialect, sql: str, **options: Any) -> Template:
    """Return the trees of a statement without varying parts, which has the placeholders of all its shape."""
    return Template(_parse(dialect, sql, **options), shape_of(sql))


def parsed(dialect: Dialect, sql: str, **options: Any) -> list[exp.Expression | None]:
    """Parse like `Dialect.parse`, with a cache: a statement passes about twenty rewriters that parse it.

    Returns:
        Trees to read, until the next statement of the same shape is parsed.
    """
    shape = shape_of(sql)
    try:
        template = _template(dialect, *shape.texts, **options)
    except Exception:
        # The error must quote the real statement.
        return _parse(dialect, sql, **options)
    return template.filled(shape)


def parse(dialect: Dialect, sql: str, **options: Any) -> list[exp.Expression | None]:
    """Parse like `Dialect.parse`; return copies of the cached trees."""
    return [tree and tree.copy() for tree in parsed(dialect, sql, **options)]


_idle: dict[Any, list[Any]] = defaultdict(list)
"""Idle generators, by dialect and options."""


def generate(
    dialect: Dialect,
    expression: exp.Expression,
    copy: bool = True,
    **options: Any,
) -> str:
    """Generate like `Dialect.generate`, reusing generators: a new one parses seventeen templates."""
    idle = _idle[type(dialect), *options.items()]
    generator = idle.pop() if idle else dialect.generator(**options)
    try:
        return str(generator.generate(expression, copy=copy))
    finally:
        idle.append(generator)


def has_not_null_constraint(column: exp.ColumnDef) -> bool:
    """Check without `constraint.kind`, which fails in the compiled sqlglot for a column with OPTIONS."""
    for constraint in column.args.get("constraints") or ():
        if isinstance(constraint.args.get("kind"), exp.NotNullColumnConstraint):
            return True
    return False


READ_ONLY = {
    "bqemulator.api.routes.jobs",
    "bqemulator.catalog.ddl_sync",
    "bqemulator.jobs.ddl_result",
    "bqemulator.jobs.executor",
    "bqemulator.jobs.routine_ddl",
    "bqemulator.sql.catalog_schema",
    "bqemulator.sql.inner_query",
    "bqemulator.scripting.interpreter._dml_targets",
    "bqemulator.scripting.interpreter._is_row_producing",
}
"""Modules and functions that do not change their trees, and share them."""
_parse_one = sqlglot.parse_one
parse_script = lru_cache(TREES)(interpreter.parse_script)
"""Parses like the emulator, with a cache."""


def shared(sql: str, read: str) -> Any:
    """Return the shared tree of a statement; empty for a script, whose statements are parsed one by one."""
    with suppress(DomainError):
        if ";" in sql.rstrip("; \n") and len(parse_script(sql).statements) > 1:
            return exp.Block()
    trees = parsed(Dialect.get_or_raise(read), sql)
    if trees and trees[0] is not None:
        return trees[0]
    # This raises the error of an empty statement.
    return _parse_one(sql, read=read)


def parse_one(sql: str, *arguments: Any, **options: Any) -> Any:
    """Parse like `sqlglot.parse_one`; read-only callers get the shared tree."""
    caller = sys._getframe(1)
    module = caller.f_globals.get("__name__")
    function = f"{module}.{caller.f_code.co_name}"
    if module in READ_ONLY or function in READ_ONLY:
        return shared(sql, *arguments, **options)
    return _parse_one(sql, *arguments, **options)


ANYONE = CallerIdentity(principal="", is_authenticated=False)
CONDITIONS = (exp.Where, exp.Join, exp.Merge, exp.When)


class Reads(row_access_filter._Rewriter):
    """What a statement reads; row access policies, which its base class applies, are ignored.

    Attributes:
        views: the queries of the views, by `project.dataset.name`.
        tables: the descriptions of the tables, of the views too; None for unknown ones.
    """

    def __init__(self, statement: Any, project_id: str, catalog: Any) -> None:
        targets = row_access_filter._collect_dml_targets(statement)
        targets |= row_access_filter._collect_ddl_targets(statement)
        super().__init__(
            project_id=project_id,
            catalog=catalog,
            matcher=GranteeMatcher(ANYONE),
            write_targets=targets,
        )
        self.views: dict[str, str] = {}
        self.tables: list[Any] = []
        self.rewrite_tree(statement, depth=0)

    def _expand_view(self, _: Any, *, view_body: str, depth: int, **names: str) -> bool:
        self.views[".".join(names.values())] = view_body
        return self.rewrite_tree(shared(view_body, read="bigquery"), depth=depth + 1)

    def _policies_for(self, *name: str) -> tuple[tuple[()], bool]:
        self.tables.append(self._catalog.get_table(*name))
        return (), False


class Views:
    """A catalog of nothing but views."""

    def __init__(self, queries: dict[str, str]) -> None:
        self._queries = queries

    def get_table(self, *name: str) -> Any:
        """Return the view, or None."""
        query = self._queries.get(".".join(name))
        return query and SimpleNamespace(table_type="VIEW", view_query=query)

    def list_row_access_policies(self, *_: str) -> tuple[()]:
        """Return no policies."""
        return ()


def require_filters(statement: Any, reads: Reads) -> None:
    """Refuse a statement that reads a table without the partition filter that the table requires.

    This is more lenient than BigQuery: a condition anywhere in the statement, or in a view
    that it reads, counts for every table with that column. `tests/googlesql_rules.py`
    checks the statements of this repository strictly.
    """
    if isinstance(statement, exp.Create) and statement.kind == "VIEW":
        # A new view reads nothing yet.
        return
    queries = [statement]
    for view in reads.views.values():
        queries.append(shared(view, read="bigquery"))
    filtered = set()
    for query in queries:
        for condition in query.find_all(*CONDITIONS):
            for column in condition.find_all(exp.Column):
                filtered.add(column.name.lower())
    for table in reads.tables:
        partitioning = table and table.time_partitioning
        if not partitioning or not partitioning.require_partition_filter:
            continue
        if partitioning.field and partitioning.field.lower() not in filtered:
            name = f"{table.project_id}.{table.dataset_id}.{table.table_id}"
            raise InvalidQueryError(
                f"Cannot query over table '{name}' without a filter over column(s) "
                f"'{partitioning.field}' that can be used for partition elimination"
            )


def rewrite_for_row_access(
    bq_sql: str,
    *,
    project_id: str,
    caller: CallerIdentity,
    catalog: Any,
) -> str:
    """Expand views like the emulator, with a cache.

    Raises:
        InvalidQueryError: a required partition filter is missing.
    """
    try:
        statement = shared(bq_sql, read="bigquery")
    except Exception:
        return bq_sql
    reads = Reads(statement, project_id, catalog)
    require_filters(statement, reads)
    if reads.views:
        return expanded(bq_sql, project_id, json.dumps(reads.views))
    return bq_sql


class DiskCache:
    """A cache on disk, shared by all emulators of this virtual environment; in memory if not writable."""

    def __init__(self, path: Path) -> None:
        code = Path(__file__).read_text()
        self._code = f"{version('bqemulator')} {version('sqlglot')} {code}"
        try:
            self._database = self._open(path)
        except sqlite3.Error:
            self._database = self._open(":memory:")

    def get(self, key: str) -> str | None:
        """Return the text of `key`, or None."""
        for row in self._execute("SELECT text FROM cache WHERE key = ?", key):
            return str(row[0])
        return None

    def put(self, key: str, text: str) -> None:
        """Store the text of `key`."""
        self._execute("INSERT OR IGNORE INTO cache VALUES (?, ?)", key, text)

    def _open(self, path: Path | str) -> sqlite3.Connection:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        database.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
            "CREATE TABLE IF NOT EXISTS cache (key BLOB PRIMARY KEY, text TEXT)"
        )
        return database

    def _execute(self, sql: str, key: str, *values: str) -> list[tuple[str]]:
        hashed = sha256(f"{self._code} {key}".encode()).digest()
        with suppress(sqlite3.Error):
            return self._database.execute(sql, (hashed, *values)).fetchall()
        return []


class Cached:
    """A function from strings to a string, cached by its arguments without their varying parts."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """Call the function, or return its cached result."""
        shape = shape_of(*arguments)
        key = repr((self._function.__name__, shape.texts))
        result = DISK_CACHE.get(key)
        if result is None:
            try:
                result = self._function(*shape.texts)
            except Exception:
                # The error must quote the real statement.
                return self._function(*arguments)
            DISK_CACHE.put(key, result)
        return shape.restored(result)


DISK_CACHE = DiskCache(Path(sys.prefix) / "statements.db")
_translate = SQLTranslator.translate


@Cached
def expanded(sql: str, project_id: str, views: str) -> str:
    """Return the statement with the queries of its views in their place."""
    return row_access_filter.rewrite_for_row_access(
        sql,
        project_id=project_id,
        caller=ANYONE,
        catalog=Views(json.loads(views)),
    )


@Cached
def translation(sql: str, schema: str) -> str:
    """Translate like `SQLTranslator.translate`; the result depends on these arguments only."""
    result = _translate(
        executor._translator,
        sql,
        schema=json.loads(schema),
        caller=ANYONE,
    )
    if isinstance(result, Err):
        raise result.error
    return str(result.value)


def translate(
    _: SQLTranslator,
    bq_sql: str,
    *,
    schema: Any = None,
    **__: Any,
) -> Result[str, Any]:
    """Translate like `SQLTranslator.translate`, with a cache."""
    try:
        return Ok(translation(bq_sql, json.dumps(schema)))
    except (InvalidQueryError, UnsupportedFeatureError) as error:
        return Err(error)


def record_change(
    self: SnapshotManager,
    project_id: str,
    dataset_id: str,
    table_id: str,
) -> None:
    """Record a change like `SnapshotManager.record_change`, without a copy of the table."""
    self._events.publish(TableDataChanged(project_id, dataset_id, table_id))


def resolve_time_travel(*_: Any) -> None:
    """Raise an error: there are no earlier versions of tables."""
    raise UnsupportedFeatureError(
        "FOR SYSTEM_TIME AS OF: this emulator keeps no earlier versions of tables"
    )


BACKUP = '"_bqemu_txn_'
"""The prefix of the names of a transaction's table copies."""
_start, _execute = DuckDBEngine.start, DuckDBEngine.execute


async def start(self: DuckDBEngine) -> None:
    """Start like `DuckDBEngine.start`, with an in-memory database for the copies and without threads.

    The tables are small: distributing their rows takes longer than reading them.
    """
    await _start(self)
    self.connection.execute("SET threads TO 1")
    self.connection.execute("ATTACH IF NOT EXISTS ':memory:' AS backups")


def execute(self: DuckDBEngine, sql: str, parameters: list[Any] | None = None) -> Any:
    """Execute like `DuckDBEngine.execute`, with the copies of transactions in memory."""
    return _execute(self, sql.replace(BACKUP, f"backups.main.{BACKUP}"), parameters)


def without_middleware(app: Any, **_: Any) -> Any:
    """Return the application itself: measuring and logging each request takes a sixth of its time."""
    return app


def skip_write_job(*_: Any) -> None:
    """Keep the job in memory only."""


def install() -> None:
    """Install the patches."""
    Dialect.parse = parse
    Dialect.generate = generate
    ddl_result._has_not_null_constraint = has_not_null_constraint
    sqlglot.parse_one = parse_one
    inner_query.rewrite_for_row_access = rewrite_for_row_access
    inner_query.rewrite_unnest_offset = Cached(inner_query.rewrite_unnest_offset)
    SQLTranslator.translate = translate
    for module in (executor, interpreter):
        module.parse_script = parse_script
        module.rewrite_table_refs = Cached(module.rewrite_table_refs)
    api.MetricsMiddleware = api.AccessLogMiddleware = api.CorrelationIdMiddleware = (
        without_middleware
    )
    DuckDBEngine.start, DuckDBEngine.execute = start, execute
    DuckDBCatalogRepository._write_job = skip_write_job
    SnapshotManager.record_change = record_change
    SnapshotManager.resolve_time_travel = resolve_time_travel


install()

if __name__ == "__main__":
    main(prog_name="bqemulator")
