from __future__ import annotations

import pytest

from ecommerce.core.text import clean
from ecommerce.documents import drawing
from tests.unit.sales.report.samples import NASTY


@pytest.mark.parametrize("name", [*NASTY, "W" * 10_000, "i"])
def test_labels_never_exceed_their_place(name):
    with drawing.style():
        assert drawing.text_width(drawing.shorten(clean(name), 60)) <= 60
