"""The lines of an answer are found whatever its size, and wherever a block of it ends."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecommerce.core.errors import ContractError
from ecommerce.core.settings import load_settings
from ecommerce.sources import text_blocks, web_events
from ecommerce.sources.web_events import lines
from ecommerce.sources.web_events.client import instant, slices
from ecommerce.sources.web_events.lines import LONGEST_LINE, Lines, check_first_lines

Found = list[tuple[int, str, str | None]]


def found(path: Path, before: int = 0) -> tuple[Found, Lines]:
    reader = Lines(before)
    known: Found = []
    for batch in reader.batches(path):
        for row in batch.to_pylist():
            line = row["line"].removesuffix("\n")
            known.append((row["line_number"], line, row["fault"]))
    return known, reader


def expected(text: bytes, before: int) -> Found:
    known = []
    for number, line in enumerate(
        text.removeprefix(b"\xef\xbb\xbf").split(b"\n"), before + 1
    ):
        if not line.strip(b" \t\r"):
            continue
        if len(line) > LONGEST_LINE:
            known.append(
                (
                    number,
                    line.lstrip(b" \t\r")[: lines.KEPT_OF_LONG].decode(
                        errors="replace"
                    ),
                    "too_long",
                )
            )
        else:
            try:
                known.append((number, line.decode(), None))
            except UnicodeDecodeError:
                known.append((number, line.decode(errors="replace"), "not_json"))
    return known


PIECES = st.sampled_from(
    [
        b"",
        b"\r",
        b" \t",
        b"{}",
        b"  {}\r",
        "ü€\U0001f600".encode(),
        b"\xff",
        b"\xe2\x82",
        b"ab\x00\x1e\x85",
        b"x" * 50,
        b" " * 12 + b"x" * 12,
    ]
)


@given(st.lists(PIECES), st.booleans(), st.integers(3, 40), st.integers(0, 9))
def test_every_line_once_with_its_number(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[bytes],
    mark: bool,
    block: int,
    before: int,
) -> None:
    text = (b"\xef\xbb\xbf" if mark else b"") + b"\n".join(pieces)
    path = tmp_path_factory.getbasetemp() / "answer.ndjson"
    path.write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", block)
        patch.setattr(lines, "LONGEST_LINE", 20)
        patch.setattr(lines, "KEPT_OF_LONG", 8)
        patch.setitem(globals(), "LONGEST_LINE", 20)
        rows, reader = found(path, before)
        assert rows == expected(text, before)
    assert reader.found == len(rows)
    text = text.removeprefix(b"\xef\xbb\xbf")
    assert reader.last == before + text.count(b"\n") + (text[-1:] not in (b"", b"\n"))


def test_twenty_lines_without_an_event_are_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "answer.ndjson"
    path.write_bytes(b'{"type": "ping"}\n' * 20 + b'{"event_id": "a"}\n')
    with pytest.raises(
        ContractError,
        match="begins with the keys type in place of one JSON object per line",
    ):
        check_first_lines(path, "an answer")


def test_slices_lie_on_the_hours_whatever_the_window() -> None:
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


def test_what_is_seen_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    [text] = web_events.limits(load_settings())
    assert "more than 3 days after its day" in text
    assert "more than 30 minutes" in text
