"""What `make demo` asks of Airflow, and what it prints."""

from datetime import date
from decimal import Decimal

from demo import console, run_demo

DAY = date(2026, 11, 18)


def test_figures_and_the_history_are_printed(snapshot):
    day = {
        "business_date": DAY,
        "orders": 151,
        "gross_sales": Decimal("21234.5000"),
        "net_sales": Decimal("20324.495"),
        "complete": False,
    }
    months = [
        {"month": "2026-10", "orders": 1234, "rows_rejected": 1},
        {"month": "2026-11", "orders": 4, "rows_rejected": 2},
    ]
    history = console.describe_history(months)
    assert "\n".join([*console.format_days([day]), history]) == snapshot


def test_an_unknown_command_is_explained(capsys):
    assert run_demo.main(["begin"]) == 2
    assert "make demo" in capsys.readouterr().out
