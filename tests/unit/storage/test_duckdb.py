"""What a log shows of an error of DuckDB."""

import duckdb
import pytest

from ecommerce.storage.duckdb import connect_duckdb, problem_of


@pytest.mark.parametrize("value", ["jane", "jane\nfrom Ulm", "jane's", 'jane "j" doe'])
def test_no_value_of_an_error_is_shown(value):
    with connect_duckdb() as duck, pytest.raises(duckdb.Error) as failed:
        duck.execute("SELECT CAST(? AS INTEGER)", [value])
    problem = problem_of(failed.value)
    assert problem.startswith("Conversion Error: Could not convert string …")
    assert "jane" not in problem
    assert "\n" not in problem
