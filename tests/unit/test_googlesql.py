"""Every statement of the warehouse and the report is GoogleSQL, by Google's own analyzer."""

import pytest
import zetasql.types as zt

from ecommerce.warehouse import rendering
from tests import googlesql, googlesql_rules, zetasql_messages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def analysed():
    """All tables, views and staging tables, and what is wrong with the statements of all files."""
    return googlesql_rules.analyse_all()


def test_every_statement_is_googlesql(analysed):
    catalogue, wrong = analysed
    assert not wrong, "\n".join(wrong)
    assert {f"sales.{name}" for name in rendering.tables()} <= catalogue.tables.keys()


def test_answers_become_the_objects_of_the_package(analysed):
    catalogue, _ = analysed
    [view] = googlesql.statements("warehouse/tables/day_comparisons/view.sql")
    message = catalogue.analyse(view.sql).to_proto()
    # The members of an enumeration are equal to numbers.
    assert repr(zetasql_messages.parse(message)) == repr(zt.parse_proto(message))
