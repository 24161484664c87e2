"""Every statement of the warehouse and the report is GoogleSQL, by Google's own analyzer."""

import pytest

from ecommerce.warehouse import rendering
from tests import googlesql_rules

pytestmark = pytest.mark.slow


def test_every_statement_is_googlesql():
    catalogue, wrong = googlesql_rules.analyse_all()
    assert not wrong, "\n".join(wrong)
    assert {f"sales.{name}" for name in rendering.tables()} <= catalogue.tables.keys()
