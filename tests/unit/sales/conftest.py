"""Lets pytest show what differs where a helper asserts."""

import pytest

pytest.register_assert_rewrite("tests.unit.sales.tables")
