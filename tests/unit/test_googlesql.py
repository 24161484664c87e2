"""Every statement of the warehouse and the report is GoogleSQL, by Google's own analyzer."""

import pytest

from ecommerce.warehouse import rendering
from tests import googlesql_rules

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def analysed():
    """All tables, views and staging tables, and what is wrong with the statements of all files."""
    return googlesql_rules.analyse_all()


def test_every_statement_is_googlesql(analysed):
    catalogue, wrong = analysed
    assert not wrong, "\n".join(wrong)
    assert {f"sales.{name}" for name in rendering.tables()} <= catalogue.tables.keys()
