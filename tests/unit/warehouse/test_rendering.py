"""What may be rendered into SQL, and how."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from jinja2 import DictLoader

from ecommerce.core import templates
from ecommerce.core.business_day import days_between
from ecommerce.warehouse import rendering
from ecommerce.warehouse.rendering import (
    days_to_read,
    render,
)
from tests.settings import settings_of

SETTINGS = settings_of({"BIGQUERY_DATASET": "shop"})


@pytest.fixture
def template(monkeypatch):
    """Renders a template's text as `render` does a file."""
    real = templates.environment(rendering.SQL_ROOT)

    def rendered(text, **options):
        overlay = real.overlay(loader=DictLoader({"one.sql": text}))
        monkeypatch.setattr(templates, "cached_environment", lambda folder: overlay)
        return render("one.sql", settings=SETTINGS, **options)

    return rendered


def test_tables_are_those_of_the_deployment(template):
    assert template("`sales.orders`") == "`shop.orders`"
    staged = template("`sales_staging.orders`", staging="0a1b")
    assert staged == "`shop_staging.orders__0a1b`"


@pytest.mark.parametrize(
    ("days", "predicate"),
    [
        (["2026-03-02"], "(d BETWEEN DATE '2026-03-02' AND DATE '2026-03-02')"),
        (
            ["2026-03-03", "2026-02-28", "2026-03-01", "2026-03-03"],
            "(d IN (DATE '2026-02-28', DATE '2026-03-01', DATE '2026-03-03'))",
        ),
    ],
)
def test_days_become_literals_and_days_without_a_gap_a_range(template, days, predicate):
    days = [date.fromisoformat(day) for day in days]
    assert template('{{ days("d") }}', days=days) == predicate


def test_very_many_days_with_gaps_are_ranges(template):
    years = [*days_between(date(2024, 1, 1), date(2024, 12, 30))]
    years += days_between(date(2025, 1, 1), date(2025, 12, 31))
    assert template('{{ days("d") }}', days=years) == (
        "(d BETWEEN DATE '2024-01-01' AND DATE '2024-12-30'"
        " OR d BETWEEN DATE '2025-01-01' AND DATE '2025-12-31')"
    )


def test_of_very_many_ranges_of_days_the_closest_are_one():
    first = date(2014, 3, 1)
    apart = [first + timedelta(days=9 * number) for number in range(501)]
    assert days_to_read([*reversed(apart[:500]), first]) == apart[:500]
    between = days_between(apart[-1], apart[-1] + timedelta(days=3))
    days = days_to_read([*apart, between[-1]])
    assert len(days) == 501 + 3 + 8, "of twelve years"
    assert {*apart, *between} < {*days}
    assert days_to_read([]) == []


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (date(2026, 3, 2), "DATE '2026-03-02'"),
        (
            datetime(2026, 3, 2, 8, tzinfo=ZoneInfo("America/New_York")),
            "TIMESTAMP '2026-03-02T13:00:00+00:00'",
        ),
        (7, "7"),
        (None, "NULL"),
        ("<report.2026@shop.example>", "'<report.2026@shop.example>'"),
        # A run id with any character that Airflow allows.
        (
            "Manual__2026-11-27T06:00:00+00:00.~",
            "'Manual__2026-11-27T06:00:00+00:00.~'",
        ),
    ],
)
def test_values_are_literals(template, value, literal):
    assert (
        template("{{ value }} {{ of.a }}", value=value, of={"a": 1}) == f"{literal} 1"
    )


def test_settings_are_literals(template):
    settings = template("{{ shop_timezone }} {{ reporting_currency }}")
    assert settings == "'America/New_York' 'USD'"


@pytest.mark.parametrize(
    "value", ["1; DROP TABLE orders", "it's", "\\", "", 1.5, True, {"a": "it's"}]
)
def test_other_values_do_not_become_literals(template, value):
    with pytest.raises(ValueError, match=r"of SQL|only dates"):
        template("{{ day }}", day=value)


def test_every_change_of_rows_belongs_to_a_transaction_that_begins_with_the_lock():
    """A file without its own transaction is a part of one."""
    files = {}
    for path in (rendering.SQL_ROOT / "warehouse").rglob("*.sql"):
        if path.parent.name not in ("macros", "staging") and path.name != "lock.sql":
            files[path] = path.read_text()
    included = re.findall(r"(?:tables|loads)/\w+/\w+", " ".join(files.values()))
    alone = set()
    for path, text in files.items():
        name = path.relative_to(rendering.SQL_ROOT / "warehouse").with_suffix("")
        _, is_script, begin = text.partition("BEGIN TRANSACTION;")
        if is_script:
            [first] = re.findall(r"^.*?(loads/\w+|[A-Z]{4,})", begin, re.DOTALL)
            assert first == "loads/lock", path
            continue
        is_change = re.search(r"^(MERGE|INSERT|UPDATE|DELETE) ", text, re.MULTILINE)
        if is_change and str(name) not in included:
            alone.add(str(name))
    # They only add hashes, and clear staging tables: which transaction sees a hash is decided by forget.sql.
    assert alone == {"procedures/erasure/remember", "loads/orders/find_changes"}
