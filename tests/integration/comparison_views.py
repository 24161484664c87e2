"""Compares the views of a day's comparisons with their oracle."""

from tests.oracle_comparisons import COSTS, FIGURES, RATE_BASES, RATES

SPANS = ("now", "last_month", "last_year")
ALL_FIGURES = (*FIGURES, *COSTS, *RATES, *RATE_BASES)


def check_comparisons(rows, history):
    """Compare each view with a `History`. `rows`: returns all rows of a view."""
    expected = {}
    for day in history.days:
        for figure in ALL_FIGURES:
            expected[day, figure] = history.comparison(figure, day)
    assert_same(by_key(rows("day_comparisons"), "business_date", "figure"), expected)

    expected = {}
    for day in history.days:
        for span in SPANS:
            expected[day, span] = history.month(span, day)
    assert_same(by_key(rows("month_to_date"), "business_date", "span"), expected)

    expected = {}
    found = {}
    days = {row["business_date"]: row for row in rows("comparable_days")}
    assert days.keys() == history.days.keys()
    for day, row in days.items():
        columns = history.comparable(day)
        columns |= {name: history.days[day][name] for name in FIGURES}
        for name in ("returns", "discounts", "tax", "shipping", "new_customers"):
            columns[f"has_{name}"] = name not in history.lacking[day]
        columns["cost_coverage"] = history.cost_coverage(day)
        columns["has_costs"] = "cost_of_goods" not in history.lacking[day]
        for name in ("returns", "discounts"):
            columns[f"gross_sales_with_{name}"] = history.gross_with(name, day)
        expected[day] = columns
        found[day] = {name: row[name] for name in columns}
    assert_same(found, expected)


def by_key(rows, *key):
    """Rows by the values of some columns, without these."""
    found = {}
    for row in rows:
        values = tuple(row[name] for name in key)
        assert values not in found
        found[values] = without(row, *key)
    return found


def without(row, *names):
    """A row without some columns."""
    return {name: value for name, value in row.items() if name not in names}


def assert_same(rows, expected):
    """Compare rows by key; the error shows the first ones that differ."""
    differing = sorted(
        rows.keys() ^ expected.keys(),
        key=repr,
    )
    assert not differing, f"{len(rows)} rows for {len(expected)}: {differing[:3]}"
    different = []
    for key, row in rows.items():
        if row != expected[key]:
            different.append((key, row, expected[key]))
    assert not different, f"{len(different)} rows: {different[:3]}"
