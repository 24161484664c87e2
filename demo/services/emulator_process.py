"""The BigQuery emulator, quicker; run by the emulator's own Python, with its own arguments.

Unpatched, it parses and copies each statement some twenty times, copies each table to disk before a
transaction changes it and after every change, and writes each job to disk twice. Here it does not do twice
what depends on the text alone, and the disk holds tables only. Nothing that a statement means changes, but
that `FOR SYSTEM_TIME AS OF` is refused, and jobs are forgotten when it ends. sqlglot has a compiled form
(`sqlglotc`), in which two things have to be got round. All of this knows the emulator's release, which the
lock pins.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlglot
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.cli import main
from bqemulator.domain.errors import DomainError, InvalidQueryError, UnsupportedFeatureError
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
    raise SystemExit(f"{__file__} knows bqemulator {RELEASE} only: see what the new one changed")

TEXTS, TREES = 2000, 200
"""How many of one kind are remembered: the last ones."""

_parsed: OrderedDict[Any, list[exp.Expression | None]] = OrderedDict()
"""What was parsed last, by dialect, options and text; those who only look share these trees."""
_parse = Dialect.parse


def parsed(dialect: Dialect, sql: str, **options: Any) -> list[exp.Expression | None]:
    """As `Dialect.parse`, but a text that was parsed lately is not parsed again: what cannot be remembered
    goes through some twenty rewriters, most of which leave it as it is."""
    key = (type(dialect), repr(dialect.settings), repr(options), sql)
    known = _parsed.pop(key, None)
    if known is None:
        known = _parse(dialect, sql, **options)
    _parsed[key] = known
    while len(_parsed) > TREES:
        _parsed.popitem(last=False)
    return known


def parse(dialect: Dialect, sql: str, **options: Any) -> list[exp.Expression | None]:
    """As `Dialect.parse`, from memory."""
    return [tree and tree.copy() for tree in parsed(dialect, sql, **options)]


_idle: dict[Any, list[Any]] = defaultdict(list)
"""Generators that are not at work, by dialect and options."""


def generate(dialect: Dialect, expression: exp.Expression, copy: bool = True, **options: Any) -> str:
    """As `Dialect.generate`, by generators that are used again: each new compiled one parses the seventeen
    templates of its class."""
    idle = _idle[type(dialect), *options.items()]
    generator = idle.pop() if idle else dialect.generator(**options)
    try:
        return str(generator.generate(expression, copy=copy))
    finally:
        idle.append(generator)


def has_not_null_constraint(column: exp.ColumnDef) -> bool:
    """As the emulator's own. That asks for the `kind` of each constraint, which the compiled form does not
    hand out where a column has OPTIONS."""
    constraints = column.args.get("constraints") or ()
    return any(isinstance(each.args.get("kind"), exp.NotNullColumnConstraint) for each in constraints)


ONLY_LOOK = {
    f"bqemulator.{name}"
    for name in (
        *("api.routes.jobs", "catalog.ddl_sync", "jobs.ddl_result", "jobs.executor", "jobs.routine_ddl"),
        *("sql.catalog_schema", "sql.inner_query"),
        *("scripting.interpreter._dml_targets", "scripting.interpreter._is_row_producing"),
    )
}
"""Modules and functions that change no tree they get: they share one."""
_parse_one = sqlglot.parse_one
parse_script = lru_cache(TREES)(interpreter.parse_script)


@lru_cache(TREES)
def shared(sql: str, read: str) -> Any:
    """The tree of a text, for those who only look. That of a script is empty: callers look at its statements
    only, one by one."""
    with suppress(DomainError):
        if ";" in sql.rstrip("; \n") and len(parse_script(sql).statements) > 1:
            return exp.Block()
    tree = next(iter(parsed(Dialect.get_or_raise(read), sql)), None)
    return _parse_one(sql, read=read) if tree is None else tree  # which raises


def parse_one(sql: str, *arguments: Any, **options: Any) -> Any:
    """As `sqlglot.parse_one`, but those who only look at the tree get the same one again."""
    caller = sys._getframe(1)
    module = caller.f_globals.get("__name__")
    looks = module in ONLY_LOOK or f"{module}.{caller.f_code.co_name}" in ONLY_LOOK
    return (shared if looks else _parse_one)(sql, *arguments, **options)


class Finder(row_access_filter._Rewriter):
    """Finds whether there is anything for its base class to rewrite."""

    def _expand_view(self, *_: Any, **__: Any) -> bool:
        return True

    def _wrap_with_filter(self, *_: Any, **__: Any) -> bool:
        return True


_rewrite_for_row_access = row_access_filter.rewrite_for_row_access


def rewrite_for_row_access(bq_sql: str, *, project_id: str, caller: CallerIdentity, catalog: Any) -> str:
    """As the emulator's own, without a tree of its own where no view is read and no policy applies."""
    try:
        tree = shared(bq_sql, read="bigquery")
    except Exception:
        return bq_sql
    targets = row_access_filter._collect_dml_targets(tree) | row_access_filter._collect_ddl_targets(tree)
    finder = Finder(
        project_id=project_id, catalog=catalog, matcher=GranteeMatcher(caller), write_targets=targets
    )
    if not finder.rewrite_tree(tree, depth=0):
        return bq_sql
    return _rewrite_for_row_access(bq_sql, project_id=project_id, caller=caller, catalog=catalog)


VARYING = re.compile(
    r"(?<=__)[0-9a-f]{12}(?![0-9A-Za-z_])"  # the end of a staging table's name
    r"|(?<=DATE ')\d{4}-\d\d-\d\d(?=')|(?<=CAST\(')\d{4}-\d\d-\d\d(?=' AS DATE\))"
)
"""In what the statements of two loads differ. No rewriter looks into these, so that it is the same to write
others in their stead before a translation and to put them back after it."""


class Disk:
    """Texts by key, shared by all emulators of this virtual environment; empty where it cannot be written."""

    def __init__(self, path: Path) -> None:
        code = f"{version('bqemulator')} {version('sqlglot')} {Path(__file__).read_text()}"
        self._code = sha256(code.encode())
        self._database: sqlite3.Connection | None = None
        with suppress(sqlite3.Error):
            database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")
            database.execute("CREATE TABLE IF NOT EXISTS given (key BLOB PRIMARY KEY, text TEXT)")
            self._database = database

    def get(self, key: str) -> str | None:
        """The text of `key`, None where there is none."""
        return next((text for (text,) in self._execute("SELECT text FROM given WHERE key = ?", key)), None)

    def put(self, key: str, text: str) -> None:
        """Keep the text of `key`."""
        self._execute("INSERT OR IGNORE INTO given VALUES (?, ?)", key, text)

    def _execute(self, sql: str, key: str, *values: str) -> list[tuple[str]]:
        hashed = self._code.copy()
        hashed.update(key.encode())
        with suppress(sqlite3.Error):
            if self._database:
                return self._database.execute(sql, (hashed.digest(), *values)).fetchall()
        return []


class Remembered:
    """A function of a text and of other things, that gives a text; what it gave is remembered by the text
    without what varies."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._given: OrderedDict[Any, str] = OrderedDict()

    def __call__(self, *arguments: Any) -> Any:
        """The function's own result; strings among the arguments may hold what varies."""
        values: dict[str, str] = {}

        def stand_in(found: re.Match[str]) -> str:
            number = len(values) + 1
            new = f"{number:012x}" if len(found[0]) == 12 else date.fromordinal(number).isoformat()
            return values.setdefault(found[0], new)

        shape = tuple(VARYING.sub(stand_in, each) if isinstance(each, str) else each for each in arguments)
        back = {new: value for value, new in values.items()}
        if any(new in each for new in back for each in arguments if isinstance(each, str)):
            return self._function(*arguments)
        given = self._given.pop(shape, None)
        if given is None:
            key = repr((self._function.__name__, shape))
            given = DISK.get(key)
            if given is None:
                try:
                    given = self._function(*shape)
                except Exception:
                    return self._function(*arguments)  # so that the error names what was asked
                DISK.put(key, given)
        self._given[shape] = given
        if len(self._given) > TEXTS:
            self._given.popitem(last=False)
        return re.sub("|".join(back), lambda found: back[found[0]], given) if back else given


DISK = Disk(Path(sys.prefix) / "remembered.db")
_translate = SQLTranslator.translate


@Remembered
def translation(sql: str, schema: str, caller: CallerIdentity | None) -> str:
    """As `SQLTranslator.translate`, whose result depends on nothing else."""
    done = _translate(executor._translator, sql, schema=json.loads(schema), caller=caller)
    if isinstance(done, Err):
        raise done.error
    return str(done.value)


def translate(
    _: SQLTranslator, bq_sql: str, *, schema: Any = None, caller: CallerIdentity | None = None
) -> Result[str, Any]:
    """As `SQLTranslator.translate`, from memory."""
    try:
        return Ok(translation(bq_sql, json.dumps(schema), caller))
    except (InvalidQueryError, UnsupportedFeatureError) as error:
        return Err(error)


def record_change(self: SnapshotManager, project_id: str, dataset_id: str, table_id: str) -> None:
    """As `SnapshotManager.record_change`, without a copy of the whole table."""
    self._events.publish(TableDataChanged(project_id, dataset_id, table_id))


def resolve_time_travel(*_: Any) -> None:
    """Raise: there are no earlier states of tables."""
    raise UnsupportedFeatureError("FOR SYSTEM_TIME AS OF: this emulator keeps no earlier states of tables")


BACKUP = '"_bqemu_txn_'
"""How the name begins of the copy that a transaction makes of a table before it changes it."""
_start, _execute = DuckDBEngine.start, DuckDBEngine.execute


async def start(self: DuckDBEngine) -> None:
    """As `DuckDBEngine.start`, with a place in memory for what a restart may lose."""
    await _start(self)
    self.connection.execute("ATTACH IF NOT EXISTS ':memory:' AS backups")


def execute(self: DuckDBEngine, sql: str, parameters: list[Any] | None = None) -> Any:
    """As `DuckDBEngine.execute`, with the copies of transactions in memory."""
    return _execute(self, sql.replace(BACKUP, f"backups.main.{BACKUP}"), parameters)


def keep_no_job(*_: Any) -> None:
    """Leave the job in the memory of the catalogue, where it is while this process runs."""


def install() -> None:
    """Put all of this into the emulator's place."""
    Dialect.parse = parse  # type: ignore[method-assign]
    Dialect.generate = generate  # type: ignore[method-assign]
    ddl_result._has_not_null_constraint = has_not_null_constraint
    sqlglot.parse_one = parse_one
    inner_query.rewrite_for_row_access = rewrite_for_row_access
    inner_query.rewrite_unnest_offset = Remembered(inner_query.rewrite_unnest_offset)
    SQLTranslator.translate = translate  # type: ignore[method-assign]
    for module in (executor, interpreter):
        module.parse_script = parse_script
        module.rewrite_table_refs = Remembered(module.rewrite_table_refs)
    DuckDBEngine.start, DuckDBEngine.execute = start, execute  # type: ignore[method-assign]
    DuckDBCatalogRepository._write_job = keep_no_job  # type: ignore[method-assign]
    SnapshotManager.record_change = record_change  # type: ignore[method-assign, assignment]
    SnapshotManager.resolve_time_travel = resolve_time_travel  # type: ignore[method-assign, assignment]


install()

if __name__ == "__main__":
    main(prog_name="bqemulator")
