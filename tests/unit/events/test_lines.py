"""The lines of an answer are found whatever its size, and wherever a block of it ends."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.events.client import instant, slices
from ecommerce.events.lines import check_first_lines


def test_twenty_lines_without_an_event_are_no_answer(tmp_path):
    path = tmp_path / "answer.ndjson"
    path.write_bytes(b'{"type": "ping"}\n' * 20 + b'{"event_id": "a"}\n')
    with pytest.raises(
        ContractError,
        match="begins with the keys type in place of one JSON object per line",
    ):
        check_first_lines(path, "an answer")


def test_slices_lie_on_the_hours_whatever_the_window():
    start = datetime(2026, 3, 10, 5, 20, tzinfo=timezone(timedelta(hours=1)))
    cut = datetime(2026, 3, 10, 5, 45, tzinfo=UTC)
    texts = [
        str(part)
        for part in slices(
            start, cut + timedelta(minutes=20), cut, cut + timedelta(days=1)
        )
    ]
    assert texts == [
        "2026-03-10T04:20:00Z to 2026-03-10T05:00:00Z",
        "2026-03-10T05:00:00Z to 2026-03-10T05:45:00Z",
        "2026-03-10T05:45:00Z to 2026-03-10T06:00:00Z",
        "2026-03-10T06:00:00Z to 2026-03-10T06:05:00Z",
    ]
    assert slices(cut, cut) == slices(cut, start) == []
    assert instant(start) == "2026-03-10T04:20:00Z"
