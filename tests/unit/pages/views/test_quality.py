"""The state of a source's day on the page *Data quality*."""

import pytest

from ecommerce.pages.views.quality import STATES, state_text
from tests.unit.pages.made_up import DAY, total


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"missing_deliveries": ["acme"]}, "no valid file from acme"),
        ({"refused_files": "acme.csv"}, "invalid: acme.csv"),
        ({"missing_deliveries": ["acme"], "lost_orders": 1}, STATES["differs"]),
        ({"refused_files": "acme.csv", "status": "failed"}, STATES["failed"]),
        ({}, STATES["agrees"]),
    ],
)
def test_a_missing_file_hides_neither_a_loss_nor_a_failure(changes, text):
    assert state_text(total(DAY, "partner_files", **changes)) == text
