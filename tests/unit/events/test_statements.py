"""What a load of web events reads does not grow with history."""

import re

import pytest

from tests import rendered_sql

FIRST_DAY = "DATE '1999-12-31'"
SMALL = {"load_audit", "rejected_rows"}
"""Tables with a row or a few per run."""


@pytest.mark.parametrize("name", ["find_changes", "script"])
def test_only_a_fixed_number_of_days_of_the_large_tables_is_read(name):
    for statement in rendered_sql.statements(f"warehouse/loads/events/{name}.sql"):
        tables = set(re.findall(r"`sales\.(\w+)`", statement.sql))
        assert FIRST_DAY not in statement.sql or tables <= SMALL, statement.name
