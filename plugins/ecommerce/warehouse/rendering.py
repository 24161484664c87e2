"""Renders the SQL files of include/sql for this deployment.

Files are Jinja templates. Only these values are substituted: names of tables in include/sql/warehouse, names
of one load's staging tables, literals, and the deployment's own settings. Values from data never become SQL
text; they arrive in staging tables or as query parameters. A transaction, which has no parameters on the
emulator, takes a few texts as literals, whose characters are limited.

In a template: `{{ table("orders") }}`, `{{ staged("orders") }}`, `{{ days("o.business_date") }}` (a
predicate for the rendered days, which prunes partitions; `before=1, after=6` adds the days before and after
each), `{{ read_days(…) }}` (the same for the days of the load's reads), `{{ any_of(stored["orders"], …) }}`
(the same for the days of stored rows that a look-up found, by name), `{{ shop_timezone }}` and
`{{ reporting_currency }}` (string literals), `{{ events_retention_days }}` (a number),
`{{ order_attributes }}` and `{{ report_attribute }}` (identifiers), and every keyword argument of `render` by
its name. With the `spec` of a domain: `{{ load }}` (its name), `{{ sources }}` (a list of string literals),
`{{ rates_source }}` (a string literal), `{{ takes_exports }}`.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from heapq import nlargest
from itertools import groupby, pairwise
from typing import Any

from ecommerce.core import templates
from ecommerce.core.paths import INCLUDE
from ecommerce.core.settings import ATTRIBUTE_NAME, Settings, load_settings
from ecommerce.warehouse.spec import LoadSpec

SQL_ROOT = INCLUDE / "sql"
FIRST_DAY = date(1999, 12, 31)
"""The first business day, because timestamps before the year 2000 are rejected. For statements that read all
days of a table with a required partition filter."""
MOST_RANGES = 200
"""Ranges of days in a load's script, which holds each about twenty times and may have 1 MB."""
RESTATED = (
    *("net_sales", "orders", "average_order_value", "customers"),
    *("gross_sales", "discounts", "returns", "units"),
    *("new_customers", "returning_customers", "tax", "shipping"),
)
"""The headline figures, whose change after the mail is a restatement. All are columns of `daily_summary` but
the returning customers, who are the others than the new ones (`warehouse/macros/restatement.sql`)."""

Scalar = date | datetime | int | str | None
Value = Scalar | Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a `table.sql`. `type` is as written, such as `NUMERIC(18, 4)` or `ARRAY<STRING>`."""

    name: str
    type: str
    required: bool
    description: str


def render(
    path: str,
    *,
    days: Collection[date] = (),
    read_days: Collection[date] = (),
    stored: Mapping[str, Collection[date]] | None = None,
    staging: str | None = None,
    spec: LoadSpec | None = None,
    settings: Settings | None = None,
    **values: Value,
) -> str:
    """Render `include/sql/<path>` for this deployment.

    Args:
        path: such as `"report/daily_sales/headline.sql"`.
        days: those of `{{ days(column) }}`.
        read_days: those of `{{ read_days(column) }}`.
        stored: days by name, for `{{ any_of(stored[name], column) }}`. A name without days stands for
            `business_date`, because a table may require a filter.
        staging: the suffix of this load's staging tables.
        spec: the domain of the load, report or checks.
        settings: read from the environment when not given.
        values: dates, aware datetimes, whole numbers, texts and None, rendered as literals, by the name the
            template uses; or some of them by name.

    Raises:
        ValueError: an unknown table, no days where the template needs some, a value of another type, or a
            text with other characters than `_string` accepts.
        jinja2.UndefinedError: the template uses a name that was not given.
    """
    settings = settings or load_settings()
    own: dict[str, Any] = {name: _literal(value) for name, value in values.items()}
    if spec:
        own |= {"load": spec.name, "takes_exports": spec.takes_exports}
        own["sources"] = ", ".join(map(_string, spec.sources))
        own |= {"rates_source": _string(spec.rates_source)} if spec.rates_source else {}
        own["restates"] = "report_restatements" in spec.tables
    run_day = values.get("business_date")
    return (
        templates.environment(SQL_ROOT)
        .get_template(path)
        .render(
            table=lambda name: f"`{settings.bigquery_dataset}.{_known(name)}`",
            staged=lambda name: (
                f"`{settings.staging_dataset}.{staging_table(name, staging, spec)}`"
            ),
            restated_figures=RESTATED,
            days=partial(_days_predicate, days),
            read_days=partial(_days_predicate, read_days),
            stored=defaultdict(tuple, stored or {}),
            any_of=lambda found, column: _days_predicate(found or [run_day], column),
            first_day=_literal(FIRST_DAY),
            shop_timezone=_string(settings.shop_timezone),
            reporting_currency=_string(settings.reporting_currency),
            events_retention_days=settings.events_retention_days,
            columns=columns,
            order_attributes=[
                _matching(ATTRIBUTE_NAME, name) for name in settings.order_attributes
            ],
            report_attribute=settings.report_attribute
            and _matching(ATTRIBUTE_NAME, settings.report_attribute),
            **own,
        )
    )


def staging_table(name: str, suffix: str | None, spec: LoadSpec | None = None) -> str:
    """Return the name of the staging table `name` of a load. `suffix` is the load's short hash, `spec` that
    of a domain with staging tables that only its own SQL creates."""
    if name not in {
        *tables(),
        *staging_only_tables(),
        *(spec.looked_up if spec else ()),
    }:
        raise ValueError(f"there is no staging table {name!r}")
    if not suffix or not re.fullmatch(r"[0-9a-f]+", suffix):
        raise ValueError(f"{suffix!r} is not the hash of a load")
    return f"{name}__{suffix}"


@cache
def tables(file: str = "table.sql") -> tuple[str, ...]:
    """Return the tables of the warehouse with a `file`: the names of their folders."""
    return tuple(
        sorted(path.parent.name for path in SQL_ROOT.glob(f"warehouse/tables/*/{file}"))
    )


def views() -> tuple[str, ...]:
    """Return the views of the warehouse."""
    return tables("view.sql")


@cache
def staging_only_tables() -> Mapping[str, str]:
    """Return the staging tables without a table in the warehouse, with their files below include/sql:
    warehouse/loads/<domain>/staging/<table>.sql."""
    paths = (
        path.relative_to(SQL_ROOT)
        for path in SQL_ROOT.glob("warehouse/loads/*/staging/*.sql")
    )
    return {path.stem: path.as_posix() for path in paths}


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table (or of a staging-only table), in the order of its DDL file."""
    path = (
        staging_only_tables().get(table)
        or f"warehouse/tables/{_known(table)}/table.sql"
    )
    return declared_columns((SQL_ROOT / path).read_text())


def declared_columns(statement: str) -> tuple[Column, ...]:
    """Return the columns that a CREATE statement declares, in order; those of a view have no type."""
    found = re.findall(
        r"^ {4}`?(\w+)`?(?: ([A-Z]\w*(?:\([\d, ]+\)|<\w+>)?))?( NOT NULL)?"
        r' OPTIONS \(\s*description = "([^"]+)"\s*\),?$',
        statement,
        re.MULTILINE,
    )
    return tuple(
        Column(name, kind, bool(required), text) for name, kind, required, text in found
    )


def _known(name: str) -> str:
    if name not in {*tables(), *views()}:
        raise ValueError(f"{name!r} is not a table of the warehouse")
    return name


def _days_predicate(
    days: Collection[date], column: str, before: int = 0, after: int = 0
) -> str:
    """Return a predicate: `column` is one of `days`, or up to `before` days before or `after` days after one.
    It consists of ranges, so that a load of ten years stays a short statement."""
    if not days:
        raise ValueError("no days to render this statement for")
    ordered = sorted(
        {
            day + timedelta(days=shift)
            for day in days
            for shift in range(-before, after + 1)
        }
    )
    ranges = []
    # In a range of days, a day's number less its place is always the same.
    for _, group in groupby(
        enumerate(ordered), lambda pair: pair[1].toordinal() - pair[0]
    ):
        first, *others = (_literal(day) for _, day in group)
        ranges.append(
            f"{column} BETWEEN {first} AND {others[-1]}"
            if others
            else f"{column} = {first}"
        )
    return f"({' OR '.join(ranges)})"


def in_few_ranges(days: Collection[date], most: int = MOST_RANGES) -> list[date]:
    """Return `days` in order, with the days of the narrowest gaps where they form more than `most` ranges."""
    filled = sorted(set(days))
    gaps = list(pairwise(filled))
    widest = nlargest(most - 1, gaps, key=lambda gap: (gap[1] - gap[0], gap))
    for earlier, later in set(gaps) - set(widest):
        filled += [
            earlier + timedelta(days=number)
            for number in range(1, (later - earlier).days)
        ]
    return sorted(filled)


def _literal(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {name: _literal(part) for name, part in value.items()}
    if type(value) is date:
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC).isoformat()}'"
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if value is None:
        return "NULL"
    raise ValueError(
        f"only dates, whole numbers and texts may be rendered into SQL, not {value!r}"
    )


def _string(value: str) -> str:
    return "'" + _matching(r"[\w/+.:@<>-]+", value) + "'"


def _matching(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} cannot be part of SQL")
    return text
