"""Reference rates."""

from datetime import date
from decimal import Decimal


def test_rates_are_exact_and_bad_ones_are_rejected(raw):
    done = raw.exchange_rates(
        {"rate_date": "2026-11-19", "currency": "USD", "rate": "1.0812"},
        {"rate_date": "2026-11-19", "currency": "idr", "rate": "18123.12345678"},
        {"rate_date": "2026-11-19", "currency": "JPY", "rate": "N/A?"},
        {"rate_date": "2026-11-19", "currency": "GBP", "rate": "0"},
        {"rate_date": "2026-11-19", "currency": "CHF", "rate": "0.123456789"},
        {"rate_date": "19.11.2026", "currency": "CAD", "rate": "1.5"},
        {"rate_date": "2036-11-19", "currency": "CAD", "rate": "1.5"},
        {"rate_date": "2026-11-18", "currency": "Dollar", "rate": "1.5"},
        {"rate_date": "1999-01-04", "currency": "USD", "rate": "1.1789"},
        {"rate_date": "2026-11-19", "currency": "USD", "rate": "1.0813"},
    )
    rates = {
        (row["rate_date"], row["currency"]): row["rate"] for row in done.exchange_rates
    }
    assert rates == {
        (date(2026, 11, 19), "USD"): Decimal("1.0813"),
        (date(2026, 11, 19), "IDR"): Decimal("18123.12345678"),
        (date(1999, 1, 4), "USD"): Decimal("1.1789"),
    }
    assert done.totals["rejected"] == {
        "invalid_number": 2,
        "too_many_digits": 1,
        "invalid_timestamp": 1,
        "timestamp_out_of_range": 1,
        "invalid_currency": 1,
    }
    assert (done.totals["rows_read"], done.totals["rows_superseded"]) == (10, 1)
    assert {(row["file"], row["row_number"]) for row in done.rejected_rows} == {
        ("rates", n) for n in (4, 5, 6, 7, 8, 9)
    }
