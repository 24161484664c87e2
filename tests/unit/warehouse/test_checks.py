"""What people read of a check that found something."""

import re
from dataclasses import replace
from datetime import date

from ecommerce.core.data_warnings import wordings
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import checks, rendering
from ecommerce.warehouse.checks import CheckFailure
from ecommerce.warehouse.load import LoadResult
from tests.unit.cli.conftest import ANONYMOUS

FAILURE = CheckFailure(
    "refunds: the order is in the warehouse", "warn", 1_234, "sales_db refund r7"
)


def test_a_check_says_what_was_found_and_not_what_should_be():
    assert str(FAILURE) == (
        "1,234 refunds belong to orders missing from the warehouse: counted under Returns of whole orders "
        "until the order is read (for example sales_db refund r7)"
    )


def test_the_error_of_a_run_ends_with_what_to_do():
    error = replace(FAILURE, severity="error")
    action = wordings()[FAILURE.check_name].action
    assert str(error) == f"{FAILURE}. {action}"


def test_people_are_told_what_it_means_and_what_to_do():
    words = wordings()[FAILURE.check_name]
    of_the_day = {
        "kind": "check",
        "found": "1,234 refunds belong to orders missing from the warehouse (for example sales_db refund r7)",
        "meaning": words.meaning,
        "action": words.action,
        "weight": 2,
    }
    assert FAILURE.warning() == of_the_day
    of_others = CheckFailure(
        FAILURE.check_name, "warn", 1, "r1", "2026-11-18 2026-11-09"
    )
    assert of_others.warning() == of_the_day | {
        "found": "1 refund belongs to an order missing from the warehouse (for example r1)",
        "days": ["2026-11-09", "2026-11-18"],
    }


def test_of_a_loads_warnings_the_worst_follow_those_of_its_extracts(monkeypatch):
    """A wrong rate counts for more than a refund without its order."""
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", ANONYMOUS)
    rate = replace(FAILURE, check_name="exchange_rates: no rate doubles or halves")
    monkeypatch.setattr(checks, "run_checks", lambda *_: [FAILURE, rate])
    note = {"kind": "note", "text": "of an extract"}
    day = date(2026, 11, 19)
    loaded = LoadResult(day, [day], [note])
    found = checks.check_load(DagRun("daily", "run"), loaded, None)
    assert found == [note, rate.warning(), FAILURE.warning()]


def test_every_check_has_words_and_a_warning_an_action():
    declared = {}
    for table in rendering.tables("checks.sql"):
        path = rendering.SQL_ROOT / f"warehouse/tables/{table}/checks.sql"
        declared |= re.findall(r"'(.+)' AS check_name,\n +'(\w+)'", path.read_text())
    named = {kind for kind in wordings() if ": " in kind}
    assert declared.keys() == named
    for check, severity in declared.items():
        assert severity == "error" or wordings()[check].action, check
