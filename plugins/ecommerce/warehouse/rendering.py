"""Renders the SQL files of include/sql for this deployment.

Files are Jinja templates. Only these values are substituted: names of tables in include/sql/warehouse, names
of one load's staging tables, literals, and the deployment's own settings. Values from data never become SQL
text; they arrive in staging tables or as query parameters. A transaction, which has no parameters on the
emulator, takes a few texts as literals, whose characters are limited.

Files name tables in backticks and with the default datasets, so that a query can be copied: `sales.orders` is
the table of this deployment's dataset, `sales_staging.orders` the rows of a staging table of this load.

In a template:

- `{{ staging_table("orders") }}` and `{{ is_staged("orders") }}`, the table with these rows and the condition
  for them, to change them;
- `{{ days("o.business_date") }}`, a predicate for the rendered days, which prunes partitions;
  `before=1, after=6` adds the days before and after each, `whole=True` those between them;
- `{{ read_days(…) }}`, the same for the days of the load's reads, or of the orders that a report reads;
- `{{ report_day }}`, the day of the report; None in other statements;
- `{{ any_of(stored["orders"], …) }}`, the same for the days of stored rows that a look-up found, by name, or
  for `run_day` (that of `business_date`) and `days_compared()`, the rendered days and those whose comparison
  they change; `former_holidays` of such days; `week`, to subtract from a day;
- `{{ shop_timezone }}` and `{{ reporting_currency }}` (string literals), `{{ reporting_decimals() }}` (a
  number), `{{ shop_names }}` (literals of the shops' sources), and `SETTINGS` by their names;
- `{{ quoted(text) }}`, a literal of any text, such as one of `shop_labels`;
- `{{ slices }}`, those of a report, for the macros of `slices.sql`;
- every keyword argument of `render` by its name;
- `{{ checked_tables }}`, those with checks;
- with the `spec` of a domain: `{{ spec.name }}` and its other fields, and `{{ sources }}`, a list of string
  literals.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

from more_itertools import consecutive_groups

from ecommerce.core import templates
from ecommerce.core.business_day import days_between
from ecommerce.core.calendar_days import WEEK, days_compared_with, former_holidays
from ecommerce.core.headline_figures import HEADLINE, LEAST_COST_COVERAGE
from ecommerce.core.paths import INCLUDE
from ecommerce.core.settings import Settings
from ecommerce.core.text import decimals
from ecommerce.core.values import Values
from ecommerce.warehouse.column_types import Column, declared_columns
from ecommerce.warehouse.spec import LoadSpec

SQL_ROOT = INCLUDE / "sql"
TABLE_NAME = re.compile(r"`(sales|sales_staging)\.((?!\w*__)\w+)`")
"""A table as the files write it. The places of staging tables, which templates may insert, have two
underscores."""
BUNDLE = "bundle"
"""The staging table of a small load: the rows of all its files, with the union of their columns."""
_KNOWN = Column(
    "known_deliveries",
    "STRING",
    required=False,
    description="Checksums that the extract knew.",
)
"""Of `load_audit` in staging only: the list in the manifest, joined by commas; NULL where it has none."""
FIRST_DATE = "DATE '0001-01-01'"
"""The first DATE of BigQuery. Statements that read all days of a table compare with it, because most tables
require a filter of their partitions. BigQuery may optimize `IS NOT NULL` away before it looks for
the filter."""
SETTINGS = {
    "events_retention_days",
    "order_attributes",
    "payout_days",
    "report_attribute",
    "shop_labels",
    "shops",
}
"""The settings that templates have as they are: numbers, identifiers, and any texts of `shop_labels`."""
MAX_RANGES = 500
"""Ranges of days that a statement names. A load has each about twenty times, and may have 1 MB."""

Days = Collection[date] | None


def render(
    path: str,
    *,
    settings: Settings,
    days: Days = (),
    read_days: Days = (),
    report_day: date | None = None,
    stored: Mapping[str, Collection[date]] | None = None,
    arriving: Collection[str] = (),
    staging: str | None = None,
    bundled: bool = False,
    slices: Sequence[Any] = (),
    spec: LoadSpec | None = None,
    **values: Any,
) -> str:
    """Render `include/sql/<path>` for this deployment.

    Args:
        path: such as `"report/daily_sales/comparisons.sql"`.
        settings: the deployment's.
        days: those of `{{ days(column) }}`; None for every day of the table.
        read_days: those of `{{ read_days(column) }}`; None as for `days`.
        report_day: the day of a report. A view is replaced by its own query for this day, because conditions
            on a view prune no partitions, and a report has days that are not known.
        stored: days by name, for `{{ any_of(stored[name], column) }}`. A name without days stands for
            `business_date`, because a table may require a filter.
        arriving: the staging tables that have rows, or files before these are counted. A statement for rows
            that are not there is left out.
        staging: the suffix of this load's staging tables.
        bundled: whether the rows of all files of this load are in `BUNDLE`.
        slices: of a report, each with the values of the columns that it limits, which may be any texts.
        spec: the domain of the load, report or checks.
        values: dates, aware datetimes, whole numbers, texts and None, rendered as literals, by the name the
            template uses; or some of them by name.

    Raises:
        ValueError: no days where the template needs some, a value of another type, or a text with other
            characters than `_string` accepts.
        jinja2.TemplateError: no such file, or it uses a name that was not given.
    """
    if report_day:
        days = days or [report_day]
    in_bundle = spec.uploaded if spec and bundled else ()

    # The staging table that holds the rows of `name`.
    def place_of(name: str) -> str:
        if staging is None:
            raise ValueError(f"no load is given, and {name} is a staging table")
        stored_in = staging_table(BUNDLE if name in in_bundle else name, staging)
        return f"`{settings.staging_dataset}.{stored_in}`"

    # The condition for these rows.
    def is_staged(name: str) -> str:
        return f"table_name = '{name}'" if name in in_bundle else "TRUE"

    def place(found: re.Match[str]) -> str:
        dataset, name = found.groups()
        if dataset == "sales":
            return f"`{settings.bigquery_dataset}.{name}`"
        if spec and name in in_bundle:
            fields = ", ".join(column.name for column in staged_columns(spec, name))
            return f"(SELECT {fields} FROM {place_of(name)} WHERE {is_staged(name)})"  # noqa: S608
        return place_of(name)

    run_day: list[Any] = [values.get("business_date")]

    def any_of(found: Collection[Any], column: str, before: int = 0) -> str:
        return _days_predicate(found or run_day, column, before)

    names: Values = {name: _literal(value) for name, value in values.items()}
    names |= settings.model_dump(include=SETTINGS)
    if spec:
        names["sources"] = ", ".join(map(_string, spec.sources()))
    names |= {
        "spec": spec,
        "checked_tables": tables("checks.sql"),
        "staging_table": place_of,
        "is_staged": is_staged,
        "columns": columns,
        "days": partial(_days_predicate, days),
        "read_days": partial(_days_predicate, read_days),
        "report_day": report_day and _literal(report_day),
        "stored": defaultdict(tuple, stored or {}),
        "any_of": any_of,
        "run_day": run_day,
        "days_compared": partial(days_compared_with, settings, days or ()),
        "former_holidays": partial(former_holidays, settings),
        "week": WEEK,
        "arriving": arriving,
        "slices": slices,
        "headline_figures": HEADLINE,
        "least_cost_coverage": LEAST_COST_COVERAGE,
        "shop_timezone": _string(settings.shop_timezone),
        "reporting_currency": _string(settings.reporting_currency),
        # A function, because few statements need it, and it imports Babel.
        "reporting_decimals": partial(decimals, settings.reporting_currency),
        "shop_names": ", ".join(map(_string, settings.shop_names)),
        "quoted": _quoted,
    }

    def template(file: str) -> str:
        return str(
            templates.cached_environment(SQL_ROOT).get_template(file).render(names)
        )

    def query_of_view(found: re.Match[str]) -> str:
        dataset, name = found.groups()
        if dataset != "sales" or name not in views():
            return found[0]
        query = view_query(template(f"warehouse/tables/{name}/view.sql"))
        return f"({TABLE_NAME.sub(query_of_view, query)})"

    statement = template(path)
    if report_day:
        statement = TABLE_NAME.sub(query_of_view, statement)
    return TABLE_NAME.sub(place, statement)


def _quoted(text: str) -> str:
    """Return any text as an expression. JSON has the escapes of GoogleSQL; a backtick, which could begin the
    name of a table, is written as its code."""
    literal = json.dumps(text, ensure_ascii=False)
    if "`" in literal:
        parts = literal.replace("`", '", CHR(96), "')
        return f"CONCAT({parts})"
    return literal


def staging_table(name: str, suffix: str) -> str:
    """Return the name of the staging table `name` of the load with this suffix."""
    return f"{name}__{suffix}"


@cache
def tables(file: str = "table.sql") -> tuple[str, ...]:
    """Return the tables of the warehouse with a `file`: the names of their folders."""
    paths = SQL_ROOT.glob(f"warehouse/tables/*/{file}")
    return tuple(sorted(path.parent.name for path in paths))


@cache
def views() -> tuple[str, ...]:
    """Return the views of the warehouse, each after those that it reads."""
    names = tables("view.sql")
    read_by = {}
    for name in names:
        read_views = re.findall(
            r"`sales\.(\w+)`", _source(f"warehouse/tables/{name}/view.sql")
        )
        read_by[name] = set(read_views).intersection(names) - {name}
    return tuple(TopologicalSorter(read_by).static_order())


def _source(path: str) -> str:
    """Return a file of `SQL_ROOT` with the files that it imports."""
    text = (SQL_ROOT / path).read_text()
    imported = re.findall(r'{% (?:from|include) "([^"]+)"', text)
    return "\n".join([text, *map(_source, imported)])


def view_query(statement: str) -> str:
    """Return the query of a view's rendered statement."""
    return statement.partition("\nAS\n")[2].rstrip().removesuffix(";")


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table, or of one that only staging has, in the order of its DDL file."""
    path = SQL_ROOT / f"warehouse/tables/{table}/table.sql"
    if not path.exists():
        [path] = SQL_ROOT.glob(f"warehouse/loads/*/staging/{table}.sql")
    return declared_columns(path.read_text())


def staged_columns(spec: LoadSpec, table: str) -> list[Column]:
    """Return the columns of a table's Parquet files and staging table, in order."""
    omitted = spec.not_staged.get(table, frozenset())
    staged = [column for column in columns(table) if column.name not in omitted]
    if table == "load_audit":
        staged.append(_KNOWN)
    return staged


def _days_predicate(
    days: Days,
    column: str,
    before: int = 0,
    after: int = 0,
    whole: bool = False,
) -> str:
    """Return a predicate: `column` is one of `days`, or up to `before` days before or `after` days after
    one, with `whole` also one between them. None: every day."""
    if days is None:
        return f"{column} >= {FIRST_DATE}"
    if not days:
        raise ValueError("no days to render this statement for")
    wanted: set[date] = set()
    for day in days:
        first = day - timedelta(days=before)
        wanted.update(days_between(first, day + timedelta(days=after)))
    if whole:
        wanted.update(days_between(min(days), max(days)))
    ordered = sorted(wanted)
    ranges = []
    for group in consecutive_groups(ordered, date.toordinal):
        successive = list(group)
        bounds = f"DATE '{successive[0]}' AND DATE '{successive[-1]}'"
        ranges.append(f"{column} BETWEEN {bounds}")
    if len(ranges) > 1 and len(ordered) <= MAX_RANGES:
        literals = ", ".join(map(_literal, ordered))
        return f"({column} IN ({literals}))"
    return f"({' OR '.join(ranges)})"


def days_to_read(days: Collection[date]) -> list[date]:
    """Return `days` in order. Where they are more than `MAX_RANGES` ranges, the shortest gaps between them
    are filled, because a statement names each range."""
    gaps = [days_between(*neighbours) for neighbours in pairwise(sorted(set(days)))]
    gaps.sort(key=len)
    filled = set(days)
    # One range more than gaps.
    for gap in gaps[: 1 - MAX_RANGES]:
        filled.update(gap)
    return sorted(filled)


def _literal(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _literal(part) for name, part in value.items()}
        case None:
            return "NULL"
        case datetime():
            return f"TIMESTAMP '{value.astimezone(UTC).isoformat()}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case int() if not isinstance(value, bool):
            return str(value)
        case str():
            return _string(value)
    raise ValueError(
        f"only dates, whole numbers and texts may be rendered into SQL, not {value!r}"
    )


def _string(value: str) -> str:
    if not re.fullmatch(r"[\w/+.:@<>~-]+", value):
        raise ValueError(f"{value!r} cannot be part of SQL")
    return f"'{value}'"
