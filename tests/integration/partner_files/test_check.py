"""What `make check` shows of the drop folder."""

from datetime import UTC, datetime, timedelta

import pytest

from ecommerce.sources import PARTNER_FILES
from ecommerce.sources.partner_files import folder_check
from tests.integration.partner_files.drop import HEADER, file_of, line

TODAY = datetime.now(UTC).date()
ACME = f"acme_{TODAY - timedelta(days=1)}.csv"
ZETA = f"zeta_{TODAY - timedelta(days=1)}.csv"


def shown():
    """The lines after the first, which names the folder."""
    first, *others = PARTNER_FILES.check()
    assert first[0] == "ok"
    return others


def test_the_newest_file_of_a_partner_is_shown_as_it_would_be_loaded(drop, layouts):
    (layouts / "acme.yaml").write_text("refund_when: {quantity: negative}")
    drop.deliver(f"acme_{TODAY - timedelta(days=2)}.csv", "Old")
    lines = [line(f"A{number}") for number in range(1, 5)]
    lines[1] = line("A2", quantity="-1")
    lines[3] = line("A4", quantity="many")
    drop.put(ACME, file_of(*lines, line("A5", quantity="x"), line("jo@example.com")))
    instant = "2026-03-10 07:00 UTC"
    order = f"line 1, completed, {instant}, SKU-1, 2.0 × 10.5000 EUR, tax 1.6000, DE"
    assert shown() == [
        ("ok", f"{ACME} line 2: order A1, {order}"),
        ("ok", f"{ACME} line 3: refund of order A2, {order.replace('2.0 ×', '1.0 ×')}"),
        ("ok", f"{ACME} line 4: order A3, {order}"),
        (
            "hint",
            f"{ACME} line 5 would be rejected (invalid_number quantity), and so would 1 of "
            "the other lines read",
        ),
    ]


@pytest.mark.parametrize(
    ("layout", "content", "sentence"),
    [
        ("timezone: Mars/Base", file_of(line("A1")), "timezone: invalid timezone"),
        ("", HEADER.replace("sku", "SKU"), "cannot be read: its header lacks sku"),
        (
            "",
            file_of(line("A1").replace("SKU-1", "4.00639E+12")),
            "a spreadsheet has rounded 1 SKU",
        ),
        (
            "",
            file_of(line("A1").replace("10.50", '"10,50"'), line("A2")),
            "with a decimal comma and amounts with a decimal point",
        ),
        ("", file_of(line("A1", name="Käse".encode().decode("cp1252"))), "UTF-8 twice"),
        ("encoding: latin-1", file_of(line("A1", name="Käse")), "is in UTF-8"),
        ("", b"\x1f\x8b\x08damaged", "its first line cannot be read"),
    ],
)
def test_what_is_wrong_with_one_file_is_shown_beside_the_others(
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
    monkeypatch.setattr(folder_check, "SAMPLE", 1000)
    (layouts / "acme.yaml").write_text(f"encoding: {encoding}")
    lines = [line(f"A{number}", name="Käse") for number in range(30)]
    drop.put(ACME, file_of(*lines).encode(encoding))
    assert [state for state, _ in shown()] == ["ok", "ok", "ok"]
