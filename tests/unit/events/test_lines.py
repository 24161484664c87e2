"""The lines of an answer are found whatever its size, and wherever a block of it ends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.events.client import slices
from ecommerce.events.lines import Lines, check_first_lines


def test_twenty_lines_without_an_event_are_no_answer(tmp_path):
    path = tmp_path / "answer.ndjson"
    path.write_bytes(b'{"type": "ping"}\n' * 20 + b'{"event_id": "a"}\n')
    with pytest.raises(
        ContractError,
        match="begins with 'type' in place of one JSON object per line",
    ):
        check_first_lines(path, "an answer")


def test_blank_lines_are_numbered_and_left_out(tmp_path):
    path = tmp_path / "answer.ndjson"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n \t\r\n\n\xff\n{"b": 2}')
    lines = Lines(last=10)
    assert lines.reader(path).read_all().to_pylist() == [
        {"line_number": 11, "line": '{"a": 1}', "fault": None},
        {"line_number": 14, "line": "\ufffd", "fault": "not_json"},
        {"line_number": 15, "line": '{"b": 2}', "fault": None},
    ]
    assert (lines.last, lines.found) == (15, 3)


def test_slices_lie_on_the_hours_of_the_day_whatever_the_window():
    # Midnight of Kathmandu is a quarter past the hour.
    midnight = datetime(2026, 3, 11, tzinfo=ZoneInfo("Asia/Kathmandu"))
    start = datetime(2026, 3, 10, 17, 20, tzinfo=UTC)
    parts = slices(start, start + timedelta(hours=2), midnight)
    assert [str(part) for part in parts] == [
        "2026-03-10T17:20:00Z to 2026-03-10T18:15:00Z",
        "2026-03-10T18:15:00Z to 2026-03-10T19:15:00Z",
        "2026-03-10T19:15:00Z to 2026-03-10T19:20:00Z",
    ]
    assert slices(start, start, midnight) == slices(midnight, start, midnight) == []
