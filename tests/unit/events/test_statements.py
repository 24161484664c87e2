"""What a load of web events reads does not grow with history."""

import re

import pytest

from tests import googlesql

FIRST_DAY = "DATE '1999-12-31'"
SMALL = {"load_audit", "rejected_rows"}
"""Tables with a row or a few per run."""


@pytest.mark.parametrize("name", ["find_changes", "script"])
def test_only_a_fixed_number_of_days_of_the_large_tables_is_read(name):
    for statement in googlesql.statements(f"warehouse/loads/events/{name}.sql"):
        named = set(re.findall(r"`sales\.(\w+)`", statement.sql))
        assert FIRST_DAY not in statement.sql or named <= SMALL, statement.name


def test_the_load_is_one_transaction():
    kinds = [
        each.sql.split()[0]
        for each in googlesql.statements("warehouse/loads/events/script.sql")
    ]
    assert kinds[0] == "BEGIN"
    assert kinds[-2:] == ["COMMIT", "SELECT"]
    assert {"DELETE", "INSERT", "MERGE", "SELECT", "UPDATE"} == set(kinds[1:-2])


def test_a_session_is_read_from_the_day_before_its_own_to_the_sixth_after_it():
    (statement,) = googlesql.statements("warehouse/tables/sessions/load.sql")
    # Rendered for 1, 2 and 8 March.
    assert (
        "(business_date BETWEEN DATE '2026-02-28' AND DATE '2026-03-14')"
        in statement.sql
    )
