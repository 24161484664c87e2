"""The records of partner files: none is lost, whatever it holds."""

from datetime import UTC, datetime

from tests.integration.partner_files.drop import (
    HEADER,
    file_of,
    line,
    rows,
)

FILE = "acme_2026-03-10.csv"


INSTANTS = "9999-99-99x99:99:99+99:99,9999-99-99x99:99:99x"
ORDER = f"9,{INSTANTS},xxxxxxxxx,xxx-9,xxx,xxxx,9,99.99,9,9.99,xxx,xxxx@xxxxxxx.xxx,xx"
"""The shape of a line but its order id."""
JANE = 'Jané Doe,"Bäckerstraße 5; 3rd floor",+49 151 2345678'


def test_of_a_malformed_line_only_its_shape_and_order_leave_the_file(drop, caplog):
    drop.deliver(FILE, "KEPT", "A-100")
    drop.extract_and_load()
    unquoted = JANE.replace('"', "").replace(";", ",")
    content = [
        f"customer_name,street,phone,{HEADER}",
        f"{JANE},{line('A-101')}",
        f"{unquoted},{line('A-102')}",
        f"{JANE},{line('A-103')},more",
        f"{JANE},{line('KEPT')},more",
        "10115 Berlin,Jané Doe,+49 151 2345678",
        "Jané Doe,Bäckerstraße 5,Berlin,A-1040,1",
        "Bäckerstraße 5,Berlin,+49,Jane,1",  # a name, though shaped as an id
    ]
    drop.put(
        FILE,
        "\n".join(content),
        received=datetime(2026, 3, 12, tzinfo=UTC),
    )
    manifest = drop.extract()

    street = 'xxxx xxx,"xxxxxxxxxxxx 9; 9xx xxxxx",+99 999 9999999'
    shapes = [
        (3, f"xxxx xxx,xxxxxxxxxxxx 9, 9xx xxxxx,+99 999 9999999,x-999,{ORDER}"),
        (4, f"{street},A-103,{ORDER},xxxx"),
        (5, f"{street},KEPT,{ORDER},xxxx"),
        (6, "99999 xxxxxx,xxxx xxx,+99 999 9999999"),
        (7, "xxxx xxx,xxxxxxxxxxxx 9,xxxxxx,x-9999,9"),
        (8, "xxxxxxxxxxxx 9,xxxxxx,+99,xxxx,9"),
    ]
    assert rows(manifest, "rejects", "row_number, raw") == shapes
    known = ["A-101", "A-103", "KEPT"]
    assert rows(manifest, "files", "lines, order_ids") == [(7, known)]
    assert manifest.rows == 7
    assert rows(manifest, "removed_orders", "order_id") == [("A-100",)]
    written = f"{caplog.text} {rows(manifest, 'rejects')} {rows(manifest, 'files')}"
    for text in ("Jan", "cker", "Berlin", "2345678", "10115", "jane"):
        assert text not in written


def test_control_totals_are_the_files_own(drop):
    """Absurd amounts and lines that cannot be read are in none."""
    lines = [
        line("A"),
        line("A", 2, quantity="3"),
        line("B", quantity="many"),
        line("C") + ",broken",
        line("R").replace("10.50", "5000000000"),
        line("R", 2, quantity="99999999999999"),
        line("R", 3, quantity="9999999").replace("10.50", "9999999999"),
        line('""', quantity="0"),
    ]
    drop.put(FILE, file_of(*lines))
    amount = "10000000052.5000"
    assert drop.extract().control_totals == {
        "source_orders": 3,
        "source_lines": 7,
        "source_amount": amount,
        "source_amounts": [{"file": FILE, "currency": "EUR", "amount": amount}],
        "warnings": [],
        "missing_deliveries": [],
        "known_deliveries": [],
    }
