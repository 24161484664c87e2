"""What a log shows of an error of DuckDB."""

import duckdb
import pytest

from ecommerce.core.errors import ContractError
from ecommerce.storage.duckdb import connect_duckdb, problem_of
from ecommerce.transform.database import step_errors


@pytest.mark.parametrize("value", ["jane", "jane\nfrom Ulm", "jane's", 'jane "j" doe'])
def test_no_value_of_an_error_is_shown(value):
    with connect_duckdb() as duck, pytest.raises(duckdb.Error) as failed:
        duck.execute("SELECT CAST(? AS INTEGER)", [value])
    with pytest.raises(ContractError) as raised, step_errors("transform orders"):
        raise failed.value
    assert "jane" not in str(raised.value)
    problem = problem_of(failed.value)
    assert problem.startswith("Conversion Error: Could not convert string …")
    assert "jane" not in problem
    assert "\n" not in problem
