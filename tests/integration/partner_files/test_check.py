"""What `make check` shows of the drop folder."""

from datetime import UTC, datetime

import pytest
import time_machine

from ecommerce.sources import PARTNER_FILES, text_blocks
from tests.integration.partner_files.drop import HEADER, file_of, line

ACME = "acme_2026-03-10.csv"
ZETA = "zeta_2026-03-10.csv"


@pytest.fixture(autouse=True)
def _morning_after():
    with time_machine.travel(datetime(2026, 3, 11, 12, tzinfo=UTC)):
        yield


def shown():
    """The lines after the first, which names the folder."""
    first, *others = PARTNER_FILES.source().check()
    assert first[0] == "ok"
    return others


def test_the_newest_file_of_a_partner_is_shown_as_it_would_be_loaded(drop, layouts):
    (layouts / "acme.yaml").write_text("refund_when: {quantity: negative}")
    drop.deliver("acme_2026-03-09.csv", "Old")
    lines = [line(f"A{number}") for number in range(1, 4)]
    broken = [
        line("A4", quantity="many"),
        line("A5", quantity="0"),
    ]
    unknown = line("A6").replace("completed", "versandt")
    returned = line("A2", quantity="-1").replace("completed", "retour")
    returned = returned.replace("2026-03-10T09:00:00Z", "")
    drop.put(
        ACME,
        file_of(
            *lines,
            *broken,
            unknown,
            line("jo@example.com"),
            returned,
        ),
    )
    instant = "2026-03-10 07:00 UTC"
    usual = f"line 1, completed, {instant}, SKU-1, 2.0 × 10.5000 EUR, tax 1.6000, DE"
    refund = usual.replace("2.0 ×", "1.0 ×").replace("completed", "retour")
    assert shown() == [
        ("ok", f"{ACME} line 2: order A1, {usual}"),
        ("ok", f"{ACME} line 3: order A2, {usual}"),
        ("ok", f"{ACME} line 4: order A3, {usual}"),
        ("ok", f"{ACME} line 9: refund of order A2, {refund}"),
        (
            "hint",
            f"{ACME} 2 of the lines read would be rejected, the first is line 5: invalid_number quantity",
        ),
        (
            "hint",
            f"{ACME} order_status.sql does not list the status versandt (lines read: 1): "
            "its orders do not count",
        ),
    ]


@pytest.mark.parametrize(
    ("layout", "content", "sentence"),
    [
        ("timezone: Mars/Base", file_of(line("A1")), "timezone: invalid timezone"),
        ("", HEADER.replace("sku", "SKU"), "cannot be read: its header lacks sku"),
        ("", file_of(line("A1", name="Käse".encode().decode("cp1252"))), "UTF-8 twice"),
        (
            "",
            file_of(line("A1", quantity="-1")),
            "rejected, the first is line 2: invalid_quantity",
        ),
        ("", b"\x1f\x8b\x08damaged", "its first line cannot be read"),
    ],
)
def test_what_is_wrong_with_one_file_is_shown_with_the_others(
    drop, layouts, layout, content, sentence
):
    (layouts / "acme.yaml").write_text(layout)
    drop.put(ACME, content)
    drop.deliver(ZETA, "Z1")
    found = shown()
    assert any(state == "hint" and sentence in text for state, text in found)
    assert found[-1][1].startswith(f"{ZETA} line 2: order Z1, ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_of_a_large_file_only_whole_lines_of_its_start_are_read(
    drop, layouts, monkeypatch, encoding
):
    monkeypatch.setattr(text_blocks, "BLOCK", 2000)
    (layouts / "acme.yaml").write_text(f"encoding: {encoding}")
    lines = [line(f"A{number}", name="Käse") for number in range(30)]
    unread = line("A30", quantity="many")
    drop.put(ACME, file_of(*lines, unread).encode(encoding))
    assert [state for state, _ in shown()] == ["ok", "ok", "ok"]


def test_a_line_without_end_is_not_read_beyond_the_bound(drop, monkeypatch):
    monkeypatch.setenv("PARTNER_FILE_MAX_BYTES", "1000")
    drop.put(f"{ACME}.gz", f"{HEADER}\n{'x' * 10_000}")
    problem = "cannot be read: it has more than 1,000 bytes, decompressed"
    assert shown() == [("hint", f"{ACME}.gz {problem}")]
