"""Reference rates."""

from tests.unit.sales.tables import check, records

RATES = """
rate_date  | currency | rate            | # why
2026-11-19 | USD      | 1.0812          |
2026-11-19 | idr      | 18123.12345678  |
2026-11-19 | JPY      | N/A?            |
2026-11-19 | GBP      | 0               |
2026-11-19 | CHF      | 0.123456789     |
19.11.2026 | CAD      | 1.5             |
2036-11-19 | CAD      | 1.5             |
2026-11-18 | Dollar   | 1.5             |
1999-01-04 | USD      | 1.1789          | before the first order that may be
2026-11-19 | USD      | 1.0813          | the later line counts
2026-11-21 | SEK      | 11              | the day after the read
2026-11-22 | SEK      | 11              |
1989-12-31 | SEK      | 11              |
2026-11-19 | NULL     | 1.5             |
2026-11-19 | DKK      | NULL            |
2026-11-19 | DKK      | -7.4            |
2026-11-19 | DKK      | 99999999999     |
"""


def test_rates_are_exact_and_bad_ones_are_rejected(raw):
    done = raw.exchange_rates(*records(dict, RATES))
    check(
        done.exchange_rates,
        """
rate_date  | currency | rate
2026-11-19 | USD      | 1.0813
2026-11-19 | IDR      | 18123.12345678
1999-01-04 | USD      | 1.1789
2026-11-21 | SEK      | 11
""",
    )
    check(
        done.rejected_rows,
        """
file  | row_number | reason                 | detail
rates | 4          | invalid_number         | rate = N/A?
rates | 5          | invalid_number         | rate = 0
rates | 6          | too_many_digits        | rate = 0.123456789
rates | 7          | invalid_timestamp      | rate_date = 19.11.2026
rates | 8          | timestamp_out_of_range | rate_date = 2036-11-19
rates | 9          | invalid_currency       | currency = Dollar
rates | 13         | timestamp_out_of_range | rate_date = 2026-11-22
rates | 14         | timestamp_out_of_range | rate_date = 1989-12-31
rates | 15         | missing_value          | currency is empty
rates | 16         | missing_value          | rate is empty
rates | 17         | invalid_number         | rate = -7.4
rates | 18         | too_many_digits        | rate = 99999999999
""",
    )
    assert done.counts == (17, 4, 12, 1)
